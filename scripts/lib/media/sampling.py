"""Sampling of frames in shots."""

import math
from collections.abc import Sequence

from scripts.lib.records.shots import Shot

# Timestamps and their sums are floats; a microsecond is shorter than any frame.
_TOLERANCE = 1e-6


class FrameSampler:
    """Samples frames during one pass over a clip; sampling starts at each shot's first frame.

    Every shot therefore has at least one frame.

    Args:
        shots: the clip's shots, sorted, without overlap.
        frames: `all`, `n fps` (the first frame at or after every n-th of a second since the shot's
            start) or `k per shot` (k frames spread evenly, all if there are fewer).
    """

    def __init__(self, shots: Sequence[Shot], frames: str):
        self._shots = list(shots)
        self._at = 0
        number, unit = read_sampling(frames)
        self._period = 1 / number if unit == "fps" else None
        self._per_shot = number if unit == "per shot" else None
        self._due = self._shots[0].start_time if self._shots else 0.0

    def shot_of(self, index: int, time: float) -> int | None:
        """Number of the shot for which this frame is sampled, else None.

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


def read_sampling(frames: str) -> tuple[float, str]:
    """Number and unit of `n fps` or `k per shot`; 0 and `all`."""
    if frames == "all":
        return 0, frames
    number, unit = frames.split(" ", 1)
    return (float(number) if unit == "fps" else int(number)), unit


def expected_frames(shots: Sequence[Shot], frames: str) -> int:
    """Approximate number of sampled frames in these shots, for a progress bar."""
    number, unit = read_sampling(frames)
    if unit == "fps":
        return sum(math.ceil((shot.end_time - shot.start_time - _TOLERANCE) * number) for shot in shots)
    lengths = [shot.end_frame - shot.start_frame for shot in shots]
    return sum(lengths if unit == "all" else (min(number, length) for length in lengths))


def evenly_spread(length: int, count: int) -> list[int]:
    """The numbers floor(j * length / count), j = 0 … count - 1."""
    return [j * length // count for j in range(count)]


def is_evenly_spread(offset: int, length: int, count: int) -> bool:
    """Whether `offset` is one of `evenly_spread(length, count)`, without a list."""
    j = -(-offset * count // length)
    return j < count and j * length // count == offset
