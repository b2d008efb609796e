"""Which frames of a shot are looked at."""

import math
from collections.abc import Sequence

from scripts.lib.records.shots import Shot

# Timestamps and their sums are floats; a millionth of a second is less than any frame lasts.
_TOLERANCE = 1e-6


class FrameSampler:
    """Picks frames while a clip goes by, shot by shot, each from its first frame.

    Every shot therefore has at least one frame.

    Args:
        shots: the clip's shots, sorted, without overlap.
        frames: `"all"`, `{"fps": n}` (the first frame at or after every n-th of a second since the
            shot's start) or `{"per_shot": k}` (k frames spread evenly, all if there are fewer).
    """

    def __init__(self, shots: Sequence[Shot], frames: str | dict):
        self._shots = list(shots)
        self._at = 0
        self._period = 1 / frames["fps"] if isinstance(frames, dict) and "fps" in frames else None
        self._per_shot = frames["per_shot"] if isinstance(frames, dict) and "per_shot" in frames else None
        self._due = self._shots[0].start_time if self._shots else 0.0

    def shot_of(self, index: int, time: float) -> int | None:
        """Number of the shot for which this frame is wanted, None if it is not.

        Call it with each frame of the clip in order.
        """
        while self._at < len(self._shots) and index >= self._shots[self._at].end_frame:
            self._at += 1
            if self._at < len(self._shots):
                self._due = self._shots[self._at].start_time
        if self._at == len(self._shots) or index < self._shots[self._at].start_frame:
            return None
        shot = self._shots[self._at]
        return shot.number if self._wanted(shot, index, time) else None

    def _wanted(self, shot: Shot, index: int, time: float) -> bool:
        if self._per_shot is not None:
            return is_evenly_spread(index - shot.start_frame, shot.end_frame - shot.start_frame, self._per_shot)
        if self._period is None:
            return True
        if index > shot.start_frame and time < self._due - _TOLERANCE:
            return False
        while self._due <= time + _TOLERANCE:
            self._due += self._period
        return True


def expected_frames(shots: Sequence[Shot], frames: str | dict) -> int:
    """About how many frames of these shots will be looked at, for a progress bar."""
    if frames == "all":
        return sum(shot.end_frame - shot.start_frame for shot in shots)
    if "per_shot" in frames:
        return sum(min(frames["per_shot"], shot.end_frame - shot.start_frame) for shot in shots)
    return sum(math.ceil((shot.end_time - shot.start_time - _TOLERANCE) * frames["fps"]) for shot in shots)


def is_evenly_spread(offset: int, length: int, count: int) -> bool:
    """Whether `offset` is one of floor(j * length / count), j = 0 … count - 1."""
    j = -(-offset * count // length)
    return j < count and j * length // count == offset
