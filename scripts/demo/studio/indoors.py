"""Sets of the scene labels that are inside a building or a vehicle."""

import numpy as np

from scripts.demo.studio.canvas import HEIGHT, WIDTH, Canvas, Painter, mix, shade
from scripts.demo.studio.draw import Colour, Draw
from scripts.demo.studio.halls import ballroom, church, courtroom, library, stage
from scripts.demo.studio.homes import bathroom, bedroom, kitchen, living_room
from scripts.demo.studio.room import (
    IRON,
    STEEL,
    WHITE,
    Room,
    either_way,
    folds,
    mirror_floor,
    plain,
    tiled,
    window,
)


def cockpit(draw: Draw, night: bool) -> Canvas:
    """An aircraft's windscreen over a black panel of round dials and screens, switches overhead."""
    canvas = Canvas(draw.random)
    top, panel = draw.uniform(0.2, 0.25), draw.uniform(0.45, 0.51)
    _clouds(canvas, draw, night)
    metal = draw.near((58, 62, 70), 0.03)
    middle = 0.5 + draw.uniform(-0.05, 0.05)
    for lower, upper, width in ((0.0, 0.14, 64), (middle, middle, 34), (1.0, 0.86, 64)):
        canvas.line([(lower, 0.66), (upper, 0.1)], metal, width)
    for lower, upper in ((0.25, 0.3), (0.75, 0.7)):
        canvas.line([(lower + middle - 0.5, 0.66), (upper + middle - 0.5, 0.1)], metal, 28)
        canvas.line([(lower + middle - 0.492, 0.66), (upper + middle - 0.492, 0.1)], shade(metal, 1.5), 3)
    canvas.polygon([(0, 0), (1, 0), (1, top + 0.08), (0.8, top), (0.2, top), (0, top + 0.08)], shade(metal, 0.75))
    _switches(canvas, draw, 0.02, top - 0.03)
    hood = [(0, panel + 0.06), (0.16, panel), (0.84, panel), (1, panel + 0.06), (1, 1), (0, 1)]
    canvas.polygon(hood, (24, 25, 29))
    canvas.line(hood[:4], shade(metal, 1.3), 6)
    columns = draw.integer(9, 11)
    for row, y in enumerate((panel + 0.11, panel + 0.25, panel + 0.39)):
        for column in range(columns):
            x = (column + 0.5 + 0.06 * row) / columns
            if (column + row) % 4 == 1:
                _screen(canvas, draw, x, y)
            else:
                _dial(canvas, draw, x, y, draw.uniform(0.024, 0.034))
    for side in (0.25, 0.75):
        x = side + draw.uniform(-0.03, 0.03)
        canvas.line([(x, 1), (x, 0.86)], (64, 66, 72), 30)
        canvas.line([(x - 0.08, 0.72), (x - 0.065, 0.87), (x + 0.065, 0.87), (x + 0.08, 0.72)], (78, 80, 86), 26)
    return either_way(draw, canvas)


def _clouds(canvas: Canvas, draw: Draw, night: bool) -> None:
    """The sky over a sea of clouds."""
    horizon = draw.uniform(0.34, 0.42)
    high, low = ((8, 12, 34), (34, 44, 84)) if night else (draw.near((62, 136, 222)), draw.near((196, 224, 246)))
    canvas.gradient(0, horizon, high, low)
    canvas.gradient(horizon, 0.62, (232, 236, 242) if not night else (52, 58, 88), shade(high, 0.9))
    for _ in range(12):
        x, y = draw.uniform(0, 1), horizon + draw.uniform(-0.02, 0.1)
        canvas.ellipse(x, y, draw.uniform(0.03, 0.08), 0.018, mix((246, 248, 250), high, 0.75 if night else 0.1))


def _switches(canvas: Canvas, draw: Draw, top: float, bottom: float) -> None:
    """Rows of small lit switches."""
    lights = [draw.near(colour) for colour in ((250, 190, 60), (90, 230, 120), (236, 80, 60), (200, 210, 220))]
    for y in np.linspace(top + 0.02, bottom - 0.02, 4):
        for x in np.arange(0.02, 1, 0.028):
            lit = lights[canvas.random.integers(len(lights))]
            canvas.rectangle(x, y - 0.012, x + 0.011, y + 0.012, lit)


