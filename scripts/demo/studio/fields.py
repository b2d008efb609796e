"""Sets in open fields that people have left their marks on: a battlefield, a farm, a graveyard."""

import numpy as np

from scripts.demo.studio.canvas import Canvas, mix, shade
from scripts.demo.studio.draw import Colour, Draw
from scripts.demo.studio.scenery import LAMPLIGHT, WHITE, bare_tree, fence, fire, foliage, grass, places, sky, smoke


def battlefield(draw: Draw, night: bool) -> Canvas:
    """Churned mud under brown smoke: fires, splintered trees, ruins, shell holes, a trench and barbed wire."""
    mud = draw.colour((0.06, 0.1), (0.3, 0.45), (0.34, 0.46))
    canvas = Canvas(draw.random, mud)
    horizon = draw.uniform(0.4, 0.5)
    sky(canvas, draw, night, horizon, draw.near((100, 92, 86), 0.02), draw.near((206, 150, 96), 0.03), clouds=0)
    soot = (58, 52, 54) if night else draw.near((84, 76, 70), 0.015)
    for x in np.linspace(0.05, 0.95, draw.integer(4, 6)):
        smoke(canvas, draw, x + draw.uniform(-0.08, 0.08), horizon, draw.uniform(0.35, 0.5), soot)
    canvas.blur(0, horizon, 5)
    for _ in range(draw.integer(2, 3)):
        _ruin(canvas, draw, draw.uniform(0, 0.95), horizon + 0.02, shade(soot, 0.75))
    canvas.ridge(horizon + 0.03, 0.05, 100, shade(mud, 0.8))
    canvas.gradient(horizon + 0.04, 1, shade(mud, 1.15), shade(mud, 0.8))
    canvas.texture(horizon, 1, 0.16, (10, 5))
    for x, y, nearness in places(draw, 12, horizon + 0.05, 0.95):
        _crater(canvas, x, y, 0.025 + 0.08 * nearness, mud)
    for x in np.linspace(0.04, 0.96, draw.integer(7, 10)):
        _stump(canvas, draw, x + draw.uniform(-0.05, 0.05), horizon + draw.uniform(0.04, 0.2))
    for x in np.linspace(0.1, 0.9, draw.integer(3, 5)):
        fire(canvas, draw, x + draw.uniform(-0.09, 0.09), horizon + draw.uniform(0.03, 0.14), draw.uniform(0.025, 0.05))
    _trench(canvas, draw, draw.uniform(0.8, 0.87), mud)
    _wire(canvas, draw, horizon + draw.uniform(0.17, 0.24), 0.07)
    _wire(canvas, draw, draw.uniform(0.76, 0.82), 0.15)
    return canvas


def _ruin(canvas: Canvas, draw: Draw, x: float, y: float, colour: Colour) -> None:
    """A broken wall with empty windows."""
    wide, high = draw.uniform(0.1, 0.18), draw.uniform(0.16, 0.3)
    top = [(x + wide * t, y - high * draw.uniform(0.45, 1)) for t in np.linspace(0, 1, 8)]
    canvas.polygon([(x, y + 0.05), *top, (x + wide, y + 0.05)], colour)
    for left in (0.15, 0.42, 0.7):
        canvas.rectangle(x + wide * left, y - high * 0.4, x + wide * (left + 0.15), y - high * 0.15, (206, 140, 80))


def _crater(canvas: Canvas, x: float, y: float, size: float, mud: Colour) -> None:
    canvas.ellipse(x, y, size * 1.15, size * 0.5, shade(mud, 1.35))
    canvas.ellipse(x, y + size * 0.05, size, size * 0.4, shade(mud, 0.45))
    canvas.ellipse(x, y + size * 0.2, size * 0.75, size * 0.2, (104, 108, 104))


def _stump(canvas: Canvas, draw: Draw, x: float, y: float) -> None:
    """A splintered tree."""
    high, lean, char = draw.uniform(0.16, 0.4), draw.uniform(-0.03, 0.03), (38, 31, 28)
    wide = 0.008 + 0.016 * high
    splinters = [(x + lean - wide, y - high * 0.9), (x + lean, y - high), (x + lean + wide * 0.3, y - high * 0.85)]
    canvas.polygon([(x - wide * 1.5, y), *splinters, (x + lean + wide, y - high * 0.95), (x + wide * 1.5, y)], char)
    for _ in range(3):
        side, low = draw.choice((-1, 1)), high * draw.uniform(0.4, 0.85)
        twig = (x + lean + side * draw.uniform(0.02, 0.05), y - low - draw.uniform(0.02, 0.07))
        canvas.line([(x + lean * low / high, y - low), twig], char, 4)


