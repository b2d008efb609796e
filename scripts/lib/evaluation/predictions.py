"""The files of an evaluation: `predictions.h5` and `metrics.json`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from scripts.lib.files.atomic import write_text
from scripts.lib.files.hdf5 import create_h5, open_h5, read_strings, write_array, write_strings


class Predictions(NamedTuple):
    """What a model says of N samples, such as shots: their names, logits (N, C) float32 and targets (N, C) bool.

    Of a head, which is trained from several seeds, the logits are (S, N, C).
    """

    ids: Sequence[str]
    logits: np.ndarray
    targets: np.ndarray


def write_predictions(
    path: str | Path, sets: dict[str, Predictions], attributes: dict, id_column: str = "shot_id"
) -> None:
    """Write `predictions.h5`: a group for each set, with `id_column`, logits and targets."""
    with create_h5(path, attributes) as file:
        for name, found in sets.items():
            group = file.create_group(name)
            write_strings(group, id_column, list(found.ids))
            write_array(group, "logits", found.logits.astype(np.float32))
            write_array(group, "targets", found.targets.astype(np.uint8))


def read_predictions(path: str | Path, id_column: str = "shot_id") -> dict[str, Predictions]:
    """The sets of `predictions.h5`.

    Raises:
        UserError: the file cannot be read.
    """
    with open_h5(path) as file:
        return {
            name: Predictions(read_strings(group[id_column]), group["logits"][:], group["targets"][:].astype(bool))
            for name, group in file.items()
        }


def write_metrics(path: str | Path, metrics: dict) -> None:
    """Write `metrics.json`."""
    write_text(path, json.dumps(metrics, indent=1, allow_nan=False) + "\n")


def read_metrics(paths: Sequence[str | Path]) -> dict[str, dict]:
    """The content of `metrics.json` files by model, in their order."""
    found = [json.loads(Path(path).read_text(encoding="utf-8")) for path in paths]
    return {metrics["model"]: metrics for metrics in found}