def _dial(canvas: Canvas, draw: Draw, x: float, y: float, size: float) -> None:
    """A round instrument with its needle."""
    canvas.ellipse(x, y, size * 1.12, size * 1.99, (118, 124, 132))
    canvas.ellipse(x, y, size, size * WIDTH / HEIGHT, (8, 9, 11))
    canvas.arc(x, y, 0.75 * size, 0.75 * size * WIDTH / HEIGHT, 140, 400, (226, 230, 226), 3)
    angle = draw.uniform(0, 2 * np.pi)
    tip = (x + 0.7 * size * np.cos(angle), y + 0.7 * size * WIDTH / HEIGHT * np.sin(angle))
    canvas.line([(x, y), tip], draw.near((250, 160, 50)), 4)


def _screen(canvas: Canvas, draw: Draw, x: float, y: float) -> None:
    """A glowing display: an artificial horizon or a green trace."""
    canvas.rectangle(x - 0.034, y - 0.056, x + 0.034, y + 0.056, (96, 102, 110))
    left, top, right, bottom = x - 0.029, y - 0.047, x + 0.029, y + 0.047
    if draw.chance(0.5):
        tilt = draw.uniform(-0.03, 0.03)
        canvas.rectangle(left, top, right, bottom, (52, 132, 222))
        canvas.polygon([(left, y + tilt), (right, y - tilt), (right, bottom), (left, bottom)], (150, 94, 44))
    else:
        canvas.rectangle(left, top, right, bottom, (6, 34, 24))
        heights = draw.random.uniform(top + 0.01, bottom - 0.01, 6)
        canvas.line(list(zip(np.linspace(left, right, 6), heights, strict=True)), (70, 240, 140), 3)


def prison(draw: Draw, night: bool) -> Canvas:
    """Steel bars from wall to wall, behind them a cell of bare blocks with a bunk, a toilet, a barred window."""
    room = Room(draw, (0.66, 0.8), (0.06, 0.12), (0.66, 0.74))
    canvas = room.canvas
    grey = draw.colour((0.18, 0.3), (0.08, 0.2), (0.42, 0.54))
    room.walls(tiled(draw.random, [grey], 12, 11, (36, 22), shade(grey, 0.7), True, 0.07))
    room.ceiling(plain(shade(grey, 0.6)))
    room.floor(tiled(draw.random, [shade(grey, 0.7)], 6, 6, (40, 40), shade(grey, 0.55)))
    pane = 0.5 + draw.uniform(-0.08, 0.1)
    room.back(window(draw, night, IRON, (5, 1)), (pane - 0.1, pane + 0.1), (0.12, 0.32))
    bunk = (0.0, 0.36)
    for y in (0.46, 0.8):
        room.box(bunk, (y - 0.07, y), (0.05, 0.4), draw.near((146, 140, 120)))
        room.box(bunk, (y, y + 0.04), (0.04, 0.42), IRON)
        pillow = room.spot(0.06, y - 0.08, 0.3)
        canvas.ellipse(*pillow, 0.04, 0.03, (206, 206, 196))
    for x in bunk:
        canvas.line([room.spot(x, 0.34, 0.42), room.spot(x, 1, 0.42)], IRON, 8)
    seat = 0.78 + draw.uniform(-0.05, 0.05)
    room.box((seat - 0.04, seat + 0.04), (0.62, 0.84), (0, 0.1), STEEL)
    canvas.ellipse(*room.spot(seat, 0.86, 0.14), 0.05, 0.04, shade(STEEL, 1.15))
    canvas.ellipse(*room.spot(seat, 0.855, 0.14), 0.036, 0.022, shade(STEEL, 0.5))
    for k in range(draw.integer(5, 9)):
        x, y = room.spot(0.56 + 0.014 * k, 0.5)
        canvas.line([(x, y), (x, y - 0.04)], shade(grey, 0.35), 2)
    _bars(canvas, draw)
    return either_way(draw, canvas)


