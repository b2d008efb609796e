"""Sets of streets and sports: a city street, a stadium, a shooting range."""

from itertools import pairwise

import numpy as np

from scripts.demo.studio.canvas import HEIGHT, WIDTH, Canvas, Point, shade
from scripts.demo.studio.draw import Colour, Draw
from scripts.demo.studio.scenery import LAMPLIGHT, NIGHT_TOP, WHITE, sky

CROWD = np.array(
    [(196, 48, 44), (226, 226, 222), (40, 70, 150), (236, 190, 60), (60, 60, 70), (230, 170, 140), (90, 60, 50)],
    np.uint8,
)


class _Ground:
    """Level ground seen from a standing person's eyes: places are (x, height, nearness).

    Args:
        x: where all lines that run away from the viewer meet (nearness 0) in the picture.
        y: the same, the horizon.
    """

    EYES = 0.42

    def __init__(self, x: float, y: float):
        self.x, self.y = x, y

    def at(self, x: float, height: float, nearness: float) -> Point:
        """Where a place is in the picture."""
        return self.x + x * nearness, self.y + (self.EYES - height) * nearness

    def quad(self, canvas: Canvas, first: Point, last: Point, near: Point, colour: Colour) -> None:
        """A surface between two (x, height) edges that run away from the viewer, from near[0] to near[1]."""
        corners = [(first, near[0]), (last, near[0]), (last, near[1]), (first, near[1])]
        canvas.polygon([self.at(*edge, nearness) for edge, nearness in corners], colour)


def street(draw: Draw, night: bool) -> Canvas:
    """A city street between rows of houses with shops and awnings, parked cars, lamps and lane marks."""
    canvas = Canvas(draw.random, (92, 92, 96))
    ground = _Ground(draw.uniform(0.32, 0.68), draw.uniform(0.46, 0.54))
    sky(canvas, draw, night, ground.y + 0.05, draw.colour((0.55, 0.62), (0.2, 0.45), (0.75, 0.95)), (226, 228, 226), 3)
    asphalt = draw.near((84, 84, 90), 0.02)
    canvas.gradient(ground.y + 0.02, 1, shade(asphalt, 1.3), asphalt)
    canvas.texture(ground.y + 0.02, 1, 0.04, (5, 3))
    road = draw.uniform(0.3, 0.4)
    for side in (-1, 1):
        _houses(canvas, draw, ground, side * (road + 0.16), side, night)
        ground.quad(canvas, (side * road, 0), (side * (road + 0.16), 0), (0.1, 4), draw.near((172, 168, 160), 0.04))
        ground.quad(canvas, (side * road, 0), (side * (road + 0.012), 0), (0.1, 4), (205, 203, 196))
    for near in 0.16 * 1.5 ** np.arange(0, 7):
        ground.quad(canvas, (-0.012, 0), (0.012, 0), (near, near * 1.2), (236, 226, 190))
    cross = draw.uniform(0.5, 0.8)
    for x in np.linspace(-road, road, 12)[1:-1]:
        ground.quad(canvas, (x - 0.02, 0), (x + 0.02, 0), (cross, cross * 1.2), (226, 226, 222))
    for near in (0.2, 0.3, 0.45, 0.7, 1.0):
        for side in (-1, 1):
            if draw.chance(0.65):
                _car(canvas, draw, ground.at(side * (road - 0.1), 0, near * draw.uniform(0.95, 1.1)), near, night)
            _lamp(canvas, ground, side, road + 0.04, near * 1.15, night)
    return canvas


