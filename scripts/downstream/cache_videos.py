"""Frames of windows of a shard's videos as JPEG, so that several extractors decode once (paper section 5.3)."""

from functools import partial

import cv2

from scripts.downstream.windows import plan_windows
from scripts.lib.files.hdf5 import create_h5
from scripts.lib.jobs.log import logger, run_job
from scripts.lib.jobs.parallel import map_in_threads
from scripts.lib.media.cache_writer import PACKAGES, write_cache
from scripts.lib.media.frame_batches import Work
from scripts.lib.media.video import catch_failure
from scripts.lib.records.clips import Clip, fingerprint
from scripts.lib.records.task_videos import read_found
from scripts.lib.workflow.tasks import task_settings


def plan_all(
    videos: list[Clip], root: str | None, count: int, seconds: float, workers: int
) -> tuple[list[Work], dict[str, str]]:
    """The windows of all videos, see `plan_windows`; the reasons of the videos that cannot be opened, by id."""
    plan = partial(_plan_one, root=root, count=count, seconds=seconds)
    work, failures = [], {}
    for video, (windows, failure) in zip(videos, map_in_threads(plan, videos, workers), strict=True):
        work += windows
        if failure:
            failures[video.clip_id] = failure
            logger.warning("%s: %s", video.clip_id, failure)
    return work, failures


def _plan_one(video: Clip, root: str | None, count: int, seconds: float) -> tuple[list[Work], str | None]:
    windows: list[Work] = []
    with catch_failure(video) as outcome:
        windows = plan_windows(video, root, count, seconds)
    return windows, outcome.failure


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    # Videos are worked on in parallel, so OpenCV need not be.
    cv2.setNumThreads(1)
    params, task, threads = snakemake.params, snakemake.wildcards.task, snakemake.threads
    root = task_settings(snakemake.config, task)["root"]
    videos, missing = read_found(snakemake.input.found, task, snakemake.wildcards.shard)
    work, broken = plan_all(videos, root, params.clips, params.seconds, threads)
    attributes = {
        **params.settings,
        "clips": params.clips,
        "seconds": params.seconds,
        "fingerprint": fingerprint(videos),
    }
    with create_h5(snakemake.output[0], attributes, PACKAGES) as file:
        failures = write_cache(file, work, root, params.settings, threads, known_failures=missing | broken)
        n_windows, n_frames = len(file["shot_id"]), len(file["span"])
    return f"{n_windows} window(s) of {len(videos)} video(s), {n_frames} frame(s), {len(failures)} failure(s)"


if __name__ == "__main__":
    run_job(main, snakemake)
