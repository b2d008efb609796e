"""Lists of videos: HVU's real CSV, Moviescope's pickles, which may be hostile, and a user's own CSV."""

import csv
import pickle
from collections import Counter

import numpy as np
import pytest

from scripts.downstream.list_videos import label_table, list_videos
from scripts.lib.jobs.errors import UserError

GENRES = ["Action", "Drama", "SciFi"]


def write(path, text):
    path.write_text(text)
    return str(path)


def test_hvus_validation_list_has_the_papers_videos(shared_data):
    """16,200 of 31,171 rows have a scene tag, 248 tags; positives are counted here with nothing but the csv module."""
    files = {
        "test": str(shared_data / "hvu/HVU_Val_V1.0.csv"),
        "tags": str(shared_data / "hvu/HVU_Tags_Categories_V1.0.csv"),
    }
    with open(files["tags"], newline="") as stream:
        scenes = {tag for tag, category in list(csv.reader(stream))[1:] if category == "scene"}
    with open(files["test"], newline="") as stream:
        _, *published = csv.reader(stream)
    counted = Counter(tag for tags, *_ in published for tag in tags.split("|") if tag in scenes)
    # Without a list for train there is no val to take from it.
    rows, classes = list_videos("hvu", files, None, 0.1)
    assert len(published) == 31171
    assert (len(rows), len(classes)) == (16200, 248)
    assert {row["split"] for row in rows} == {"test"}
    table = label_table(rows, classes)
    assert dict(zip(table["label"], table["n_test"], strict=True)) == {tag: counted[tag] for tag in scenes}
    assert len({row["video_id"] for row in rows}) == 16200
    first = next(row for row in rows if row["video_id"] == "gD_G1b0wV5I_101500")
    assert (first["path"], first["start_time"], first["end_time"]) == ("gD_G1b0wV5I.mkv", 101.5, 103.5)


def hvu_files(tmp_path, *rows):
    head = "Tags,youtube_id,time_start,time_end\n"
    return {
        "train": write(tmp_path / "train.csv", head + "".join(f"{row}\n" for row in rows)),
        "test": write(tmp_path / "test.csv", head + "sea,abcdefghijk,0.5,10.5\n"),
        "tags": write(tmp_path / "tags.csv", "Tag,Category\nsea,scene\nswim,action\nbay,scene\n"),
    }


def test_a_share_of_hvus_train_is_val_and_windows_of_a_video_stay_together(tmp_path):
    rows = [f"swim|sea,video{n % 20:06d},{n},{n + 1}" for n in range(60)] + ["swim,noscene0000,0,1"]
    listed, classes = list_videos("hvu", hvu_files(tmp_path, *rows), None, 0.25)
    assert classes == ["bay", "sea"]
    assert Counter(row["split"] for row in listed) == {"train": 45, "val": 15, "test": 1}
    splits = {}
    for row in listed:
        splits.setdefault(row["path"], set()).add(row["split"])
    assert all(len(found) == 1 for found in splits.values())


def test_a_tag_of_unknown_category_is_an_error_that_names_it(tmp_path):
    with pytest.raises(UserError, match=r"'saa', in 1 row\(s\); did you mean 'sea'"):
        list_videos("hvu", hvu_files(tmp_path, "swim|saa,abcdefghij0,0,1"), None, 0.1)


def pickles(tmp_path, *trailers, **options):
    files = {}
    for split in ("train", "val", "test"):
        path = tmp_path / f"raw_data_{split}.p"
        content = [{"plot": "A plot.", **trailer, "movie_id": f"{split}{n}"} for n, trailer in enumerate(trailers)]
        path.write_bytes(pickle.dumps(content, **options))
        files[split] = str(path)
    return files


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_moviescopes_pickles_in_every_form_of_their_genres(tmp_path, protocol):
    """A text of digits, as the authors' older lists have; lists and arrays of numbers."""
    forms = ["011", [0, 1, 1], np.array([0, 1, 1]), np.array([0.0, 1.0, 1.0]), [False, True, True], ["0", "1", "1"]]
    keys = ["genreLabel", "newGenreLabels"]
    files = pickles(tmp_path, *({keys[n % 2]: form} for n, form in enumerate(forms)), protocol=protocol)
    rows, classes = list_videos("moviescope", files, GENRES, 0.1)
    assert classes == GENRES
    assert Counter(row["split"] for row in rows) == {"train": 6, "val": 6, "test": 6}
    assert {row["labels"] for row in rows} == {"Drama|SciFi"}
    assert rows[0]["video_id"] == "train0" and rows[0]["path"] == "train0.mkv"