def _houses(canvas: Canvas, draw: Draw, ground: _Ground, x: float, side: int, night: bool) -> None:
    edges = 0.12 * draw.uniform(1.68, 1.85) ** np.arange(0, 6)
    lit = LAMPLIGHT if night else (160, 186, 204)
    for far, near in pairwise(edges):
        hue = draw.choice(((0.0, 0.04), (0.06, 0.12), (0.54, 0.62)))
        wall = draw.colour(hue, (0.15, 0.5), (0.5, 0.8))
        wall = shade(wall, 0.92 if side < 0 else 1.15)
        tall, storeys = draw.uniform(0.9, 1.9), draw.integer(6, 9)
        ground.quad(canvas, (x, 0), (x, tall), (far, near), wall)
        front = [ground.at(*edge, far) for edge in ((x, 0), (x, tall), (x + side, tall), (x + side, 0))]
        canvas.polygon(front, shade(wall, 0.7))
        ground.quad(canvas, (x, tall - 0.03), (x, tall), (far, near), shade(wall, 1.25))
        for bay in range(4):
            bays = tuple(1 / (1 / far + (1 / near - 1 / far) * (bay + t) / 4) for t in (0.22, 0.8))
            for low in np.linspace(0.24, tall, storeys, endpoint=False)[:-1]:
                pane = shade(lit if draw.chance(0.5) else (62, 78, 96), draw.uniform(0.85, 1.15))
                ground.quad(canvas, (x, low), (x, low + 0.6 * (tall - 0.24) / storeys), bays, pane)
        _shop(canvas, draw, ground, x, side, (far, near), night)


def _shop(canvas: Canvas, draw: Draw, ground: _Ground, x: float, side: int, near: Point, night: bool) -> None:
    """A shop window under a sign and a striped awning."""
    colour = draw.colour(draw.choice(((0.95, 1.05), (0.3, 0.45), (0.55, 0.65))), (0.6, 0.85), (0.5, 0.8))
    ground.quad(canvas, (x, 0), (x, 0.21), near, shade(colour, 0.5))
    inner = (near[0] * 1.08, near[1] * 0.92)
    ground.quad(canvas, (x, 0.03), (x, 0.14), inner, LAMPLIGHT if night else (150, 176, 190))
    ground.quad(canvas, (x, 0.17), (x, 0.215), near, colour)
    bounds = np.geomspace(*inner, 9)
    for index, strip in enumerate(pairwise(bounds)):
        ground.quad(canvas, (x, 0.165), (x - side * 0.09, 0.12), strip, colour if index % 2 else WHITE)


def _car(canvas: Canvas, draw: Draw, foot: Point, near: float, night: bool) -> None:
    """A parked car from behind."""
    x, y = foot
    wide, high = 0.085 * near, 0.13 * near
    paint = draw.colour((0, 1), (0.3, 0.85), (0.4, 0.85))
    canvas.ellipse(x, y, wide * 1.15, high * 0.14, (44, 44, 48))
    for left in (x - wide * 0.95, x + wide * 0.6):
        canvas.rectangle(left, y - high * 0.35, left + wide * 0.35, y, (26, 26, 28))
    roof = [(x - wide * 0.7, y - high * 1.35), (x + wide * 0.7, y - high * 1.35), (x + wide, y - high * 0.75)]
    canvas.polygon([*roof, (x - wide, y - high * 0.75)], shade(paint, 0.8))
    canvas.rectangle(x - wide * 0.65, y - high * 1.25, x + wide * 0.65, y - high * 0.8, (70, 86, 100))
    canvas.rectangle(x - wide, y - high * 0.8, x + wide, y - high * 0.2, paint)
    canvas.rectangle(x - wide, y - high * 0.32, x + wide, y - high * 0.2, shade(paint, 0.55))
    for left in (x - wide * 0.95, x + wide * 0.65):
        lamp = (255, 60, 40) if night else (190, 30, 30)
        canvas.rectangle(left, y - high * 0.7, left + wide * 0.3, y - high * 0.52, lamp)


def _lamp(canvas: Canvas, ground: _Ground, side: int, x: float, near: float, night: bool) -> None:
    pole = [ground.at(side * x, height, near) for height in (0, 0.56)]
    head = ground.at(side * (x - 0.12), 0.6, near)
    canvas.line([*pole, head], (52, 56, 58), max(2, round(9 * near)))
    canvas.ellipse(*head, 0.022 * near, 0.016 * near, LAMPLIGHT if night else (220, 222, 216))
    if night:
        canvas.glow(*head, 0.035 * near, LAMPLIGHT, 0.6)


