"""Pictures of a shard's shots for the gallery."""

from scripts.lib.files import atomic_folder
from scripts.lib.log import job_log
from scripts.lib.manifest import clips_root, shard_clips
from scripts.lib.shards import mark_folder
from scripts.lib.shots import read_shots
from scripts.lib.thumbnails import make_thumbnails


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    config = snakemake.config
    clips = shard_clips(snakemake.params.manifest, snakemake.wildcards.shard, config["clips"]["shard_size"])
    shots = read_shots(snakemake.input.shots, snakemake.params.clips)
    with atomic_folder(snakemake.output[0]) as folder:
        make_thumbnails(clips, shots, clips_root(config), folder, snakemake.threads)
        mark_folder(folder, snakemake.params.clips)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(snakemake)
