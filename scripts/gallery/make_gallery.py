"""The gallery: one offline page to browse the labelled shots."""

from pathlib import Path

from scripts.gallery.page import gallery_data, read_gallery_data
from scripts.lib.jobs.log import run_job
from scripts.lib.pages.build import place_pictures, write_page
from scripts.lib.records.clips import shard_fingerprints
from scripts.lib.tables.frames import read_parquet
from scripts.lib.tables.rows import read_csv
from scripts.lib.tables.shards import check_folders


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    page, source, params = Path(snakemake.output[0]), snakemake.input, snakemake.params
    check_folders(source.thumbnails, shard_fingerprints(params.manifest, snakemake.config))
    shots, failures = read_parquet(source.shots), read_csv(source.failures)
    pictures = place_pictures(source.thumbnails, page, shots["shot_id"])
    told = read_gallery_data(source, shots) | {"threshold": params.threshold, "failures": failures}
    write_page(page, gallery_data(shots, pictures, snakemake.config["run"], **told), source.page)
    return f"{len(shots)} shot(s), {len(pictures)} with a picture"


if __name__ == "__main__":
    run_job(main, snakemake)
