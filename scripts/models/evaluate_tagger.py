"""CLIP itself, whose scores made the labels, as one more model on the evaluation sets."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import logit

from scripts.lib.files.hdf5 import open_h5, read_strings
from scripts.lib.jobs.log import logger, run_job
from scripts.lib.records.samples import SAMPLE_COLUMNS, renamed_labels, target_matrix
from scripts.lib.tables.frames import read_frame
from scripts.models.evaluation import (
    Predictions,
    evaluate_sets,
    read_classes,
    read_verified,
    write_metrics,
    write_predictions,
)

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


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    source, params = snakemake.input, snakemake.params
    merges, classes = dict(params.merges), read_classes(source.labels)
    with open_h5(source.scores) as file:
        columns = class_columns(read_strings(file["labels"]), classes, merges, list(params.drop))
        shot_ids, scores = pd.Index(read_strings(file["shot_id"])), file["scores"][:]
    tables = {name: read_frame(source[name], SAMPLE_COLUMNS) for name in ("test", "val")}
    disjoint = set()
    for path in source.verified:
        tables["verified"] = read_verified(path, classes, merges)
        disjoint = set(tables["verified"].loc[tables["verified"]["movie_disjoint"], "shot_id"])
    sets = {}
    for name, table in tables.items():
        rows = shot_ids.get_indexer(table["shot_id"])
        known = rows >= 0
        logits = as_logits(class_scores(scores[rows[known]], columns, len(classes)), params.score)
        sets[name] = Predictions(list(table["shot_id"][known]), logits, target_matrix(table["labels"][known], classes))
        if not known.all():
            logger.warning("%d of %d shot(s) of the set %s have no scores", (~known).sum(), len(known), name)
    metrics = evaluate_sets(sets, disjoint, params.bootstrap)
    if "test" in metrics:
        metrics["test"]["own_labels"] = True
    write_predictions(snakemake.output.predictions, NAME, sets)
    write_metrics(
        snakemake.output.metrics,
        {
            "model": NAME,
            "n_parameters": None,
            "epochs": None,
            "best_epoch": None,
            "sets": metrics,
            "n_used": sum(len(found.shot_ids) for found in sets.values()),
            "n_expected": sum(map(len, tables.values())),
        },
    )
    return ", ".join(f"{name}: mAP {found['mAP']['value']:.3f}" for name, found in metrics.items())


if __name__ == "__main__":
    run_job(main, snakemake)
