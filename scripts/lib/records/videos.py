"""Which video a clip is of. Used while Snakemake parses the workflow, so nothing heavy is imported."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.lib.records.clips import Clip

_WINDOW = re.compile(r"v_([A-Za-z0-9_-]+)_seg_(\d+)_(\d+)")
# A YouTube id (eleven characters) or a window, perhaps after a folder's year.
_YEAR_FOLDER = re.compile(r"^\d{4}-(?=[A-Za-z0-9_-]{11}$|v_)")


@dataclass(frozen=True)
class Window:
    """A VidSitu clip: seconds `start` to `end` of a YouTube video."""

    clip_id: str
    video_id: str
    start: int
    end: int


def parse_window(clip_id: str) -> Window | None:
    """Video and seconds of a name like `v_<video>_seg_<from>_<to>`; None for other names."""
    match = _WINDOW.fullmatch(clip_id)
    return Window(clip_id, match[1], int(match[2]), int(match[3])) if match else None


def video_of(clip_id: str) -> str:
    """The YouTube id in a window's name or in `2017-<id>` (from a folder); otherwise the clip's own id."""
    name = _YEAR_FOLDER.sub("", clip_id)
    window = parse_window(name)
    return window.video_id if window else name


def find_videos(paths: Mapping[str, str], named: Iterable[str] = ()) -> dict[str, str]:
    """The video of each clip, by clip id; clips of the same file have the same video.

    Candidates are the results of `video_of` for a file's clip ids and for its name without suffix.
    Any name may look like a YouTube id, so a candidate counts only if it is in `named` or in a
    window's name; otherwise the video is named after its file's first clip.

    Args:
        paths: file of each clip as in the manifest; the clip id itself without a file.
        named: known ids of videos, such as those of verified shots.
    """
    clips_of: dict[str, list[str]] = {}
    for clip_id, path in paths.items():
        clips_of.setdefault(os.path.normpath(path), []).append(clip_id)
    named = set(named)
    names_of = {file: {Path(file).stem, *clip_ids} for file, clip_ids in clips_of.items()}
    in_windows = {
        video_of(name) for names in names_of.values() for name in names if parse_window(_YEAR_FOLDER.sub("", name))
    }
    videos = {}
    for file, clip_ids in clips_of.items():
        names = set(map(video_of, names_of[file]))
        videos |= dict.fromkeys(clip_ids, min(names & named or names & in_windows or clip_ids[:1]))
    return videos


def find_hosts(clips: Sequence[Clip], named: Iterable[str]) -> dict[str, str]:
    """The clip that shows the whole of a video, not a window of it, by video; of several the first.

    Args:
        named: names of published clips, see `find_videos`.
    """
    videos = find_videos({clip.clip_id: clip.path for clip in clips}, map(video_of, named))
    whole = [
        clip
        for clip in clips
        if clip.start_time is None
        and clip.end_time is None
        and not any(map(parse_window, (clip.clip_id, Path(clip.path).stem)))
    ]
    return {videos[clip.clip_id]: clip.clip_id for clip in reversed(whole)}
