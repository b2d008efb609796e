"""Thumbnails of the sampled shots; only their clips are decoded."""

from scripts.lib.files.atomic import atomic_folder
from scripts.lib.jobs.log import run_job
from scripts.lib.media.thumbnails import make_thumbnails
from scripts.lib.records.clips import clips_root, read_manifest
from scripts.lib.records.shots import read_shots


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    clips, shots = read_manifest(snakemake.params.manifest), read_shots(snakemake.input.sample)
    with atomic_folder(snakemake.output[0]) as folder:
        make_thumbnails(clips, shots, clips_root(snakemake.config), folder, snakemake.threads)


if __name__ == "__main__":
    run_job(main, snakemake)
