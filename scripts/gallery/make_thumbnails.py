"""Thumbnails of a shard's shots for the gallery."""

from scripts.lib.files.atomic import atomic_folder
from scripts.lib.jobs.log import run_job
from scripts.lib.media.thumbnails import make_thumbnails
from scripts.lib.records.clips import clips_root, shard_clips
from scripts.lib.records.shots import read_shots
from scripts.lib.tables.shards import mark_folder


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    config = snakemake.config
    clips = shard_clips(snakemake.params.manifest, snakemake.wildcards.shard, config)
    shots = read_shots(snakemake.input.shots, snakemake.params.clips)
    with atomic_folder(snakemake.output[0]) as folder:
        counts = make_thumbnails(clips, shots, clips_root(config), folder, snakemake.threads)
        mark_folder(folder, snakemake.params.clips)
    return f"{sum(counts.values())} picture(s)"


if __name__ == "__main__":
    run_job(main, snakemake)
