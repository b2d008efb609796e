"""People, drawn as simple figures at any size on a transparent layer."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from scripts.demo.studio.canvas import HEIGHT, WIDTH, shade
from scripts.demo.studio.draw import Colour, Draw

# Heights as fractions of a person's, from the crown down.
CHIN, SHOULDER, WAIST, HIP, KNEE = 0.135, 0.175, 0.42, 0.52, 0.75


@dataclass(frozen=True)
class Person:
    """What one looks like; the same from shot to shot."""

    skin: Colour
    hair: Colour
    top: Colour
    trousers: Colour
    long_hair: bool
    build: float


class Layer:
    """Something to put over a set: `pixels` (HEIGHT, WIDTH, 4) uint8, colours premultiplied by the alpha after them.

    Args:
        gains: of the light, by which red, green and blue are multiplied.
    """

    def __init__(self, gains: Sequence[float]):
        self.pixels = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
        self._gains = gains

    def _lit(self, colour: Colour) -> tuple[float, ...]:
        return *(min(255, part * gain) for part, gain in zip(colour, self._gains, strict=True)), 255

    def polygon(self, points: np.ndarray, colour: Colour) -> None:
        """A filled polygon; points in pixels, (N, 2)."""
        cv2.fillPoly(self.pixels, [np.round(points).astype(np.int32)], self._lit(colour), cv2.LINE_AA)

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """A filled ellipse, in pixels."""
        axes = (max(1, round(rx)), max(1, round(ry)))
        cv2.ellipse(self.pixels, (round(x), round(y)), axes, 0, 0, 360, self._lit(colour), -1, cv2.LINE_AA)

    def line(self, x0: float, y0: float, x1: float, y1: float, width: float, colour: Colour) -> None:
        """A thick line, in pixels."""
        start, end = (round(x0), round(y0)), (round(x1), round(y1))
        cv2.line(self.pixels, start, end, self._lit(colour), max(1, round(width)), cv2.LINE_AA)


def cast_person(draw: Draw) -> Person:
    """A new person."""
    return Person(
        skin=draw.colour((0.04, 0.08), (0.35, 0.6), (0.35, 0.95)),
        hair=draw.colour((0.03, 0.13), (0.2, 0.7), (0.05, 0.7)),
        top=draw.colour((0.0, 1.0), (0.2, 0.9), (0.2, 0.9)),
        trousers=draw.colour((0.0, 1.0), (0.1, 0.6), (0.1, 0.5)),
        long_hair=draw.chance(0.45),
        build=draw.uniform(0.85, 1.2),
    )


def draw_person(layer: Layer, person: Person, x: float, crown: float, height: float) -> None:
    """Draw a person standing with the middle at x and the crown at y = `crown`, in pixels."""

    def y(share: float) -> float:
        return crown + share * height

    unit = height * person.build
    _legs(layer, person, x, unit, y)
    _body(layer, person, x, unit, y)
    _head(layer, person, x, height, y)


def _legs(layer: Layer, person: Person, x: float, unit: float, y) -> None:
    for side in (-1, 1):
        hip, foot = x + side * 0.032 * unit, x + side * 0.045 * unit
        layer.line(hip, y(HIP - 0.02), foot, y(0.96), 0.06 * unit, person.trousers)
        layer.ellipse(foot + side * 0.012 * unit, y(0.98), 0.035 * unit, 0.018 * unit, shade(person.hair, 0.5))


def _body(layer: Layer, person: Person, x: float, unit: float, y) -> None:
    for side in (-1, 1):
        elbow, hand = x + side * 0.135 * unit, x + side * 0.125 * unit
        layer.line(x + side * 0.1 * unit, y(SHOULDER + 0.03), elbow, y(0.36), 0.052 * unit, shade(person.top, 0.82))
        layer.line(elbow, y(0.36), hand, y(HIP - 0.02), 0.045 * unit, shade(person.top, 0.82))
        layer.ellipse(hand, y(HIP), 0.022 * unit, 0.025 * unit, person.skin)
    outline = [
        (-0.045, y(SHOULDER - 0.015)),
        (0.045, y(SHOULDER - 0.015)),
        (0.115, y(SHOULDER + 0.025)),
        (0.09, y(WAIST)),
        (0.085, y(HIP)),
        (-0.085, y(HIP)),
        (-0.09, y(WAIST)),
        (-0.115, y(SHOULDER + 0.025)),
    ]
    layer.polygon(np.array([(x + share * unit, level) for share, level in outline]), person.top)


def _head(layer: Layer, person: Person, x: float, height: float, y) -> None:
    middle, rx, ry = y(0.07), 0.048 * height, 0.066 * height
    if person.long_hair:
        layer.ellipse(x, y(0.085), 0.066 * height, 0.1 * height, person.hair)
    layer.line(x, y(0.12), x, y(SHOULDER), 0.05 * height, shade(person.skin, 0.85))
    layer.ellipse(x, middle - 0.012 * height, 1.1 * rx, 1.05 * ry, person.hair)
    layer.ellipse(x, middle + 0.008 * height, rx, ry, person.skin)
    for side in (-1, 1):
        eye = x + side * 0.42 * rx
        layer.ellipse(eye, middle, 0.2 * rx, 0.11 * ry, (240, 240, 240))
        layer.ellipse(eye, middle, 0.09 * rx, 0.1 * ry, (40, 30, 25))
        layer.line(eye - 0.2 * rx, middle - 0.22 * ry, eye + 0.2 * rx, middle - 0.25 * ry, 0.07 * rx, person.hair)
    layer.line(x, middle + 0.05 * ry, x - 0.1 * rx, middle + 0.38 * ry, 0.06 * rx, shade(person.skin, 0.75))
    layer.ellipse(x, middle + 0.62 * ry, 0.32 * rx, 0.07 * ry, (150, 70, 70))
