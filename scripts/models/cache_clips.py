"""Frames of a shard's needed shots as JPEG, so that training decodes no video (paper section 5.2)."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import cv2

from scripts.lib.files.hdf5 import create_h5
from scripts.lib.jobs.log import run_job
from scripts.lib.media.cache_writer import PACKAGES, write_cache
from scripts.lib.media.frame_batches import Work, read_work
from scripts.lib.records.clips import clips_root, fingerprint, shard_clips
from scripts.lib.tables.rows import read_csv
from scripts.lib.tables.shards import read_shard_csv


def read_needed(tables: Iterable[str | Path]) -> set[str]:
    """The shot ids of tables, CSV or Parquet, with a column shot_id.

    Raises:
        UserError: a table cannot be read or lacks the column.
    """
    needed: set[str] = set()
    for table in map(Path, tables):
        if table.suffix == ".parquet":
            from scripts.lib.tables.frames import read_parquet

            needed.update(read_parquet(table, columns=["shot_id"])["shot_id"])
        else:
            needed.update(row["shot_id"] for row in read_csv(table, "shot_id"))
    return needed


def only_needed(work: list[Work], needed: set[str]) -> list[Work]:
    """The clips with a needed shot, with these shots only."""
    reduced = [replace(item, shots=[shot for shot in item.shots if shot.shot_id in needed]) for item in work]
    return [item for item in reduced if item.shots]


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    # Clips are worked on in parallel, so OpenCV need not be.
    cv2.setNumThreads(1)
    params, config = snakemake.params, snakemake.config
    clips = shard_clips(params.manifest, snakemake.wildcards.shard, config)
    work = read_work(
        clips,
        read_shard_csv(snakemake.input.clips, params.clips),
        read_shard_csv(snakemake.input.shots, params.clips),
    )
    work = only_needed(work, read_needed(snakemake.input.needed))
    attributes = {**params.settings, "fingerprint": fingerprint(clips)}
    with create_h5(snakemake.output[0], attributes, PACKAGES) as file:
        failures = write_cache(file, work, clips_root(config), params.settings, snakemake.threads)
        n_shots, n_frames = len(file["shot_id"]), len(file["span"])
    return f"{n_shots} shot(s) of {len(work)} clip(s), {n_frames} frame(s), {len(failures)} clip(s) failed"


if __name__ == "__main__":
    run_job(main, snakemake)