def _trench(canvas: Canvas, draw: Draw, y: float, mud: Colour) -> None:
    """A trench along the lower edge, lined with sandbags."""
    canvas.rectangle(0, y, 1, 1, shade(mud, 0.4))
    for row in range(3):
        for x in np.arange(-0.02 + 0.04 * (row % 2), 1.04, 0.075):
            bag = shade((162, 140, 98), draw.uniform(0.8, 1.15))
            canvas.ellipse(x, y + 0.035 * row + 0.005, 0.042, 0.026, shade(bag, 0.6))
            canvas.ellipse(x, y + 0.035 * row - 0.004, 0.039, 0.02, bag)


def _wire(canvas: Canvas, draw: Draw, y: float, high: float) -> None:
    """Barbed wire coiled between crossed posts."""
    for x in np.arange(draw.uniform(0, 0.08), 1.05, high * 1.6):
        for foot in (-1, 1):
            ends = [(x - foot * high * 0.3, y), (x + foot * high * 0.3, y - high)]
            canvas.line(ends, (66, 50, 38), round(high * 60))
    for x in np.arange(0, 1, high * 0.38):
        canvas.arc(x, y - high * 0.5, high * 0.26, high * 0.42, 0, 360, (36, 34, 36), 1 + round(high * 8))


def farm(draw: Draw, night: bool) -> Canvas:
    """Green and golden crop rows, a red barn with silos, a windmill, round bales and a white fence."""
    horizon = draw.uniform(0.38, 0.46)
    canvas = Canvas(draw.random, (90, 140, 60))
    sky(canvas, draw, night, horizon, draw.colour((0.55, 0.6), (0.4, 0.6), (0.85, 0.97)), (222, 236, 244))
    canvas.ridge(horizon, 0.05, 30, draw.colour((0.27, 0.35), (0.3, 0.45), (0.4, 0.5)), 0.4)
    crop, straw = (
        draw.colour((0.22, 0.32), (0.55, 0.75), (0.5, 0.65)),
        draw.colour((0.11, 0.14), (0.55, 0.7), (0.8, 0.92)),
    )
    _crop_rows(canvas, draw.uniform(0.2, 0.8), horizon, crop, straw)
    canvas.texture(horizon, 1, 0.07, (6, 4))
    for x in np.linspace(-0.05, 1.05, draw.integer(4, 7)):
        foliage(canvas, draw, x, horizon + 0.01, 0.03, shade(crop, 0.6), 10)
    side = draw.integer(0, 1)
    for end, sizes in ((side, (0.3, 0.4)), (1 - side, (0.18, 0.26))):
        x, size = abs(end - draw.uniform(0.1, 0.24)), draw.uniform(*sizes)
        for shift in (-0.62, -0.84)[: draw.integer(1, 2)]:
            _silo(canvas, draw, x + size * shift * (1 if x > 0.5 else -1), horizon + 0.04, size)
        _barn(canvas, draw, x, horizon + 0.05, size, night)
    _windmill(canvas, draw, draw.uniform(0.38, 0.62), horizon + 0.03, draw.uniform(0.28, 0.38))
    for x, y, nearness in places(draw, draw.integer(5, 8), horizon + 0.12, 0.85, 1):
        _bale(canvas, x, y, 0.03 + 0.045 * nearness, straw)
    paint = draw.choice(((240, 238, 230), (150, 108, 70)))
    fence(canvas, draw.uniform(0.86, 0.96), draw.uniform(0.16, 0.22), draw.uniform(0.12, 0.17), paint)
    return canvas


def _crop_rows(canvas: Canvas, x: float, horizon: float, crop: Colour, straw: Colour) -> None:
    for index, left in enumerate(np.arange(-4.5, 5.5, 0.3)):
        band = straw if index // 5 % 2 else crop
        for start, tone in ((0.0, 1.0), (0.16, 0.74)):
            edges = [(x + (left + start) * 0.06, horizon), (x + (left + 0.3) * 0.06, horizon)]
            canvas.polygon([*edges, (x + left + 0.3, 1), (x + left + start, 1)], shade(band, tone))


def _silo(canvas: Canvas, draw: Draw, x: float, y: float, size: float) -> None:
    wide, high, steel = size * 0.1, size * draw.uniform(1.4, 1.8), shade((190, 194, 198), draw.uniform(0.85, 1.1))
    canvas.ellipse(x, y - high, wide, wide * 1.5, shade(steel, 1.15))
    for index, tone in enumerate((0.95, 1.15, 1.0, 0.8, 0.62)):
        left = x - wide + index * wide * 0.4
        canvas.rectangle(left, y - high, left + wide * 0.4, y, shade(steel, tone))
    for level in np.linspace(0, 1, 7):
        canvas.line([(x - wide, y - high * level), (x + wide, y - high * level)], shade(steel, 0.6), 1)


