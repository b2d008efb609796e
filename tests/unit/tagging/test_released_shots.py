"""Released shots are read as they were written, and malformed ones are told."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from scripts.lib.jobs.errors import UserError
from scripts.lib.records.clips import Clip, read_manifest, write_manifest
from scripts.tagging import read_released_shots
from scripts.tagging.collect_shots import SCHEMA
from scripts.tagging.plot_score_distribution import score_distribution
from scripts.tagging.write_release_json import write_release_json

LABELS = ["bar", "cave", "desert", "farm", "kitchen", "sea"]
SHOT = {"start_frame": 0.0, "end_frame": 24.0, "start_time": 0.0, "end_time": 1.0, "labels": {"bar": 0.5, "sea": 0.25}}


@pytest.fixture
def read(tmp_path):
    """Read a JSON text, with manifest rows that name movies: the table of shots, and the manifest."""

    def read(text, movies=()):
        (tmp_path / "labels.txt").write_text("\n".join(LABELS))
        (tmp_path / "released.json").write_bytes(text if isinstance(text, bytes) else text.encode())
        write_manifest(movies, tmp_path / "movies.csv")
        source = {"released": tmp_path / "released.json", "labels": tmp_path / "labels.txt"}
        made = SimpleNamespace(shots=tmp_path / "shots.parquet", manifest=tmp_path / "manifest.csv")
        read_released_shots.main(
            SimpleNamespace(
                input=SimpleNamespace(**source, movies=tmp_path / "movies.csv" if movies else []), output=made
            )
        )
        return pd.read_parquet(made.shots), read_manifest(made.manifest)

    return read


def test_what_is_written_comes_back_in_groups_of_whole_clips(read, tmp_path, monkeypatch):
    """Six digits of the scores and milliseconds; a second writing is the same to the byte."""
    monkeypatch.setattr(read_released_shots, "GROUP_SHOTS", 4)
    random = np.random.default_rng(0)
    scores = np.sort(random.random((9, 5)), axis=1)[:, ::-1].astype(np.float32)
    names = [random.permutation(LABELS)[:5] for _ in range(9)]
    counts = {"-a": 3, "b": 2, "c_d": 4}
    shots = pd.DataFrame(
        {
            "clip_id": np.repeat(list(counts), list(counts.values())),
            "shot": [number for count in counts.values() for number in range(1, count + 1)],
            "start_frame": range(0, 90, 10),
            "end_frame": range(10, 100, 10),
            "start_time": np.arange(9) / 3,
            "end_time": np.arange(1, 10) / 3,
            **{f"label_{rank}": [row[rank - 1] for row in names] for rank in range(1, 6)},
            **{f"score_{rank}": scores[:, rank - 1] for rank in range(1, 6)},
        }
    )
    shots["shot_id"] = [f"{row.clip_id}-Scene-{row.shot:03d}" for row in shots.itertuples()]
    shots.loc[8, ["label_5", "score_5"]] = [None, np.nan]
    write_release_json([shots], tmp_path / "first.json")
    movies = [Clip("b", "2011/b.mkv", "tt2", "B", "1999", "War|Drama"), Clip("other", "x.mkv", "tt3")]
    again, manifest = read((tmp_path / "first.json").read_text(), movies)
    exact = ["shot_id", "clip_id", "shot", "start_frame", "end_frame", *(f"label_{rank}" for rank in range(1, 6))]
    assert again[exact].astype(object).where(again[exact].notna(), None).to_numpy().tolist() == (
        shots[exact].astype(object).where(shots[exact].notna(), None).to_numpy().tolist()
    )
    assert np.allclose(again["start_time"], shots["start_time"], atol=5e-4)
    assert np.allclose(again["score_1"], shots["score_1"], rtol=1e-6)
    assert again["entropy"].isna().all() and (again["flags"] == "").all()
    assert pq.read_schema(tmp_path / "shots.parquet").equals(SCHEMA)
    file = pq.ParquetFile(tmp_path / "shots.parquet")
    groups = [file.read_row_group(index).to_pandas() for index in range(file.num_row_groups)]
    assert [len(group) for group in groups] == [5, 4]
    write_release_json(groups, tmp_path / "second.json")
    assert (tmp_path / "second.json").read_bytes() == (tmp_path / "first.json").read_bytes()
    assert [clip.clip_id for clip in manifest] == list(counts)
    assert set(again.loc[again["clip_id"] == "b", ["movie_id", "title", "year", "genres"]].itertuples(index=False)) == {
        ("tt2", "B", "1999", "War|Drama")
    }
    assert (again.loc[again["clip_id"] != "b", "movie_id"] == "").all()


def test_the_authors_notation(read):
    """Frames with a point; labels in any order are ranked; a window has its video's movie."""
    name = "v_-b_seg_10_20"
    shot = SHOT | {"start_frame": 1059.0, "end_frame": 1137.0, "labels": {"sea": 0.03125, "bar": 0.78515625}}
    text = json.dumps({name: {f"{name}-Scene-018.mp4": shot}})
    shots, (clip,) = read(text, [Clip("-b", "2011/-b.mkv", "tt1", "B", "1999")])
    row = shots.iloc[0]
    assert (row["shot_id"], row["shot"], row["start_frame"], row["end_frame"]) == (f"{name}-Scene-018", 18, 1059, 1137)
    assert (row["label_1"], row["score_1"], row["label_2"]) == ("bar", 0.78515625, "sea")
    assert pd.isna(row["label_3"])
    assert clip == Clip(name, "2011/-b.mkv", "tt1", "B", "1999", "", 10.0, 20.0)


