"""How far labels are trusted: each reason by hand, the levels, and the precision that raters give a label."""

import h5py
import numpy as np
import pandas as pd
import pytest

from scripts.demo.compare_trust_with_truth import accuracy_of
from scripts.lib.files.hdf5 import write_strings
from scripts.lib.jobs.errors import UserError
from scripts.tagging.judge_shots import judge, own_labels, precision_of_labels

LIMITS = {"second_share": 0.5, "labels": 5, "precision": 0.5, "judged": 2}
SURE = {"label_1": "kitchen", "score_1": 0.9, "score_2": 0.05, "entropy": 0.3, "flags": ""}


def judged(*changes, **told):
    rows = pd.DataFrame([{**SURE, **change} for change in changes])
    rows.insert(0, "shot_id", [f"a-Scene-{number:03d}" for number in range(1, len(rows) + 1)])
    rows = rows.astype({"score_1": np.float32, "score_2": np.float32, "entropy": np.float32})
    table = judge(rows, 0.4, LIMITS, **told)
    assert list(table["shot_id"]) == list(rows["shot_id"])
    return list(zip(table["trust"], table["reasons"], strict=True))


def test_what_speaks_against_a_label():
    """Limits belong to the doubtful side, except the threshold, which a kept shot reaches exactly."""
    assert judged(
        {},
        {"score_1": 0.4},
        {"score_1": 0.39},
        {"score_1": 0.5, "score_2": 0.25},
        {"entropy": np.log(5) + 1e-6},
        {"score_1": 0.39, "score_2": 0.3, "entropy": 2.0},
        {"flags": "black|short"},
        {"flags": "uniform", "entropy": 2.0},
        {"entropy": np.nan, "score_2": np.nan},
    ) == [
        ("high", ""),
        ("high", ""),
        ("medium", "low score"),
        ("medium", "close second"),
        ("medium", "undecided"),
        ("low", "low score|close second|undecided"),
        ("low", "black|short"),
        ("low", "uniform|undecided"),
        ("high", ""),
    ]


def test_context_raters_and_scale_speak_where_they_are_known():
    shots = {}, {"label_1": "bar"}, {"label_1": "barn"}, {}
    assert judged(*shots, alone=np.array(["bar", "bar", "barn", "kitchen"], object)) == [
        ("medium", "context"),
        *[("high", "")] * 3,
    ]
    assert judged(*shots, precision={"bar": 0.4, "kitchen": 0.5}) == [
        ("high", ""),
        ("medium", "imprecise label"),
        *[("high", "")] * 2,
    ]
    assert judged(*shots, precision={}) == [("high", "")] * 4
    scales = {"a-Scene-001": "ECS", "a-Scene-002": "CS", "a-Scene-003": "MS"}
    assert judged(*shots, scales=scales) == [*[("medium", "close-up")] * 2, *[("high", "")] * 2]


def test_precision_is_that_of_top_1_among_shots_that_a_rater_could_judge(tmp_path):
    """Ticks by two raters: bar is accepted for one of three shots, a tie is no majority; too few for barn."""
    ticks = {
        "1": ("bar", [1, 1]),
        "2": ("bar", [1, 0]),
        "3": ("bar", [0, 0]),
        "4": ("bar", ["", ""]),
        "5": ("barn", [1, 1]),
    }
    tasks = [
        {"shot_id": shot, "clip_id": "a", "score_1": 0.5, "label_1": label, "label_2": "zoo"}
        | dict.fromkeys(("label_3", "label_4", "label_5"), "")
        for shot, (label, _) in ticks.items()
    ]
    votes = [
        {
            "shot_id": shot,
            "rater": rater,
            "label": name,
            "offered": rank,
            "value": value,
            "seconds": 1,
            "source": "page",
        }
        for shot, (label, values) in ticks.items()
        for rater, own in enumerate(values)
        for rank, name, value in ((1, label, own), (2, "zoo", 1 if own != "" else ""))
    ]
    pd.DataFrame(tasks).to_csv(tmp_path / "tasks.csv", index=False)
    pd.DataFrame(votes).to_csv(tmp_path / "votes.csv", index=False)
    found = precision_of_labels(tmp_path / "tasks.csv", tmp_path / "votes.csv", 2)
    assert found == {"bar": pytest.approx(1 / 3)}
    pd.DataFrame(votes).iloc[:0].to_csv(tmp_path / "votes.csv", index=False)
    assert precision_of_labels(tmp_path / "tasks.csv", tmp_path / "votes.csv", 2) == {}


def test_labels_alone_are_those_of_the_same_shots(tmp_path):
    with h5py.File(tmp_path / "scores.h5", "w") as file:
        write_strings(file, "labels", ["bar", "zoo"])
        write_strings(file, "shot_id", ["a", "b"])
        file["scores"] = np.array([[0.2, 0.8], [0.7, 0.3]], np.float32)
    assert list(own_labels(tmp_path / "scores.h5", pd.Series(["a", "b"]))) == ["zoo", "bar"]
    with pytest.raises(UserError, match="has other shots"):
        own_labels(tmp_path / "scores.h5", pd.Series(["b", "a"]))


def test_accuracy_of_levels_and_of_reasons():
    trust = pd.DataFrame({"trust": ["high", "low", "high", "medium"], "reasons": ["", "a|b", "", "b"]})
    table = accuracy_of(trust, np.array([True, False, True, True]))
    assert table.to_dict("list") == {
        "kind": ["level"] * 3 + ["reason"] * 2,
        "name": ["high", "medium", "low", "a", "b"],
        "n": [2, 1, 1, 1, 2],
        "share": [0.5, 0.25, 0.25, 0.25, 0.5],
        "accuracy": [1.0, 1.0, 0.0, 0.0, 0.5],
    }
