"""The files about shots: labels, entropy, flags, failures, the release's format."""

import json
import math

import h5py
import numpy as np
import pandas as pd
import pytest

from scripts.lib.files.hdf5 import CLIPS, create_h5, write_strings
from scripts.lib.jobs.errors import UserError
from scripts.lib.records.clips import Clip
from scripts.lib.tables.shards import write_shard_csv
from scripts.tagging.collect_shots import (
    by_clip,
    check_failures,
    entropy,
    flag_shots,
    read_brightness,
    read_scores,
    read_values,
    schema_with,
    shard_table,
    top_labels,
)
from scripts.tagging.list_failures import list_failures
from scripts.tagging.write_release_json import write_release_json

LIMITS = {"black_luma": 0.06, "uniform_spread": 0.03, "short_seconds": 0.5}


@pytest.mark.parametrize("n_labels", [1, 3, 5, 6, 40])
def test_top_labels_are_the_highest_with_ties_in_label_order(n_labels):
    """As a plain sort would have it; with fewer than five labels the last columns are empty."""
    random = np.random.default_rng(n_labels)
    scores = random.integers(0, 4, (30, n_labels)) / 10
    labels = [f"label {index:02d}" for index in range(n_labels)]
    table = top_labels(scores, labels)
    for row, shot in zip(scores, table.itertuples(), strict=True):
        ranked = sorted(range(n_labels), key=lambda index, row=row: (-row[index], index))[:5]
        for rank in range(5):
            name, score = getattr(shot, f"label_{rank + 1}"), getattr(shot, f"score_{rank + 1}")
            if rank < n_labels:
                assert (name, score) == (labels[ranked[rank]], row[ranked[rank]])
            else:
                assert pd.isna(name)
                assert pd.isna(score)


def test_entropy_is_shannons_of_the_shares():
    """Sure is 0, undecided is log L, scores that are no probabilities are taken as shares."""
    scores = np.array([[1, 0, 0, 0], [0.25] * 4, [0.7, 0.2, 0.1, 0], [14, 4, 2, 0], [0.5, -0.1, 0, 0]])
    by_hand = -sum(p * math.log(p) for p in (0.7, 0.2, 0.1))
    assert entropy(scores)[:4] == pytest.approx([0, math.log(4), by_hand, by_hand])
    assert math.isnan(entropy(scores)[4])


def test_flags_name_every_reason():
    """Each limit by itself, all together, and none exactly at the limits."""
    luma, spread, seconds = (
        np.array(v) for v in ([0.05, 0.5, 0.5, 0.0, 0.06], [0.1, 0.02, 0.1, 0.0, 0.03], [1, 1, 0.4, 0.1, 0.5])
    )
    assert flag_shots(luma, spread, seconds, LIMITS) == ["black", "uniform", "short", "black|uniform|short", ""]


def failures(count):
    """Rows of failures.csv."""
    return [{"path": f"{index}.mp4", "reason": f"reason {index}"} for index in range(count)]


@pytest.mark.parametrize("n_clips", [20, 100, 250])
def test_exactly_the_allowed_fraction_of_failures_passes(n_clips):
    """29 of 100 are no more than 0.29, whatever floating point makes of 0.29 times 100."""
    for count in range(n_clips):
        check_failures(failures(count), n_clips, count / n_clips)
        with pytest.raises(UserError):
            check_failures(failures(count + 1), n_clips, count / n_clips)


def test_too_many_failures_are_listed_with_reasons():
    """The message names the files, the key to turn, and stops when nothing is left even if that is allowed."""
    with pytest.raises(UserError) as refusal:
        check_failures(failures(3), 10, 0.05)
    message = str(refusal.value)
    assert "3 of 10 clip(s) could not be used" in message
    assert "clips.max_failed_fraction = 0.05" in message
    assert all(f"{index}.mp4: reason {index}" in message for index in range(3))
    with pytest.raises(UserError):
        check_failures(failures(2), 2, 1.0)


@pytest.fixture
def shard(tmp_path):
    """Scores and embeddings of two clips with shots, the third having failed; and the shots' rows."""
    scores, embeddings = h5py.File(tmp_path / "scores.h5", "w"), h5py.File(tmp_path / "embeddings.h5", "w")
    rows = []
    for clip_id, frames in {"b": [3, 1], "a": [2, 2, 4]}.items():
        n_shots, shot = len(frames), np.repeat(np.arange(len(frames)) + 1, frames)
        scores[f"{CLIPS}/{clip_id}/shot_scores"] = np.eye(3, dtype=np.float32)[:n_shots] * 0.5 + 0.25
        scores[f"{CLIPS}/{clip_id}/attributes/light"] = np.array([[0.5, 0.5], [0.25, 0.75], [1, 0]])[:n_shots]
        scores[f"{CLIPS}/{clip_id}/shot_numbers"] = np.arange(n_shots) + 1
        embeddings[f"{CLIPS}/{clip_id}/shot"] = shot
        embeddings[f"{CLIPS}/{clip_id}/luma_mean"] = np.where(shot == 2, 0.01, 0.1 * np.arange(len(shot)) + 0.2)
        embeddings[f"{CLIPS}/{clip_id}/luma_std"] = np.full(len(shot), 0.2)
        edges = np.cumsum([0, *frames])
        rows += [
            dict(
                zip(
                    ("clip_id", "shot", "start_frame", "end_frame", "start_time", "end_time"),
                    map(str, row),
                    strict=True,
                )
            )
            for row in zip(
                [clip_id] * n_shots, range(1, n_shots + 1), edges[:-1], edges[1:], edges[:-1], edges[1:], strict=True
            )
        ]
    yield rows, scores, embeddings
    scores.close()
    embeddings.close()


