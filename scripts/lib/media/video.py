"""The decoder. Nothing else in the project opens a media file.

PyAV is used because it gives presentation times, rotation, streams and errors, needs no system
FFmpeg, and reads AV1, which OpenCV's build does not. With bicubic chroma scaling its BGR frames are
bit-identical to OpenCV's, on which PySceneDetect's published results are based.
"""

from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from scripts.lib.jobs.log import logger
from scripts.lib.jobs.storage import is_machines_fault
from scripts.lib.records.clips import Clip, media_path

# Times are differences of floats; a microsecond is shorter than any frame.
SAME_TIME = 1e-6
# Matroska rounds timestamps to milliseconds, and people round times in manifests.
TIME_TOLERANCE = 1e-3
# The frame rate is variable if an interval differs from the median by this share (plus 2 ms, for rounding).
VFR_DEVIATION = 0.1
# Seconds before a frame at which its key frame is sought; containers differ in what they find.
LEADS = (0, 10, 60)
# FFmpeg's names of formats that only refer to other files, which it would then read.
LISTS = frozenset({"concat", "dash", "hls", "imf", "sdp"})


class UnreadableClip(Exception):
    """A clip cannot be used; the message is the reason, for a person."""


@dataclass
class Outcome:
    """What became of work on a clip; `failure` is the reason, for a person, where it could not be done."""

    failure: str | None = None


@contextmanager
def catch_failure(clip: Clip) -> Iterator[Outcome]:
    """Work on a clip whose failure stops no other: the outcome tells the reason; an unforeseen error is logged.

    Raises:
        OSError, MemoryError: the machine failed, not the clip, see `is_machines_fault`.
    """
    outcome = Outcome()
    try:
        yield outcome
    except UnreadableClip as reason:
        outcome.failure = str(reason)
    except Exception as error:
        if is_machines_fault(error):
            raise
        logger.exception("%s: unexpected error", clip.clip_id)
        outcome.failure = f"unexpected error, see the log ({type(error).__name__}: {error})"


@dataclass(frozen=True)
class Frame:
    """One decoded frame.

    Attributes:
        index: 0-based decode index within the clip.
        time: seconds since the clip's first frame, from the presentation timestamp.
    """

    index: int
    time: float
    video: "Video"
    picture: av.VideoFrame

    def bgr(self) -> np.ndarray:
        """BGR pixels after rotation, (height, width, 3) uint8."""
        return self.video.upright_pixels(self.picture, "bgr24")

    def rgb(self, size: tuple[int, int] | None = None) -> np.ndarray:
        """RGB pixels after rotation, (height, width, 3) uint8; scaled to a `size` (width, height)."""
        return self.video.upright_pixels(self.picture, "rgb24", size)


@dataclass(frozen=True)
class ClipInfo:
    """Properties of a clip after a whole pass over it: the columns of `clips/<shard>.csv` after `reason`.

    `n_frames` counts decoded frames; `n_frames_header` is the number in the header, None if there
    is none or the clip is a window. `width` and `height` are those after rotation.
    """

    n_frames: int
    n_frames_header: int | None
    fps: float
    duration: float
    width: int
    height: int
    rotation: int
    codec: str
    vfr: bool