def stadium(draw: Draw, night: bool) -> Canvas:
    """A green pitch with mown stripes and white lines below packed stands, boards, a roof and floodlights."""
    canvas = Canvas(draw.random, (60, 140, 60))
    top, foot, bend = draw.uniform(0.1, 0.15), draw.uniform(0.48, 0.56), draw.uniform(0.05, 0.12)
    club = draw.colour(draw.choice(((0.97, 1.03), (0.56, 0.66), (0.11, 0.15))), (0.7, 0.9), (0.6, 0.85))
    _crowd(canvas, club, foot + bend)
    middle = (0.35 * top + 0.65 * foot, 0.4 * bend)
    for share in np.linspace(-1.4, 2.4, 22):
        canvas.line([(share, 0), (0.5 + (share - 0.5) * 0.6, foot + bend)], (150, 152, 156), 5)
    _band(canvas, middle[0], middle[1], 0.05, shade(club, 0.6))
    _band(canvas, middle[0] + 0.05, middle[1], 0.008, WHITE)
    roof = _curve(top, -bend)
    canvas.polygon([*roof, (1, 0), (0, 0)], (66, 70, 78))
    over = NIGHT_TOP if night else draw.colour((0.55, 0.6), (0.3, 0.5), (0.85, 0.97))
    canvas.rectangle(0, 0, 1, 0.045, over)
    for x in np.linspace(0.03, 0.97, 14):
        canvas.line([(x, 0.04), (0.5 + (x - 0.5) * 0.93, top + 0.02)], (122, 126, 134), 3)
    canvas.line(roof, (226, 228, 232), 6)
    _pitch(canvas, draw, foot, bend)
    _boards(canvas, draw, foot, bend)
    for x in np.linspace(0.1, 0.9, draw.integer(4, 6)):
        _floodlight(canvas, x, top * 0.55, night)
    return canvas


def _curve(y: float, bend: float) -> list[Point]:
    """A line across the picture whose ends are lower by `bend` than its middle."""
    return [(float(x), y + bend * (2 * x - 1) ** 2) for x in np.linspace(0, 1, 30)]


def _band(canvas: Canvas, y: float, bend: float, thick: float, colour: Colour) -> None:
    """A curved band across the picture."""
    canvas.polygon([*_curve(y, bend), *_curve(y + thick, bend)[::-1]], colour)


