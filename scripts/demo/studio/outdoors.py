"""Sets in the open: nature here, places that people have made in `town` and `fields`."""

import numpy as np

from scripts.demo.studio.canvas import Canvas, Painter, Point, mix, shade
from scripts.demo.studio.draw import Colour, Draw
from scripts.demo.studio.fields import battlefield, farm, graveyard
from scripts.demo.studio.scenery import WHITE, boulder, fir, foliage, grass, jagged, places, sky
from scripts.demo.studio.town import shooting_range, stadium, street


def desert(draw: Draw, night: bool) -> Canvas:
    """Orange dunes with sharp crests under a hazy sky, buttes far off, cacti on either side."""
    sand = draw.colour((0.065, 0.095), (0.55, 0.68), (0.84, 0.94))
    horizon = draw.uniform(0.24, 0.36)
    canvas = Canvas(draw.random, sand)
    haze = draw.colour((0.08, 0.12), (0.15, 0.35), (0.95, 1))
    sky(canvas, draw, night, horizon + 0.1, draw.colour((0.54, 0.6), (0.15, 0.5), (0.82, 0.94)), haze, clouds=0)
    for _ in range(draw.integer(1, 4)):
        _butte(canvas, draw, draw.uniform(0, 1), horizon + 0.08, mix(shade(sand, 0.7), haze, 0.15))
    swell = draw.uniform(0.8, 1.6)
    for layer in range(5):
        base = horizon + 0.05 + 0.085 * layer
        _dunes(canvas, draw, base, (0.05 + 0.03 * layer) * swell, mix(haze, sand, 0.5 + 0.12 * layer))
    for y in np.linspace(0.72, 1, 12) ** 0.9:
        _ripple(canvas, draw, y, shade(sand, 0.83))
    canvas.texture(horizon + 0.1, 1, 0.035, (5, 3))
    green = draw.colour((0.22, 0.34), (0.35, 0.5), (0.3, 0.42))
    for side in (0, 1, 0, 1, 0, 1)[: draw.integer(2, 6)]:
        _cactus(canvas, draw, abs(side - draw.uniform(0.03, 0.38)), draw.uniform(0.62, 0.95), green)
    grass(canvas, draw, 16, 0.65, (150, 120, 60), 0.05)
    return canvas


def _butte(canvas: Canvas, draw: Draw, x: float, y: float, colour: Colour) -> None:
    wide, high = draw.uniform(0.05, 0.16), draw.uniform(0.12, 0.24)
    top = [(x - wide * 0.7, y - high), (x + wide * 0.7, y - high)]
    canvas.polygon([(x - wide * 1.5, y), (x - wide * 0.8, y - high * 0.45), *top, (x + wide * 1.4, y)], colour)
    for share in np.linspace(-0.6, 0.6, 7):
        left = x + wide * share
        canvas.rectangle(left, y - high, left + wide * 0.08, y - high * 0.4, shade(colour, 0.8))
    canvas.polygon([(x + wide * 0.3, y - high), top[1], (x + wide * 1.4, y), (x + wide * 0.5, y)], shade(colour, 0.75))


def _dunes(canvas: Canvas, draw: Draw, base: float, height: float, colour: Colour) -> None:
    """A row of dunes, each with a lit back and a shaded slip face below an S-shaped crest."""
    canvas.rectangle(0, base, 1, 1, colour)
    wide = height * 3.2
    x = draw.uniform(-wide, 0)
    while x < 1 + wide:
        high = height * draw.uniform(0.5, 1.1)
        rise = [(x + wide * (t - 1), base - high * (3 - 2 * t) * t * t) for t in np.linspace(0, 1, 8)]
        fall = [(x + wide * t * 0.8, base - high * (1 - t) ** 1.3) for t in np.linspace(0, 1, 8)]
        crest = [(x + wide * 0.22 * np.sin(4.5 * t), base - high * (1 - t)) for t in np.linspace(1, 0, 8)]
        canvas.polygon([*rise, *fall], shade(colour, 1.06))
        canvas.polygon([*fall, *crest], shade(colour, 0.66))
        x += wide * draw.uniform(0.8, 1.7)