def _bars(canvas: Canvas, draw: Draw) -> None:
    """A grille over the whole picture, with a lock."""
    steel = draw.near((84, 90, 98), 0.03)
    gap = draw.uniform(0.056, 0.07)
    for x in np.arange(draw.uniform(0, gap), 1, gap):
        canvas.line([(x, 0), (x, 1)], shade(steel, 0.5), 17)
        canvas.line([(x - 0.002, 0), (x - 0.002, 1)], shade(steel, 1.6), 6)
    for y in (0.04, draw.uniform(0.5, 0.56), 0.93):
        canvas.rectangle(0, y - 0.022, 1, y + 0.022, shade(steel, 0.6))
        canvas.line([(0, y - 0.012), (1, y - 0.012)], shade(steel, 1.5), 4)
    x = draw.uniform(0.25, 0.75)
    canvas.rectangle(x - 0.035, 0.46, x + 0.035, 0.6, shade(steel, 0.9))
    canvas.ellipse(x, 0.53, 0.009, 0.016, (12, 12, 12))


def hospital(draw: Draw, night: bool) -> Canvas:
    """A white ward: beds with rails between mint curtains, monitors, drips, light panels in the ceiling."""
    room = Room(draw, (0.74, 0.88), (0.12, 0.18), (0.62, 0.69))
    canvas = room.canvas
    mint = draw.colour((0.42, 0.5), (0.28, 0.45), (0.72, 0.84))
    wall = plain(WHITE, 0.95)
    wall[36:] = mix(mint, WHITE, 0.35)
    wall[35:37] = shade(mint, 0.6)
    room.walls(wall)
    panels = [(216, 220, 222), (216, 220, 222), (255, 255, 255)]
    room.ceiling(tiled(draw.random, panels, 9, 8, (24, 24), (190, 196, 200)))
    room.floor(tiled(draw.random, [draw.near((190, 206, 214), 0.03)], 10, 8, (30, 30), (174, 190, 198), uneven=0.02))
    shift = draw.uniform(-0.03, 0.03)
    for x in (0.17, 0.5 + shift, 0.83):
        room.back(window(draw, night, WHITE, (2, 1)), (x - 0.11, x - 0.02), (0.1, 0.4))
        _hospital_bed(room, draw, x, mint)
    for x in (0.0, 0.335 + shift, 0.665 + shift, 1.0):
        half = draw.uniform(0.025, 0.04)
        room.back(folds(mint, 4, 0.3), (max(0, x - half), min(1, x + half)), (0.12, 0.9), 0.22)
    canvas.line([room.spot(0, 0.12, 0.22), room.spot(1, 0.12, 0.22)], STEEL, 5)
    mirror_floor(canvas, room.face((0, 1), (0, 1), 0.45)[3], 0.2)
    return either_way(draw, canvas)


def _hospital_bed(room: Room, draw: Draw, x: float, mint: Colour) -> None:
    """A bed seen from its foot, a monitor over it and a drip beside it."""
    canvas = room.canvas
    left, top, right, bottom = room.face((x + 0.01, x + 0.085), (0.2, 0.4), 0.02)
    canvas.rectangle(left, top, right, bottom, (30, 40, 48))
    for share, colour in ((0.35, (80, 240, 130)), (0.7, (250, 210, 70))):
        y = top + share * (bottom - top)
        trace = [(0, 0), (0.3, 0), (0.4, -0.035), (0.5, 0.025), (0.58, 0), (1, 0)]
        canvas.line([(left + a * (right - left), y + b) for a, b in trace], colour, 3)
    room.box((x - 0.1, x + 0.1), (0.5, 0.9), (0.02, 0.04), shade(mint, 0.75))
    room.box((x - 0.09, x + 0.09), (0.68, 0.8), (0.04, 0.36), (236, 240, 244))
    canvas.ellipse(*room.spot(x, 0.64, 0.08), 0.055, 0.035, (250, 250, 250))
    room.box((x - 0.093, x + 0.093), (0.66, 0.82), (0.14, 0.36), draw.near((126, 176, 214), 0.05))
    for edge in (x - 0.097, x + 0.097):
        for y in (0.57, 0.64):
            canvas.line([room.spot(edge, y, 0.1), room.spot(edge, y, 0.3)], STEEL, 4)
        canvas.line([room.spot(edge, 0.6, 0.37), room.spot(edge, 1, 0.37)], shade(STEEL, 0.8), 6)
    canvas.frame(*room.face((x - 0.097, x + 0.097), (0.6, 0.78), 0.37), shade(STEEL, 0.85), 6)
    pole = [room.spot(x + 0.125, y, 0.12) for y in (0.25, 1)]
    canvas.line(pole, shade(STEEL, 0.8), 4)
    canvas.rectangle(pole[0][0] - 0.012, pole[0][1], pole[0][0] + 0.012, pole[0][1] + 0.07, (214, 236, 250))


