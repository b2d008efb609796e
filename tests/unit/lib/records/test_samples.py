"""Windows, the published files, the evaluation set."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from scripts.dataset.audit_leakage import NOWHERE, audit_splits, audit_verified, verified_of_run
from scripts.dataset.audit_leakage import main as audit
from scripts.dataset.read_released import released_samples
from scripts.lib.jobs.errors import UserError
from scripts.lib.records.condensed_movies import read_movies
from scripts.lib.records.release_lines import LabelLine
from scripts.lib.records.samples import instances, release_pos_weight
from scripts.lib.records.shots import SHOT_COLUMNS
from scripts.lib.records.videos import find_videos, parse_window, video_of
from scripts.verification.join_verified import count_joined, join_verified, read_evaluation_set
from scripts.verification.list_verified import verified_shots, window_clips


def test_windows_are_parsed_from_the_right():
    """YouTube ids may hold anything that separates the parts of a name."""
    window = parse_window("v_a_seg_1_2b_seg_100_110")
    assert (window.video_id, window.start, window.end) == ("a_seg_1_2b", 100, 110)
    assert parse_window("dQw4w9WgXcQ") is None
    assert video_of("v_-x_seg_0_10") == "-x"
    assert video_of("v_-x") == "v_-x"


def test_the_video_of_a_clip_is_told_by_its_names_and_its_file():
    """Alone, as a window, after the year of a folder, by the file; no other name is taken for a YouTube id."""
    paths = {
        "-x": "2011/-x.mkv",
        "v_-x_seg_0_10": "windows/v_-x_seg_0_10.mp4",
        "2012-abcdefghijY": "2012-abcdefghijY",
        "2013-z": "2013/-z.mkv",
        "2014-v_w_seg_20_30": "2014/v_w_seg_20_30.mp4",
        "first": "films/./long.mkv",
        "v_w_seg_0_10": "films/long.mkv",
        "1999-film": "1999/film.mkv",
        "2001-film": "2001/film.mkv",
        "2001-film-middle": "2001/film.mkv",
    }
    videos = find_videos(paths, ["abcdefghijY", "-z"])
    assert list(videos) == list(paths)
    assert list(videos.values()) == [
        *("-x", "-x", "abcdefghijY", "-z", "w", "w", "w", "1999-film", "2001-film", "2001-film"),
    ]
    assert video_of("2012-abcdefghijY") == "abcdefghijY"


def test_instances_are_pandas_explode():
    random = np.random.default_rng(0)
    samples = pd.DataFrame({"shot_id": [str(n) for n in range(50)], "scores": ""})
    samples["labels"] = ["|".join(random.permutation(list("abcd"))[: random.integers(1, 5)]) for _ in range(50)]
    long = instances(samples)
    plain = samples.assign(label=samples["labels"].str.split("|")).explode("label")
    assert long["label"].tolist() == plain["label"].tolist()
    assert long["shot_id"].tolist() == plain["shot_id"].tolist()
    assert long["rank"].tolist() == plain.groupby("shot_id", sort=False).cumcount().tolist()


def test_movies_of_condensed_movies(tmp_path):
    """Years as plain numbers, unknown and impossible ones empty, genres in order, none where there is no row."""
    (tmp_path / "clips.csv").write_text(
        "videoid,year,upload_year,title,clip_name,imdbid\n"
        '-x,2012.0,2019,"Film, A",Scene,tt1\ny,-1.0,2011,B,Scene,tt2\nz,1091.0,2011,C,Scene,tt1\n'
    )
    (tmp_path / "movie_info.csv").write_text("imdbid,genre,country\ntt1,\"['Drama', 'Sci-Fi']\",['USA']\n")
    clips = read_movies(tmp_path / "clips.csv", tmp_path / "movie_info.csv")
    assert clips["year"].tolist() == ["2012", "", ""]
    assert clips["genres"].tolist() == ["Drama|Sci-Fi", "", "Drama|Sci-Fi"]
    (tmp_path / "movie_info.csv").write_text("imdbid,genre\ntt1,__import__('os')\n")
    with pytest.raises(UserError, match="genres are not written as"):
        read_movies(tmp_path / "clips.csv", tmp_path / "movie_info.csv")
    (tmp_path / "movie_info.csv").write_text("imdbid\ntt1\n")
    with pytest.raises(UserError, match=r"movie_info\.csv lacks the column\(s\) genre; it has imdbid"):
        read_movies(tmp_path / "clips.csv", tmp_path / "movie_info.csv")
    (tmp_path / "movie_info.csv").unlink()
    with pytest.raises(UserError, match="cannot read the table"):
        read_movies(tmp_path / "clips.csv", tmp_path / "movie_info.csv")


CLIPS = pd.DataFrame(
    {
        "clip_id": ["x", "y", "z"],
        "movie_id": ["tt1", "tt2", "tt3"],
        "title": ["X", "Y", "Z"],
        "year": ["1999", "", "2001"],
        "genres": ["War", "", ""],
        "upload_year": ["2011", "2012", "2013"],
    }
)


def test_released_samples_keep_order_and_know_their_movie():
    lines = {"train": [LabelLine("x", "x-Scene-002", (1, 0))], "val": [LabelLine("q", "q-Scene-001", (0,))], "test": []}
    table = released_samples(lines, ["bar", "cave"], CLIPS)
    assert table["labels"].tolist() == ["cave|bar", "bar"]
    assert table["movie_id"].tolist() == ["tt1", "q"]
    assert table["split"].tolist() == ["train", "val"]
    names = ["v_x_seg_0_10", "2012-abcdefghijY", "v_q_seg_0_10", "v_q_seg_10_20"]
    lines = {"train": [LabelLine(name, f"{name}-Scene-001", (0,)) for name in names]}
    known = CLIPS.replace({"clip_id": {"y": "abcdefghijY"}})
    assert released_samples(lines, ["bar"], known)["movie_id"].tolist() == ["tt1", "tt2", "q", "q"]


@pytest.fixture
def verified():
    """Four verified shots: two of a movie in train, one of a movie in test, one of an unknown video."""
    lines = [
        LabelLine("v_x_seg_0_10", "v_x_seg_0_10-Scene-001", (0,)),
        LabelLine("v_x_seg_0_10", "v_x_seg_0_10-Scene-003", (1, 0)),
        LabelLine("v_y_seg_20_30", "v_y_seg_20_30-Scene-002", (1,)),
        LabelLine("v_q_seg_5_15", "v_q_seg_5_15-Scene-001", (0,)),
    ]
    samples = pd.DataFrame({"movie_id": ["tt1", "tt2"], "split": ["train", "test"]})
    return verified_shots(lines, ["bar", "cave"], CLIPS, samples)


def test_the_evaluation_set_says_which_movies_are_in_train(verified):
    assert verified["movie_split"].tolist() == ["train", "train", "test", ""]
    assert verified["movie_disjoint"].tolist() == ["no", "no", "yes", "yes"]
    assert verified["labels"].tolist() == ["bar", "cave|bar", "cave", "bar"]
    assert verified["scene"].tolist() == [1, 3, 2, 1]
    own = pd.DataFrame({"movie_id": ["q"], "split": ["train"]})
    unknown = verified_shots([LabelLine("v_q_seg_5_15", "v_q_seg_5_15-Scene-001", (0,))], ["bar"], CLIPS, own)
    assert unknown[["movie_id", "movie_split", "movie_disjoint"]].to_numpy().tolist() == [["", "train", "no"]]
    with pytest.raises(UserError, match="are not named v_"):
        verified_shots(
            [LabelLine("x", "x-Scene-001", (0,))], ["bar"], CLIPS, pd.DataFrame(columns=["movie_id", "split"])
        )


def test_windows_become_rows_of_a_manifest(verified):
    """One a window, on the file of its video, with what is known of the movie; unknown videos have no file."""
    clips = window_clips(verified, CLIPS)
    assert [(clip.clip_id, clip.path, clip.start_time, clip.end_time) for clip in clips] == [
        ("v_x_seg_0_10", "2011/x.mkv", 0.0, 10.0),
        ("v_y_seg_20_30", "2012/y.mkv", 20.0, 30.0),
    ]
    assert (clips[0].title, clips[0].genres, clips[0].movie_id) == ("X", "War", "tt1")


def test_verified_labels_are_joined_by_window_and_scene(verified):
    """A window that is cut into fewer shots loses those beyond; one that is missing loses all."""
    shots = pd.DataFrame(
        [("v_x_seg_0_10", 1, 0, 50, 0.0, 2.0), ("v_x_seg_0_10", 2, 50, 250, 2.0, 10.0)]
        + [("v_y_seg_20_30", n, n * 10, n * 10 + 10, n * 0.4, n * 0.4 + 0.4) for n in (1, 2, 3)],
        columns=SHOT_COLUMNS,
    )
    joined = join_verified(verified, shots)
    assert joined["shot_id"].tolist() == ["v_x_seg_0_10-Scene-001", "v_y_seg_20_30-Scene-002"]
    assert joined["start_frame"].tolist() == [0, 20]
    assert joined["end_time"].tolist() == pytest.approx([2.0, 1.2])
    assert joined["n_shots"].tolist() == [2, 3]
    assert joined["n_named"].tolist() == [3, 2]
    table = count_joined(verified, shots, joined).set_index(["part", "outcome"])["shots"]
    assert table["all"].tolist() == [4, 2, 1, 1]
    assert table["movie-disjoint"].tolist() == [2, 1, 0, 1]
    assert table["all"].iloc[0] == table["all"].iloc[1:].sum()


def test_scenes_are_joined_as_numbers(verified, tmp_path):
    """The tenth scene comes after the ninth; what is no evaluation set is told by column and line."""
    path = tmp_path / "evaluation_set.csv"
    shots = pd.DataFrame([("v_x_seg_0_10", 9, 0, 10, 0.0, 1.0)], columns=SHOT_COLUMNS)
    verified.assign(scene=["9", "10", "2", "1"]).to_csv(path, index=False)
    joined = join_verified(read_evaluation_set(path), shots)
    assert joined[["scene", "n_named"]].to_numpy().tolist() == [[9, 10]]
    verified.assign(scene=["9", "x", "2", ""]).to_csv(path, index=False)
    with pytest.raises(UserError, match=r"line 3: 'x'\n.*line 5: ''"):
        read_evaluation_set(path)
    verified.drop(columns=["scene", "movie_disjoint"]).to_csv(path, index=False)
    with pytest.raises(UserError, match=r"lacks the column\(s\) scene, movie_disjoint"):
        read_evaluation_set(path)


def test_the_audit_finds_what_is_shared():
    """Movies, videos and shots across splits; verified shots by where their movie is."""
    samples = pd.DataFrame(
        [("s1", "x", "tt1", "train"), ("s2", "x", "tt1", "val"), ("s3", "w", "tt1", "test"), ("s4", "y", "tt2", "val")],
        columns=["shot_id", "video", "movie_id", "split"],
    )
    assert [count for _, _, count in audit_splits(samples)] == [0, 1, 1]
    found = pd.DataFrame(
        [("a", "p", "tt1"), ("b", "p", "tt1"), ("c", "y", "tt2"), ("d", "r", "")],
        columns=["shot_id", "video_id", "movie_id"],
    )
    rows = {(name, part): count for name, part, count in audit_verified(samples, found)}
    assert rows["verified shots", "all"] == 4
    assert rows["verified videos", "all"] == 3
    assert rows["verified videos whose movie is known", "all"] == 2
    assert rows["verified shots whose video is in a split", "all"] == 1
    assert [rows["verified shots whose movie is in", part] for part in ("train", "val", "test", NOWHERE)] == [
        2,
        3,
        2,
        1,
    ]
    assert [rows["verified videos whose movie is in", part] for part in ("train", "val", "test", NOWHERE)] == [
        1,
        2,
        1,
        1,
    ]


def test_verified_shots_of_a_run_have_the_runs_movies(tmp_path):
    path = tmp_path / "verified.txt"
    path.write_text("v_x_seg_0_10/v_x_seg_0_10-Scene-001.mp4 149\nv_q_seg_0_10/v_q_seg_0_10-Scene-001.mp4 0\n")
    tasks = tmp_path / "tasks.csv"
    tasks.write_text("shot_id,clip_id\nx-Scene-004,x\n")
    table = verified_of_run(
        [str(path)], [str(tasks)], CLIPS.rename(columns={"clip_id": "video"}).set_index("video", drop=False)
    )
    published = [["v_x_seg_0_10-Scene-001", "x", "tt1"], ["v_q_seg_0_10-Scene-001", "q", ""]]
    assert table.to_numpy().tolist() == [*published, ["x-Scene-004", "x", "tt1"]]


@pytest.mark.parametrize("lines", ["", "v_x_seg_0_10/v_x_seg_0_10-Scene-001.mp4 149\n"])
def test_the_audit_of_a_run_counts_by_video(tmp_path, lines):
    """Clips of one file in two splits are a video in two; a window in train is its video; an empty file has no shot."""
    (tmp_path / "verified.txt").write_text(lines)
    (tmp_path / "printed.csv").write_text("statistic,part,paper,release\n")
    clips = ["v_x_seg_10_20", "one", "two", "y"]
    paths = ["x.mkv", "film.mkv", "film.mkv", "y.mkv"]
    pd.DataFrame({"clip_id": clips, "path": paths}).to_csv(tmp_path / "manifest.csv", index=False)
    pd.DataFrame({"clip_id": clips, "movie_id": ["", "tt1", "tt1", ""]}).to_parquet(tmp_path / "shots.parquet")
    samples = pd.DataFrame({"shot_id": clips, "clip_id": clips, "movie_id": ["x", "tt1", "tt1", "y"]})
    samples = samples.assign(labels="bar", scores="")
    parts = [samples[:2], samples[2:3], samples[3:]]
    tables = [str(tmp_path / f"{number}.csv") for number in range(3)]
    for part, path in zip(parts, tables, strict=True):
        part.to_csv(path, index=False)
    source = {"samples": tables, "evaluation": [], "verified": [str(tmp_path / "verified.txt")], "tasks": []}
    source |= {"shots": [str(tmp_path / "shots.parquet")], "printed": str(tmp_path / "printed.csv")}
    audit(
        SimpleNamespace(
            input=SimpleNamespace(**source),
            params=SimpleNamespace(manifest=str(tmp_path / "manifest.csv")),
            output=SimpleNamespace(csv=tmp_path / "leakage.csv", md=tmp_path / "leakage.md"),
        )
    )
    ours = pd.read_csv(tmp_path / "leakage.csv").set_index(["statistic", "part"])["ours"]
    n_verified = len(lines.splitlines())
    assert ours["videos in more than one split", "all"] == 1
    assert ours["verified shots", "all"] == n_verified
    assert ours["verified shots whose video is in a split", "all"] == n_verified
    assert ours["verified shots whose movie is in", "train"] == n_verified


def test_release_weights_of_the_published_formula():
    """Three of the release's own numbers, by their class's count in train."""
    weights = release_pos_weight(np.array([2135, 14, 135]), 106006)
    assert weights == pytest.approx([48.65152202036757, 7570.851735105904, 784.2295715385502], rel=1e-6)