def test_a_pickle_of_python_2(tmp_path):
    """Texts are bytes there, and NumPy's modules have their old names."""
    text = b"(lp0\n(dp1\nS'movie_id'\np2\nI7\nsS'genreLabel'\np3\nS'101'\np4\nsS'plot'\np5\nS'caf\\xe9'\np6\nsa."
    files = pickles(tmp_path)
    (tmp_path / "raw_data_test.p").write_bytes(text)
    array = pickle.dumps([{"movie_id": 8, "genreLabel": np.array([1, 0, 0])}], protocol=2)
    (tmp_path / "raw_data_val.p").write_bytes(array.replace(b"numpy._core.multiarray", b"numpy.core.multiarray"))
    rows, _ = list_videos("moviescope", files, GENRES, 0.1)
    assert [(row["video_id"], row["labels"]) for row in rows] == [("8", "Action"), ("7", "Action|SciFi")]


class Hostile:
    """Calls a function when it is unpickled."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "call",
    [
        lambda mark: Hostile(open, mark, "w"),
        lambda mark: Hostile(exec, f"open({mark!r}, 'w')"),
        lambda mark: Hostile(__import__("os").system, f"touch '{mark}'"),
        lambda mark: Hostile(np.savetxt, mark, [1]),
        lambda mark: Hostile(getattr, "text", "upper"),
    ],
)
def test_a_hostile_pickle_is_refused_and_not_run(tmp_path, call):
    mark = tmp_path / "it ran"
    files = pickles(tmp_path, {"genreLabel": "011"})
    (tmp_path / "raw_data_val.p").write_bytes(pickle.dumps([{"movie_id": 1, "genreLabel": call(str(mark))}]))
    with pytest.raises(UserError, match=r"raw_data_val\.p is refused: it names .*, which is not plain data"):
        list_videos("moviescope", files, GENRES, 0.1)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("trailer", "message"),
    [
        ({"genreLabel": "01"}, "are not 3 values 0 or 1"),
        ({"genreLabel": "012"}, "are not 3 values 0 or 1"),
        ({"genreLabel": [0.5, 0, 1]}, "are not 3 values 0 or 1"),
        ({"genreLabel": 5}, "are not 3 values 0 or 1"),
        ({"genre": "011"}, "entry 0 lacks movie_id, or each of genreLabel, newGenreLabels"),
    ],
)
def test_pickles_of_another_form_are_refused(tmp_path, trailer, message):
    with pytest.raises(UserError, match=message):
        list_videos("moviescope", pickles(tmp_path, trailer), GENRES, 0.1)


def test_damaged_pickles_are_refused(tmp_path):
    files = pickles(tmp_path, {"genreLabel": "011"})
    for content in (b"", b"not a pickle", (tmp_path / "raw_data_train.p").read_bytes()[:-9]):
        (tmp_path / "raw_data_train.p").write_bytes(content)
        with pytest.raises(UserError, match="is refused"):
            list_videos("moviescope", files, GENRES, 0.1)


def test_a_list_of_ones_own_in_both_spellings(tmp_path):
    own = "video_id,path,split,labels,start_time,end_time\na,x/a.mp4,train,sea|bay,,\nb,b.mp4,test,,1.5,4\n"
    rows, classes = list_videos("table", write(tmp_path / "own.csv", own + "c,c.mp4,val,sea,,\n"), None, 0.1)
    assert classes == ["bay", "sea"]
    assert [row["path"] for row in rows] == ["x/a.mp4", "b.mp4", "c.mp4"]
    assert (rows[1]["labels"], rows[1]["start_time"], rows[1]["end_time"]) == ("", "1.5", "4")
    trailers = "trailer_id,split,genres\nt1,train,Drama\nt2,val,SciFi|Drama\nt3,test,Action\n"
    rows, classes = list_videos("table", write(tmp_path / "trailers.csv", trailers), GENRES, 0.1)
    assert classes == GENRES
    assert [row["video_id"] for row in rows] == ["t1", "t2", "t3"]
    table = label_table(rows, classes)
    assert table[["n_train", "n_val", "n_test"]].to_numpy().tolist() == [[0, 0, 1], [1, 1, 0], [0, 1, 0]]
    assert table["pos_weight_samples"].iloc[1] == 0


def test_all_problems_of_a_list_are_told_at_once(tmp_path):
    rows = ["a b,train,Drama,,", "c,dev,Drama,,", "d,train,Drame,,", "e,train,Drama,5,2", "e,train,Drama,x,"]
    path = write(tmp_path / "own.csv", "video_id,split,labels,start_time,end_time\n" + "\n".join(rows) + "\n")
    with pytest.raises(UserError) as error:
        list_videos("table", path, GENRES, 0.1)
    for words in (
        "'a b' is not an id",
        "the split 'dev'",
        "did you mean 'Drama'",
        "goes from 5.0 to 2.0",
        "more than once",
        "'x'",
    ):
        assert words in str(error.value)


@pytest.mark.parametrize(
    "header", ["video_id,split", "video_id,split,labels,genre", "video_id,trailer_id,split,labels"]
)
def test_other_columns_are_refused(tmp_path, header):
    with pytest.raises(UserError, match="needs the columns video_id, split, labels"):
        list_videos("table", write(tmp_path / "own.csv", f"{header}\n"), None, 0.1)