def _barn(canvas: Canvas, draw: Draw, x: float, y: float, size: float, night: bool) -> None:
    red, roof = draw.colour((0.985, 1.02), (0.65, 0.8), (0.6, 0.74)), draw.near((92, 88, 92), 0.02)
    half, long, deep = size * 0.38, size * (0.55 if x < 0.5 else -0.55), size * 0.1
    gable = [(-1, 0), (-1, -1.0), (-0.68, -1.6), (0, -1.95), (0.68, -1.6), (1, -1.0), (1, 0)]
    front = [(x + half * px, y + half * py) for px, py in gable]
    edge = 1 if long > 0 else -1
    canvas.polygon(
        [
            (x + edge * half, y),
            (x + edge * half, y - half),
            (x + long + edge * half, y - half),
            (x + long + edge * half, y - deep * 0.2),
        ],
        shade(red, 0.72),
    )
    canvas.polygon(
        [
            (x, y - half * 1.95),
            (x + edge * half, y - half),
            (x + long + edge * half, y - half),
            (x + long, y - half * 1.85),
        ],
        roof,
    )
    canvas.polygon(front, red)
    for left in np.linspace(-0.9, 0.9, 10):
        canvas.line([(x + half * left, y), (x + half * left, y - half)], shade(red, 0.82), 1)
    canvas.line(front, WHITE, 5)
    door, high = half * 0.42, half * 0.85
    canvas.rectangle(x - door, y - high, x + door, y, shade(red, 0.8))
    canvas.frame(x - door, y - high, x + door, y, WHITE, 4)
    canvas.line([(x - door, y - high), (x + door, y)], WHITE, 3)
    canvas.line([(x + door, y - high), (x - door, y)], WHITE, 3)
    loft = LAMPLIGHT if night else (60, 36, 32)
    canvas.rectangle(x - half * 0.18, y - half * 1.5, x + half * 0.18, y - half * 1.15, loft)


def _windmill(canvas: Canvas, draw: Draw, x: float, y: float, high: float) -> None:
    steel, top = (120, 122, 126), y - high
    for foot in (-0.035, 0.035):
        canvas.line([(x + foot, y), (x, top)], steel, 4)
    for level in (0.25, 0.5, 0.75):
        spread = 0.035 * (1 - level)
        canvas.line([(x - spread, y - high * level), (x + spread, y - high * (level - 0.16))], steel, 2)
    turn = draw.uniform(0, 0.5)
    for angle in np.arange(0, 2 * np.pi, np.pi / 6) + turn:
        ends = [(x + 0.045 * np.cos(angle + t), top + 0.08 * np.sin(angle + t)) for t in (0, 0.3)]
        canvas.polygon([(x, top), *ends], (226, 226, 222))


def _bale(canvas: Canvas, x: float, y: float, size: float, straw: Colour) -> None:
    canvas.ellipse(x + size * 0.3, y, size * 1.3, size * 0.25, (70, 86, 40))
    canvas.ellipse(x + size * 0.45, y - size * 0.8, size * 0.7, size * 0.95, shade(straw, 0.72))
    canvas.ellipse(x, y - size * 0.8, size * 0.7, size * 0.95, straw)
    for ring in (0.25, 0.5, 0.75):
        canvas.arc(x, y - size * 0.8, size * 0.7 * ring, size * 0.95 * ring, 0, 360, shade(straw, 0.75), 2)


