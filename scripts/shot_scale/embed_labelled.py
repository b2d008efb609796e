"""Embed the sampled frames of labelled shots that are files of their own."""

import math
import sys

from scripts.lib.jobs.log import run_job
from scripts.lib.media.frame_batches import Work
from scripts.lib.networks.features import write_features
from scripts.lib.records.clips import Clip, fingerprint
from scripts.lib.records.scales import LABELLED_COLUMNS
from scripts.lib.records.shots import Shot
from scripts.lib.tables.rows import read_csv


def whole_files(rows: list[dict[str, str]]) -> list[Work]:
    """Files that are one shot each, of unknown length.

    Args:
        rows: clip_id and path.
    """
    return [
        Work(Clip(row["clip_id"], row["path"]), [Shot(row["clip_id"], 1, 0, sys.maxsize, 0.0, math.inf)], None)
        for row in rows
    ]


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    work = whole_files(read_csv(snakemake.input.labelled, *LABELLED_COLUMNS))
    return write_features(
        snakemake.output[0],
        work,
        snakemake.params.encoder,
        snakemake.input.weights,
        fingerprint([item.clip for item in work]),
        snakemake.params.media,
        snakemake.config["tagging"]["batch_size"],
        snakemake.threads,
    )


if __name__ == "__main__":
    run_job(main, snakemake)
