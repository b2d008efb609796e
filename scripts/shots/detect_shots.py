"""Detect the shots of a shard's clips (paper section 4.1), and list which clips can be used."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, fields
from functools import partial
from itertools import pairwise

import numpy as np

from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.gpu import gpu_of_job
from scripts.lib.jobs.log import logger, progress, run_job
from scripts.lib.jobs.parallel import map_in_threads
from scripts.lib.media.video import ClipInfo, UnreadableClip, Video, catch_failure
from scripts.lib.records.clips import Clip, existing_root, shard_clips
from scripts.lib.records.shots import Shot, read_shot_list, write_shots
from scripts.lib.tables.shards import write_shard_csv
from scripts.shots.detection import TRANSNET, detect_cuts, listed_frames, make_detector

CLIP_COLUMNS = ("clip_id", "status", "reason", *(field.name for field in fields(ClipInfo)))


def detect_shots(
    clips: list[Clip],
    root: str | None,
    detector: str,
    parameters: dict,
    shot_list: str | None = None,
    workers: int = 1,
) -> tuple[list[dict], list[Shot]]:
    """Decode each clip once; a clip that cannot be used becomes a row with the reason.

    Args:
        clips: the shard's manifest rows.
        root: folder that their paths are relative to.
        detector: name of a detector, `parameters` its arguments.
        shot_list: CSV that replaces detection, see `scripts.lib.records.shots.read_shot_list`.
        workers: number of clips in parallel, and of threads of a network.

    Returns:
        Rows with `CLIP_COLUMNS`, one per clip, and the shots of all usable clips, both in order.

    Raises:
        UserError: the detector, its parameters or the shot list cannot be used.
    """
    listed = read_shot_list(shot_list) if shot_list else None
    find_cuts = cut_finder(detector, parameters, workers) if listed is None else None
    examine = partial(_examine, root=root, find_cuts=find_cuts, listed=listed)
    announced = list(map_in_threads(partial(_announced_frames, root=root), clips, workers))
    rows, shots = [], []
    with progress(sum(announced), "frame", "Detecting shots") as bar:
        for done, (row, found) in enumerate(map_in_threads(partial(examine, bar=bar), clips, workers), start=1):
            bar.set_postfix_str(f"{done}/{len(clips)} clips", refresh=False)
            # Headers may be wrong, and clips unusable.
            bar.total = (bar.total or 0) + row.get("n_frames", 0) - announced[done - 1]
            logger.info("%s: %s", row["clip_id"], row["reason"] or f"{len(found)} shot(s)")
            rows.append(row)
            shots += found
    return rows, shots


def cut_finder(detector: str, parameters: dict, threads: int = 1) -> Callable[[Video], list[int]]:
    """What tells the first frames of a video's new shots."""
    if detector == TRANSNET:
        from scripts.shots.transnet import CutFinder

        return CutFinder(**parameters, threads=threads).cuts
    make_detector(detector, parameters)
    return lambda video: detect_cuts(video, make_detector(detector, parameters, video.frame_rate))


def _announced_frames(clip: Clip, root) -> int:
    """Frames to expect by the file's header; 0 for a clip that detection will find unusable."""
    with catch_failure(clip), Video(clip, root) as video:
        return video.announced_frames()
    return 0


def _examine(clip: Clip, root, find_cuts, listed, bar) -> tuple[dict, list[Shot]]:
    with catch_failure(clip) as outcome, Video(clip, root) as video:
        if listed is None:
            frames = list(pairwise([0, *find_cuts(video), len(video.times)]))
        else:
            frames = _listed_shots(video, listed.get(clip.clip_id))
        bar.update(len(video.times))
        info = video.info()
        shots = [
            Shot(clip.clip_id, number, start, end, video.times[start], video.end_time(end))
            for number, (start, end) in enumerate(frames, start=1)
        ]
    if outcome.failure:
        return {"clip_id": clip.clip_id, "status": "failed", "reason": outcome.failure}, []
    return {"clip_id": clip.clip_id, "status": "ok", "reason": _remark(info), **asdict(info)}, shots


def _listed_shots(video: Video, intervals) -> list[tuple[int, int]]:
    if not intervals:
        raise UnreadableClip("the shot list has no shot of this clip")
    for _ in video:
        pass
    try:
        return listed_frames(intervals, np.frombuffer(video.times))
    except UserError as error:
        raise UnreadableClip(str(error)) from error


def _remark(info: ClipInfo) -> str:
    """A warning about a clip that is used nevertheless; empty if there is none."""
    if info.n_frames_header and info.n_frames < info.n_frames_header:
        return f"only {info.n_frames} of the {info.n_frames_header} frames that the header announces could be decoded"
    return ""


def main(snakemake) -> str:
    """Run as a Snakemake job; what it has done, in a few words."""
    params = snakemake.params
    with gpu_of_job() if snakemake.resources.gpu else nullcontext():
        rows, shots = detect_shots(
            shard_clips(params.manifest, snakemake.wildcards.shard, snakemake.config),
            existing_root(snakemake.config),
            params.detector,
            params.parameters,
            snakemake.input.get("shot_list") or None,
            snakemake.threads,
        )
    write_shard_csv(snakemake.output.clips, CLIP_COLUMNS, rows, params.clips)
    write_shots(snakemake.output.shots, shots, params.clips)
    n_failed = sum(row["status"] == "failed" for row in rows)
    return f"{len(shots)} shot(s) in {len(rows)} clip(s), {n_failed} failed"


if __name__ == "__main__":
    run_job(main, snakemake)
