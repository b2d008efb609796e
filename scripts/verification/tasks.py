"""Tasks of the verification study: shots with the labels that raters judge."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scripts.lib.records.labels import LABEL_COLUMNS, SCORE_COLUMNS
from scripts.lib.records.shots import SHOT_COLUMNS, Shot, shot_from_row
from scripts.lib.tables.rows import read_csv

STUDY_DIGITS = 12
FRAMES = ("frame_1", "frame_2", "frame_3")
TASK_COLUMNS = (
    *("study", "shot_id", "clip_id", "movie_id", "shot", "start_frame", "end_frame", "start_time", "end_time"),
    *(*LABEL_COLUMNS, *SCORE_COLUMNS, *FRAMES),
)


@dataclass(frozen=True)
class Task:
    """A shot, its offered labels by rank, and the paths of its three frames, of which a short shot repeats one."""

    shot: Shot
    labels: tuple[str, ...]
    frames: tuple[str, ...]


def read_tasks(path: str | Path) -> tuple[str, list[Task]]:
    """The study's id and its tasks, in the order in which raters see them.

    Raises:
        UserError: the table cannot be read, lacks a column, or is incomplete.
    """
    rows = read_csv(path, "study", "shot_id", *SHOT_COLUMNS, *LABEL_COLUMNS, *FRAMES)
    tasks = [
        Task(
            shot_from_row(row),
            tuple(row[column] for column in LABEL_COLUMNS if row[column]),
            tuple(row[column] for column in FRAMES),
        )
        for row in rows
    ]
    return rows[0]["study"] if rows else "", tasks


def study_id(offered: Iterable[tuple[str, list[str]]]) -> str:
    """12 hex digits that identify a set of tasks: a digest of shot ids and offered labels, in any order."""
    text = "\n".join(sorted("\t".join([shot_id, *labels]) for shot_id, labels in offered))
    return hashlib.sha256(text.encode()).hexdigest()[:STUDY_DIGITS]