def shot_with(**changed):
    """A release JSON with one shot of one video, changed."""
    return json.dumps({"a": {"a-Scene-001.mp4": SHOT | changed}})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (shot_with(labels={"bar": 1.5}), ["a: a-Scene-001.mp4: the score of 'bar' is 1.5"]),
        (shot_with(labels={"bar": "0.5"}), ["the score of 'bar' is '0.5'"]),
        (shot_with(labels={"bar": True}), ["the score of 'bar' is True"]),
        (shot_with(labels={"baar": 0.5}), ["'baar' is not in taxonomy.labels; did you mean 'bar'?"]),
        (shot_with(labels=dict.fromkeys(LABELS, 0.1)), ["has 6 labels, more than 5"]),
        (shot_with(labels={}), ["labels is not an object of label: score"]),
        (shot_with(end_time=0.0), ["end_time 0 is not after start_time 0"]),
        (shot_with(end_frame=-1.0), ["end_frame -1.0 are not whole numbers"]),
        (shot_with(start_frame=0.5), ["start_frame 0.5"]),
        (shot_with(start_time="00:00:01"), ["start_time '00:00:01'", "are not seconds"]),
        (json.dumps({"a": {"a-Scene-001.mp4": {}}}), ["start_frame None", "start_time None", "labels is not"]),
        (json.dumps({"a": {"b-Scene-001.mp4": SHOT}}), ["a: b-Scene-001.mp4: the shot is not named a-Scene-<NNN>.mp4"]),
        (json.dumps({"a": {"a-Scene-0001.mp4": SHOT}}), ["the shot is not named"]),
        (json.dumps({"a/b": {}}), ["a/b: the id of a video"]),
        (json.dumps({"a": ["b"]}), ["a: is not an object of shots"]),
        ('{"a": {"a-Scene-001.mp4": 1, "a-Scene-001.mp4": 2}}', ["a: a-Scene-001.mp4 is given twice"]),
        (shot_with()[:-2].replace("0.25", '0.25, "bar": 0.1') + "}}", ["the label 'bar' is given twice"]),
        ("[]", ["has no video", "The format is"]),
        ('{"a": {"a-Scene-001.mp4": {"start_frame": NaN', ["is not complete and valid JSON"]),
        (b'{"a": {"\xff": 1}}', ["is not complete and valid JSON"]),
        ("shot_id,label\n", ["is not complete and valid JSON"]),
    ],
)
def test_what_is_malformed_is_told(read, tmp_path, text, told):
    with pytest.raises(UserError) as error:
        read(text)
    assert all(part in str(error.value) for part in told), str(error.value)
    assert not (tmp_path / "shots.parquet").exists()


def test_reading_stops_at_the_twentieth_problem(read):
    """A wrong file of a million shots is told at once."""
    wrong = {f"v{number}": {f"v{number}-Scene-001.mp4": SHOT | {"labels": {"bar": 2}}} for number in range(50)}
    with pytest.raises(UserError, match="v19") as error:
        read(json.dumps(wrong))
    assert "v20" not in str(error.value)


def test_the_distribution_counts_scores_in_their_own_precision():
    """A score stored as 0.4 is at least 0.4, as in the selection of samples."""
    scores = np.array([0.0, 0.39999, 0.4, 0.44, 0.45, 1.0], np.float32)
    table = score_distribution(scores, 0.1064).set_index("at_least")
    assert table["shots"].sum() == 6
    assert table.loc[[0.0, 0.35, 0.4, 0.45, 0.95], "shots"].tolist() == [1, 1, 2, 1, 1]
    assert table.loc[0.4, "share_at_least"] == pytest.approx(4 / 6, abs=1e-5)
    assert table.loc[0.4, "release"] == "0.10640" and (table["release"] != "").sum() == 1
    cosines = score_distribution(np.array([-0.1, 0.3], np.float32), 0.1)
    assert (cosines["shots"].sum(), cosines["at_least"].min(), cosines["below"].max()) == (2, -0.1, 0.3)
