"""Every clip that could not be used, and why."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from scripts.lib.files.hdf5 import open_h5, read_failures
from scripts.lib.jobs.log import logger, run_job
from scripts.lib.records.clips import read_manifest, shard_fingerprints
from scripts.lib.records.failures import refused_clips, undecodable_clips
from scripts.lib.tables.rows import write_csv

COLUMNS = ("clip_id", "path", "step", "reason")


def list_failures(
    paths: dict[str, str],
    clip_tables: Sequence[str | Path],
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
        downloads: `downloads/<shard>.csv` files.
    """
    failed = {name: ("detect_shots", reason) for name, reason in undecodable_clips(clip_tables, fingerprints).items()}
    for path, fingerprint in zip(embeddings, fingerprints, strict=True):
        with open_h5(path, fingerprint) as file:
            failed |= {name: ("embed_frames", reason) for name, reason in read_failures(file).items()}
    failed |= {name: ("find_clips", reason) for name, reason in refused_clips(downloads, fingerprints).items()}
    return [
        dict(zip(COLUMNS, (clip_id, path, *failed[clip_id]), strict=True))
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