def _ripple(canvas: Canvas, draw: Draw, y: float, colour: Colour) -> None:
    swing, phase = 0.012 * y**3, draw.uniform(0, 6)
    xs = np.linspace(0, 1, 40)
    canvas.line(
        [(float(x), y + swing * np.sin(22 * x + phase + 3 * np.sin(5 * x))) for x in xs], colour, round(4 * y**4)
    )


def _cactus(canvas: Canvas, draw: Draw, x: float, y: float, colour: Colour) -> None:
    high = 0.5 * y * draw.uniform(0.6, 1.1)
    thick, reach = round(high * 75), high * 0.16
    canvas.ellipse(x + 0.04, y, 0.07, 0.012, (120, 78, 48))
    left, right = high * draw.uniform(0.35, 0.55), high * draw.uniform(0.4, 0.65)
    limbs = [
        ([(x, y), (x, y - high)], thick),
        ([(x, y - left), (x - reach, y - left), (x - reach, y - left - high * 0.3)], round(thick * 0.7)),
        ([(x, y - right), (x + reach, y - right), (x + reach, y - right - high * 0.22)], round(thick * 0.7)),
    ]
    for points, width in limbs:
        canvas.line(points, shade(colour, 0.7), width)
    for points, width in limbs:
        canvas.line([(px - width / 4800, py) for px, py in points], shade(colour, 1.15), width // 3)


def forest(draw: Draw, night: bool) -> Canvas:
    """Trunk behind trunk from light mist to dark bark, leaves overhead, ferns and a path below."""
    leaf = draw.colour((0.25, 0.36), (0.5, 0.68), (0.36, 0.48))
    mist = (46, 62, 74) if night else mix(leaf, (225, 240, 190), draw.uniform(0.5, 0.75))
    bark = draw.colour((0.05, 0.09), (0.3, 0.5), (0.2, 0.32))
    canvas = Canvas(draw.random, mist)
    floor = draw.uniform(0.6, 0.7)
    canvas.gradient(floor, 1, mix(leaf, mist, 0.4), mix(leaf, (70, 50, 30), 0.5))
    bend, path = draw.uniform(0.25, 0.75), mix((150, 120, 80), mist, 0.2)
    canvas.polygon([(bend, floor), (bend + 0.03, floor), (0.75, 1), (0.3, 1)], path)
    canvas.texture(floor, 1, 0.13, (7, 4))
    birch = draw.chance(0.3)
    for depth, count in ((0.15, 22), (0.45, 16), (0.75, 10), (1.0, 5)):
        tone = mix(mist, leaf, depth**0.7)
        for index in range(count):
            x = (index + draw.uniform(0, 1)) / count
            _trunk(canvas, draw, x, floor + 0.3 * depth**2, 0.007 + 0.024 * depth**2, mix(mist, bark, depth), birch)
            crown = (x + draw.uniform(-0.05, 0.05), draw.uniform(-0.02, 0.2), 0.1)
            foliage(canvas, draw, *crown, tone, 4 + round(4 * depth))
        foliage(canvas, draw, draw.uniform(0, 1), floor + 0.25 * depth, 0.06, shade(tone, 0.9), 9)
    for _ in range(0 if night else draw.integer(2, 4)):
        x = draw.uniform(0.1, 1.1)
        canvas.beam([(x, 0), (x + 0.05, 0), (x - 0.15, 0.95), (x - 0.3, 0.95)], (255, 250, 200), 0.12)
    for x, y, nearness in places(draw, 22, floor + 0.06):
        _fern(canvas, draw, x, y, 0.03 + 0.08 * nearness, shade(leaf, draw.uniform(0.8, 1.5)))
    return canvas


def _trunk(canvas: Canvas, draw: Draw, x: float, y: float, wide: float, colour: Colour, birch: bool) -> None:
    lean, tone = draw.uniform(-0.02, 0.02), mix(colour, WHITE, 0.6) if birch else colour
    canvas.polygon([(x + lean, -0.01), (x + lean + wide, -0.01), (x + wide * 1.35, y), (x - wide * 0.35, y)], tone)
    canvas.polygon(
        [(x + lean + wide * 0.6, -0.01), (x + lean + wide, -0.01), (x + wide * 1.35, y), (x + wide * 0.7, y)],
        shade(tone, 0.72),
    )
    for _ in range(6 if wide > 0.015 else 0):
        mark, high = x + wide * draw.uniform(0, 0.6), draw.uniform(0.1, 0.9) * y
        if birch:
            canvas.rectangle(mark, high, mark + wide * 0.4, high + 0.012, shade(colour, 0.5))
        else:
            canvas.line([(mark, high), (mark, high + 0.1)], shade(tone, 0.6), 2)


def _fern(canvas: Canvas, draw: Draw, x: float, y: float, size: float, colour: Colour) -> None:
    for angle in np.linspace(-1.2, 1.2, 6) + draw.uniform(-0.15, 0.15):
        tip = (x + size * np.sin(angle), y - size * 1.4 * np.cos(angle))
        middle = (x + size * 0.4 * np.sin(angle), y - size * np.cos(angle))
        canvas.line([(x, y), middle, tip], shade(colour, 0.85 + 0.2 * np.cos(3 * angle)), 1 + round(size * 40))


def beach(draw: Draw, night: bool) -> Canvas:
    """Pale sand along turquoise water with foam, leaning palms, striped parasols and towels."""
    sand = draw.colour((0.1, 0.13), (0.24, 0.36), (0.9, 0.97))
    water = draw.colour((0.47, 0.52), (0.55, 0.75), (0.66, 0.8))
    horizon = draw.uniform(0.2, 0.3)
    canvas = Canvas(draw.random, sand)
    low = draw.colour((0.5, 0.58), (0.1, 0.2), (0.94, 1))
    sky(canvas, draw, night, horizon, draw.colour((0.55, 0.59), (0.4, 0.6), (0.85, 0.98)), low)
    canvas.gradient(horizon, 0.7, shade(water, 0.7), mix(water, WHITE, 0.35))
    _swell(canvas, draw, 16, horizon + 0.01, 0.5, mix(water, WHITE, 0.5))
    shore, slope = draw.uniform(0.38, 0.46), draw.choice((-1, 1)) * draw.uniform(0.04, 0.12)
    for shift, colour in ((0, mix(sand, water, 0.35)), (0.015, WHITE), (0.035, shade(sand, 0.78)), (0.085, sand)):
        _sand(canvas, draw, shore + shift, slope, colour)
    canvas.texture(shore + 0.12, 1, 0.045, (5, 3))
    for x, y, nearness in places(draw, draw.integer(6, 9), shore + 0.1, 0.98, 1):
        _parasol(canvas, draw, x, y, 0.1 + 0.16 * nearness)
    sides = (0, 1) if draw.chance(0.6) else (draw.integer(0, 1),)
    for side in sides:
        for _ in range(draw.integer(1, 2)):
            _palm(canvas, draw, abs(side - draw.uniform(0, 0.25)), draw.uniform(0.72, 1), 1 - 2 * side)
    return canvas


def _swell(canvas: Canvas, draw: Draw, rows: int, far: float, near: float, colour: Colour) -> None:
    for _, y, nearness in places(draw, rows, far, near):
        for _ in range(4):
            x, wide = draw.uniform(-0.1, 1), draw.uniform(0.03, 0.12) * (0.5 + nearness)
            canvas.line([(x, y), (x + wide, y + 0.003), (x + 2 * wide, y)], colour, 1 + round(2 * nearness))


def _sand(canvas: Canvas, draw: Draw, y: float, slope: float, colour: Colour) -> None:
    phase = draw.uniform(0, 1)
    xs = np.linspace(0, 1, 40)
    edge = [(float(x), y + slope * (x - 0.5) + 0.012 * np.sin(9 * x + phase)) for x in xs]
    canvas.polygon([*edge, (1, 1), (0, 1)], colour)


def _parasol(canvas: Canvas, draw: Draw, x: float, y: float, size: float) -> None:
    first = draw.colour(draw.choice(((0.97, 1.03), (0.1, 0.15), (0.55, 0.62))), (0.7, 0.9), (0.85, 0.95))
    towel = draw.near(draw.choice(((230, 90, 90), (80, 150, 220), (250, 200, 80), (120, 200, 160))))
    canvas.polygon(
        [(x + size * 0.1, y), (x + size * 0.9, y), (x + size * 0.75, y - size * 0.2), (x, y - size * 0.2)], towel
    )
    canvas.ellipse(x + size * 0.3, y + 0.01, size * 0.5, size * 0.1, shade((200, 180, 140), 0.85))
    canvas.line([(x, y), (x, y - size * 1.3)], (235, 230, 220), 1 + round(size * 16))
    rim = [(x + size * 0.75 * a, y - size * (0.8 + 0.12 * (1 - a * a))) for a in np.linspace(-1, 1, 9)]
    for index in range(8):
        colour = first if index % 2 else WHITE
        canvas.polygon([(x, y - size * 1.5), rim[index], rim[index + 1]], shade(colour, 1 - 0.03 * index))


def _palm(canvas: Canvas, draw: Draw, x: float, y: float, lean: int) -> None:
    high, bend = y * draw.uniform(0.68, 0.88), lean * draw.uniform(0.05, 0.16)
    stem = [(x + bend * t * t, y - high * t) for t in np.linspace(0, 1, 14)]
    for index in range(13):
        canvas.line(stem[index : index + 2], shade((150, 112, 72), 0.75 + 0.35 * (index % 2)), 20 - index)
    top_x, top_y = stem[-1]
    green = draw.colour((0.26, 0.36), (0.55, 0.75), (0.4, 0.55))
    for angle in np.linspace(-0.3, 2 * np.pi - 0.3, 10, endpoint=False) + draw.uniform(-0.1, 0.1):
        reach, rise = 0.15 * np.cos(angle), 0.1 * np.sin(angle)
        spine = [(top_x + reach * t, top_y - rise * t + 0.13 * t * t) for t in np.linspace(0, 1, 7)]
        drop = [(px, py + 0.06 * np.sin(np.pi * t)) for (px, py), t in zip(spine, np.linspace(0, 1, 7), strict=True)]
        canvas.polygon([*spine, *drop[::-1]], shade(green, 0.8 + 0.4 * (rise > 0)))
        canvas.line(spine, shade(green, 1.5), 2)


def sea(draw: Draw, night: bool) -> Canvas:
    """Deep blue waves with whitecaps to the horizon, seen over the rail of a boat with its rigging."""
    water = draw.colour((0.54, 0.63), (0.65, 0.85), (0.36, 0.56))
    horizon, tilt = draw.uniform(0.24, 0.38), draw.uniform(-0.04, 0.04)
    canvas = Canvas(draw.random, water)
    low = draw.colour((0.52, 0.62), (0.08, 0.25), (0.75, 0.95))
    sky(canvas, draw, night, horizon + 0.05, draw.colour((0.56, 0.62), (0.2, 0.5), (0.55, 0.85)), low, clouds=9)
    for row in range(17):
        nearness = (row / 16) ** 1.6
        light = 1.25 - 0.4 * nearness + draw.uniform(-0.12, 0.12)
        _waves(canvas, draw, horizon + 0.68 * nearness, tilt, nearness, shade(water, light))
    if draw.chance(0.5):
        _sail(canvas, draw, draw.uniform(0.1, 0.9), horizon + 0.02, draw.uniform(0.1, 0.2))
    wood = draw.colour((0.05, 0.09), (0.45, 0.65), (0.5, 0.7))
    (_bow if draw.chance(0.5) else _side)(canvas, draw, wood)
    return canvas


def _waves(canvas: Canvas, draw: Draw, y: float, tilt: float, nearness: float, colour: Colour) -> None:
    """One row of waves down to the bottom edge, with foam on its highest crests."""
    xs = np.linspace(0, 1, 90)
    length, high = 60 - 50 * nearness**0.5, 0.004 + 0.045 * nearness
    swing = np.sin(length * xs + draw.uniform(0, 6)) + 0.6 * np.sin(0.6 * length * xs + draw.uniform(0, 6))
    edge = list(zip(xs.tolist(), (y + tilt * (xs - 0.5) - high * swing).tolist(), strict=True))
    canvas.polygon([*edge, (1, 1), (0, 1)], colour)
    canvas.line(edge, mix(colour, (150, 205, 225), 0.45), 1 + round(2 * nearness))
    for index in np.flatnonzero(swing > draw.uniform(0.9, 1.3))[::2]:
        x, top = edge[index]
        wide = 0.006 + 0.018 * nearness
        canvas.ellipse(x, top + wide * 0.3, wide, wide * 0.45, (226, 238, 242))


def _sail(canvas: Canvas, draw: Draw, x: float, y: float, size: float) -> None:
    cloth = draw.near((238, 234, 222), 0.06)
    canvas.polygon(
        [(x - size * 0.5, y - size * 0.2), (x + size * 0.5, y - size * 0.2), (x + size * 0.3, y), (x - size * 0.3, y)],
        (96, 46, 34),
    )
    canvas.polygon([(x, y - size * 1.7), (x, y - size * 0.3), (x + size * 0.5, y - size * 0.3)], cloth)
    canvas.polygon(
        [(x - 0.006, y - size * 1.5), (x - 0.006, y - size * 0.3), (x - size * 0.4, y - size * 0.3)], shade(cloth, 0.8)
    )


def _bow(canvas: Canvas, draw: Draw, wood: Colour) -> None:
    tip, high = draw.uniform(0.4, 0.6), draw.uniform(0.66, 0.74)
    canvas.polygon([(tip, high), (1.15, 1.15), (-0.15, 1.15)], wood)
    for share in np.linspace(-0.15, 1.15, 16):
        canvas.line([(tip, high), (share, 1.15)], shade(wood, 0.7), 2)
    for end in (-0.15, 1.15):
        rail = [(tip + (end - tip) * t, high - 0.14 + 0.43 * t * t) for t in np.linspace(0, 1, 8)]
        for index, (x, y) in enumerate(rail):
            canvas.line([(x, y), (x, y + 0.14)], (225, 225, 220), 2 + index // 2)
        canvas.line(rail, WHITE, 8)
        canvas.line([(tip + (end - tip) * 0.6, -0.01), (tip, high)], (90, 74, 56), 3)
    _ring(canvas, abs(draw.integer(0, 1) - draw.uniform(0.14, 0.24)), 0.85)


def _side(canvas: Canvas, draw: Draw, wood: Colour) -> None:
    top, mast = draw.uniform(0.68, 0.76), abs(draw.integer(0, 1) - draw.uniform(0.08, 0.22))
    canvas.rectangle(0, top + 0.16, 1, 1, wood)
    for y in np.linspace(top + 0.16, 1, 5):
        canvas.line([(0, y), (1, y)], shade(wood, 0.7), 3)
    for x in np.linspace(0.03, 0.97, 9):
        canvas.rectangle(x, top, x + 0.012, top + 0.2, shade(WHITE, 0.85))
    canvas.rectangle(0, top, 1, top + 0.03, shade(wood, 1.25))
    canvas.rectangle(0, top + 0.09, 1, top + 0.1, shade(WHITE, 0.9))
    canvas.rectangle(mast, 0, mast + 0.022, 1, shade(wood, 0.8))
    for foot in (mast - 0.35, mast - 0.2, mast + 0.2, mast + 0.35):
        canvas.line([(mast, -0.1), (foot, top + 0.1)], (80, 66, 52), 3)
    _ring(canvas, draw.uniform(0.1, 0.9), top + 0.14)


def _ring(canvas: Canvas, x: float, y: float) -> None:
    """A life ring, red and white."""
    for start in range(0, 360, 45):
        colour = (214, 52, 40) if start % 90 else WHITE
        canvas.arc(x, y, 0.034, 0.06, start, start + 45, colour, 14)


def mountain(draw: Draw, night: bool) -> Canvas:
    """Jagged snow-capped peaks in light and shadow above firs, rocks and an alpine meadow."""
    rock = draw.colour((0.58, 0.68), (0.1, 0.25), (0.42, 0.56))
    canvas = Canvas(draw.random, rock)
    low = draw.colour((0.54, 0.6), (0.08, 0.18), (0.9, 0.98))
    sky(canvas, draw, night, 0.6, draw.colour((0.57, 0.61), (0.45, 0.7), (0.7, 0.9)), low, clouds=4)
    foot = draw.uniform(0.6, 0.68)
    for depth, count in ((0.4, 4), (0.7, 3), (1.0, 4)):
        high = 0.62 - 0.2 * depth
        for index in range(count):
            x = (index + draw.uniform(0.1, 0.9)) / count
            _peak(canvas, draw, (x, foot - high * draw.uniform(0.7, 1)), foot + 0.05, mix(low, rock, depth))
    meadow = draw.colour((0.2, 0.28), (0.4, 0.55), (0.42, 0.58))
    canvas.ridge(foot + 0.04, 0.06, 60, shade(meadow, 0.6))
    green = draw.colour((0.36, 0.44), (0.4, 0.6), (0.22, 0.34))
    for x, y, nearness in places(draw, 40, foot + 0.02, foot + 0.12, 1):
        fir(canvas, x, y, 0.09 + 0.05 * nearness, shade(green, 0.9 + 0.2 * nearness))
    canvas.ridge(foot + 0.18, 0.1, 40, meadow, 0.4)
    canvas.texture(foot + 0.1, 1, 0.08, (5, 4))
    for x, y, nearness in places(draw, draw.integer(5, 10), foot + 0.18):
        boulder(canvas, draw, x, y, 0.015 + 0.05 * nearness, shade((150, 150, 155), draw.uniform(0.8, 1.2)))
    for side in (0, 1, 0, 1):
        fir(canvas, abs(side - draw.uniform(0, 0.16)), draw.uniform(0.8, 1), draw.uniform(0.3, 0.55), green)
    return canvas


def _peak(canvas: Canvas, draw: Draw, top: Point, foot: float, rock: Colour) -> None:
    """A peak lit from the left: the ridge from its top divides light from shadow, both with snow above."""
    x, y = top
    high = foot - y
    wide = high * draw.uniform(0.5, 0.7)
    ends = ((x - wide, foot), (x + wide * draw.uniform(-0.1, 0.3), foot), (x + wide * 1.1, foot))
    left, ridge, right = (jagged(draw.random, top, end, 10, 0.014) for end in ends)
    canvas.polygon([*left, *ridge[::-1]], shade(rock, 1.15))
    canvas.polygon([*ridge, *right[::-1]], shade(rock, 0.62))
    for share in (0.3, 0.6):
        start = left[5][0] + share * (ridge[5][0] - left[5][0])
        canvas.line(jagged(draw.random, (start, left[5][1]), (start + 0.03, foot), 6, 0.008), shade(rock, 0.85), 3)
    cap = draw.integer(3, 5)
    for outer, colour in ((left, WHITE), (right, (176, 192, 220))):
        span = ridge[cap][0] - outer[cap][0]
        teeth = [
            (outer[cap][0] + span * t, outer[cap][1] + high * (0.1 if i % 2 else -0.06))
            for i, t in enumerate(np.linspace(0.12, 0.88, 6))
        ]
        canvas.polygon([*outer[: cap + 1], *teeth, *ridge[cap::-1]], colour)


def waterfall(draw: Draw, night: bool) -> Canvas:
    """White water down a dark mossy cliff in several falls, into a teal pool with foam and boulders."""
    rock = draw.colour((0.06, 0.13), (0.12, 0.28), (0.28, 0.38))
    moss = draw.colour((0.24, 0.34), (0.5, 0.7), (0.36, 0.5))
    canvas = Canvas(draw.random, rock)
    rim, pool = draw.uniform(0.12, 0.2), draw.uniform(0.66, 0.76)
    _cliff(canvas, draw, rim, pool, rock, moss)
    sky(canvas, draw, night, rim, (150, 196, 226), (206, 226, 232), clouds=0)
    for x in np.linspace(0, 1, 13):
        foliage(canvas, draw, x + draw.uniform(-0.03, 0.03), rim - 0.01, draw.uniform(0.03, 0.06), shade(moss, 0.9), 8)
    water = draw.colour((0.47, 0.52), (0.5, 0.68), (0.4, 0.55))
    canvas.gradient(pool, 1, mix(water, WHITE, 0.45), water)
    main = draw.uniform(0.3, 0.7)
    for x, wide in (
        (main, draw.uniform(0.16, 0.26)),
        (main - draw.uniform(0.3, 0.42), 0.07),
        (main + draw.uniform(0.3, 0.42), 0.08),
    ):
        _fall(canvas, draw, x, rim - 0.005, pool, wide)
    _swell(canvas, draw, 12, pool + 0.04, 0.98, mix(water, WHITE, 0.55))
    for x, y, nearness in places(draw, 12, pool + 0.05, 1.05):
        boulder(canvas, draw, x, y, 0.03 + 0.07 * nearness, mix(shade(rock, 1.3), moss, draw.uniform(0, 0.3)))
    for side in (0, 1, 0, 1, 0, 1):
        _fern(canvas, draw, abs(side - draw.uniform(0, 0.15)), draw.uniform(0.75, 1.02), draw.uniform(0.08, 0.16), moss)
    return canvas


def _cliff(canvas: Canvas, draw: Draw, top: float, foot: float, rock: Colour, moss: Colour) -> None:
    """A rock face of cracked blocks with moss."""
    spread = canvas.random.uniform
    for _ in range(80):
        x, y = spread(-0.05, 1), spread(top, foot)
        wide, high = draw.uniform(0.02, 0.07), draw.uniform(0.05, 0.2)
        tone = shade(rock, draw.uniform(0.6, 1.5))
        canvas.polygon(
            [(x, y), (x + wide, y - 0.02), (x + wide * 0.9, y + high), (x + wide * 0.1, y + high * 0.8)], tone
        )
    for _ in range(14):
        foliage(canvas, draw, spread(0, 1), spread(top, foot), draw.uniform(0.015, 0.04), shade(moss, 0.8), 6)
    canvas.texture(top, foot, 0.12, (8, 28))


def _fall(canvas: Canvas, draw: Draw, x: float, top: float, foot: float, wide: float) -> None:
    flare = wide * 0.15
    canvas.polygon(
        [(x - wide / 2, top), (x + wide / 2, top), (x + wide / 2 + flare, foot), (x - wide / 2 - flare, foot)],
        (206, 222, 230),
    )
    for _ in range(round(200 * wide)):
        at, start = canvas.random.uniform((-0.5, top), (0.5, foot - 0.1))
        end = min(foot, start + draw.uniform(0.1, 0.4))
        points = [(x + at * (wide + 2 * flare * (y - top) / (foot - top)), y) for y in (start, end)]
        canvas.line(points, shade((215, 228, 236), draw.uniform(0.8, 1.2)), draw.integer(2, 5))
    for _ in range(round(120 * wide)):
        canvas.ellipse(x + draw.uniform(-0.8, 0.8) * wide, foot + draw.uniform(-0.02, 0.03), 0.025, 0.02, WHITE)
    canvas.glow(x, foot - 0.02, wide * 0.28, (150, 160, 165), 0.45)


OUTDOORS: dict[str, Painter] = {
    "desert": desert,
    "forest": forest,
    "beach": beach,
    "sea": sea,
    "mountain": mountain,
    "waterfall": waterfall,
    "street": street,
    "battlefield": battlefield,
    "farm": farm,
    "stadium": stadium,
    "graveyard": graveyard,
    "shooting range": shooting_range,
}