def gathered(clips, shots, scores, embeddings):
    """What is made of a shard's files."""
    rows_of = by_clip(shots)
    values = read_scores(scores, rows_of)
    brightness = read_brightness(embeddings, rows_of, values)
    likely = read_values(scores, {"light": ["day", "night"]})
    return shard_table(clips, rows_of, values, brightness, likely, ["bar", "beach", "cave"], LIMITS)


def test_shots_are_gathered_with_what_is_known_of_their_clip(shard):
    """One row a shot in the shots' order, each with its own scores, brightness and film."""
    rows, scores, embeddings = shard
    clips = {name: Clip(name, f"{name}.mp4", f"tt_{name}", title=f"Film {name}") for name in ("a", "b", "failed")}
    failed = {**rows[0], "clip_id": "failed"}
    table, values = gathered(clips, [failed, *rows], scores, embeddings)
    assert set(schema_with(["light"]).names) == set(table.columns)
    assert table["light"].tolist() == ["day", "night", "day", "night", "day"]
    assert table["light_score"].tolist() == [0.5, 0.75, 0.5, 0.75, 1]
    assert table["shot_id"].tolist() == [
        "b-Scene-001",
        "b-Scene-002",
        "a-Scene-001",
        "a-Scene-002",
        "a-Scene-003",
    ]
    assert table["movie_id"].tolist() == ["tt_b"] * 2 + ["tt_a"] * 3
    assert table["label_1"].tolist() == ["bar", "beach", "bar", "beach", "cave"]
    assert table["flags"].tolist() == ["", "black", "", "black", ""]
    assert values.shape == (5, 3)
    assert table["score_1"].tolist() == values.max(axis=1).tolist()
    assert table["end_frame"].tolist() == [3, 4, 2, 4, 8]
    with pytest.raises(UserError, match="has shots of a, b, of which the shot list has none"):
        gathered(clips, [failed], scores, embeddings)
    for name in ("a", "b"):
        del scores[CLIPS][name]
    assert gathered(clips, [failed], scores, embeddings) is None


def test_scores_of_other_shots_are_refused(shard):
    """Shots that were found anew do not get the labels of the old ones."""
    rows, scores, embeddings = shard
    clips = {name: Clip(name, f"{name}.mp4") for name in ("a", "b")}
    with pytest.raises(UserError, match=r"scores\.h5 has other shots of b"):
        gathered(clips, rows[:1] + rows[2:], scores, embeddings)
    embeddings["clips/a/shot"][-1] = 4
    with pytest.raises(UserError, match=r"embeddings\.h5 has other shots of a"):
        gathered(clips, rows, scores, embeddings)


def test_failures_of_both_steps_are_listed_in_the_manifests_order(tmp_path):
    """A clip fails at its shots or at its frames; either way it is one row with path and reason."""
    columns = ("clip_id", "status", "reason")
    tables, embeddings = ([tmp_path / f"{number}.{suffix}" for number in (0, 1)] for suffix in ("csv", "h5"))
    write_shard_csv(tables[0], columns, [{"clip_id": "z", "status": "failed", "reason": "empty"}], "f0")
    usable = [{"clip_id": "a", "status": "ok", "reason": "a remark"}, {"clip_id": "b", "status": "ok", "reason": ""}]
    write_shard_csv(tables[1], columns, usable, "f1")
    for path, fingerprint, names in zip(embeddings, ("f0", "f1"), ([], ["b"]), strict=True):
        with create_h5(path, {"fingerprint": fingerprint}) as file:
            file.create_group(CLIPS)
            write_strings(file, "failures/clip_id", names)
            write_strings(file, "failures/reason", ["the file has changed"] * len(names))
    paths = {name: f"{name}.mp4" for name in ("b", "a", "z")}
    assert list_failures(paths, tables, embeddings, ["f0", "f1"]) == [
        {"clip_id": "b", "path": "b.mp4", "step": "embed_frames", "reason": "the file has changed"},
        {"clip_id": "z", "path": "z.mp4", "step": "detect_shots", "reason": "empty"},
    ]


def test_the_release_json_has_the_authors_form(tmp_path):
    """Valid JSON, clips in their order, an entry a shot, labels with scores from high to low."""
    rows = []
    for clip_id, n_shots in (("z", 2), ("a", 3), ("é", 1)):
        for shot in range(1, n_shots + 1):
            row = {
                "clip_id": clip_id,
                "shot_id": f"{clip_id}-Scene-{shot:03d}",
                "start_frame": shot,
                "end_frame": shot + 9,
            }
            row |= {"start_time": shot / 3, "end_time": shot + 1.23456}
            row |= {f"label_{rank}": f"label {rank}" if rank < 4 else None for rank in range(1, 6)}
            row |= {f"score_{rank}": 1 / (rank + 2) if rank < 4 else np.nan for rank in range(1, 6)}
            rows.append(row)
    table = pd.DataFrame(rows).astype({"start_frame": "int32", "score_1": "float32"})
    path = tmp_path / "movieclip.json"
    write_release_json([table[:2], table[2:]], path)
    content = json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert list(content) == ["z", "a", "é"]
    assert [len(entry) for entry in content.values()] == [2, 3, 1]
    entry = content["a"]["a-Scene-002.mp4"]
    assert {key: entry[key] for key in ("start_frame", "end_frame", "start_time", "end_time")} == {
        "start_frame": 2,
        "end_frame": 11,
        "start_time": 0.667,
        "end_time": 3.235,
    }
    assert list(entry["labels"].items()) == [("label 1", 0.333333), ("label 2", 0.25), ("label 3", 0.2)]
    write_release_json([], path)
    assert json.loads(path.read_text()) == {}
