"""Pieces that several outdoor sets share: skies, trees, rocks, smoke and fences."""

from collections.abc import Iterator

import numpy as np

from scripts.demo.studio.canvas import Canvas, Point, mix, shade
from scripts.demo.studio.draw import Colour, Draw

Place = tuple[float, float, float]

WHITE = (250, 250, 248)
LAMPLIGHT = (255, 214, 130)
NIGHT_TOP, NIGHT_LOW = (10, 14, 34), (44, 54, 88)


def sky(canvas: Canvas, draw: Draw, night: bool, bottom: float, top: Colour, low: Colour, clouds: int = 5) -> None:
    """A sky down to `bottom`: by day from `top` to `low` with clouds, at night dark with stars and a moon."""
    if night:
        canvas.gradient(0, bottom, draw.near(NIGHT_TOP, 0.03), draw.near(NIGHT_LOW, 0.04))
        for _ in range(60):
            canvas.ellipse(draw.uniform(0, 1), bottom * draw.uniform(0, 0.9), 0.001, 0.001, (225, 225, 235))
        moon = (draw.uniform(0.08, 0.92), bottom * draw.uniform(0.2, 0.55))
        canvas.glow(*moon, 0.035, (120, 125, 140), 0.6)
        canvas.ellipse(*moon, 0.02, 0.035, (238, 236, 220))
        return
    canvas.gradient(0, bottom, top, low)
    for _ in range(clouds):
        cloud(canvas, draw, draw.uniform(0, 1), bottom * draw.uniform(0.1, 0.7), mix(low, WHITE, 0.7))
    if clouds:
        canvas.blur(0, bottom, 3)


def cloud(canvas: Canvas, draw: Draw, x: float, y: float, colour: Colour) -> None:
    """A heap of puffs on a flat base, darker below."""
    size = draw.uniform(0.5, 1.3)
    for shift, tone in ((0.018, 0.9), (0, 1)):
        for _ in range(7):
            along = draw.uniform(-0.09, 0.09) * size
            high = (0.05 * size) * (1 - abs(along) / (0.1 * size))
            canvas.ellipse(x + along, y - high / 2 + shift, 0.045 * size, 0.02 * size + high / 2, shade(colour, tone))


def places(draw: Draw, count: int, far: float, near: float = 1.0, power: float = 1.5) -> Iterator[Place]:
    """Places on level ground between the heights `far` and `near`, the farthest first: x, y and nearness (0 to 1)."""
    for index in range(count):
        nearness = ((index + draw.uniform(0, 1)) / count) ** power
        yield draw.uniform(-0.03, 1.03), far + (near - far) * nearness, nearness


def jagged(random: np.random.Generator, start: Point, end: Point, steps: int, roughness: float) -> list[Point]:
    """A broken line from start to end that strays sideways by about `roughness`."""
    share = np.linspace(0, 1, steps + 1)
    stray = random.normal(0, roughness, steps + 1) * np.minimum(1, 4 * share * (1 - share))
    xs, ys = start[0] + (end[0] - start[0]) * share + stray, start[1] + (end[1] - start[1]) * share
    return list(zip(xs.tolist(), ys.tolist(), strict=True))


def fir(canvas: Canvas, x: float, y: float, height: float, colour: Colour) -> None:
    """A fir of four tiers standing at (x, y), lit from the left."""
    canvas.rectangle(x - height * 0.02, y - height * 0.2, x + height * 0.02, y, (62, 44, 32))
    for tier in range(4):
        low, wide = y - height * (0.12 + 0.2 * tier), height * (0.2 - 0.04 * tier)
        tip = y - height * min(1, 0.52 + 0.2 * tier)
        canvas.polygon([(x - wide, low), (x, tip), (x + wide, low)], shade(colour, 0.72))
        canvas.polygon([(x - wide, low), (x, tip), (x + wide * 0.1, low)], colour)


