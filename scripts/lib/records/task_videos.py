"""The videos of a downstream task, in shards (paper section 5.3)."""

from pathlib import Path

from scripts.lib.records.clips import Clip
from scripts.lib.tables.rows import read_csv
from scripts.lib.tables.shards import read_shard_csv

# Of `videos.csv`.
VIDEO_COLUMNS = ("video_id", "path", "start_time", "end_time", "split", "labels")
# Of `found/<shard>.csv`.
FOUND_COLUMNS = ("video_id", "path", "start_time", "end_time", "status", "reason")


def shard_videos(path: str | Path, shard: str, n_shards: int) -> list[Clip]:
    """The rows k, k + `n_shards`, … of `videos.csv`, where k is the shard's number, as clips.

    Raises:
        UserError: the table cannot be read or lacks a column.
    """
    return list(map(_clip, read_csv(path, *VIDEO_COLUMNS)[int(shard) :: n_shards]))


def read_found(path: str | Path, task: str, shard: str) -> tuple[list[Clip], dict[str, str]]:
    """The videos of a shard whose files are there, and the reasons of the others by video id.

    Raises:
        UserError: the table cannot be read, is incomplete, or is that of another shard.
    """
    rows = read_shard_csv(path, shard_name(task, shard))
    missing = {row["video_id"]: f"{row['status']}: {row['reason']}" for row in rows if row["status"] != "ok"}
    return [_clip(row) for row in rows if row["status"] == "ok"], missing


def shard_name(task: str, shard: str) -> str:
    """What the tables of a shard of videos say they are of."""
    return f"{task}-{shard}"


def _clip(row: dict[str, str]) -> Clip:
    start, end = (float(row[name]) if row[name] else None for name in ("start_time", "end_time"))
    return Clip(row["video_id"], row["path"], start_time=start, end_time=end)
