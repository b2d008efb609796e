"""Shots of a clip: PySceneDetect on our decoder, or the user's own list."""

import csv
import inspect
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass
from difflib import get_close_matches
from fractions import Fraction
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
from scenedetect import SceneManager, detectors
from scenedetect.common import FrameTimecode, Timecode
from scenedetect.detector import FlashFilter, SceneDetector
from scenedetect.video_stream import VideoStream

from scripts.lib.jobs.errors import UserError, bullet_list
from scripts.lib.media.video import TIME_TOLERANCE, Video
from scripts.lib.records.clips import SAFE_ID
from scripts.lib.tables.rows import read_csv, write_csv
from scripts.lib.tables.shards import read_shard_csv, write_shard_csv

DETECTORS: dict[str, type[SceneDetector]] = {
    "adaptive": detectors.AdaptiveDetector,
    "content": detectors.ContentDetector,
    "hash": detectors.HashDetector,
    "histogram": detectors.HistogramDetector,
    "threshold": detectors.ThresholdDetector,
}

# Frame rate for checking parameters before a clip is open.
ANY_RATE = Fraction(25)

# Parameters that are objects in PySceneDetect.
_CONVERTED: dict[str, Callable] = {
    "weights": lambda values: detectors.ContentDetector.Components(*values),
    "filter_mode": lambda name: FlashFilter.Mode[name.upper()],
    "method": lambda name: detectors.ThresholdDetector.Method[name.upper()],
}

# Columns of `shots/<shard>.csv`, in the order of a `Shot`'s attributes.
SHOT_COLUMNS = ("clip_id", "shot", "start_frame", "end_frame", "start_time", "end_time")

# PySceneDetect gets the time of each frame in microseconds.
_TICK = Fraction(1, 1_000_000)


@dataclass(frozen=True)
class Shot:
    """A shot of a clip; `number` is 1-based, `end_frame` and `end_time` are exclusive.

    Frames are 0-based decode indices, times seconds from the clip's first frame.
    """

    clip_id: str
    number: int
    start_frame: int
    end_frame: int
    start_time: float
    end_time: float

    @property
    def shot_id(self) -> str:
        """The release's name of a shot, with at least three digits: `<clip_id>-Scene-007`."""
        return shot_id(self.clip_id, self.number)


def shot_id(clip_id: str, number: int) -> str:
    """`<clip_id>-Scene-<NNN>`, as in the published files."""
    return f"{clip_id}-Scene-{number:03d}"


def make_detector(name: str, parameters: dict, frame_rate: Fraction = ANY_RATE) -> SceneDetector:
    """A PySceneDetect detector by its short name, e.g. `content`.

    Args:
        parameters: its arguments as in `shots.parameters` of the configuration.
        frame_rate: frames per second of the clip, for a length of `seconds_in_whole_frames`.

    Raises:
        UserError: unknown detector or parameter, or a value that the detector rejects.
    """
    if name not in DETECTORS:
        raise UserError(f"shots.detector: {name!r} is unknown; there are {', '.join(DETECTORS)}")
    allowed = detector_parameters(name)
    for parameter in parameters:
        if parameter not in allowed:
            near = get_close_matches(parameter, allowed, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(allowed)}"
            raise UserError(f"shots.parameters: the {name} detector has no {parameter!r}; {hint}")
    try:
        values = {key: _CONVERTED[key](value) if key in _CONVERTED else value for key, value in parameters.items()}
        if isinstance(length := values.get("min_scene_len"), dict):
            # As PySceneDetect 0.5.6 computes it, floating point included.
            values["min_scene_len"] = int(length["seconds_in_whole_frames"] * float(frame_rate))
        return DETECTORS[name](**values)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"shots.parameters: the {name} detector rejects {parameters}: {error}") from error


def detector_parameters(name: str) -> list[str]:
    """Names of the parameters that a detector takes."""
    return list(inspect.signature(DETECTORS[name]).parameters)


def detect_cuts(video: Video, detector: SceneDetector) -> list[int]:
    """First frames of new shots, as decode indices; decodes the video to its end.

    PySceneDetect's scene manager detects with its own defaults (automatic downscale, linear
    interpolation), so cuts equal those of its API. It counts in presentation times, which on
    variable frame rate are not frame numbers; they are mapped back to decode indices.
    """
    stream = _DecodedStream(video)
    manager = SceneManager()
    manager.add_detector(detector)
    manager.detect_scenes(stream)
    scenes = manager.get_scene_list(start_in_scene=True)
    return sorted({bisect_left(video.times, start.seconds - TIME_TOLERANCE) for start, _ in scenes} - {0})


