"""Framing, movement, light and film grain: from a set and its people to frames.

Shot scales are those of film studies, as in MovieShots: LS long, FS full, MS medium, CS close-up, ECS
extreme close-up. The closer the shot, the more of the set its people hide.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from scripts.demo.studio.canvas import HEIGHT, WIDTH
from scripts.demo.studio.draw import Draw
from scripts.demo.studio.people import Layer, Person, draw_person

SIZE = (320, 180)
# Pixels of a set that people sway beyond the view, and interpolation reaches.
MARGIN = 5


@dataclass(frozen=True)
class Scale:
    """How a shot scale is framed.

    Attributes:
        view: width of the view as a share of the set's, lowest and highest.
        height: height of a person as a share of the view's.
        crown: where the crown of the head is in the view, from the top.
        people: lowest and highest number of people.
        blur: how far the set is out of focus, in pixels of the set.
    """

    view: tuple[float, float]
    height: tuple[float, float]
    crown: tuple[float, float]
    people: tuple[int, int]
    blur: float


SCALES = {
    "LS": Scale((0.86, 0.98), (0.24, 0.36), (0.5, 0.62), (1, 3), 0.9),
    "FS": Scale((0.7, 0.82), (0.78, 0.9), (0.06, 0.14), (1, 2), 1.0),
    "MS": Scale((0.42, 0.54), (1.8, 2.1), (0.06, 0.14), (1, 1), 2.5),
    "CS": Scale((0.32, 0.42), (4.3, 5.1), (0.02, 0.1), (1, 1), 4.5),
    "ECS": Scale((0.25, 0.33), (7.0, 8.4), (-0.1, 0.0), (1, 1), 7.0),
}
MOTIONS = ("static", "pan", "zoom", "shake")
LIGHTS = ("day", "night", "warm", "cold", "red", "green")

# Gain of red, green, blue.
_GAINS = {
    "day": (1.0, 1.0, 1.0),
    "night": (0.5, 0.55, 0.72),
    "warm": (1.08, 0.95, 0.76),
    "cold": (0.8, 0.95, 1.1),
    "red": (1.05, 0.68, 0.68),
    "green": (0.72, 1.0, 0.76),
}


@dataclass(frozen=True)
class PlannedShot:
    """One shot before it is filmed: what the truth table records of it."""

    label: str
    scale: str
    motion: str
    light: str
    seconds: float
    fade: bool


def film_shot(
    draw: Draw, backdrop: np.ndarray, cast: list[Person], shot: PlannedShot, n_frames: int
) -> Iterator[np.ndarray]:
    """Frames of a shot, each (180, 320, 3) uint8.

    Args:
        backdrop: the painted set, (HEIGHT, WIDTH, 3).
        cast: people to choose from.
        n_frames: how many frames; movement is spread over all of them.
    """
    scale = SCALES[shot.scale]
    view = draw.uniform(*scale.view)
    x, y = (draw.uniform(view / 2, 1 - view / 2) for _ in range(2))
    people = _stage(draw, cast, scale, view, x, y).pixels
    table = _light_table(draw, shot.light)
    grain = draw.random.normal(0, draw.uniform(2.0, 5.0), (4, SIZE[1], SIZE[0])).astype(np.float32)
    sway = draw.uniform(0.5, 2.5) * view
    windows = list(_windows(draw, shot.motion, n_frames, view, x, y))
    part = _seen(windows, MARGIN + 4 * scale.blur)
    backdrop = cv2.GaussianBlur(backdrop[part], (0, 0), scale.blur)
    backdrop, people = (cv2.LUT(picture, table) for picture in (cv2.cvtColor(backdrop, cv2.COLOR_RGB2RGBA), people[part]))
    for index, (view, x, y) in enumerate(windows):
        frame = _crop(backdrop, part, view, x, y)[..., :3]
        moved = _crop(people, part, view, x + sway * np.sin(index / 7) / WIDTH, y)
        yield _over(frame, moved, grain[index % 4])


def _over(frame: np.ndarray, people: np.ndarray, grain: np.ndarray) -> np.ndarray:
    """A frame, (H, W, 3), with people before it, (H, W, 4), and grain, (H, W). Single planes take half the time."""
    *colours, alpha = cv2.split(people)
    through = 1 - alpha.astype(np.float32) / 255
    planes = []
    for behind, before in zip(cv2.split(frame), colours, strict=True):
        plane = behind * through
        plane += before
        plane += grain
        planes.append(np.clip(plane, 0, 255, out=plane).astype(np.uint8))
    return cv2.merge(planes)


def _stage(draw: Draw, cast: list[Person], scale: Scale, view: float, x: float, y: float) -> Layer:
    """People placed in the view around (x, y)."""
    layer = Layer()
    count = min(len(cast), draw.integer(*scale.people))
    left, top, width, height = (x - view / 2) * WIDTH, (y - view / 2) * HEIGHT, view * WIDTH, view * HEIGHT
    for slot in range(count):
        share = (slot + 0.5 + draw.uniform(-0.22, 0.22)) / count
        share = 0.5 + (share - 0.5) * (0.8 if scale.height[0] > 2 else 1.0)
        size = draw.uniform(*scale.height) * height
        draw_person(layer, cast[slot], left + share * width, top + draw.uniform(*scale.crown) * height, size)
    return layer


def _windows(
    draw: Draw, motion: str, n_frames: int, view: float, x: float, y: float
) -> Iterator[tuple[float, float, float]]:
    """Width and centre of the view for each frame, as shares of the set."""
    travel = draw.uniform(0.06, 0.14) * view * (1 if draw.chance(0.5) else -1)
    zoom = draw.uniform(0.12, 0.24) * (1 if draw.chance(0.5) else -1)
    jitter = np.cumsum(draw.random.normal(0, 0.004, (n_frames, 2)), axis=0) * view
    jitter -= np.linspace(0, 1, n_frames)[:, None] * jitter[-1]
    for index in range(n_frames):
        share = index / max(1, n_frames - 1) - 0.5
        if motion == "pan":
            yield view, x + travel * share, y
        elif motion == "zoom":
            yield view * (1 + zoom * share), x, y
        elif motion == "shake":
            yield view, x + jitter[index, 0], y + jitter[index, 1]
        else:
            yield view, x, y


def _seen(windows: list[tuple[float, float, float]], margin: float) -> tuple[slice, slice]:
    """Rows and columns of the set that the windows show, and `margin` pixels on each side."""
    view, x, y = np.array(windows).T
    spans = []
    for middle, size in ((y, HEIGHT), (x, WIDTH)):
        first, last = (middle - view / 2).min() * size - margin, (middle + view / 2).max() * size + margin
        spans.append(slice(max(0, math.floor(first)), min(size, math.ceil(last))))
    return tuple(spans)


def _crop(picture: np.ndarray, part: tuple[slice, slice], view: float, x: float, y: float) -> np.ndarray:
    """The view around (x, y) of the set, of which `picture` is a part, scaled to the size of a frame."""
    factor = SIZE[0] / (view * WIDTH)
    left, top = x * WIDTH - part[1].start, y * HEIGHT - part[0].start
    matrix = np.array([[factor, 0, SIZE[0] / 2 - factor * left], [0, factor, SIZE[1] / 2 - factor * top]])
    return cv2.warpAffine(picture, matrix, SIZE, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def _light_table(draw: Draw, light: str) -> np.ndarray:
    """Look-up table of brightness per channel, (1, 256, 4) uint8."""
    gains = np.append(np.array(_GAINS[light]) * draw.uniform(0.88, 1.12), 1)
    return np.clip(np.arange(256)[None, :, None] * gains, 0, 255).astype(np.uint8)
