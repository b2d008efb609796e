"""Evaluation sets, the tagger as a model, Table 3 and the figure of classes, on made-up predictions."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.metrics import average_precision_score

from scripts.lib.evaluation.metrics import evaluate
from scripts.lib.evaluation.predictions import read_predictions
from scripts.lib.files.hdf5 import create_h5, write_array, write_strings
from scripts.lib.jobs.errors import UserError
from scripts.lib.pages.figures import save_figure
from scripts.lib.records.samples import target_matrix
from scripts.lib.tables.rows import read_csv
from scripts.models.evaluate_tagger import as_logits
from scripts.models.evaluate_tagger import main as evaluate_tagger
from scripts.models.make_table3 import as_markdown, table3_rows
from scripts.models.plot_class_ap import class_table, plot_class_ap
from tests.helpers import ROOT

LABELS = ["bar", "inn", "cave", "hut", "room"]
CLASSES = ["bar", "cave", "room"]
MERGES, DROP = {"inn": "bar"}, ["hut"]
PRINTED = read_csv(ROOT / "config/paper/table3.csv")


@pytest.fixture
def tagged(tmp_path):
    """A job of the tagger's evaluation: ten shots with scores, of which some are in the sets."""
    random = np.random.default_rng(0)
    names = [f"c-Scene-{number:03d}" for number in range(10)]
    scores = random.dirichlet(np.ones(5), 10).astype(np.float32)
    with create_h5(tmp_path / "scores.h5", {}) as file:
        write_strings(file, "labels", LABELS)
        write_strings(file, "shot_id", names)
        write_array(file, "scores", scores)
    tables = {
        "val": pd.DataFrame({"shot_id": names[:2], "labels": ["bar", "cave|room"]}),
        "test": pd.DataFrame(
            {"shot_id": [*names[2:5], "gone-Scene-001"], "labels": ["bar", "cave", "room|bar", "bar"]}
        ),
        "verified": pd.DataFrame(
            {
                "shot_id": names[5:],
                "labels": ["inn|bar", "hut", "cave|hut", "inn", "room"],
                "movie_disjoint": ["yes", "yes", "no", "no", "yes"],
            }
        ),
        "labels": pd.DataFrame({"index": range(3), "label": CLASSES}),
    }
    for name, table in tables.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)

    class Input(SimpleNamespace):
        __getitem__ = SimpleNamespace.__getattribute__

    paths = {name: str(tmp_path / f"{name}.csv") for name in ("val", "test", "labels")}
    job = SimpleNamespace(
        input=Input(
            **paths,
            verified=[str(tmp_path / "verified.csv")],
            scores=str(tmp_path / "scores.h5"),
            expected=[str(tmp_path / f"{name}.csv") for name in ("val", "val", "test", "verified")],
        ),
        output=SimpleNamespace(predictions=str(tmp_path / "p.h5"), metrics=str(tmp_path / "m.json")),
        params=SimpleNamespace(bootstrap={"seed": 0, "samples": 10}, merges=MERGES, drop=DROP, score="softmax"),
    )
    return job, names, scores


def test_the_tagger_is_a_model_whose_merged_labels_have_their_highest_score(tagged):
    job, names, scores = tagged
    evaluate_tagger(job)
    found = read_predictions(job.output.predictions)
    assert {name: list(part.ids) for name, part in found.items()} == {
        "val": names[:2],
        "test": names[2:5],
        "verified": [names[5], *names[7:]],
        "verified_disjoint": [names[5], names[9]],
    }
    probabilities = [[max(row[0], row[1]), row[2], row[4]] for row in scores[[5, 7, 8, 9]]]
    assert expit(found["verified"].logits) == pytest.approx(np.array(probabilities), rel=1e-5)
    assert found["verified"].targets.tolist() == [
        [True, False, False],
        [False, True, False],
        [True, False, False],
        [False, False, True],
    ]
    metrics = json.loads(Path(job.output.metrics).read_text())
    assert metrics["n_used"] == {"val": 2, "test": 3, "verified": 4, "verified_disjoint": 2}
    assert metrics["n_expected"] == {**metrics["n_used"], "test": 4}
    assert metrics["sets"]["test"]["own_labels"]
    expected = [
        average_precision_score(*columns)
        for columns in zip(found["verified"].targets.T, found["verified"].logits.T, strict=True)
    ]
    assert metrics["sets"]["verified"]["mAP"]["value"] == pytest.approx(np.mean(expected), abs=1e-6)


def test_a_study_without_votes_has_no_verified_set(tagged):
    job, _, _ = tagged
    path = Path(job.input.verified[0])
    pd.read_csv(path)[:0].to_csv(path, index=False)
    evaluate_tagger(job)
    assert set(read_predictions(job.output.predictions)) == {"val", "test"}
    assert set(json.loads(Path(job.output.metrics).read_text())["sets"]) == {"test"}


def test_a_merge_that_the_tagger_does_not_know_is_refused(tagged):
    job, _, _ = tagged
    job.params.merges = {"pub": "bar"}
    with pytest.raises(UserError, match=r"dataset\.merges: 'pub'"):
        evaluate_tagger(job)


def test_logits_give_the_scores_back_and_keep_their_order():
    scores = np.array([0, 1e-30, 1e-7, 0.1, 0.5, 1 - 1e-6, 1], np.float32)
    logits = as_logits(scores, "softmax").astype(np.float32)
    assert np.isfinite(logits).all()
    assert (np.diff(logits) > 0).all()
    assert expit(logits.astype(float)) == pytest.approx(scores, rel=1e-5, abs=1e-30)
    assert (as_logits(scores, "cosine") == scores).all()