def boxing_ring(draw: Draw, night: bool) -> Canvas:
    """Three ropes round a bright canvas floor, padded corner posts, a dark crowd and a rig of lamps."""
    room = Room(draw, (0.6, 0.76), (0.0, 0.03), (0.62, 0.68))
    canvas = room.canvas
    dark = draw.colour((0.62, 0.75), (0.35, 0.55), (0.1, 0.16))
    line = room.bottom
    canvas.gradient(0, 1, dark, shade(dark, 1.8))
    _crowd(canvas, draw, 0.24, line, dark)
    for k in range(draw.integer(6, 8)):
        x, y = 0.06 + 0.125 * k + draw.uniform(-0.02, 0.02), draw.uniform(0.05, 0.09)
        canvas.beam([(x - 0.015, y), (x + 0.015, y), (x + 0.1, line), (x - 0.1, line)], (214, 224, 255), 0.08)
        canvas.glow(x, y, 0.022, (255, 250, 230), 0.9)
        canvas.ellipse(x, y, 0.02, 0.026, (255, 255, 250))
    canvas.line([(0, 0.03), (1, 0.03)], (90, 94, 100), 9)
    mat = draw.colour((0.54, 0.6), (0.12, 0.3), (0.84, 0.94))
    room.floor(plain(shade(mat, 0.85), 1.25))
    badge = room.spot(0.5, 1, 0.45)
    tint = draw.colour((0.97, 1.02), (0.6, 0.8), (0.7, 0.85))
    canvas.ellipse(*badge, 0.17, 0.07, tint)
    canvas.ellipse(*badge, 0.14, 0.055, mat)
    _ropes(room, draw)
    return either_way(draw, canvas)


def _ropes(room: Room, draw: Draw) -> None:
    """Three ropes round the ring and the pads at its far corners."""
    canvas = room.canvas
    colours = [(226, 44, 50), (244, 244, 244), (40, 84, 214)]
    if draw.chance(0.5):
        colours.reverse()
    for y, colour in zip((0.48, 0.64, 0.8), colours, strict=True):
        bend = [room.spot(x, y + 0.012, 0) for x in (0.3, 0.7)]
        path = [room.spot(0, y, 0.95), room.spot(0, y, 0), *bend, room.spot(1, y, 0), room.spot(1, y, 0.95)]
        canvas.line([(a, b + 0.012) for a, b in path], shade(colour, 0.45), 8)
        canvas.line(path, draw.near(colour, 0.04), 10)
    for x, pad in ((0, (206, 34, 44)), (1, (36, 74, 196))):
        canvas.rectangle(*room.face((x - 0.014, x + 0.014), (0.34, 1.0)), shade(STEEL, 0.7))
        canvas.rectangle(*room.face((x - 0.032, x + 0.032), (0.42, 0.9)), draw.near(pad, 0.05))
        canvas.rectangle(*room.face((x - 0.024, x - 0.012), (0.42, 0.9)), shade(pad, 1.4))


def _crowd(canvas: Canvas, draw: Draw, top: float, bottom: float, dark: Colour) -> None:
    """Rows of spectators in the dark, the nearer the larger."""
    clothes = [draw.colour((0, 1), (0.2, 0.5), (0.3, 0.5)) for _ in range(6)]
    skin = [shade(tone, 0.6) for tone in ((226, 186, 156), (166, 116, 86), (110, 74, 54))]
    rows = 7
    for row in range(rows):
        size = 0.011 + 0.0018 * row
        y = top + (bottom - top) * row / (rows - 1)
        for x in np.arange(canvas.random.uniform(0, 2 * size), 1, 2.6 * size):
            lift = y + canvas.random.normal(0, 0.008)
            light = 0.45 + 0.09 * row
            cloth = clothes[canvas.random.integers(len(clothes))]
            canvas.ellipse(x, lift + 3.4 * size, 1.3 * size, 2.2 * size, mix(dark, cloth, light))
            canvas.ellipse(x, lift, 0.65 * size, 1.4 * size, mix(dark, skin[canvas.random.integers(3)], light))


