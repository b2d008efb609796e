"""What several tests share: the repository, real clips where they are at hand, clips rendered here."""

import os

# Before NumPy and torch are loaded here and in every process that is started: tests run side by side.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from scripts.lib.records.clips import Clip
from tests.helpers import ROOT
from tests.helpers.runs import demo_run, small_tagger, workspace  # noqa: F401

# Timestamps of clips with a variable frame rate.
FINE_TICK = Fraction(1, 24000)

QUIET_AND_FAST = {
    "libx264": {"preset": "veryfast", "threads": "1"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none:pools=1"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
}

Content = int | tuple[int, int, int]


@dataclass(frozen=True)
class Rendered:
    """A rendered clip and the truth about it.

    Attributes:
        clip: manifest row with the file's absolute path.
        cuts: decode index of the first frame of every shot but the first.
        times: seconds of each frame from the first.
        pictures: what was encoded, (height, width, 3) uint8 each.
    """

    clip: Clip
    cuts: list[int]
    times: list[float]
    pictures: list[np.ndarray]

    @property
    def path(self) -> str:
        return self.clip.path


def paint(content: Content, n_frames: int, size: tuple[int, int]) -> list[np.ndarray]:
    """Frames of one shot: a plain colour, or a slow pan over blocks drawn with a seed."""
    width, height = size
    if isinstance(content, tuple):
        return [np.broadcast_to(np.array(content, np.uint8), (height, width, 3)).copy()] * n_frames
    blocks = np.random.default_rng(content).integers(0, 256, (6, 16, 3), np.uint8)
    rows, columns = np.arange(height) * 6 // height, np.arange(2 * width) * 16 // (2 * width)
    backdrop = blocks[rows][:, columns]
    return [np.ascontiguousarray(np.roll(backdrop, -frame, axis=1)[:, :width]) for frame in range(n_frames)]


def encode(
    path: Path,
    pictures: Sequence[np.ndarray],
    times: Sequence[float] | None,
    fps: int,
    codec: str,
    delay: float,
    audio: bool,
    pixel_format: str,
    options: dict[str, str],
) -> None:
    """Encode pictures, at `times` if given and at `fps` if not, all of them `delay` seconds late."""
    tick = FINE_TICK if times else Fraction(1, fps)
    stamps = [round((time + delay) / tick) for time in (times or [index / fps for index in range(len(pictures))])]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps, options={**QUIET_AND_FAST.get(codec, {}), **options})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pixel_format
        stream.codec_context.time_base = tick
        sound = container.add_stream("libopus" if path.suffix == ".webm" else "aac", rate=48000) if audio else None
        for stamp, pixels in zip(stamps, pictures, strict=True):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = stamp, tick
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound:
            for start in range(0, int(stamps[-1] * tick * 48000), 960):
                silence = av.AudioFrame.from_ndarray(np.zeros((2, 960), np.float32), format="fltp", layout="stereo")
                silence.sample_rate, silence.pts, silence.time_base = 48000, start, Fraction(1, 48000)
                container.mux(sound.encode(silence))
            container.mux(sound.encode(None))


def turn(path: Path, degrees: int) -> None:
    """Write a rotation, clockwise, into the display matrix of an MP4 or MOV."""
    cosine, sine = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    content = bytearray(path.read_bytes())
    header = content.index(b"tkhd")
    assert content[header + 4] == 0, "only version 0 of the track header is known here"
    fixed = 1 << 16
    matrix = (cosine * fixed, sine * fixed, 0, -sine * fixed, cosine * fixed, 0, 0, 0, 1 << 30)
    content[header + 44 : header + 80] = struct.pack(">9i", *matrix)
    path.write_bytes(content)


# Whichever test comes first makes the demo, while the other worker uses the processor as well.
DEMO_SECONDS = 2700


# Before the hook of xdist that reads the marks.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Order and group the tests so that no worker waits for the demo while there is other work.

    One worker begins with the demo, the other with the mini runs and what needs no long run; the demo's
    other readers and the unit tests follow. Tests of one file stay together, because they share fixtures,
    unless they have a workspace each.
    """
    items.sort(key=_turn)
    for item in items:
        if "demo_run" in item.fixturenames:
            item.add_marker(pytest.mark.timeout(DEMO_SECONDS))
        if "material" in item.fixturenames:
            item.add_marker(pytest.mark.xdist_group("mini"))
        elif "workspace" not in item.fixturenames:
            item.add_marker(pytest.mark.xdist_group(f"{item.path.stem} {_turn(item)}"))


def _turn(item) -> int:
    if item.path.stem == "test_demo_run":
        return 0
    if "material" in item.fixturenames:
        return 1
    if "demo_run" in item.fixturenames:
        return 3
    return 4 if "unit" in item.path.parts else 2


@pytest.fixture(scope="module")
def repository() -> Path:
    """The repository's root."""
    return ROOT


@pytest.fixture(scope="module")
def shared_data() -> Path:
    """Real clips and files beside the repository; MOVIECLIP_SHARED_DATA names another place."""
    folder = Path(os.environ.get("MOVIECLIP_SHARED_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no test data at {folder}; name their folder in MOVIECLIP_SHARED_DATA")
    return folder


@pytest.fixture(scope="session")
def make_video(tmp_path_factory) -> Callable[..., Rendered]:
    """Renders a small clip: shots are (colour or seed of a pattern, number of frames)."""

    def make(
        shots: Sequence[tuple[Content, int]],
        *,
        fps: int = 24,
        codec: str = "libx264",
        suffix: str = ".mp4",
        size: tuple[int, int] = (160, 96),
        rotation: int = 0,
        times: Sequence[float] | None = None,
        audio: bool = False,
        delay: float = 0.0,
        pixel_format: str = "yuv420p",
        options: dict[str, str] | None = None,
        clip_id: str = "clip",
    ) -> Rendered:
        try:
            av.Codec(codec, "w")
        except av.codec.codec.UnknownCodecError:
            pytest.skip(f"this build of PyAV cannot encode with {codec}")
        path = tmp_path_factory.mktemp("clips") / f"{clip_id}{suffix}"
        pictures = [picture for content, n_frames in shots for picture in paint(content, n_frames, size)]
        encode(path, pictures, times, fps, codec, delay, audio, pixel_format, options or {})
        if rotation:
            turn(path, rotation)
        seconds = [index / fps for index in range(len(pictures))] if times is None else list(times)
        cuts = np.cumsum([n_frames for _, n_frames in shots])[:-1].tolist()
        return Rendered(Clip(clip_id, str(path)), cuts, seconds, pictures)

    return make
