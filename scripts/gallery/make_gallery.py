"""The gallery: one offline page to browse the labelled shots."""

from pathlib import Path

from scripts.lib.jobs.log import run_job
from scripts.lib.pages.build import place_pictures, shots_data, write_page
from scripts.lib.records.clips import shard_fingerprints
from scripts.lib.tables.frames import read_parquet
from scripts.lib.tables.shards import check_folder


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    page = Path(snakemake.output[0])
    fingerprints = shard_fingerprints(snakemake.params.manifest, snakemake.config)
    for folder, fingerprint in zip(snakemake.input.thumbnails, fingerprints, strict=True):
        check_folder(folder, fingerprint)
    shots = read_parquet(snakemake.input.shots)
    pictures = place_pictures(snakemake.input.thumbnails, page, shots["shot_id"])
    write_page(page, shots_data(shots, pictures, snakemake.config["run"]), snakemake.input.page)
    return f"{len(shots)} shot(s), {len(pictures)} with a picture"


if __name__ == "__main__":
    run_job(main, snakemake)