def bare_tree(canvas: Canvas, draw: Draw, x: float, y: float, height: float, colour: Colour) -> None:
    """A leafless tree standing at (x, y), its boughs forking three times."""
    boughs = [(x, y, 0.0, height * 0.42, max(2, round(height * 38)))]
    for _ in range(4):
        forks = []
        for left, low, angle, length, width in boughs:
            tip = (left + 0.56 * length * np.sin(angle), low - length * np.cos(angle))
            canvas.line([(left, low), tip], colour, width)
            for turn in (draw.uniform(-0.8, -0.25), draw.uniform(0.25, 0.8)):
                forks.append((*tip, angle + turn, length * draw.uniform(0.55, 0.8), max(1, round(width * 0.6))))
        boughs = forks


def foliage(canvas: Canvas, draw: Draw, x: float, y: float, size: float, colour: Colour, count: int = 14) -> None:
    """A clump of leaves round (x, y), darker below and lighter on top."""
    for index in range(count):
        high = index / count - 0.5
        across = draw.uniform(-1, 1) * (1 - abs(high)) * size
        tone = shade(colour, 0.75 + 0.5 * (high + 0.5) + draw.uniform(-0.08, 0.08))
        radius = size * draw.uniform(0.25, 0.5)
        canvas.ellipse(x + across, y - high * 1.6 * size, radius, radius * 1.3, tone)


def boulder(canvas: Canvas, draw: Draw, x: float, y: float, size: float, colour: Colour) -> None:
    """A rock lying at (x, y) with a lit top."""
    edge = [(x + size * np.cos(a), y - size * 1.2 * max(0.0, np.sin(a))) for a in np.linspace(np.pi, 0, 7)]
    edge = [(px + size * draw.uniform(-0.12, 0.12), py) for px, py in edge]
    canvas.polygon(edge, shade(colour, 0.65))
    canvas.polygon([*edge[:5], (x, y - size * 0.5)], colour)


def grass(canvas: Canvas, draw: Draw, count: int, far: float, colour: Colour, size: float = 0.03) -> None:
    """Tufts of grass on level ground from the height `far` down."""
    for x, y, nearness in places(draw, count, far, power=1.2):
        blade, tone = size * (0.25 + nearness), shade(colour, draw.uniform(0.75, 1.25))
        for lean in (-0.4, 0, 0.4):
            canvas.line([(x, y), (x + lean * blade, y - blade)], tone, 1 + round(nearness))


def smoke(canvas: Canvas, draw: Draw, x: float, y: float, height: float, colour: Colour) -> None:
    """A column of smoke that rises from (x, y) and widens as the wind bends it."""
    lean = draw.uniform(-0.25, 0.25)
    for share in np.linspace(0, 1, 20):
        wide = (0.018 + 0.07 * share) * draw.uniform(0.7, 1.3)
        middle = x + lean * share**1.6 + draw.uniform(-0.025, 0.025)
        canvas.ellipse(middle, y - height * share, wide, wide * 1.3, shade(colour, draw.uniform(0.75, 1.2)))


def fire(canvas: Canvas, draw: Draw, x: float, y: float, size: float) -> None:
    """Flames that lick up from (x, y) in their own glow."""
    canvas.glow(x, y - size * 0.6, size * 0.8, (255, 120, 20), 0.6)
    for colour, part in (((214, 66, 14), 1.0), ((250, 138, 24), 0.7), ((255, 222, 110), 0.4)):
        for _ in range(5):
            left, tip = x + draw.uniform(-0.6, 0.6) * size * part, draw.uniform(1.0, 2.4) * size * part
            wide = size * 0.3 * part
            bend = left + draw.uniform(-0.3, 0.3) * size
            canvas.polygon([(left - wide, y), (left - wide, y - tip * 0.3), (bend, y - tip), (left + wide, y)], colour)


def fence(canvas: Canvas, y: float, height: float, gap: float, colour: Colour) -> None:
    """A fence of posts and three rails across the picture."""
    for share in (0.25, 0.57, 0.9):
        rail = y - height * share
        canvas.rectangle(0, rail, 1, rail + height * 0.09, shade(colour, 0.92))
    wide = height * 0.055
    for x in np.arange(gap / 2, 1, gap):
        canvas.rectangle(x - wide, y - height, x + wide, y, shade(colour, 0.7))
        canvas.rectangle(x - wide, y - height, x + wide * 0.3, y, colour)
