"""The sets of shots that models are evaluated on, and the files of an evaluation."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from scripts.lib.files.atomic import atomic_path
from scripts.lib.files.hdf5 import create_h5, open_h5, read_strings, write_array, write_strings
from scripts.lib.records.samples import SEPARATOR
from scripts.lib.tables.frames import read_frame

# The evaluation sets, as people read them. `verified` is the one of the paper's Table 3.
SETS = {
    "verified": "human-verified shots",
    "verified_disjoint": "human-verified shots of movies that no model was trained on",
    "test": "test split",
}


class Predictions(NamedTuple):
    """What a model says of N shots: their names, logits (N, C) float32 and targets (N, C) bool."""

    shot_ids: Sequence[str]
    logits: np.ndarray
    targets: np.ndarray


def read_classes(labels_csv: str | Path) -> list[str]:
    """The classes in the order of their columns, from `dataset/labels.csv`.

    Raises:
        UserError: the table cannot be read.
    """
    return list(read_frame(labels_csv, ["label"])["label"])


def read_verified(evaluation_set: str | Path, classes: Sequence[str], merges: dict[str, str]) -> pd.DataFrame:
    """The verified shots with their labels among the classes: shot_id, labels, movie_disjoint (bool).

    Labels are merged as in the dataset; those that are no class are dropped, and with them a shot that has no other.

    Args:
        evaluation_set: `verification/evaluation_set.csv`.
        classes: see `read_classes`.
        merges: of the configuration's `dataset`.

    Raises:
        UserError: the table cannot be read.
    """
    table = read_frame(evaluation_set, ["shot_id", "labels", "movie_disjoint"])
    merged = ([merges.get(name, name) for name in text.split(SEPARATOR)] for text in table["labels"])
    labels = [SEPARATOR.join(dict.fromkeys(name for name in names if name in classes)) for names in merged]
    table = table.assign(labels=labels, movie_disjoint=table["movie_disjoint"] == "yes")
    return table.loc[table["labels"] != "", ["shot_id", "labels", "movie_disjoint"]].reset_index(drop=True)


def read_sets(
    splits: dict[str, str | Path], evaluation_set: Sequence[str | Path], classes: Sequence[str], merges: dict[str, str]
) -> dict[str, pd.DataFrame]:
    """Shots to evaluate, with the columns shot_id and labels, by the names of their sets.

    Args:
        splits: tables of the dataset, by split.
        evaluation_set: that table if the run has one; it adds `verified` and its part `verified_disjoint`.
        classes, merges: see `read_verified`.
    """
    tables = {name: read_frame(path, ["shot_id", "labels"]) for name, path in splits.items()}
    for path in evaluation_set:
        verified = read_verified(path, classes, merges)
        tables |= {"verified": verified, "verified_disjoint": verified[verified["movie_disjoint"]]}
    return tables


def write_predictions(path: str | Path, sets: dict[str, Predictions], attributes: dict) -> None:
    """Write `predictions.h5`: a group for each set, with shot_id, logits and targets."""
    with create_h5(path, attributes) as file:
        for name, found in sets.items():
            group = file.create_group(name)
            write_strings(group, "shot_id", list(found.shot_ids))
            write_array(group, "logits", found.logits.astype(np.float32))
            write_array(group, "targets", found.targets.astype(np.uint8))


def read_predictions(path: str | Path) -> dict[str, Predictions]:
    """The sets of `predictions.h5`.

    Raises:
        UserError: the file cannot be read.
    """
    with open_h5(path) as file:
        return {
            name: Predictions(read_strings(group["shot_id"]), group["logits"][:], group["targets"][:].astype(bool))
            for name, group in file.items()
        }


def write_metrics(path: str | Path, metrics: dict) -> None:
    """Write `metrics.json`."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(metrics, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def read_metrics(paths: Sequence[str | Path]) -> dict[str, dict]:
    """The content of `metrics.json` files by model, in their order."""
    found = [json.loads(Path(path).read_text(encoding="utf-8")) for path in paths]
    return {metrics["model"]: metrics for metrics in found}
