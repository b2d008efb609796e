"""Rooms in perspective, and the flat pictures that cover their walls, floors and windows."""

from collections.abc import Sequence

import cv2
import numpy as np

from scripts.demo.studio.canvas import HEIGHT, WIDTH, Canvas, Point, shade
from scripts.demo.studio.draw import Colour, Draw

Span = tuple[float, float]
Rectangle = tuple[float, float, float, float]

WHITE = (240, 240, 236)
STEEL = (176, 182, 188)
IRON = (44, 46, 50)
LAMPLIGHT = (255, 214, 140)


class Room:
    """A box-shaped room seen from inside, empty until its surfaces are laid.

    Places in it are (x, y, depth): x from 0 (left wall) to 1 (right wall), y from 0 (ceiling) to 1
    (floor), depth from 0 (back wall) to 1 (nearest the camera).

    Args:
        draw: for the viewpoint.
        width: range of the back wall's share of the picture's width.
        top: range of the back wall's upper edge in the picture.
        bottom: range of its lower edge.
    """

    def __init__(self, draw: Draw, width: Span, top: Span, bottom: Span):
        self.canvas = Canvas(draw.random)
        wide = draw.uniform(*width)
        self.left = (1 - wide) * draw.uniform(0.25, 0.75)
        self.right = self.left + wide
        self.top, self.bottom = draw.uniform(*top), draw.uniform(*bottom)
        self.eye = (draw.uniform(0.35, 0.65), draw.uniform(0.42, 0.54))
        x, y = self._on_back_wall(*self.eye)
        self._reach = max(
            x / (x - self.left), (1 - x) / (self.right - x), y / (y - self.top), (1 - y) / (self.bottom - y)
        )

    def _on_back_wall(self, x: float, y: float) -> Point:
        return self.left + x * (self.right - self.left), self.top + y * (self.bottom - self.top)

    def spot(self, x: float, y: float, depth: float = 0.0) -> Point:
        """Where a place of the room lies in the picture."""
        scale = 1 / (1 - depth * (1 - 1 / self._reach))
        eye, wall = self._on_back_wall(*self.eye), self._on_back_wall(x, y)
        return eye[0] + scale * (wall[0] - eye[0]), eye[1] + scale * (wall[1] - eye[1])

    def face(self, x: Span, y: Span, depth: float = 0.0) -> Rectangle:
        """Where an upright rectangle parallel to the back wall lies in the picture."""
        return (*self.spot(x[0], y[0], depth), *self.spot(x[1], y[1], depth))

    def back(self, picture: np.ndarray, x: Span = (0, 1), y: Span = (0, 1), depth: float = 0.0) -> None:
        """Hang a flat picture on the back wall, or parallel to it further in front."""
        left, top, right, bottom = self.face(x, y, depth)
        lay(self.canvas, picture, [(left, top), (right, top), (right, bottom), (left, bottom)])

    def side(
        self, right: bool, picture: np.ndarray, depth: Span = (0, 1), y: Span = (0, 1), light: float = 0.8
    ) -> None:
        """Hang a flat picture on the left or right wall."""
        far, near = depth
        ends = (far, near) if right else (near, far)
        corners = [self.spot(right, y[k > 1], ends[k in (1, 2)]) for k in range(4)]
        lay(self.canvas, picture, corners, light)

    def walls(self, picture: np.ndarray) -> None:
        """Cover all three walls with the same flat picture."""
        self.back(picture)
        self.side(False, picture, light=0.78)
        self.side(True, picture, light=0.9)

    def floor(self, picture: np.ndarray, x: Span = (0, 1), depth: Span = (0, 1)) -> None:
        """Lay a flat picture on the floor."""
        self._level(picture, 1, x, depth)

    def ceiling(self, picture: np.ndarray) -> None:
        """Cover the ceiling with a flat picture."""
        self._level(picture[::-1], 0, (0, 1), (0, 1))

    def _level(self, picture: np.ndarray, y: float, x: Span, depth: Span) -> None:
        far, near = depth
        places = [(x[0], far), (x[1], far), (x[1], near), (x[0], near)]
        lay(self.canvas, picture, [self.spot(across, y, deep) for across, deep in places])

    def box(self, x: Span, y: Span, depth: Span, colour: Colour) -> Rectangle:
        """A block with its lit top and shaded side; returns where its front lies in the picture."""
        far, near = depth
        if y[0] > self.eye[1]:
            self._quad([(x[0], y[0], far), (x[1], y[0], far), (x[1], y[0], near), (x[0], y[0], near)], colour, 1.18)
        for edge, seen in ((x[0], x[0] > self.eye[0]), (x[1], x[1] < self.eye[0])):
            if seen:
                self._quad([(edge, y[0], far), (edge, y[0], near), (edge, y[1], near), (edge, y[1], far)], colour, 0.7)
        front = self.face(x, y, near)
        self.canvas.rectangle(*front, colour)
        return front

    def _quad(self, places: Sequence[tuple[float, float, float]], colour: Colour, light: float) -> None:
        self.canvas.polygon([self.spot(*place) for place in places], shade(colour, light))


