"""CLIP itself, whose scores made the labels, as one more model on the evaluation sets."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import logit

from scripts.lib.evaluation.metrics import evaluate
from scripts.lib.evaluation.predictions import Predictions, write_metrics, write_predictions
from scripts.lib.files.hdf5 import open_h5, read_strings
from scripts.lib.jobs.log import logger, run_job
from scripts.lib.records.samples import read_classes, renamed_labels, target_matrix
from scripts.models.evaluation import SETS, count_expected, read_sets

NAME = "clip"


def class_scores(scores: np.ndarray, columns: np.ndarray, n_classes: int) -> np.ndarray:
    """Scores of the classes, (N, C): of labels merged into one class, the highest.

    Args:
        scores: (N, L).
        columns: (L,) the class of each label, -1 for none.
    """
    found = np.full((len(scores), n_classes), -np.inf, np.float32)
    for label in np.flatnonzero(columns >= 0):
        np.maximum(found[:, columns[label]], scores[:, label], out=found[:, columns[label]])
    return found


def class_columns(labels: list[str], classes: Sequence[str], merges: dict[str, str], drop: list[str]) -> np.ndarray:
    """The class of each label of the tagger, (L,), -1 for those without; see `renamed_labels` for its errors."""
    index = {name: column for column, name in enumerate(classes)}
    renamed = renamed_labels(labels, merges, drop)
    return np.array([index.get(labels[label], -1) if label >= 0 else -1 for label in renamed])


def as_logits(scores: np.ndarray, kind: str) -> np.ndarray:
    """Logits whose sigmoids are the scores; cosines, which are no probabilities, stay as they are.

    Args:
        scores: any shape.
        kind: `taggers.<tagger>.score` of the configuration.
    """
    if kind == "cosine":
        return scores
    smallest = np.finfo(np.float32).tiny
    return logit(np.clip(scores.astype(np.float64), smallest, 1 - np.finfo(np.float32).epsneg))


def read_scores(path: str | Path, wanted: set[str]) -> tuple[list[str], list[str], np.ndarray]:
    """Names and scores of the wanted shots, and the labels: N, L, (N, L).

    Raises:
        UserError: the file cannot be read.
    """
    with open_h5(path) as file:
        shot_ids = read_strings(file["shot_id"])
        rows = [row for row, name in enumerate(shot_ids) if name in wanted]
        return [shot_ids[row] for row in rows], read_strings(file["labels"]), file["scores"][:][rows]


def predict(
    sets: dict[str, pd.DataFrame], shot_ids: Sequence[str], logits: np.ndarray, classes: Sequence[str]
) -> dict[str, Predictions]:
    """The logits and targets of the shots of each set that have scores; a set without such shots is left out.

    Args:
        sets: see `read_sets`.
        shot_ids, logits: N names of shots with scores, (N, C).
        classes: C names.
    """
    scored, found = pd.Index(shot_ids), {}
    for name, table in sets.items():
        rows = scored.get_indexer(table["shot_id"])
        known = table[rows >= 0]
        if len(known) < len(table):
            logger.warning("%d of %d shot(s) of the set %s have no scores", len(table) - len(known), len(table), name)
        if len(known):
            targets = target_matrix(known["labels"], classes)
            found[name] = Predictions(list(known["shot_id"]), logits[rows[rows >= 0]], targets)
    return found


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    source, params = snakemake.input, snakemake.params
    classes, merges = read_classes(source.labels), dict(params.merges)
    sets = read_sets({name: source[name] for name in ("val", "test")}, source.verified, classes, merges)
    expected = count_expected(source.expected, classes, merges)
    wanted = {name for table in sets.values() for name in table["shot_id"]}
    shot_ids, labels, scores = read_scores(source.scores, wanted)
    columns = class_columns(labels, classes, merges, list(params.drop))
    logits = as_logits(class_scores(scores, columns, len(classes)), params.score)
    predictions = predict(sets, shot_ids, logits, classes)
    measures = {
        name: evaluate(logits, targets, shots, **params.bootstrap)
        for name, (shots, logits, targets) in predictions.items()
        if name in SETS
    }
    if "test" in measures:
        measures["test"]["own_labels"] = True
    write_predictions(snakemake.output.predictions, predictions, {"model": NAME})
    write_metrics(
        snakemake.output.metrics,
        {
            "model": NAME,
            "n_parameters": None,
            "epochs": None,
            "best_epoch": None,
            "sets": measures,
            "n_used": dict.fromkeys(sets, 0) | {name: len(found.ids) for name, found in predictions.items()},
            "n_expected": {name: expected[name] for name in sets},
        },
    )
    return "mAP " + ", ".join(f"{found['mAP']['value']:.3f} on {name}" for name, found in measures.items())


if __name__ == "__main__":
    run_job(main, snakemake)
