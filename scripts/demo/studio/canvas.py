"""Painting with a handful of strokes: shapes, gradients and textures on one large picture.

Positions and sizes are fractions of the canvas: x from 0 (left) to 1 (right), y from 0 (top) to 1
(bottom). Colours are RGB, 0 to 255.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from scripts.demo.studio.draw import Colour, Draw

WIDTH, HEIGHT = 960, 540

Point = tuple[float, float]


class Canvas:
    """A picture to paint on; `pixels` is (HEIGHT, WIDTH, 3) uint8.

    Args:
        random: for textures.
        colour: of the ground.
    """

    def __init__(self, random: np.random.Generator, colour: Colour = (128, 128, 128)):
        self.random = random
        self.pixels = np.full((1, WIDTH, 3), colour, np.uint8).repeat(HEIGHT, axis=0)

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """A filled polygon."""
        cv2.fillPoly(self.pixels, [_pixels(points)], colour, cv2.LINE_AA)

    def rectangle(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        """A filled rectangle."""
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], colour)

    def frame(self, left: float, top: float, right: float, bottom: float, colour: Colour, width: int = 3) -> None:
        """The outline of a rectangle, `width` in pixels."""
        self.line([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], colour, width)

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Colour, angle: float = 0.0) -> None:
        """A filled ellipse; rx in fractions of the width, ry of the height, angle in degrees."""
        axes = (max(1, round(rx * WIDTH)), max(1, round(ry * HEIGHT)))
        cv2.ellipse(self.pixels, _pixel((x, y)), axes, angle, 0, 360, colour, -1, cv2.LINE_AA)

    def arc(
        self, x: float, y: float, rx: float, ry: float, start: float, end: float, colour: Colour, width: int
    ) -> None:
        """Part of an ellipse's outline, from `start` to `end` degrees clockwise from the right."""
        axes = (max(1, round(rx * WIDTH)), max(1, round(ry * HEIGHT)))
        cv2.ellipse(self.pixels, _pixel((x, y)), axes, 0, start, end, colour, width, cv2.LINE_AA)

    def line(self, points: Sequence[Point], colour: Colour, width: int = 2) -> None:
        """A line through points, `width` in pixels."""
        cv2.polylines(self.pixels, [_pixels(points)], False, colour, max(1, int(width)), cv2.LINE_AA)

    def gradient(self, top: float, bottom: float, first: Colour, last: Colour) -> None:
        """Fill the rows from top to bottom with colours from first to last."""
        start, end = round(top * HEIGHT), round(bottom * HEIGHT)
        rows = np.linspace(first, last, max(1, end - start)).astype(np.uint8)[:, None]
        self.pixels[start:end] = cv2.resize(rows, (WIDTH, len(rows)), interpolation=cv2.INTER_NEAREST)[: end - start]

    def texture(self, top: float, bottom: float, strength: float, cell: tuple[int, int] = (6, 6)) -> None:
        """Make the rows from top to bottom uneven: blotches of `cell` (width, height) pixels."""
        start, end = round(top * HEIGHT), round(bottom * HEIGHT)
        shape = (max(1, (end - start) // cell[1]), max(1, WIDTH // cell[0]))
        # Light in 128ths, which OpenCV multiplies by in a third of the time of fractions.
        light = np.clip(np.rint(128 * (1 + self.random.normal(0, strength, shape))), 0, 255).astype(np.uint8)
        rows = self.pixels[start:end]
        light = cv2.cvtColor(cv2.resize(light, (WIDTH, end - start)), cv2.COLOR_GRAY2RGB)
        cv2.multiply(rows, light, rows, scale=1 / 128)

    def glow(self, x: float, y: float, radius: float, colour: Colour, strength: float = 0.8) -> None:
        """Add light that fades with the distance; radius in fractions of the width."""
        reach = round(3 * radius * WIDTH)
        column, row = _pixel((x, y))
        left, right = max(0, column - reach), min(WIDTH, column + reach)
        top, bottom = max(0, row - reach), min(HEIGHT, row + reach)
        if left >= right or top >= bottom:
            return
        spread = 2 * (radius * WIDTH) ** 2
        down, across = (np.arange(*ends) for ends in ((top - row, bottom - row), (left - column, right - column)))
        light = np.outer(strength * np.exp(-(down**2) / spread), np.exp(-(across**2) / spread))
        part = self.pixels[top:bottom, left:right]
        cv2.add(part, cv2.merge([cv2.convertScaleAbs(light, alpha=share) for share in colour]), part)

    def beam(self, points: Sequence[Point], colour: Colour, strength: float = 0.4) -> None:
        """A translucent polygon, for rays of light, glass and mist."""
        points = _pixels(points)
        (left, top), (right, bottom) = np.maximum(0, [points.min(0) - 2, points.max(0) + 3])
        part = self.pixels[top:bottom, left:right]
        if part.size:
            layer = part.copy()
            cv2.fillPoly(layer, [points - (left, top)], colour, cv2.LINE_AA)
            cv2.addWeighted(layer, strength, part, 1 - strength, 0, part)

    def blur(self, top: float, bottom: float, sigma: float) -> None:
        """Soften the rows from top to bottom; sigma in pixels."""
        start, end = round(top * HEIGHT), round(bottom * HEIGHT)
        self.pixels[start:end] = cv2.GaussianBlur(self.pixels[start:end], (0, 0), sigma)

    def ridge(self, base: float, height: float, steps: int, colour: Colour, roughness: float = 0.5) -> None:
        """A skyline of hills: filled from a random profile around `base` down to the bottom edge."""
        scale, count = 1.0, 2
        profile = self.random.normal(0, scale, count)
        while count < steps:
            middle = (profile[:-1] + profile[1:]) / 2 + self.random.normal(0, scale * roughness, count - 1)
            merged = np.empty(2 * count - 1)
            merged[::2], merged[1::2] = profile, middle
            profile, count, scale = merged, 2 * count - 1, scale * roughness
        profile = (profile - profile.min()) / (np.ptp(profile) or 1)
        xs = np.linspace(0, 1, count)
        points = [
            (0.0, 1.0),
            *((float(x), base - height * float(y)) for x, y in zip(xs, profile, strict=True)),
            (1.0, 1.0),
        ]
        self.polygon(points, colour)


def shade(colour: Colour, factor: float) -> Colour:
    """A darker (factor below 1) or lighter colour."""
    return tuple(min(255, max(0, int(part * factor))) for part in colour)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """A colour between two: `share` of the second."""
    return tuple(round((1 - share) * a + share * b) for a, b in zip(first, second, strict=True))


def _pixel(point: Point) -> tuple[int, int]:
    return round(point[0] * WIDTH), round(point[1] * HEIGHT)


def _pixels(points: Sequence[Point]) -> np.ndarray:
    return np.rint(np.multiply(points, (WIDTH, HEIGHT))).astype(np.int32)


# paints the set of one label; told whether it is night outside
Painter = Callable[[Draw, bool], Canvas]
