"""Framing, movement, light and film grain: from a set and its people to frames.

Shot scales are those of film studies, as in MovieShots: LS long, FS full, MS medium, CS close-up, ECS
extreme close-up. The closer the shot, the more of the set its people hide.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import cv2
import numpy as np

from scripts.demo.studio.canvas import HEIGHT, WIDTH
from scripts.demo.studio.draw import Draw
from scripts.demo.studio.people import Layer, Person, draw_person

SIZE = (320, 180)
# Width and centre of a view, as shares of the set.
Window = tuple[float, float, float]


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

# Of a normal distribution, one value for each byte.
_NORMAL = np.array([NormalDist().inv_cdf((byte + 0.5) / 256) for byte in range(256)])
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
    gains = np.array(_GAINS[shot.light]) * draw.uniform(0.88, 1.12)
    people = _stage(draw, cast, scale, view, x, y, gains).pixels
    grain = _grain(draw, min(4, n_frames))
    sway = draw.uniform(0.5, 2.5) * view
    windows = list(_windows(draw, shot.motion, n_frames, view, x, y))
    backdrop, corner = _light(backdrop, windows, scale.blur, gains)
    seen = None
    for index, window in enumerate(windows):
        if window != seen:
            frame, seen = _crop(backdrop, corner, *window), window
        view, x, y = window
        moved = _crop(people, (0, 0), view, x + sway * np.sin(index / 7) / WIDTH, y)
        lighter, darker = grain[index % len(grain)]
        yield cv2.subtract(cv2.add(_over(frame, moved), lighter), darker)


def _light(
    backdrop: np.ndarray, windows: list[Window], blur: float, gains: np.ndarray
) -> tuple[np.ndarray, tuple[int, int]]:
    """What the windows show of a set, out of focus and lit, (H, W, 4), and where its upper left corner is, (x, y)."""
    reach = math.ceil(3 * blur)
    view, x, y = np.array(windows).T
    # Interpolation needs a pixel beside the window, and the blur as many more as it reaches.
    ends = (
        ((middle - view / 2).min() * size, (middle + view / 2).max() * size)
        for middle, size in ((x, WIDTH), (y, HEIGHT))
    )
    (left, right), (top, bottom) = ((max(0, int(first) - reach - 1), int(last) + reach + 2) for first, last in ends)
    kernel = cv2.getGaussianKernel(2 * reach + 1, blur)
    blurred = cv2.sepFilter2D(backdrop[top:bottom, left:right], -1, kernel, kernel)
    table = np.clip(np.arange(256)[:, None] * gains, 0, 255).astype(np.uint8)
    # OpenCV crops four channels in half the time of three.
    return cv2.cvtColor(cv2.LUT(blurred, table[None]), cv2.COLOR_RGB2RGBA), (left, top)


def _grain(draw: Draw, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Grey normal noise: `count` pairs of what to add to a frame and what to subtract, (H, W, 3) uint8."""
    levels = np.rint(draw.uniform(2.0, 5.0) * _NORMAL)
    tables = [np.clip(part, 0, 255).astype(np.uint8) for part in (levels, -levels)]
    planes = draw.random.integers(0, 256, (count, SIZE[1], SIZE[0]), np.uint8)
    return [tuple(cv2.cvtColor(cv2.LUT(plane, table), cv2.COLOR_GRAY2RGB) for table in tables) for plane in planes]


def _over(frame: np.ndarray, people: np.ndarray) -> np.ndarray:
    """A frame with people before it, both (H, W, 4), as (H, W, 3)."""
    through = cv2.cvtColor(255 - cv2.extractChannel(people, 3), cv2.COLOR_GRAY2RGB)
    behind = cv2.multiply(cv2.cvtColor(frame, cv2.COLOR_RGBA2RGB), through, scale=1 / 255)
    return cv2.add(behind, cv2.cvtColor(people, cv2.COLOR_RGBA2RGB))


def _stage(draw: Draw, cast: list[Person], scale: Scale, view: float, x: float, y: float, gains: np.ndarray) -> Layer:
    """People placed in the view around (x, y)."""
    layer = Layer(gains)
    count = min(len(cast), draw.integer(*scale.people))
    left, top, width, height = (x - view / 2) * WIDTH, (y - view / 2) * HEIGHT, view * WIDTH, view * HEIGHT
    for slot in range(count):
        share = (slot + 0.5 + draw.uniform(-0.22, 0.22)) / count
        share = 0.5 + (share - 0.5) * (0.8 if scale.height[0] > 2 else 1.0)
        size = draw.uniform(*scale.height) * height
        draw_person(layer, cast[slot], left + share * width, top + draw.uniform(*scale.crown) * height, size)
    return layer


def _windows(draw: Draw, motion: str, n_frames: int, view: float, x: float, y: float) -> Iterator[Window]:
    """The view of each frame."""
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


def _crop(picture: np.ndarray, corner: tuple[int, int], view: float, x: float, y: float) -> np.ndarray:
    """The view around (x, y), scaled to the size of a frame, from a part of the set that starts at `corner`."""
    factor = SIZE[0] / (view * WIDTH)
    across, down = x * WIDTH - corner[0], y * HEIGHT - corner[1]
    matrix = np.array([[factor, 0, SIZE[0] / 2 - factor * across], [0, factor, SIZE[1] / 2 - factor * down]])
    return cv2.warpAffine(picture, matrix, SIZE, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
