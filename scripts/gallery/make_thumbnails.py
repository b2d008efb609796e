"""Pictures of a shard's shots for the gallery."""

from pathlib import Path

from scripts.lib.log import job_log
from scripts.lib.manifest import clips_root, shard_clips
from scripts.lib.shots import read_shots
from scripts.lib.thumbnails import make_thumbnails


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    config = snakemake.config
    clips = shard_clips(snakemake.params.manifest, snakemake.wildcards.shard, config["clips"]["shard_size"])
    shots = read_shots(snakemake.input.shots)
    make_thumbnails(clips, shots, clips_root(config), Path(snakemake.output[0]), snakemake.threads)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(snakemake)
