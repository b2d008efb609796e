"""The clips of a run, also of one from published splits. Used while Snakemake parses: nothing heavy is imported."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from scripts.lib.jobs.errors import UserError
from scripts.lib.records.clips import CLIP_LIST, Clip, find_clips
from scripts.lib.records.videos import find_hosts, parse_window, video_of
from scripts.lib.workflow.durations import with_durations
from scripts.lib.workflow.sources import release_files

_CLIP_OF_LINE = re.compile(r"^([A-Za-z0-9_-]+)/", re.MULTILINE)


def clips_of_run(config: dict, persisted: str | Path, is_main: bool) -> list[Clip]:
    """The clips of a run, see `find_clips`; from published splits, see `clips_of_release`; with their durations."""
    clips = find_clips(config["clips"], persisted, is_main)
    if not is_main:
        return clips
    if config["dataset"]["released"]:
        clips = clips_of_release(clips, config)
    return with_durations(clips, config, persisted)


def clips_of_release(clips: list[Clip], config: dict) -> list[Clip]:
    """The given clips and, as clips of their own, the windows of verified shots in them; none before there are files.

    Of the list of all of Condensed Movies, `CLIP_LIST`, only the clips with published samples or verified shots are
    taken. A folder or another list is taken as it is.

    Raises:
        UserError: a label file cannot be read, or the list has none of its clips.
    """
    folder, verified = config["dataset"]["released"], config["dataset"]["verified"]
    lines = release_files(config["dataset"])["lines"]
    if not clips or not all(Path(path).exists() for path in (*lines, verified)):
        return []
    samples, shown = named_clips(lines), named_clips([verified])
    hosts = find_hosts(clips, samples + shown)
    settings = config["clips"]
    if settings["manifest"] == CLIP_LIST and not settings["folder"]:
        needed = {hosts[video] for video in map(video_of, samples + shown) if video in hosts}
        clips = [clip for clip in clips if clip.clip_id in needed]
        if not clips:
            raise UserError(f"{CLIP_LIST} has none of the {len(samples)} clips of the published splits in {folder}")
    known = {clip.clip_id: clip for clip in clips}
    windows = [window for window in map(parse_window, sorted(shown)) if window and window.clip_id not in known]
    return clips + [
        replace(
            known[hosts[window.video_id]],
            clip_id=window.clip_id,
            start_time=float(window.start),
            end_time=float(window.end),
            duration=None,
        )
        for window in windows
        if window.video_id in hosts
    ]


def named_clips(paths: Iterable[str | Path]) -> list[str]:
    """The clips of files in the authors' line format, each once.

    Raises:
        UserError: a file cannot be read.
    """
    try:
        texts = [Path(path).read_text(encoding="utf-8") for path in paths]
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read the published label files: {error}") from error
    return list(dict.fromkeys(name for text in texts for name in _CLIP_OF_LINE.findall(text)))
