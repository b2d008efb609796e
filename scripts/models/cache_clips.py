"""Frames of a shard's needed shots as JPEG, so that training decodes no video (paper section 5.2)."""

import cv2

from scripts.lib.files.hdf5 import create_h5
from scripts.lib.jobs.log import run_job
from scripts.lib.media.cache_writer import PACKAGES, write_cache
from scripts.lib.media.frame_batches import choose_shots, read_work
from scripts.lib.records.clips import clips_root, fingerprint, shard_clips
from scripts.lib.records.shots import listed_shots


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    # Clips are worked on in parallel, so OpenCV need not be.
    cv2.setNumThreads(1)
    params, config = snakemake.params, snakemake.config
    clips = shard_clips(params.manifest, snakemake.wildcards.shard, config)
    work = read_work(clips, snakemake.input.clips, snakemake.input.shots, params.clips)
    work = choose_shots(work, listed_shots(snakemake.input.needed))
    attributes = {**params.settings, "fingerprint": fingerprint(clips)}
    with create_h5(snakemake.output[0], attributes, PACKAGES) as file:
        failures = write_cache(file, work, clips_root(config), params.settings, snakemake.threads)
        n_shots, n_frames = len(file["shot_id"]), len(file["span"])
    return f"{n_shots} shot(s) of {len(work)} clip(s), {n_frames} frame(s), {len(failures)} clip(s) failed"


if __name__ == "__main__":
    run_job(main, snakemake)
