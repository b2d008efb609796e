"""Every clip that could not be used, and why."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from scripts.lib.files.hdf5 import open_h5, read_strings
from scripts.lib.jobs.log import logger, run_job
from scripts.lib.records.clips import read_manifest, shard_fingerprints
from scripts.lib.tables.rows import write_csv
from scripts.lib.tables.shards import read_shard_csv
from scripts.retrieve.youtube import MISSING

COLUMNS = ("clip_id", "path", "step", "reason")


def list_failures(
    paths: dict[str, str],
    clip_tables: Iterable[str | Path],
    embeddings: Iterable[str | Path],
    fingerprints: list[str],
    downloads: Sequence[str | Path] = (),
) -> list[dict[str, str]]:
    """Rows with `COLUMNS`, in the manifest's order.

    Args:
        paths: path of each clip of the run by id, in the manifest's order.
        clip_tables: `clips/<shard>.csv` files.
        embeddings: `embeddings/<encoder>/<shard>.h5` files.
        fingerprints: of the shards, in the same order.
        downloads: `downloads/<shard>.csv` files, whose reasons are more specific than that a file is missing.
    """
    failed = {
        row["clip_id"]: ("detect_shots", row["reason"])
        for table, fingerprint in zip(clip_tables, fingerprints, strict=True)
        for row in read_shard_csv(table, fingerprint)
        if row["status"] == "failed"
    }
    for path, fingerprint in zip(embeddings, fingerprints, strict=True):
        with open_h5(path, fingerprint) as file:
            names, reasons = (read_strings(file["failures"][column]) for column in ("clip_id", "reason"))
        failed |= {name: ("embed_frames", reason) for name, reason in zip(names, reasons, strict=True)}
    failed |= {
        row["clip_id"]: ("find_clips", f"{row['status']}: {row['reason']}")
        for table, fingerprint in zip(downloads, fingerprints, strict=bool(downloads))
        for row in read_shard_csv(table, fingerprint)
        if row["status"] not in ("ok", MISSING)
    }
    return [
        {"clip_id": clip_id, "path": path, "step": failed[clip_id][0], "reason": failed[clip_id][1]}
        for clip_id, path in paths.items()
        if clip_id in failed
    ]


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    paths = {clip.clip_id: clip.path for clip in read_manifest(snakemake.params.manifest)}
    fingerprints = shard_fingerprints(snakemake.params.manifest, snakemake.config)
    source = snakemake.input
    rows = list_failures(paths, source.clips, source.embeddings, fingerprints, source.downloads)
    for row in rows:
        logger.warning("%s cannot be used: %s", row["path"], row["reason"])
    write_csv(snakemake.output[0], COLUMNS, rows)
    return f"{len(rows)} clip(s)"


if __name__ == "__main__":
    run_job(main, snakemake)