class _DecodedStream(VideoStream):
    """Adapter of `Video` for PySceneDetect's scene manager."""

    BACKEND_NAME = "movieclip"

    def __init__(self, video: Video):
        self._video = video
        self._frames = iter(video)
        # The frame size is certain only after the first frame.
        self._ahead = next(self._frames)
        self._pts = 0
        self._number = 0

    path = property(lambda self: str(self._video.path))
    name = property(lambda self: self._video.path.stem)
    is_seekable = property(lambda self: False)
    frame_rate = property(lambda self: self._video.frame_rate)
    frame_size = property(lambda self: self._video.size)
    duration = property(lambda self: None)
    aspect_ratio = property(lambda self: 1.0)
    frame_number = property(lambda self: self._number)
    position_ms = property(lambda self: self._pts / 1000)

    @property
    def position(self) -> FrameTimecode:
        return FrameTimecode(Timecode(self._pts, _TICK), fps=self.frame_rate)

    def read(self, decode: bool = True) -> np.ndarray | bool:
        frame, self._ahead = self._ahead, next(self._frames, None)
        if frame is None:
            return False
        self._pts = round(frame.time / _TICK)
        self._number = frame.index + 1
        return frame.bgr() if decode else True

    def reset(self) -> None:
        raise OSError("a clip is read once, from its first frame to its last")

    def seek(self, target) -> None:
        self.reset()


def read_shot_list(path: str | Path) -> dict[str, list[tuple[str, float, float]]]:
    """A user's own shots: per clip (unit, start, end) in the file's order, end exclusive.

    The CSV has the columns clip_id, start_frame, end_frame (0-based decode indices) or clip_id,
    start_time, end_time (seconds from the clip's first frame).

    Raises:
        UserError: missing columns, or rows that are not intervals; one message lists them all.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            header = reader.fieldnames or []
            unit = next((unit for unit in ("frame", "time") if {f"start_{unit}", f"end_{unit}"} <= {*header}), None)
            if unit is None or "clip_id" not in header:
                raise UserError(
                    f"the shot list {path} needs the columns clip_id,start_frame,end_frame "
                    f"or clip_id,start_time,end_time; it has {', '.join(header) or 'none'}"
                )
            shots: dict[str, list[tuple[str, float, float]]] = {}
            problems = []
            for row in reader:
                if not SAFE_ID.fullmatch(row["clip_id"] or ""):
                    problems.append(f"line {reader.line_num}: {row['clip_id']!r} is not a clip_id (A-Z a-z 0-9 _ -)")
                try:
                    start, end = float(row[f"start_{unit}"]), float(row[f"end_{unit}"])
                except (TypeError, ValueError):
                    problems.append(f"line {reader.line_num}: start or end is not a number")
                    continue
                if not 0 <= start < end < float("inf"):
                    problems.append(f"line {reader.line_num}: the shot goes from {start:g} to {end:g}")
                shots.setdefault(row["clip_id"], []).append((unit, start, end))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"cannot read the shot list {path}: {error}") from error
    if problems:
        raise UserError(f"the shot list {path} has {len(problems)} problem(s):\n{bullet_list(problems)}")
    return shots


def listed_frames(intervals: list[tuple[str, float, float]], times: np.ndarray) -> list[tuple[int, int]]:
    """A clip's listed shots as decode indices (start, exclusive end), sorted.

    Args:
        intervals: see `read_shot_list`.
        times: seconds of each decoded frame, (T,).

    Raises:
        UserError: shots overlap, or one begins after the last frame or contains no frame.
    """
    frames = []
    for unit, start, end in intervals:
        if unit == "time":
            start, end = np.searchsorted(times, [start - TIME_TOLERANCE, end - TIME_TOLERANCE])
        frames.append((int(start), min(int(end), len(times))))
    frames.sort()
    for start, end in frames:
        if start >= end:
            raise UserError(f"a listed shot contains no frame of this clip, which has {len(times)}")
    for (_, end), (start, _) in pairwise(frames):
        if start < end:
            raise UserError(f"listed shots overlap at frame {start}")
    return frames


def write_shots(path: str | Path, shots: Iterable[Shot], fingerprint: str | None = None) -> None:
    """Write shots as a table, those of a shard with its fingerprint."""
    rows = (dict(zip(SHOT_COLUMNS, astuple(shot), strict=True)) for shot in shots)
    if fingerprint is None:
        write_csv(path, SHOT_COLUMNS, rows)
    else:
        write_shard_csv(path, SHOT_COLUMNS, rows, fingerprint)


def read_shots(path: str | Path, fingerprint: str | None = None) -> dict[str, list[Shot]]:
    """The shots of such a table by clip id, in its order.

    Raises:
        UserError: the table is incomplete or not that of the shard with this `fingerprint`.
    """
    rows = read_csv(path, *SHOT_COLUMNS) if fingerprint is None else read_shard_csv(path, fingerprint)
    shots = map(shot_from_row, rows)
    return {clip_id: list(group) for clip_id, group in groupby(shots, key=lambda shot: shot.clip_id)}


def shot_from_row(row: dict[str, str]) -> Shot:
    """A shot from a row of `shots/<shard>.csv`."""
    return Shot(
        row["clip_id"],
        int(row["shot"]),
        int(row["start_frame"]),
        int(row["end_frame"]),
        float(row["start_time"]),
        float(row["end_time"]),
    )