class Video:
    """A clip opened for one pass from its first frame to its last, in constant memory.

    Iterate once to get `Frame`s, then ask for `info()` and `times`; or take a part by `frames_from`.
    Damaged packets are skipped.

    Args:
        clip: manifest row; only frames in its window, if any, are read.
        root: folder that the clip's path is relative to.

    Raises:
        UnreadableClip: the file is missing or cannot be opened; iterating raises it if no frame
            decodes.
    """

    def __init__(self, clip: Clip, root: str | None = None):
        self.path = media_path(clip, root)
        self.start, self.end = clip.start_time or 0.0, clip.end_time
        self._container = None
        self._open()
        # One per clip: `VideoFrame.to_ndarray` makes a new swscale context for every frame.
        self._reformatter = VideoReformatter()
        self.rotation = 0
        self.size = (self._stream.width, self._stream.height)
        self.times = array("d")
        # Timestamp of the file's first frame, and seconds from it to the clip's.
        self._origin: int | None = None
        self._first: float | None = None

    def _open(self) -> None:
        self.close()
        self._container = _open_container(self.path)
        self._stream = self._container.streams.best("video")
        if self._stream is None:
            self.close()
            raise UnreadableClip("the file has no video stream (it holds only sound or other data)")
        # One thread: FFmpeg's output for damaged frames depends on their number.
        self._stream.codec_context.thread_count = 1

    def __enter__(self) -> "Video":
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def close(self) -> None:
        """Release the file handle and the decoder."""
        if self._container is not None:
            self._container.close()
            self._container = None

    @property
    def frame_rate(self) -> Fraction:
        """Average frames per second as stated in the container; 25 if not stated."""
        rate = self._stream.average_rate or self._stream.guessed_rate
        return Fraction(rate.numerator, rate.denominator) if rate else Fraction(25)

    def announced_frames(self) -> int:
        """Number of frames according to the header alone; 0 if unknown."""
        if self.end is None and self.start == 0.0 and self._stream.frames:
            return self._stream.frames
        if self._container.duration is None and self.end is None:
            return 0
        length = (self._container.duration or 0) / av.time_base
        end = length if self.end is None else min(self.end, length or self.end)
        return max(0, round((end - self.start) * self.frame_rate))

    def __iter__(self) -> Iterator[Frame]:
        for index, (time, picture) in enumerate(self._inside(self._from_near_start())):
            if self._first is None:
                self._first = time
                self.rotation = picture.rotation
                self.size = (picture.width, picture.height)[:: -1 if self.rotation % 180 else 1]
            self.times.append(time - self._first)
            yield Frame(index, time - self._first, self, picture)
        if self._first is None:
            raise UnreadableClip(self._why_no_frame())

    def frames_from(self, index: int, time: float) -> Iterator[Frame]:
        """The clip's frames from one on, whose index and time a whole pass has found, or from an earlier one on.

        The frame is sought by its time. Where that does not lead to a frame of this time, as in files
        without timestamps, the clip is decoded from its first frame.
        """
        # It tells rotation, size and where times begin.
        next(iter(self))
        pictures = self._sought(self._first + time)
        if pictures is None:
            self._open()
            index, timed = 0, self._from_near_start()
        else:
            timed = self._timed(pictures, self._origin)
        for number, (moment, picture) in enumerate(self._inside(timed), start=index):
            yield Frame(number, moment - self._first, self, picture)

    def _sought(self, moment: float) -> Iterator[av.VideoFrame] | None:
        """Decoded frames from the one at so many seconds since the file's first; None if seeking does not find it."""
        for lead in LEADS:
            target = self._origin + int(max(0.0, moment - lead) / self._stream.time_base)
            try:
                self._container.seek(target, stream=self._stream, backward=True)
            except av.FFmpegError as error:
                if is_machines_fault(error):
                    raise
                return None
            decodable, pictures = False, self._pictures()
            for picture in pictures:
                # What is shown before the key frame refers to others, which were not decoded.
                decodable = decodable or picture.key_frame
                if picture.pts is None:
                    return None
                beyond = (picture.pts - self._origin) * self._stream.time_base - moment
                if decodable and abs(beyond) <= SAME_TIME:
                    return chain([picture], pictures)
                if beyond > SAME_TIME:
                    break
        return None

    def _why_no_frame(self) -> str:
        if self.start > 0 or self.end is not None:
            return (
                f"no frame lies in the window from {self.start:g} s to "
                f"{'the end' if self.end is None else f'{self.end:g} s'}"
            )
        return f"not a single frame could be decoded (codec {self._stream.codec_context.name})"

    def _inside(self, frames: Iterator[tuple[float, av.VideoFrame]]) -> Iterator[tuple[float, av.VideoFrame]]:
        """Those of the frames, with seconds since the file's first, that are inside the clip's window."""
        for time, picture in frames:
            if self.end is not None and time >= self.end - TIME_TOLERANCE:
                return
            if time >= self.start - TIME_TOLERANCE:
                yield time, picture

    def _from_near_start(self) -> Iterator[tuple[float, av.VideoFrame]]:
        """Frames from the key frame before the window, or from the first if seeking fails."""
        if self.start > 0 and self._stream.start_time is not None:
            target = self._stream.start_time + int(self.start / self._stream.time_base)
            try:
                self._container.seek(target, stream=self._stream, backward=True)
                pictures = self._timed(self._pictures(), self._stream.start_time)
                time, picture = next(pictures)
            except (av.FFmpegError, StopIteration) as error:
                if is_machines_fault(error):
                    raise
                time = float("inf")
            if time <= self.start + TIME_TOLERANCE:
                yield time, picture
                yield from pictures
                return
            self._open()
        yield from self._timed(self._pictures(), None)

    def _timed(self, pictures: Iterator[av.VideoFrame], origin: int | None) -> Iterator[tuple[float, av.VideoFrame]]:
        """Seconds since `origin` (a timestamp; None: the first frame's), strictly increasing.

        Without timestamps, or with repeated ones, the stated frame rate is used.
        """
        time_base = self._stream.time_base
        step = max(1, round(1 / (self.frame_rate * time_base)))
        previous = None
        for picture in pictures:
            stamp = picture.pts
            if previous is not None and (stamp is None or stamp <= previous):
                stamp = previous + step
            elif stamp is None:
                stamp = 0
            self._origin = stamp if origin is None else origin
            origin, previous = self._origin, stamp
            yield float((stamp - origin) * time_base), picture

    def _pictures(self) -> Iterator[av.VideoFrame]:
        """Decoded frames in presentation order; what cannot be decoded is skipped."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.FFmpegError as error:
                if is_machines_fault(error):
                    raise
                return
            try:
                yield from packet.decode()
            except av.FFmpegError as error:
                if is_machines_fault(error):
                    raise
                continue

    def upright_pixels(
        self, picture: av.VideoFrame, pixel_format: str, size: tuple[int, int] | None = None
    ) -> np.ndarray:
        """Pixels of a frame, rotated by the display matrix, at a size (width, height) or else the first frame's."""
        width, height = (size or self.size)[:: -1 if self.rotation % 180 else 1]
        scaled = self._reformatter.reformat(picture, width, height, pixel_format, interpolation="BICUBIC", threads=1)
        pixels = scaled.to_ndarray()
        if self.rotation % 360:
            pixels = np.ascontiguousarray(np.rot90(pixels, k=self.rotation // 90))
        return pixels

    def info(self) -> ClipInfo:
        """Properties of the clip; call it after the last frame."""
        times = np.frombuffer(self.times, dtype=np.float64)
        intervals = np.diff(times)
        typical = float(np.median(intervals)) if len(intervals) else float(1 / self.frame_rate)
        deviating = np.abs(intervals - typical) > VFR_DEVIATION * typical + 2 * TIME_TOLERANCE
        whole_file = self.start == 0.0 and self.end is None
        return ClipInfo(
            n_frames=len(times),
            n_frames_header=(self._stream.frames or None) if whole_file else None,
            fps=round(float(self.frame_rate), 6),
            duration=round(float(times[-1]) + typical, 6),
            width=self.size[0],
            height=self.size[1],
            rotation=self.rotation % 360,
            codec=self._stream.codec_context.name,
            vfr=bool(deviating.any()),
        )

    def end_time(self, frame: int) -> float:
        """Seconds at which frame `frame - 1` ends: the next frame's time, or the clip's end."""
        return self.times[frame] if frame < len(self.times) else self.info().duration


def header_seconds(path: Path) -> float | None:
    """Length of a media file according to its header; None if that does not say, or it cannot be opened."""
    try:
        with _open_container(path) as container:
            return container.duration / av.time_base if container.duration else None
    except UnreadableClip:
        return None


def copy_pictures(source: str | Path, destination: str | Path) -> None:
    """Remux a file's video stream into the container format of `destination`'s suffix.

    Raises:
        UnreadableClip: no video can be read from the source.
    """
    with _open_container(Path(source)) as given, av.open(str(destination), "w") as wanted:
        pictures = given.streams.best("video")
        if pictures is None:
            raise UnreadableClip("the file has no video stream (it holds only sound or other data)")
        stream = wanted.add_stream_from_template(pictures)
        for packet in given.demux(pictures):
            # The last packet is empty: it flushes decoders.
            if packet.dts is not None:
                packet.stream = stream
                wanted.mux(packet)


def _open_container(path: Path) -> av.container.InputContainer:
    """Open a media file, or raise `UnreadableClip` with the reason."""
    try:
        if not path.exists():
            raise UnreadableClip(f"the file does not exist: {path}")
        if not path.is_file():
            raise UnreadableClip(f"not a file: {path}")
        if path.stat().st_size == 0:
            raise UnreadableClip("the file is empty (0 bytes)")
        container = av.open(str(path), mode="r", metadata_errors="ignore")
    except PermissionError as error:
        raise UnreadableClip("the file may not be read (permission denied)") from error
    except (av.FFmpegError, OSError, ValueError) as error:
        if is_machines_fault(error):
            raise
        # FFmpeg's message without number and file name.
        raise UnreadableClip(f"not a video that can be opened ({getattr(error, 'strerror', None) or error})") from error
    if container.format.name in LISTS:
        container.close()
        raise UnreadableClip(f"not a video but a list of other files ({container.format.name})")
    return container
