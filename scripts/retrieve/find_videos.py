"""Find the videos of a shard of a downstream task, or download them from YouTube; one status and reason per video."""

from dataclasses import replace
from pathlib import Path

from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.log import run_job
from scripts.lib.records.clips import Clip, list_folder, media_path
from scripts.lib.records.task_videos import FOUND_COLUMNS, shard_name, shard_videos
from scripts.lib.tables.shards import write_shard_csv
from scripts.lib.workflow.tasks import task_settings
from scripts.retrieve.find_clips import count_found, find_clips, make_fetch


def with_own_suffix(videos: list[Clip], root: str | None) -> list[Clip]:
    """The videos with the paths of the files below `root` that have their name, in any folder and with any suffix.

    A video whose path exists, or of which there is no such file, keeps its path.
    """
    if not root or all(media_path(video, root).is_file() for video in videos):
        return videos
    files = {Path(path).stem: path for path in reversed(list_folder(root).videos)}
    return [
        video
        if media_path(video, root).is_file()
        else replace(video, path=files.get(Path(video.path).stem, video.path))
        for video in videos
    ]


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    task, shard = snakemake.wildcards.task, snakemake.wildcards.shard
    # Not parameters: switching the download on or off, or moving the files, runs nothing again.
    settings = task_settings(snakemake.config, task)
    root, key = settings["root"], f"downstream.tasks.{task}"
    if settings["download"]:
        Path(root).mkdir(parents=True, exist_ok=True)
    elif root and not Path(root).is_dir():
        raise UserError(f"the folder of the videos, {root} ({key}.root), does not exist; make or restore it")
    videos = with_own_suffix(shard_videos(snakemake.input.videos, shard, settings["shards"]), root)
    rows = find_clips(videos, root, make_fetch() if settings["download"] else None, setting=f"{key}.download")
    table = [
        {
            "video_id": video.clip_id,
            "path": video.path,
            "start_time": video.start_time,
            "end_time": video.end_time,
            "status": row["status"],
            # Whether a file was there before would not be the same the next time.
            "reason": "" if row["status"] == "ok" else row["reason"],
        }
        for video, row in zip(videos, rows, strict=True)
    ]
    write_shard_csv(snakemake.output[0], FOUND_COLUMNS, table, shard_name(task, shard))
    return count_found(rows, snakemake.output[0], "find_videos")


if __name__ == "__main__":
    run_job(main, snakemake)
