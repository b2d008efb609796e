"""Shots of clips: their table, and the user's own list."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from itertools import groupby
from pathlib import Path

from scripts.lib.jobs.errors import UserError, bullet_list
from scripts.lib.records.clips import SAFE_ID
from scripts.lib.tables.rows import open_csv, read_csv, write_csv
from scripts.lib.tables.shards import read_shard_csv, write_shard_csv

# Columns of `shots/<shard>.csv`, in the order of a `Shot`'s attributes.
SHOT_COLUMNS = ("clip_id", "shot", "start_frame", "end_frame", "start_time", "end_time")


@dataclass(frozen=True)
class Shot:
    """A shot of a clip; `number` is 1-based, `end_frame` and `end_time` are exclusive.

    Frames are 0-based decode indices, times seconds from the clip's first frame.
    """

    clip_id: str
    number: int
    start_frame: int
    end_frame: int
    start_time: float
    end_time: float

    @property
    def shot_id(self) -> str:
        """The release's name of a shot, with at least three digits: `<clip_id>-Scene-007`."""
        return shot_id(self.clip_id, self.number)


def shot_id(clip_id: str, number: int) -> str:
    """`<clip_id>-Scene-<NNN>`, as in the published files."""
    return f"{clip_id}-Scene-{number:03d}"


def scene_number(shot_id: str) -> int:
    """The 1-based number at the end of a shot's name."""
    return int(shot_id.rpartition("-")[2])


def read_shot_list(path: str | Path) -> dict[str, list[tuple[str, float, float]]]:
    """A user's own shots: per clip (unit, start, end) in the file's order, end exclusive.

    The CSV has the columns clip_id, start_frame, end_frame (0-based decode indices) or clip_id,
    start_time, end_time (seconds from the clip's first frame).

    Raises:
        UserError: missing columns, or rows that are not intervals; one message lists them all.
    """
    with open_csv(path, "shot list") as reader:
        header = reader.fieldnames or []
        unit = next((unit for unit in ("frame", "time") if {f"start_{unit}", f"end_{unit}"} <= {*header}), None)
        if unit is None or "clip_id" not in header:
            raise UserError(
                f"the shot list {path} needs the columns clip_id,start_frame,end_frame "
                f"or clip_id,start_time,end_time; it has {', '.join(header) or 'none'}"
            )
        shots: dict[str, list[tuple[str, float, float]]] = {}
        problems = []
        for row in reader:
            if not SAFE_ID.fullmatch(row["clip_id"] or ""):
                problems.append(f"line {reader.line_num}: {row['clip_id']!r} is not a clip_id (A-Z a-z 0-9 _ -)")
            try:
                start, end = float(row[f"start_{unit}"]), float(row[f"end_{unit}"])
            except (TypeError, ValueError):
                problems.append(f"line {reader.line_num}: start or end is not a number")
                continue
            if not 0 <= start < end < float("inf"):
                problems.append(f"line {reader.line_num}: the shot goes from {start:g} to {end:g}")
            shots.setdefault(row["clip_id"], []).append((unit, start, end))
    if problems:
        raise UserError(f"the shot list {path} has {len(problems)} problem(s):\n{bullet_list(problems)}")
    return shots


def write_shots(path: str | Path, shots: Iterable[Shot], fingerprint: str | None = None) -> None:
    """Write shots as a table, those of a shard with its fingerprint."""
    rows = (dict(zip(SHOT_COLUMNS, astuple(shot), strict=True)) for shot in shots)
    if fingerprint is None:
        write_csv(path, SHOT_COLUMNS, rows)
    else:
        write_shard_csv(path, SHOT_COLUMNS, rows, fingerprint)


def read_shots(path: str | Path, fingerprint: str | None = None) -> dict[str, list[Shot]]:
    """The shots of such a table by clip id, in its order.

    Raises:
        UserError: the table is incomplete or not that of the shard with this `fingerprint`.
    """
    rows = read_csv(path, *SHOT_COLUMNS) if fingerprint is None else read_shard_csv(path, fingerprint)
    shots = map(shot_from_row, rows)
    return {clip_id: list(group) for clip_id, group in groupby(shots, key=lambda shot: shot.clip_id)}


def listed_shots(tables: Iterable[str | Path]) -> set[str]:
    """The shot ids of CSV tables with a column shot_id.

    Raises:
        UserError: a table cannot be read or lacks the column.
    """
    return {row["shot_id"] for table in tables for row in read_csv(table, "shot_id")}


def shot_from_row(row: dict[str, str]) -> Shot:
    """A shot from a row of `shots/<shard>.csv`."""
    return Shot(
        row["clip_id"],
        int(row["shot"]),
        int(row["start_frame"]),
        int(row["end_frame"]),
        float(row["start_time"]),
        float(row["end_time"]),
    )