def _crowd(canvas: Canvas, club: Colour, bottom: float) -> None:
    """Rows of people down to `bottom`, half of them in the club's colour, each row shaded below."""
    shape = (round(bottom * HEIGHT) // 10, WIDTH // 8)
    people = CROWD[canvas.random.integers(len(CROWD), size=shape)]
    people[canvas.random.random(shape) < 0.45] = club
    rows = people.repeat(10, axis=0).repeat(8, axis=1)
    rows[7::10] = rows[8::10] = rows[9::10] = (70, 70, 78)
    canvas.pixels[: len(rows)] = rows


def _pitch(canvas: Canvas, draw: Draw, foot: float, bend: float) -> None:
    green = draw.colour((0.3, 0.36), (0.6, 0.78), (0.5, 0.64))
    canvas.polygon([*_curve(foot, bend), (1, 1), (0, 1)], green)
    x = draw.uniform(0.3, 0.7)
    for left in np.arange(-6, 6, 0.5):
        corners = [(x + left * 0.16, foot), (x + (left + 0.25) * 0.16, foot), (x + left + 0.25, 1), (x + left, 1)]
        canvas.polygon(corners, shade(green, 1.22))
    _band(canvas, foot - 0.06, bend, 0.1, (150, 70, 56))
    canvas.texture(foot + 0.04, 1, 0.05, (5, 3))
    touch = foot + 0.09
    canvas.line([(0, touch), (1, touch)], WHITE, 4)
    canvas.line([(x, touch), (x + draw.uniform(-0.1, 0.1), 1)], WHITE, 6)
    canvas.arc(x, 0.8, 0.2, 0.11, 0, 360, WHITE, 6)
    for side in (-1, 1):
        box = [
            (x + side * 0.75, touch + 0.06),
            (x + side * 0.36, touch + 0.06),
            (x + side * 0.5, 0.93),
            (x + side, 0.93),
        ]
        canvas.line(box, WHITE, 5)
        _goal(canvas, x + side * draw.uniform(0.36, 0.44), touch + 0.05)


def _goal(canvas: Canvas, x: float, y: float) -> None:
    for share in np.linspace(-1, 1, 9):
        canvas.line([(x + 0.07 * share, y - 0.13), (x + 0.06 * share, y)], (206, 214, 214), 1)
        canvas.line([(x - 0.07, y - 0.065 + 0.06 * share), (x + 0.07, y - 0.065 + 0.06 * share)], (206, 214, 214), 1)
    canvas.line([(x - 0.07, y), (x - 0.07, y - 0.13), (x + 0.07, y - 0.13), (x + 0.07, y)], WHITE, 6)


def _boards(canvas: Canvas, draw: Draw, foot: float, bend: float) -> None:
    """Advertising boards round the pitch."""
    upper, lower = _curve(foot - 0.06, bend), _curve(foot - 0.005, bend)
    for index in range(29):
        if index % 3 == 0:
            colour = draw.near(draw.choice(((30, 60, 160), (230, 220, 60), (240, 240, 240))), 0.05)
        canvas.polygon([*upper[index : index + 2], lower[index + 1], lower[index]], colour)
        start, end = upper[index], lower[index + 1]
        y = (start[1] + end[1]) / 2
        canvas.line([(start[0] + 0.008, y), (end[0] - 0.008, y)], shade(colour, 0.5), 6)


def _floodlight(canvas: Canvas, x: float, y: float, night: bool) -> None:
    canvas.rectangle(x - 0.05, y - 0.035, x + 0.05, y + 0.035, (40, 42, 48))
    for row in (-0.017, 0.017):
        for shift in np.linspace(-0.04, 0.04, 6):
            canvas.ellipse(x + shift, y + row, 0.0065, 0.012, (255, 255, 235))
    canvas.glow(x, y, 0.04, (235, 240, 255), 0.7 if night else 0.25)


def shooting_range(draw: Draw, night: bool) -> Canvas:
    """Round targets on stands before a bank of earth, a plank fence, numbered lanes, red flags and a counter."""
    horizon = draw.uniform(0.12, 0.2)
    earth = draw.colour((0.075, 0.1), (0.42, 0.55), (0.56, 0.68))
    canvas = Canvas(draw.random, earth)
    sky(canvas, draw, night, horizon, draw.colour((0.54, 0.6), (0.25, 0.45), (0.8, 0.95)), (232, 232, 220), 4)
    foot, x = draw.uniform(0.5, 0.56), draw.uniform(0.35, 0.65)
    _bank(canvas, draw, horizon, foot, earth)
    dust = draw.colour((0.1, 0.13), (0.25, 0.36), (0.78, 0.88))
    canvas.gradient(foot, 1, shade(dust, 0.95), dust)
    canvas.texture(foot, 1, 0.06, (6, 4))
    for flag in np.arange(draw.uniform(0, 0.15), 1, 0.3):
        _flag(canvas, draw, flag, foot)
    paint = draw.near((206, 40, 36) if draw.chance(0.7) else (34, 34, 38), 0.03)
    gap = draw.uniform(0.13, 0.16)
    for lane in range(-6, 7):
        canvas.line([(x + lane * gap, foot), (x + lane * 2.3 * gap, 1)], WHITE, 5)
        far = x + (lane + 0.5) * gap
        _board(canvas, far, foot - 0.245, 1 + lane % 4)
        _target(canvas, draw, far, foot + 0.03, 0.04, paint)
    size = draw.uniform(0.06, 0.075)
    for lane in range(-4, 5):
        _target(canvas, draw, x + (lane + draw.uniform(0.35, 0.65)) * gap * 2, foot + 0.19, size, paint)
    _bench(canvas, draw, draw.uniform(0.87, 0.92))
    return canvas


def _board(canvas: Canvas, x: float, y: float, number: int) -> None:
    """A lane's number, in strokes, on a white board above its target."""
    canvas.rectangle(x - 0.018, y - 0.025, x + 0.018, y + 0.025, WHITE)
    for stroke in range(number):
        left = x + 0.008 * (stroke - (number - 1) / 2)
        canvas.line([(left, y - 0.013), (left, y + 0.013)], (30, 30, 34), 3)


def _flag(canvas: Canvas, draw: Draw, x: float, y: float) -> None:
    """A red flag that warns of shooting."""
    top, wind = y - draw.uniform(0.36, 0.44), draw.uniform(-0.02, 0.02)
    canvas.line([(x, y), (x, top)], (228, 226, 220), 4)
    canvas.polygon([(x, top), (x + 0.06, top + 0.02 + wind), (x, top + 0.055)], (214, 40, 32))


def _bank(canvas: Canvas, draw: Draw, top: float, foot: float, earth: Colour) -> None:
    """A bank of earth with a grassy crest, and a plank fence before it."""
    canvas.ridge(top + 0.04, 0.05, 40, draw.colour((0.2, 0.28), (0.35, 0.5), (0.4, 0.5)), 0.4)
    canvas.ridge(top + 0.07, 0.05, 40, shade(earth, 1.15), 0.4)
    for _ in range(60):
        x, y = draw.uniform(0, 1), draw.uniform(top + 0.08, foot)
        canvas.ellipse(x, y, draw.uniform(0.01, 0.05), 0.012, shade(earth, draw.uniform(0.8, 1.2)))
    canvas.texture(top + 0.04, foot, 0.1, (9, 6))
    wood = draw.colour((0.06, 0.09), (0.4, 0.55), (0.4, 0.52))
    for x in np.arange(0, 1, 0.02):
        canvas.rectangle(x, foot - draw.uniform(0.1, 0.12), x + 0.018, foot, shade(wood, draw.uniform(0.8, 1.15)))
    for y in (foot - 0.085, foot - 0.035):
        canvas.rectangle(0, y, 1, y + 0.014, shade(wood, 0.65))


def _target(canvas: Canvas, draw: Draw, x: float, y: float, size: float, paint: Colour) -> None:
    """A target of five rings on a wooden stand."""
    middle = y - size * 4.2
    canvas.ellipse(x + size * 0.3, y, size, size * 0.25, (126, 104, 70))
    for foot in (-0.8, 0.8):
        canvas.line(
            [(x + foot * size, y), (x + foot * size * 0.2, middle - size * 1.6)], (104, 70, 42), round(size * 170)
        )
    canvas.ellipse(x + size * 0.1, middle + size * 0.1, size, size * 1.78, (70, 52, 38))
    for index, share in enumerate((1, 0.8, 0.6, 0.4, 0.2)):
        canvas.ellipse(x, middle, size * share, size * share * 1.78, WHITE if index % 2 else paint)
    for _ in range(5):
        canvas.ellipse(
            x + size * draw.uniform(-0.7, 0.7), middle + size * draw.uniform(-1, 1), 0.002, 0.004, (20, 20, 20)
        )


def _bench(canvas: Canvas, draw: Draw, y: float) -> None:
    """The shooters' counter along the lower edge: planks, posts and ammunition boxes."""
    wood = draw.colour((0.06, 0.09), (0.4, 0.55), (0.5, 0.62))
    canvas.rectangle(0, y, 1, y + 0.05, shade(wood, 1.2))
    canvas.rectangle(0, y + 0.05, 1, 1, shade(wood, 0.65))
    for x in np.arange(draw.uniform(0, 0.3), 1, 0.36):
        canvas.rectangle(x, 0.0, x + 0.014, 1, shade(wood, 0.75))
        canvas.rectangle(x, 0.0, x + 0.005, 1, shade(wood, 1.1))
        green = draw.near((70, 92, 58), 0.06)
        canvas.rectangle(x + 0.05, y - 0.035, x + 0.1, y + 0.015, green)
        canvas.rectangle(x + 0.05, y - 0.035, x + 0.1, y - 0.022, shade(green, 1.4))