def graveyard(draw: Draw, night: bool) -> Canvas:
    """Rows of pale headstones and crosses in dull grass, bare trees, mist and a spiked iron fence."""
    horizon = draw.uniform(0.3, 0.38)
    turf = draw.colour((0.2, 0.28), (0.22, 0.36), (0.32, 0.42))
    canvas = Canvas(draw.random, turf)
    pale = draw.near((180, 186, 182), 0.02)
    sky(canvas, draw, night, horizon, shade((122, 130, 136), draw.uniform(0.85, 1.1)), pale, clouds=0)
    if not night:
        canvas.texture(0, horizon, 0.06, (120, 30))
    murk = (54, 60, 68) if night else (138, 146, 142)
    canvas.ridge(horizon + 0.02, 0.1, 40, mix(murk, turf, 0.3))
    _chapel(canvas, draw, draw.uniform(0.15, 0.85), horizon + 0.04, mix(murk, (70, 74, 80), 0.5), night)
    canvas.gradient(horizon + 0.02, 1, mix(turf, murk, 0.5), turf)
    canvas.texture(horizon + 0.02, 1, 0.1, (6, 4))
    _railing(canvas, horizon + 0.05, draw.uniform(0.14, 0.18))
    for side in (0, 1, 0, 1)[: draw.integer(3, 4)]:
        x = abs(side - draw.uniform(0.02, 0.3))
        bare_tree(canvas, draw, x, horizon + draw.uniform(0.06, 0.3), draw.uniform(0.42, 0.66), (46, 42, 42))
    path = draw.uniform(0.35, 0.65)
    canvas.polygon(
        [(path, horizon + 0.06), (path + 0.02, horizon + 0.06), (path + 0.24, 1), (path - 0.2, 1)], (142, 134, 118)
    )
    for y, count in ((0.1, 13), (0.19, 10), (0.32, 8), (0.53, 6)):
        for index in range(count):
            x = (index + draw.uniform(0.2, 0.8)) / count
            _grave(canvas, draw, x, horizon + y, 0.07 + 0.26 * y * draw.uniform(0.85, 1.2), mix(murk, turf, 0.8))
        canvas.beam([(0, horizon + y - 0.03), (1, horizon + y - 0.05), (1, horizon + y), (0, horizon + y)], murk, 0.25)
    grass(canvas, draw, 50, horizon + 0.15, shade(turf, 0.9), 0.04)
    return canvas


def _chapel(canvas: Canvas, draw: Draw, x: float, y: float, stone: Colour, night: bool) -> None:
    high = draw.uniform(0.17, 0.22)
    canvas.rectangle(x - 0.09, y - high * 0.6, x + 0.09, y, stone)
    canvas.polygon([(x - 0.1, y - high * 0.6), (x, y - high), (x + 0.1, y - high * 0.6)], shade(stone, 0.7))
    canvas.rectangle(x - 0.025, y - high * 1.2, x + 0.025, y, shade(stone, 1.1))
    canvas.polygon([(x - 0.03, y - high * 1.2), (x, y - high * 1.75), (x + 0.03, y - high * 1.2)], shade(stone, 0.6))
    canvas.line([(x, y - high * 1.75), (x, y - high * 1.95)], shade(stone, 0.6), 3)
    for left in (-0.06, -0.008, 0.05):
        canvas.rectangle(
            x + left, y - high * 0.45, x + left + 0.016, y - high * 0.2, LAMPLIGHT if night else (60, 62, 70)
        )


def _railing(canvas: Canvas, y: float, high: float) -> None:
    """A spiked iron fence across the picture."""
    iron = (34, 36, 40)
    for level in (0.2, 0.8):
        canvas.rectangle(0, y - high * level, 1, y - high * level + 0.008, iron)
    for x in np.arange(0.005, 1, 0.017):
        canvas.line([(x, y), (x, y - high)], iron, 3)
        canvas.polygon([(x - 0.005, y - high), (x, y - high - 0.025), (x + 0.005, y - high)], iron)


def _grave(canvas: Canvas, draw: Draw, x: float, y: float, high: float, shadow: Colour) -> None:
    """A headstone or a cross, its edge in the dark, above a low mound."""
    stone = shade(draw.near((176, 178, 172), 0.02), draw.uniform(0.75, 1.15))
    wide = high * 0.22
    canvas.ellipse(x + wide * 0.4, y, wide * 1.8, wide * 0.45, shade(shadow, 0.6))
    kind = draw.random.integers(3)
    for shift, colour in ((wide * 0.2, shade(stone, 0.55)), (0, stone)):
        left, right = x - wide + shift, x + wide + shift
        if kind == 0:
            arm = wide * 0.3
            canvas.rectangle(x - arm + shift, y - high * 1.25, x + arm + shift, y, colour)
            canvas.rectangle(left, y - high, right, y - high * 0.78, colour)
        else:
            canvas.rectangle(left, y - high * 0.75, right, y, colour)
            peak = [(left, y - high * 0.75), (x + shift, y - high * 1.1), (right, y - high * 0.75)]
            if kind == 1:
                canvas.ellipse(x + shift, y - high * 0.75, wide, high * 0.3, colour)
            else:
                canvas.polygon(peak, colour)
    for line in (0.72, 0.58, 0.44) if kind else ():
        canvas.line([(x - wide * 0.6, y - high * line), (x + wide * 0.6, y - high * line)], shade(stone, 0.6), 2)
