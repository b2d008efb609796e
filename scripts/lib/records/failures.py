"""Which clips cannot be used, and why: from the tables of the shards."""

from collections.abc import Sequence
from pathlib import Path

from scripts.lib.tables.shards import read_shard_csv

# The status of a file that is not there, where nothing is downloaded.
MISSING = "missing"


def undecodable_clips(tables: Sequence[str | Path], fingerprints: Sequence[str]) -> dict[str, str]:
    """The reasons by clip id, from the `clips/<shard>.csv` of shards with these fingerprints."""
    return {
        row["clip_id"]: row["reason"]
        for table, fingerprint in zip(tables, fingerprints, strict=True)
        for row in read_shard_csv(table, fingerprint)
        if row["status"] == "failed"
    }


def refused_clips(tables: Sequence[str | Path], fingerprints: Sequence[str]) -> dict[str, str]:
    """The same from `downloads/<shard>.csv`, if there are any: more specific than that a file is missing."""
    return {
        row["clip_id"]: f"{row['status']}: {row['reason']}"
        for table, fingerprint in zip(tables, fingerprints, strict=bool(tables))
        for row in read_shard_csv(table, fingerprint)
        if row["status"] not in ("ok", MISSING)
    }
