"""The sets of shots that models are evaluated on."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from scripts.lib.records.samples import SEPARATOR, SPLITS
from scripts.lib.tables.frames import read_frame

# The evaluation sets, as people read them. `verified` is the one of the paper's Table 3.
SETS = {
    "verified": "human-verified shots",
    "verified_disjoint": "human-verified shots of movies that no model was trained on",
    "test": "test split",
}


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


def count_expected(tables: Sequence[str | Path], classes: Sequence[str], merges: dict[str, str]) -> dict[str, int]:
    """How many samples each set would have if none were missing.

    Args:
        tables: of the splits, in the order of `SPLITS`, then the evaluation set if there is one. Of a run that joins
            published ones to its own shots, these.
        classes, merges: see `read_verified`.
    """
    paths = list(tables)
    sets = read_sets(dict(zip(SPLITS, paths[:3], strict=True)), paths[3:], classes, dict(merges))
    return {name: len(table) for name, table in sets.items()}
