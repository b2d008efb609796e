"""Taggers are compared on the same shots, by independent counts."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, top_k_accuracy_score

from scripts.lib.files.hdf5 import CLIPS, create_h5
from scripts.tagging.compare_taggers import (
    CPU,
    ELAPSED,
    KEPT,
    MAP,
    THRESHOLD,
    TOP1,
    TOP5,
    Reference,
    Scores,
    as_table,
    by_truth,
    by_votes,
    calibrate,
    cost_of,
    of_all,
    plot_taggers,
    read_scores,
    rows_of,
)

BOOTSTRAP = {"seed": 0, "samples": 0}
LABELS = ["bar", "beach", "cave", "church", "farm", "garage", "hotel"]


@pytest.fixture
def judged():
    """Scores of 300 shots that are often right, their labels, and what the shots show."""
    random = np.random.default_rng(1)
    truth = random.integers(len(LABELS), size=300)
    scores = random.random((300, len(LABELS))).astype(np.float32)
    scores[np.arange(300), truth] += random.random(300).astype(np.float32)
    return scores, truth, Reference("truth", [f"s{row}" for row in range(300)], np.eye(len(LABELS), dtype=bool)[truth])


def test_measures_are_those_of_scikit_learn(judged):
    scores, truth, reference = judged
    found = {"a": Scores(scores.argmax(axis=1), scores, {})}
    value = {row["measure"]: row["value"] for row in rows_of(found, reference, {"a": None}, BOOTSTRAP)}
    for measure, k in ((TOP1, 1), (TOP5, 5)):
        assert value[measure] == pytest.approx(top_k_accuracy_score(truth, scores, k=k), abs=1e-4)
    assert value[MAP] == pytest.approx(average_precision_score(reference.right, scores), abs=1e-4)
    assert value[CPU] is None


def test_a_calibrated_threshold_is_the_lowest_that_suffices():
    """Against all thresholds one by one, with many equal scores."""
    random = np.random.default_rng(2)
    scores = np.round(random.random(400), 2)
    right = random.random(400) < scores + 0.3
    enough = [value for value in np.unique(scores) if right[scores >= value].mean() >= 0.9]
    assert 0.1 < min(enough) < 0.9
    assert calibrate(scores, right, 0.9) == (min(enough), (scores >= min(enough)).mean())
    assert calibrate(scores, np.zeros(400, bool), 0.9) == (None, 0.0)


def test_accepted_labels_of_judged_shots_are_right(tmp_path):
    """A majority of two raters is both; a shot of which nobody can tell is left out; one may have no right label."""
    offered = {f"label_{rank}": name for rank, name in enumerate(LABELS[:5], 1)}
    tasks = [{"shot_id": name, "clip_id": "c", "score_1": 0.5, **offered} for name in ("s1", "s2", "s3")]
    ticks = {"s1": ({1, 2}, {2, 3}), "s2": (None, None), "s3": ({1}, set())}
    votes = [
        (name, f"rater {rater}", label, rank, "" if own is None else int(rank in own), 1, "file")
        for name, marks in ticks.items()
        for rater, own in enumerate(marks)
        for rank, label in enumerate(LABELS[:5], 1)
    ]
    pd.DataFrame(tasks).to_csv(tmp_path / "tasks.csv", index=False)
    columns = ["shot_id", "rater", "label", "offered", "value", "seconds", "source"]
    pd.DataFrame(votes, columns=columns).to_csv(tmp_path / "votes.csv", index=False)
    reference = by_votes(tmp_path / "tasks.csv", tmp_path / "votes.csv", LABELS)
    assert reference.shot_ids == ["s1", "s3"]
    assert [np.flatnonzero(row).tolist() for row in reference.right] == [[1], []]
    pd.DataFrame(columns=columns).to_csv(tmp_path / "votes.csv", index=False)
    assert by_votes(tmp_path / "tasks.csv", tmp_path / "votes.csv", LABELS).shot_ids == []


def test_the_truth_is_that_of_the_rendered_shot():
    truth = pd.DataFrame(
        {
            "clip_id": "a",
            "label": ["farm", "moon"],
            "scale": "LS",
            "light": "day",
            "start_frame": [0, 9],
            "end_frame": [9, 20],
        }
    )
    shots = pd.DataFrame({"shot_id": ["x", "y"], "clip_id": "a", "start_frame": [0, 10], "end_frame": [10, 20]})
    reference = by_truth(shots, truth, LABELS)
    assert reference.right.sum(axis=1).tolist() == [1, 0], "a label that the taggers do not have is never right"
    assert reference.right[0, LABELS.index("farm")]


@pytest.fixture
def shards(tmp_path):
    """Scores of the clips b and a in two files, five shots; the fourth shot of the run has none."""
    random = np.random.default_rng(3)
    values = {"b": random.random((2, 3)), "a": random.random((2, 3))}
    for shard, clip in enumerate(values):
        with create_h5(tmp_path / f"{shard:05d}.h5", {"fingerprint": clip}) as file:
            file["labels"] = ["x", "y", "z"]
            group = file.create_group(CLIPS).create_group(clip)
            group["shot_numbers"], group["shot_scores"] = [1, 3], values[clip].astype(np.float32)
            group["frame"] = np.arange(7)
    return [(tmp_path / f"{shard:05d}.h5", clip) for shard, clip in enumerate(values)], values


def test_scores_are_found_by_the_names_of_shots(shards):
    paths, values = shards
    ids = ["b-Scene-001", "b-Scene-003", "a-Scene-001", "a-Scene-002", "a-Scene-003"]
    found = read_scores(paths, ids, ["a-Scene-003", "b-Scene-001", "a-Scene-002"])
    best = {clip: scores.argmax(axis=1).tolist() for clip, scores in values.items()}
    assert found.best.tolist() == [*best["b"], best["a"][0], -1, best["a"][1]]
    assert found.judged[:2] == pytest.approx(np.stack([values["a"][1], values["b"][0]]), abs=1e-6)
    assert np.isnan(found.judged[2]).all()
    assert found.frames == {"00000": 7, "00001": 7}


def test_shots_that_one_tagger_lacks_are_left_out_for_all(judged):
    scores, _, reference = judged
    lacking = scores.copy()
    lacking[7] = np.nan
    both = {"a": Scores(scores.argmax(axis=1), scores, {}), "b": Scores(scores.argmax(axis=1), lacking, {})}
    kept, known = of_all(both, reference)
    assert "s7" not in known.shot_ids and len(known.shot_ids) == len(known.right) == 299
    assert (kept["a"].judged == np.delete(scores, 7, axis=0)).all()


def test_cost_is_that_of_the_shards_that_were_measured(tmp_path):
    """Of a shard that was embedded in windows, the windows; one without a benchmark counts neither way."""
    header = "s\th:m:s\tmax_rss\tcpu_time\n"
    for path, seconds, cpu in (
        ("embed_frames/clip/00000.tsv", 10, 16.0),
        ("embed_window/clip/00001/000.tsv", 4, 5.0),
        ("embed_window/clip/00001/001.tsv", 6, 7.0),
        ("embed_frames/other/00000.tsv", 100, 100.0),
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(f"{header}{seconds}\t0:00:01\t1\t{cpu}\n")
    cpu, elapsed, n = cost_of(tmp_path, "clip", {"00000": 600, "00001": 400, "00002": 900})
    assert (cpu, elapsed, n) == (pytest.approx(28), pytest.approx(20), 1000)
    assert cost_of(tmp_path, "none", {"00000": 600}) is None


def test_the_table_says_who_agrees_and_the_figure_what_is_known(judged, tmp_path):
    """Without a reference there is agreement only, over the shots that all have scored."""
    scores, _, reference = judged
    best = scores.argmax(axis=1)
    other = np.where(np.arange(300) < 30, (best + 1) % len(LABELS), best)
    other[299] = -1
    found = {"a": Scores(best, scores, {}), "b": Scores(other, scores, {})}
    costs = {"a": (20.0, 10.0, 1000), "b": None}
    rows = rows_of(found, None, costs, BOOTSTRAP)
    same = [(row["tagger"], row["value"], row["n"]) for row in rows if row["measure"].startswith("same")]
    assert same == [("a", pytest.approx(269 / 299, abs=1e-4), 299), ("b", pytest.approx(269 / 299, abs=1e-4), 299)]
    settings = {name: {"encoder": "clip", "score": "softmax", "prompts": ["{label}"]} for name in found}
    header, cells = as_table(rows, settings)
    assert dict(zip(header, cells[0], strict=True))[CPU] == "20"
    assert dict(zip(header, cells[1], strict=True))[ELAPSED] == ""
    matrix, *_ = plot_taggers(rows, found, None).axes
    assert {text.get_text() for text in matrix.texts} == {"100", "90"}
    rows = rows_of(found, reference, costs, BOOTSTRAP)
    _, curves = plot_taggers(rows, found, reference).axes
    value = {(row["tagger"], row["measure"]): row["value"] for row in rows}
    marked = [line.get_xydata()[0].tolist() for line in curves.lines if line.get_marker() in "os"]
    assert marked == [[value[name, KEPT], 0.9] for name in found]
    assert value["a", THRESHOLD] > 0
