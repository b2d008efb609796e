"""How long the clips of a run are. Used while Snakemake parses: PyAV is imported only for files that may be long."""

import math
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from scripts.lib.jobs.parallel import map_in_threads
from scripts.lib.records.clips import Clip, clips_root, decoded_part, media_path, read_manifest

# Of a file that may be long; films are encoded with more.
BYTES_PER_SECOND = 64_000 / 8
# Files on a network answer late.
THREADS = 16


def with_durations(clips: list[Clip], config: dict, persisted: str | Path) -> list[Clip]:
    """The clips with their durations, as far as these are given, follow from a window, or can be read cheaply.

    Of clips that the run has already, they are what its manifest says, also if that is nothing: its shards stay.

    Args:
        persisted: the run's own manifest.
    """
    kept = read_manifest(persisted) if Path(persisted).exists() else []
    known = {decoded_part(clip): clip.duration for clip in kept}
    new = [clip for clip in clips if clip.duration is None and decoded_part(clip) not in known]
    find = partial(_duration, root=clips_root(config), longest=60 * config["clips"]["shard_minutes"])
    known |= zip(map(decoded_part, new), map_in_threads(find, new, THREADS), strict=True)
    return [clip if clip.duration is not None else replace(clip, duration=known[decoded_part(clip)]) for clip in clips]


def _duration(clip: Clip, root: str | None, longest: float) -> float | None:
    """Seconds; None if unknown, or if the file is too small to be longer than a shard may be."""
    start, end = clip.start_time or 0.0, clip.end_time
    if end is not None and end - start <= longest:
        return end - start
    path = media_path(clip, root)
    with suppress(OSError):
        if path.stat().st_size < longest * BYTES_PER_SECOND:
            return None
        from scripts.lib.media.video import header_seconds

        if (seconds := header_seconds(path)) is not None:
            return round(max(0.0, min(seconds, math.inf if end is None else end) - start), 3)
    return None if end is None else end - start
