"""Windows of a video: what of a long video is decoded (paper section 5.3; the paper does not state it, ours)."""

from collections.abc import Container
from dataclasses import replace

from scripts.lib.media.frame_batches import Work
from scripts.lib.media.video import Video
from scripts.lib.records.clips import Clip
from scripts.lib.records.shots import Shot, shot_id


def spread_windows(start: float, end: float, count: int, seconds: float) -> list[tuple[float, float]]:
    """At most `count` windows (start, end) of `seconds`, each in the middle of one of equal parts of a video.

    There are fewer in a video that is shorter than so many windows, but at least one, which is not longer than the
    video.
    """
    length = end - start
    # Lengths are rounded in files.
    count = max(1, min(count, int(length / seconds + 1e-3)))
    half = min(seconds, length) / 2
    centres = (start + (number + 0.5) * length / count for number in range(count))
    return [(centre - half, centre + half) for centre in centres]


def plan_windows(video: Clip, root: str | None, count: int, seconds: float) -> list[Work]:
    """The windows of a video, or of its own window, as clips of one shot each, see `window_id`.

    Only the header is read; the whole file is decoded if it does not state its length.

    Raises:
        UnreadableClip: the file cannot be opened.
    """
    with Video(replace(video, start_time=None, end_time=None), root) as opened:
        rate = float(opened.frame_rate)
        length = opened.announced_frames() / rate
        if not length:
            for _ in opened:
                pass
            length = opened.info().duration
    start, end = video.start_time or 0.0, min(video.end_time or length, length)
    # A window beyond the end has no frame, which the decoder will tell.
    end = end if end > start else start + seconds
    found = []
    for number, (first, last) in enumerate(spread_windows(start, end, count, seconds), start=1):
        clip = replace(video, clip_id=window_id(video.clip_id, number), start_time=first, end_time=last)
        n_frames = max(1, round((last - first) * rate))
        found.append(Work(clip, [Shot(clip.clip_id, 1, 0, n_frames, 0.0, last - first)], None))
    return found


def window_id(video_id: str, number: int) -> str:
    """Name of a video's window, which is numbered from 1."""
    return f"{video_id}-{number}"


def windows_of(video_id: str, cached: Container[str], count: int) -> list[str]:
    """The shot ids of a video's windows, at most `count`, that are cached."""
    names = (shot_id(window_id(video_id, number), 1) for number in range(1, count + 1))
    return [name for name in names if name in cached]