def test_targets_are_the_labels_that_are_classes():
    found = target_matrix(["cave|bar", "hut", "", "room|hut|bar"], CLASSES)
    assert [[CLASSES[k] for k in np.flatnonzero(row)] for row in found] == [["bar", "cave"], [], [], ["bar", "room"]]
    assert target_matrix([], CLASSES).shape == (0, 3)


def made_up(model, n=40, n_classes=3, seed=0, sets=("verified", "test")):
    """Content of a `metrics.json`."""
    random = np.random.default_rng(seed)
    targets = np.eye(n_classes, dtype=bool)[random.integers(n_classes, size=n)]
    logits = random.normal(size=targets.shape) + targets
    found = evaluate(logits, targets, [str(number) for number in range(n)], seed=0, samples=20)
    counts = {key: dict.fromkeys(sets, number) for key, number in (("n_used", n), ("n_expected", 2000))}
    return {"model": model, "sets": {name: dict(found) for name in sets}, **counts}


@pytest.fixture(scope="module")
def metrics():
    """Two of the paper's models, one on as many shots as the paper, the tagger, and another model."""
    found = {"swin_b": made_up("swin_b", n=1883), "lstm_vit": made_up("lstm_vit"), "clip": made_up("clip")}
    found["clip"]["sets"]["test"]["own_labels"] = True
    return {**found, "mine": made_up("mine", sets=("test",))}


def test_table3_has_the_papers_values_beside_ours(metrics):
    rows = list(table3_rows(metrics, PRINTED, {"swin_b": "swin.json"}))
    cells = {(row["set"], row["row"], row["column"].split(",")[0]): row for row in rows}
    cell, ours = cells["verified", "swin_b", "mAP"], metrics["swin_b"]["sets"]["verified"]
    assert (cell["paper"], cell["comparable"], cell["n_used"], cell["n_expected"]) == ("44.4", "yes", 1883, "1883")
    assert float(cell["ours"]) == pytest.approx(100 * ours["mAP"]["value"], abs=0.005)
    assert float(cell["low"]) < float(cell["ours"]) < float(cell["high"])
    assert float(cell["delta"]) == pytest.approx(100 * ours["mAP"]["value"] - 44.4, abs=0.06)
    assert cells["verified", "lstm_vit", "mAP"]["comparable"] == "no"
    assert cells["verified", "lstm_vit", "Pearson"]["paper"] == "0.42"
    missing = cells["verified", "i3d_r50", "mAP"]
    assert (missing["paper"], missing["ours"], missing["comparable"]) == ("13.33", "", "")
    assert ("test", "i3d_r50", "mAP") not in cells
    assert ("verified", "mine", "mAP") not in cells
    assert cells["test", "clip", "mAP"]["comparable"] == "no"
    assert cells["test", "swin_b", "mAP"]["paper"] == ""


def test_table3_reads_like_the_papers(metrics):
    rows = list(table3_rows(metrics, PRINTED, {}))
    text = as_markdown(rows, metrics, PRINTED)
    verified, test = (part.partition("\n## ")[0] for part in text.split("\n## ")[1:])
    order = [
        "Frame wise aggregation",
        "LSTM",
        "3D convolutional",
        "Video Transformers",
        "Swin-B",
        "Beyond",
        "CLIP itself",
    ]
    places = [verified.index(name) for name in order]
    assert places == sorted(places)
    assert "| Swin-B | NA | 44.4 |" in verified
    assert "40 to 1883 of 2000 shots" in verified
    widths = {line.count("|") for line in test.splitlines() if line.startswith("|")}
    assert widths == {7}
    assert "| mine |" in test
    assert "paper" not in test.splitlines()[2]
    only_one = as_markdown(list(table3_rows({}, PRINTED, {})), {}, PRINTED)
    assert "No model of this run" in only_one


def test_the_figure_of_classes_leaves_out_who_made_the_labels(metrics, tmp_path):
    table = class_table(metrics, CLASSES)
    assert set(table.loc[table["set"] == "test", "model"]) == {"swin_b", "lstm_vit", "mine"}
    row = table.query("set == 'verified' and model == 'lstm_vit' and label == 'cave'").iloc[0]
    found = metrics["lstm_vit"]["sets"]["verified"]
    assert (row["average_precision"], row["positives"]) == (found["class_ap"][1], found["class_positives"][1])
    many = {f"m{k}": made_up(f"m{k}", n=400, n_classes=150, seed=k) for k in range(11)}
    wide = class_table(many, [f"place {k}" for k in range(150)])
    for name, part in {"few": table[table["set"] == "verified"], "many": wide[wide["set"] == "test"]}.items():
        figure = plot_class_ap(part)
        labels = [text.get_text() for ax in figure.axes for text in ax.get_yticklabels()]
        means = part.groupby("label")["average_precision"].mean().sort_values(ascending=False)
        assert len(labels) == len(means)
        assert labels[0].startswith(f"{means.index[0]} (")
        assert len(figure.legends[0].get_texts()) == part["model"].nunique()
        save_figure(figure, [tmp_path / f"{name}.png"])
    save_figure(plot_class_ap(table[:0]), [tmp_path / "none.png"])