def locker_room(draw: Draw, night: bool) -> Canvas:
    """Rows of tall metal lockers with vents on every side, benches with towels, tube lights."""
    room = Room(draw, (0.44, 0.66), (0.14, 0.2), (0.6, 0.67))
    canvas = room.canvas
    metal = draw.colour((0.52, 0.62), (0.55, 0.75), (0.48, 0.66))
    room.walls(_lockers(draw, metal))
    room.ceiling(plain((226, 226, 220)))
    room.floor(tiled(draw.random, [draw.near((168, 164, 156), 0.04)], 18, 18, (16, 16), (126, 124, 120)))
    for x in (0.25, 0.75):
        tube = [room.spot(x + dx, 0, depth) for dx, depth in ((-0.03, 0.1), (0.03, 0.1), (0.03, 0.75), (-0.03, 0.75))]
        canvas.polygon(tube, (255, 255, 250))
    for x in (0.27 + draw.uniform(-0.05, 0.05), 0.73 + draw.uniform(-0.05, 0.05)):
        for depth in (0.15, 0.7):
            room.box((x - 0.05, x + 0.05), (0.86, 1), (depth, depth + 0.02), IRON)
        room.box((x - 0.09, x + 0.09), (0.83, 0.86), (0.1, 0.78), draw.near((206, 150, 90)))
        towel = draw.near(draw.choice([(240, 240, 236), (236, 196, 60), (206, 60, 60)]))
        start = draw.uniform(0.2, 0.5)
        room.box((x - 0.095, x + 0.095), (0.82, 0.95), (start, start + 0.1), towel)
    return either_way(draw, canvas)


def _lockers(draw: Draw, metal: Colour) -> np.ndarray:
    """A flat picture of lockers, some of them open."""
    wall = Canvas(draw.random, shade(metal, 1.1))
    count = draw.integer(9, 11)
    for k in range(count):
        left, right = k / count, (k + 1) / count
        wide = right - left
        door = shade(metal, draw.random.uniform(0.88, 1.12))
        wall.rectangle(left, 0.1, right, 0.95, door)
        if draw.chance(0.12):
            wall.rectangle(left + 0.1 * wide, 0.13, right - 0.1 * wide, 0.92, (26, 28, 34))
            wall.rectangle(left + 0.3 * wide, 0.28, right - 0.2 * wide, 0.66, draw.near((206, 90, 60)))
        else:
            for y in (0.17, 0.2, 0.23, 0.26, 0.8, 0.83, 0.86):
                wall.line([(left + 0.2 * wide, y), (right - 0.2 * wide, y)], shade(metal, 0.45), 6)
            wall.rectangle(left + 0.35 * wide, 0.31, right - 0.35 * wide, 0.36, (236, 232, 210))
            wall.rectangle(right - 0.24 * wide, 0.5, right - 0.12 * wide, 0.6, (214, 218, 222))
        wall.line([(left, 0.1), (left, 0.95)], shade(metal, 0.4), 6)
        wall.line([(left + 0.008, 0.1), (left + 0.008, 0.95)], shade(metal, 1.5), 4)
    wall.rectangle(0, 0, 1, 0.1, (216, 218, 214))
    wall.rectangle(0, 0.95, 1, 1, (40, 42, 48))
    return wall.pixels


INDOORS: dict[str, Painter] = {
    "kitchen": kitchen,
    "bedroom": bedroom,
    "bathroom": bathroom,
    "living room": living_room,
    "stage": stage,
    "cockpit": cockpit,
    "courtroom": courtroom,
    "church": church,
    "prison": prison,
    "library": library,
    "hospital": hospital,
    "boxing ring": boxing_ring,
    "locker room": locker_room,
    "ballroom": ballroom,
}