def lay(canvas: Canvas, picture: np.ndarray, corners: Sequence[Point], light: float = 1.0) -> None:
    """Put a flat picture on a quadrilateral, given clockwise from its upper left corner."""
    height, width = picture.shape[:2]
    target = np.array([(x * WIDTH, y * HEIGHT) for x, y in corners])
    left, top = np.clip(np.floor(target.min(0)), 0, (WIDTH, HEIGHT)).astype(int)
    right, bottom = np.clip(np.ceil(target.max(0)), 0, (WIDTH, HEIGHT)).astype(int)
    part = canvas.pixels[top:bottom, left:right]
    if part.size:
        source = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
        matrix = cv2.getPerspectiveTransform(source, (target - (left, top)).astype(np.float32))
        lit = picture if light == 1 else cv2.convertScaleAbs(picture, alpha=light)
        # OpenCV warps four channels in half the time of three.
        lit, over = (cv2.cvtColor(plane, cv2.COLOR_RGB2RGBA) for plane in (lit, part))
        cv2.warpPerspective(lit, matrix, (right - left, bottom - top), over, cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT)
        cv2.cvtColor(over, cv2.COLOR_RGBA2RGB, part)


def plain(colour: Colour, below: float = 0.82) -> np.ndarray:
    """A flat picture of paint, darker towards its lower edge."""
    light = np.linspace(1, below, 64)[:, None, None]
    return np.broadcast_to(light * colour, (64, 64, 3)).astype(np.uint8)


def tiled(
    random: np.random.Generator,
    colours: Sequence[Colour],
    columns: int,
    rows: int,
    cell: tuple[int, int] = (20, 20),
    joint: Colour | None = None,
    staggered: bool = False,
    uneven: float = 0.05,
) -> np.ndarray:
    """A flat picture of tiles, bricks, boards or panes, `cell` pixels each, the colours taking turns."""
    order = np.add.outer(np.arange(rows), np.arange(columns)) % len(colours)
    grid = np.array(colours)[order] * (1 + random.normal(0, uneven, (rows, columns, 1)))
    picture = np.clip(grid, 0, 255).astype(np.uint8).repeat(cell[1], 0).repeat(cell[0], 1)
    if joint is not None:
        for k in range(2):
            picture[k :: cell[1]] = joint
            picture[:, k :: cell[0]] = joint
    if staggered:
        bands = picture.reshape(rows, cell[1], -1, 3)
        bands[1::2] = np.roll(bands[1::2], cell[0] // 2, axis=2)
    return picture


def folds(colour: Colour, count: int, depth: float = 0.35) -> np.ndarray:
    """A flat picture of hanging cloth with `count` folds."""
    across = np.linspace(0, 2 * np.pi * count, 12 * count + 60)
    light = 1 - depth * (0.5 - 0.5 * np.cos(across + 0.8 * np.sin(across / 2.7)))
    fall = np.linspace(1.05, 0.8, 60)
    return np.clip(fall[:, None, None] * light[None, :, None] * colour, 0, 255).astype(np.uint8)


def window(draw: Draw, night: bool, frame: Colour = WHITE, panes: tuple[int, int] = (2, 2)) -> np.ndarray:
    """A flat picture of a window with the sky outside."""
    high, low = ((14, 18, 44), (38, 44, 84)) if night else (draw.near((120, 180, 236)), draw.near((222, 236, 246)))
    picture = np.linspace(high, low, 160)[:, None].repeat(160, 1).astype(np.uint8)
    if night:
        cv2.circle(picture, (int(160 * draw.uniform(0.2, 0.8)), 40), 9, (236, 236, 214), -1, cv2.LINE_AA)
    else:
        cv2.ellipse(picture, (int(160 * draw.uniform(0, 1)), 160), (90, 50), 0, 0, 360, (104, 150, 84), -1, cv2.LINE_AA)
    for k in range(panes[0] + 1):
        cv2.line(picture, (159 * k // panes[0], 0), (159 * k // panes[0], 159), frame, 7)
    for k in range(panes[1] + 1):
        cv2.line(picture, (0, 159 * k // panes[1]), (159, 159 * k // panes[1]), frame, 7)
    return picture


def painting(draw: Draw, canvas: Canvas, left: float, top: float, right: float, bottom: float) -> None:
    """A framed picture on the wall."""
    canvas.rectangle(left, top, right, bottom, draw.near(draw.choice([(176, 134, 60), (50, 40, 34), (226, 220, 206)])))
    inset = 0.12 * (right - left)
    left, top, right, bottom = left + inset, top + 1.5 * inset, right - inset, bottom - 1.5 * inset
    canvas.rectangle(left, top, right, bottom, draw.colour((0.45, 0.68), (0.2, 0.5), (0.6, 0.9)))
    canvas.rectangle(left, (top + bottom) / 2, right, bottom, draw.colour((0.05, 0.4), (0.3, 0.6), (0.3, 0.7)))


def lamp(canvas: Canvas, x: float, y: float, size: float, colour: Colour = (250, 226, 170)) -> None:
    """A shaded lamp that is on, its shade's lower edge at y."""
    canvas.glow(x, y - 0.6 * size, 1.1 * size, LAMPLIGHT, 0.3)
    shade_points = [
        (x - 0.4 * size, y - 1.6 * size),
        (x + 0.4 * size, y - 1.6 * size),
        (x + 0.75 * size, y),
        (x - 0.75 * size, y),
    ]
    canvas.polygon(shade_points, colour)


def mirror_floor(canvas: Canvas, line: float, strength: float) -> None:
    """Let the floor below `line` reflect what stands above it."""
    start = round(line * HEIGHT)
    floor = canvas.pixels[start:]
    above = canvas.pixels[start - len(floor) : start][::-1]
    cv2.addWeighted(cv2.blur(above, (9, 25)), strength, floor, 1 - strength, 0, floor)


def either_way(draw: Draw, canvas: Canvas) -> Canvas:
    """The picture or, as often, its mirror image."""
    if draw.chance(0.5):
        canvas.pixels = cv2.flip(canvas.pixels, 1)
    return canvas
