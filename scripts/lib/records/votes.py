"""Raters' votes on the labels that were offered for a shot, and their majority (paper section 4.3)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.lib.records.labels import LABEL_COLUMNS, TOP
from scripts.lib.tables.frames import read_frame

# The labels of a task.
OFFERED = LABEL_COLUMNS
VOTE_COLUMNS = ("shot_id", "rater", "label", "offered", "value", "seconds", "source")
# Marks of a label by a rater, beside 1 (ticked) and 0 (not ticked).
CANNOT_TELL, NO_VOTE = -1, -2


@dataclass(frozen=True)
class Votes:
    """The votes of R raters on T shots with up to five offered labels.

    Attributes:
        tasks: the rows of `tasks.csv` with at least one vote, in its order, as text.
        raters: names, sorted.
        marks: (T, 5, R) int8 by rank of the offered label: 1 ticked, 0 not ticked, `CANNOT_TELL`, `NO_VOTE`.
        seconds: (T, R) time of each vote, NaN where there is none.
    """

    tasks: pd.DataFrame
    raters: list[str]
    marks: np.ndarray
    seconds: np.ndarray


def load_votes(tasks_csv: str | Path, votes_csv: str | Path) -> Votes:
    """The votes of a study, from `verification/tasks.csv` and `verification/votes.csv`.

    Raises:
        UserError: a table cannot be read or lacks columns.
    """
    tasks = read_frame(tasks_csv, ["shot_id", "clip_id", "score_1", *OFFERED])
    rows = read_frame(votes_csv, VOTE_COLUMNS)
    tasks = tasks[tasks["shot_id"].isin(rows["shot_id"])].reset_index(drop=True)
    rater, raters = pd.factorize(rows["rater"], sort=True)
    shot = pd.Index(tasks["shot_id"]).get_indexer(rows["shot_id"])
    marks = np.full((len(tasks), TOP, len(raters)), NO_VOTE, np.int8)
    marks[shot, rows["offered"].astype(int) - 1, rater] = pd.to_numeric(rows["value"]).fillna(CANNOT_TELL)
    seconds = np.full((len(tasks), len(raters)), np.nan)
    seconds[shot, rater] = pd.to_numeric(rows["seconds"])
    return Votes(tasks, list(raters), marks, seconds)


def count_marks(marks: np.ndarray) -> np.ndarray:
    """How many raters have not ticked, and how many have ticked, each offered label: (T, 5, 2) from (T, 5, R)."""
    return np.stack([(marks == value).sum(axis=2) for value in (0, 1)], axis=2)


def accepted_labels(marks: np.ndarray) -> np.ndarray:
    """The labels that the majority accepts, (T, 5) bool from (T, 5, R).

    More than half of the raters who can tell have ticked them: a tie is no majority.
    """
    not_ticked, ticked = np.moveaxis(count_marks(marks), 2, 0)
    return ticked > not_ticked
