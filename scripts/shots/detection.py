"""Where the shots of a clip begin and end: PySceneDetect on our decoder, or the user's own list."""

import inspect
from bisect import bisect_left
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import numpy as np
from scenedetect import SceneManager, detectors
from scenedetect.common import FrameTimecode, Timecode
from scenedetect.detector import FlashFilter, SceneDetector
from scenedetect.video_stream import VideoStream

from scripts.lib.jobs.errors import UserError, did_you_mean
from scripts.lib.media.video import TIME_TOLERANCE, Video

DETECTORS: dict[str, type[SceneDetector]] = {
    "adaptive": detectors.AdaptiveDetector,
    "content": detectors.ContentDetector,
    "hash": detectors.HashDetector,
    "histogram": detectors.HistogramDetector,
    "threshold": detectors.ThresholdDetector,
}

# The detector that is not PySceneDetect's: scripts/shots/transnet.py.
TRANSNET = "transnetv2"

# Rate at which parameters are checked before a clip is open.
ANY_RATE = Fraction(25)

# Configuration is text and numbers; these parameters are objects in PySceneDetect.
_CONVERTED: dict[str, Callable] = {
    "weights": lambda values: detectors.ContentDetector.Components(*values),
    "filter_mode": lambda name: FlashFilter.Mode[name.upper()],
    "method": lambda name: detectors.ThresholdDetector.Method[name.upper()],
}

# Microseconds, in which PySceneDetect is told the time of each frame.
_TICK = Fraction(1, 1_000_000)


def make_detector(name: str, parameters: dict, frame_rate: Fraction = ANY_RATE) -> SceneDetector:
    """A PySceneDetect detector by its short name, e.g. `content`.

    Args:
        parameters: its arguments as in `shots.parameters` of the configuration.
        frame_rate: frames per second of the clip, for a length of `seconds_in_whole_frames`.

    Raises:
        UserError: unknown detector or parameter, or a value that the detector rejects.
    """
    if name not in DETECTORS:
        raise UserError(f"shots.detector: {name!r} is unknown; {did_you_mean(name, [*DETECTORS, TRANSNET])}")
    allowed = inspect.signature(DETECTORS[name]).parameters
    for parameter in parameters:
        if parameter not in allowed:
            raise UserError(
                f"shots.parameters: the {name} detector has no {parameter!r}; {did_you_mean(parameter, allowed)}"
            )
    try:
        values = {key: _CONVERTED[key](value) if key in _CONVERTED else value for key, value in parameters.items()}
        if isinstance(length := values.get("min_scene_len"), dict):
            # As PySceneDetect 0.5.6 computes it, floating point included.
            values["min_scene_len"] = int(length["seconds_in_whole_frames"] * float(frame_rate))
        return DETECTORS[name](**values)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"shots.parameters: the {name} detector rejects {parameters}: {error}") from error


def detect_cuts(video: Video, detector: SceneDetector) -> list[int]:
    """First frames of new shots, as decode indices; decodes the video to its end.

    PySceneDetect's scene manager does the detection with its own defaults (automatic downscale,
    linear interpolation), so cuts equal those of its API. It counts in presentation times, which
    on variable frame rate are no frame numbers; they are mapped back to decode indices.
    """
    stream = _DecodedStream(video)
    manager = SceneManager()
    manager.add_detector(detector)
    manager.detect_scenes(stream)
    scenes = manager.get_scene_list(start_in_scene=True)
    return sorted({bisect_left(video.times, start.seconds - TIME_TOLERANCE) for start, _ in scenes} - {0})


class _DecodedStream(VideoStream):
    """`Video` in the shape that PySceneDetect's scene manager reads."""

    BACKEND_NAME = "movieclip"

    def __init__(self, video: Video):
        self._video = video
        self._frames = iter(video)
        # The stream's size is known for sure only once a frame is there.
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


def listed_frames(intervals: list[tuple[str, float, float]], times: np.ndarray) -> list[tuple[int, int]]:
    """A clip's listed shots as decode indices (start, exclusive end), sorted.

    Args:
        intervals: see `read_shot_list`.
        times: seconds of each decoded frame, (T,).

    Raises:
        UserError: shots overlap, or one begins after the last frame or holds no frame.
    """
    frames = []
    for unit, start, end in intervals:
        if unit == "time":
            start, end = np.searchsorted(times, [start - TIME_TOLERANCE, end - TIME_TOLERANCE])
        frames.append((int(start), min(int(end), len(times))))
    frames.sort()
    for start, end in frames:
        if start >= end:
            raise UserError(f"a listed shot holds no frame of this clip, which has {len(times)}")
    for (_, end), (start, _) in pairwise(frames):
        if start < end:
            raise UserError(f"listed shots overlap at frame {start}")
    return frames
