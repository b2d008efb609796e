"""Grand halls: stage, courtroom, church, library and ballroom."""

import cv2
import numpy as np

from scripts.demo.studio.canvas import Canvas, mix, shade
from scripts.demo.studio.draw import Colour, Draw
from scripts.demo.studio.room import (
    IRON,
    LAMPLIGHT,
    WHITE,
    Rectangle,
    Room,
    either_way,
    folds,
    lamp,
    lay,
    mirror_floor,
    plain,
    tiled,
)

GOLD = (214, 166, 70)
GLASS = ((206, 40, 52), (40, 84, 206), (244, 190, 54), (46, 156, 92), (140, 60, 180))


def stage(draw: Draw, night: bool) -> Canvas:
    """Red curtains in deep folds, a scalloped valance, spotlights crossing, boards running to the back."""
    room = Room(draw, (0.74, 0.88), (-0.05, 0.0), (0.62, 0.7))
    canvas = room.canvas
    red = draw.colour((0.97, 1.01), (0.8, 0.95), (0.5, 0.66))
    room.back(folds(shade(red, 0.72), draw.integer(22, 28), 0.75), (-0.2, 1.2))
    room.floor(tiled(draw.random, [draw.near((176, 118, 66))], 22, 3, (20, 120), (88, 54, 30), uneven=0.1), (-0.3, 1.3))
    for right in (False, True):
        edge = draw.uniform(0.08, 0.15)
        x = (1 - edge, 1.2) if right else (-0.2, edge)
        room.back(folds(red, 6, 0.7), x, (0, 1.02), 0.12)
    for place in (0.2, 0.5, 0.8):
        start = place + draw.uniform(-0.11, 0.11)
        x, y = start + draw.uniform(-0.25, 0.25), draw.uniform(0.76, 0.9)
        tint = draw.near(draw.choice([(255, 246, 214), (255, 236, 160), (255, 226, 236), (226, 240, 255)]), 0.03)
        canvas.beam([(start - 0.012, 0.05), (start + 0.012, 0.05), (x + 0.11, y), (x - 0.11, y)], tint, 0.33)
        canvas.ellipse(x, y, 0.11, 0.045, mix(tint, (200, 140, 80), 0.3))
    _valance(canvas, draw.integer(6, 8), red)
    for k in range(12):
        x = (k + 0.5) / 12
        canvas.ellipse(x, 1.0, 0.022, 0.04, IRON)
        canvas.glow(x, 0.96, 0.014, (255, 226, 150), 0.9)
    return canvas


def _valance(canvas: Canvas, count: int, red: Colour) -> None:
    """A row of scallops with a golden hem along the upper edge."""
    for k in range(count):
        x = (k + 0.5) / count
        canvas.ellipse(x, 0.0, 0.56 / count, 0.17, GOLD)
        canvas.ellipse(x, 0.0, 0.56 / count, 0.15, shade(red, 1.1))
        for fold in (-0.25, 0, 0.25):
            canvas.line([(x + 0.4 * fold / count, 0), (x + fold / count, 0.13)], shade(red, 0.6), 5)


def courtroom(draw: Draw, night: bool) -> Canvas:
    """A judge's high bench before panelled walls, flags, a jury box, tables and a railing, all mahogany."""
    room = Room(draw, (0.7, 0.82), (0.04, 0.1), (0.6, 0.66))
    canvas = room.canvas
    wood = draw.colour((0.02, 0.045), (0.62, 0.74), (0.36, 0.47))
    room.walls(_panelling(draw, wood))
    room.ceiling(plain((226, 214, 190)))
    room.floor(plain(draw.colour((0.3, 0.42), (0.3, 0.45), (0.26, 0.36)), 1))
    bench = 0.54 + draw.uniform(-0.05, 0.05)
    room.back(plain(shade(wood, 0.75)), (bench - 0.17, bench + 0.17), (0.02, 1))
    _seal(canvas, *room.spot(bench, 0.22), draw.near((40, 66, 120)))
    for x, cloth in ((bench - 0.21, (196, 40, 46)), (bench + 0.21, (44, 74, 150))):
        _flag(room, x, draw.near(cloth))
    canvas.rectangle(*room.face((bench - 0.045, bench + 0.045), (0.4, 0.6), 0.05), (46, 26, 22))
    for wide, y, depth in ((0.17, 0.56, 0.24), (0.2, 0.76, 0.32)):
        front = room.box((bench - wide, bench + wide), (y, 1), (0.08, depth), wood)
        _raised_panels(canvas, front, wood, 5)
    _raised_panels(canvas, room.box((0.8, 0.93), (0.7, 1), (0.1, 0.3), shade(wood, 1.1)), wood, 2)
    _jury_box(room, draw, wood)
    for x in (0.42, 0.72):
        room.box((x - 0.1, x + 0.1), (0.8, 0.84), (0.5, 0.62), shade(wood, 1.3))
        room.box((x - 0.09, x + 0.09), (0.84, 1), (0.52, 0.6), shade(wood, 0.6))
    _railing(room, shade(wood, 1.25))
    for x in np.linspace(0.05, 0.95, 2 * draw.integer(1, 2)):
        hang = room.spot(float(x), 0.12, 0.4)
        canvas.glow(*hang, 0.02, LAMPLIGHT, 0.9)
        canvas.ellipse(*hang, 0.018, 0.026, (255, 240, 206))
    return either_way(draw, canvas)


def _jury_box(room: Room, draw: Draw, wood: Colour) -> None:
    """Two rows of chairs behind panelled fronts at the left wall."""
    for row in range(2):
        depth = 0.12 + 0.2 * row
        width = 0.26 - 0.05 * row
        for k in range(5):
            x = (k + 0.5) * width / 5
            chair = room.face((x - 0.018, x + 0.018), (0.56 + 0.1 * row, 0.75 + 0.1 * row), depth)
            room.canvas.rectangle(*chair, draw.near((66, 34, 30), 0.03))
        front = room.box((0, width), (0.68 + 0.1 * row, 1), (depth + 0.04, depth + 0.14), shade(wood, 0.95))
        _raised_panels(room.canvas, front, wood, 4)


def _seal(canvas: Canvas, x: float, y: float, colour: Colour) -> None:
    """A round seal with the scales of justice."""
    canvas.ellipse(x, y, 0.058, 0.103, GOLD)
    canvas.ellipse(x, y, 0.048, 0.085, colour)
    canvas.line([(x, y - 0.055), (x, y + 0.055)], GOLD, 5)
    canvas.line([(x - 0.03, y - 0.035), (x + 0.03, y - 0.035)], GOLD, 4)
    for side in (-0.03, 0.03):
        canvas.line([(x + side - 0.012, y + 0.015), (x + side, y - 0.035), (x + side + 0.012, y + 0.015)], GOLD, 2)
        canvas.arc(x + side, y + 0.015, 0.013, 0.018, 0, 180, GOLD, 4)


def _railing(room: Room, wood: Colour) -> None:
    """Turned posts under a handrail between the court and the public."""
    for k in range(29):
        low, high = room.spot(k / 28, 1, 0.78), room.spot(k / 28, 0.82, 0.78)
        room.canvas.line([low, high], shade(wood, 0.75), 9)
        room.canvas.ellipse(high[0], (low[1] + high[1]) / 2, 0.009, 0.03, wood)
    room.box((0, 1), (0.8, 0.83), (0.76, 0.8), wood)


def _panelling(draw: Draw, wood: Colour) -> np.ndarray:
    """A flat picture of a wall of raised wooden panels between pilasters."""
    wall = Canvas(draw.random, wood)
    for k in range(9):
        left, right = k / 9 + 0.012, (k + 1) / 9 - 0.024
        for top, bottom in ((0.06, 0.56), (0.62, 0.95)):
            wall.rectangle(left, top, right, bottom, shade(wood, 0.66))
            wall.rectangle(left + 0.014, top + 0.025, right - 0.01, bottom - 0.02, shade(wood, 1.2))
        wall.rectangle(right + 0.005, 0, right + 0.022, 1, shade(wood, 1.4))
    wall.rectangle(0, 0, 1, 0.03, shade(wood, 1.5))
    return wall.pixels


def _raised_panels(canvas: Canvas, area: Rectangle, wood: Colour, count: int) -> None:
    """Panels on the front of a piece of furniture, under a bright edge."""
    left, top, right, bottom = area
    wide = (right - left) / count
    canvas.line([(left, top), (right, top)], shade(wood, 1.7), 6)
    for k in range(count):
        x = left + k * wide
        canvas.frame(x + 0.15 * wide, top + 0.03, x + 0.85 * wide, bottom - 0.02, shade(wood, 0.55), 3)


def _flag(room: Room, x: float, cloth: Colour) -> None:
    """A flag hanging from its pole."""
    pole = [room.spot(x, y, 0.08) for y in (0.2, 1)]
    room.canvas.line(pole, GOLD, 5)
    room.back(folds(cloth, 2, 0.5), (x - 0.03, x + 0.03), (0.25, 0.68), 0.08)
    room.canvas.ellipse(*pole[0], 0.008, 0.014, GOLD)


def church(draw: Draw, night: bool) -> Canvas:
    """A stone nave with stained glass between its columns, pointed vaults, pews, an altar and a cross."""
    room = Room(draw, (0.34, 0.46), (0.06, 0.12), (0.58, 0.64))
    canvas = room.canvas
    stone = draw.colour((0.08, 0.12), (0.1, 0.2), (0.56, 0.7))
    side = _arcade(draw, stone, night)
    room.ceiling(tiled(draw.random, [shade(stone, 0.62)], 12, 20, (20, 12), shade(stone, 0.5), True))
    room.floor(tiled(draw.random, [shade(stone, 0.8), shade(stone, 0.62)], 14, 16))
    room.side(False, side, light=0.82)
    room.side(True, side, light=0.95)
    room.back(tiled(draw.random, [shade(stone, 0.9)], 14, 14, (20, 14), shade(stone, 0.7), True))
    _lancet(canvas, draw, room.face((0.3, 0.7), (0.1, 0.66)), shade(stone, 0.9), night)
    for depth in (0.0, 0.35, 0.6, 0.78):
        rib = [(0, 0.5), (0.06, 0.26), (0.22, 0.1), (0.5, 0.0), (0.78, 0.1), (0.94, 0.26), (1, 0.5)]
        canvas.line([room.spot(x, y, depth) for x, y in rib], shade(stone, 1.2), int(8 / (1.1 - depth)))
    room.floor(plain(draw.near((150, 30, 40)), 1), (0.43, 0.57))
    _altar(room)
    wood = draw.near((110, 70, 40), 0.05)
    for depth in np.linspace(0.22, 0.92, draw.integer(7, 9)):
        for x in ((0.04, 0.41), (0.59, 0.96)):
            room.box(x, (0.83, 1), (depth, depth + 0.02), wood)
            room.box(x, (0.82, 0.845), (depth, depth + 0.025), shade(wood, 1.5))
    if not night:
        for k in range(3):
            x = 0.14 * k + draw.uniform(0, 0.06)
            colour = draw.colour((0.08, 0.16), (0.1, 0.4), (0.95, 1))
            canvas.beam([(x, 0.15), (x + 0.05, 0.15), (x + 0.38, 0.9), (x + 0.26, 0.9)], colour, 0.13)
    return either_way(draw, canvas)


def _altar(room: Room) -> None:
    """A white altar with a golden cross and candles."""
    canvas = room.canvas
    room.box((0.32, 0.68), (0.8, 1), (0.02, 0.1), WHITE)
    cross = [room.spot(x, y, 0.06) for x, y in ((0.5, 0.79), (0.5, 0.52), (0.42, 0.61), (0.58, 0.61))]
    canvas.line(cross[:2], GOLD, 8)
    canvas.line(cross[2:], GOLD, 8)
    for x in (0.36, 0.41, 0.59, 0.64):
        base = room.spot(x, 0.8, 0.08)
        canvas.line([base, (base[0], base[1] - 0.035)], WHITE, 4)
        canvas.glow(base[0], base[1] - 0.04, 0.008, LAMPLIGHT, 1)


def _arcade(draw: Draw, stone: Colour, night: bool) -> np.ndarray:
    """A flat picture of a church's side wall: stained glass windows between columns."""
    wall = Canvas(draw.random, stone)
    blocks = tiled(draw.random, [stone], 20, 14, (20, 14), shade(stone, 0.82), True)
    lay(wall, blocks, [(0, 0), (1, 0), (1, 1), (0, 1)])
    count = draw.integer(4, 5)
    for k in range(count):
        x, wide = (k + 0.5) / count, 0.6 / count
        _lancet(wall, draw, (x - wide / 2, 0.1, x + wide / 2, 0.7), stone, night)
    for k in range(count + 1):
        x = k / count
        for offset, light in ((-0.022, 0.7), (-0.012, 1.0), (0.0, 1.25), (0.012, 0.9)):
            wall.rectangle(x + offset, 0, x + offset + 0.012, 1, shade(stone, light))
        wall.rectangle(x - 0.034, 0.12, x + 0.036, 0.16, shade(stone, 1.3))
    return wall.pixels


def _lancet(canvas: Canvas, draw: Draw, area: Rectangle, stone: Colour, night: bool) -> None:
    """A pointed window of coloured glass."""
    left, top, right, bottom = area
    middle, spring = (left + right) / 2, top + 0.35 * (bottom - top)
    inward, shoulder = 0.35 * (middle - left), top + 0.12 * (bottom - top)
    glass = [draw.near(colour, 0.06) for colour in GLASS]
    picked = [glass[k] for k in canvas.random.integers(0, len(glass), 7)]
    panes = tiled(canvas.random, picked, 6, 14, (12, 14), IRON, uneven=0.12)
    panes = cv2.convertScaleAbs(panes, alpha=0.6 if night else 1.1)
    lay(canvas, panes, [(left, top), (right, top), (right, bottom), (left, bottom)])
    for edge, bend in ((left, inward), (right, -inward)):
        arch = [(edge, spring), (edge + bend, shoulder), (middle, top)]
        canvas.polygon([*arch, (edge, top - 0.005)], stone)
        canvas.line([(edge, bottom), *arch], shade(stone, 1.25), 7)
    canvas.line([(left, bottom), (right, bottom)], shade(stone, 1.25), 9)


def library(draw: Draw, night: bool) -> Canvas:
    """Shelves of books up to the ceiling on every side, a ladder, reading tables with green lamps."""
    room = Room(draw, (0.46, 0.72), (0.02, 0.07), (0.6, 0.68))
    canvas = room.canvas
    wood = draw.near((124, 78, 44), 0.05)
    room.walls(_books(draw, wood))
    room.ceiling(plain((206, 190, 160)))
    room.floor(tiled(draw.random, [shade(wood, 1.15)], 14, 6, (22, 60), shade(wood, 0.8), uneven=0.08))
    foot = draw.uniform(0.15, 0.85)
    rails = [(room.spot(foot + dx, 1, 0.15), room.spot(foot + dx - 0.06, 0.08)) for dx in (0, 0.07)]
    for low, high in rails:
        canvas.line([low, high], (206, 160, 100), 9)
    for share in np.linspace(0.08, 0.92, 10):
        rung = [(low[0] + share * (high[0] - low[0]), low[1] + share * (high[1] - low[1])) for low, high in rails]
        canvas.line(rung, (186, 140, 84), 6)
    for depth in (0.3, 0.62):
        for x in (0.22 + draw.uniform(-0.04, 0.04), 0.78 + draw.uniform(-0.04, 0.04)):
            room.box((x - 0.17, x + 0.17), (0.82, 0.85), (depth, depth + 0.14), shade(wood, 1.35))
            room.box((x - 0.15, x + 0.15), (0.85, 1), (depth + 0.02, depth + 0.12), shade(wood, 0.55))
            stand = room.spot(x, 0.82, depth + 0.08)
            canvas.line([stand, (stand[0], stand[1] - 0.07)], GOLD, 5)
            lamp(canvas, stand[0], stand[1] - 0.055, 0.032, (50, 150, 90))
    return either_way(draw, canvas)


def _books(draw: Draw, wood: Colour) -> np.ndarray:
    """A flat picture of bookshelves."""
    random = draw.random
    height, width, shelves = 360, 640, 8
    picture = np.full((height, width, 3), shade(wood, 0.35), np.uint8)
    hues = ((0.96, 1.04), (0.05, 0.14), (0.55, 0.66), (0.28, 0.42), (0.0, 0.1))
    spines = [draw.colour(hue, (0.45, 0.75), (0.4, 0.8)) for hue in hues for _ in range(2)] + [(220, 206, 176)]
    shaded = [shade(spine, light) for spine in spines for light in (0.8, 0.95, 1.1)]
    pitch = height // shelves
    for low in range(pitch - 6, height, pitch):
        edges = np.cumsum(random.integers(8, 16, width // 11))
        for left, right, tall in zip(edges, edges[1:], random.integers(26, 38, len(edges)), strict=False):
            colour = shaded[random.integers(len(shaded))]
            picture[low - tall : low, left : right - 1] = colour
            picture[low - tall + 7 : low - tall + 10, left : right - 1] = spines[-1]
        picture[low : low + 6] = wood
    for x in range(0, width, 128):
        picture[:, x : x + 12] = shade(wood, 1.2)
        picture[:, x + 10 : x + 12] = shade(wood, 0.6)
    return picture


def ballroom(draw: Draw, night: bool) -> Canvas:
    """A gilded hall: chandeliers, tall arched windows between drapes and columns, a floor like a mirror."""
    room = Room(draw, (0.5, 0.66), (0.12, 0.18), (0.56, 0.62))
    canvas = room.canvas
    cream = draw.colour((0.09, 0.12), (0.32, 0.46), (0.76, 0.86))
    hall = _gilded_wall(draw, cream, night)
    room.ceiling(tiled(draw.random, [cream, shade(cream, 0.92)], 8, 8, (30, 30), GOLD))
    room.walls(hall)
    floor = tiled(draw.random, [draw.near((206, 150, 84)), draw.near((140, 84, 44))], 12, 12, (24, 24), uneven=0.03)
    room.floor(floor)
    mirror_floor(canvas, room.bottom, 0.35)
    for x, depth in ((0.25, 0.1), (0.75, 0.1), (0.12, 0.55), (0.88, 0.55), (0.5, 0.3)):
        _chandelier(room, draw, x + draw.uniform(-0.04, 0.04), depth)
    return canvas


def _gilded_wall(draw: Draw, cream: Colour, night: bool) -> np.ndarray:
    """A flat picture of a palace wall: arched windows, drapes, gilded columns and cornice."""
    wall = Canvas(draw.random, cream)
    cloth = draw.colour((0.96, 1.02), (0.6, 0.8), (0.5, 0.65))
    sky = (26, 32, 70) if night else (198, 222, 244)
    count = draw.integer(3, 4)
    for k in range(count):
        x, half = (k + 0.5) / count, 0.27 / count
        wall.ellipse(x, 0.36, half * 1.15, 0.2, GOLD)
        wall.rectangle(x - half * 1.15, 0.36, x + half * 1.15, 0.9, GOLD)
        wall.ellipse(x, 0.36, half, 0.17, sky)
        wall.rectangle(x - half, 0.36, x + half, 0.88, sky)
        for y in (0.36, 0.53, 0.7):
            wall.line([(x - half, y), (x + half, y)], WHITE, 4)
        wall.line([(x, 0.2), (x, 0.88)], WHITE, 5)
        for start in (x - 1.3 * half, x + 0.7 * half):
            drape = [(start, 0.22), (start + 0.6 * half, 0.22), (start + 0.6 * half, 0.92), (start, 0.92)]
            lay(wall, folds(cloth, 3, 0.5), drape)
    for k in range(count + 1):
        for offset, light in ((-0.03, 0.8), (-0.01, 1.25), (0.01, 0.9)):
            wall.rectangle(k / count + offset, 0.1, k / count + offset + 0.02, 1, shade(GOLD, light))
    wall.rectangle(0, 0, 1, 0.1, shade(GOLD, 0.85))
    wall.rectangle(0, 0.03, 1, 0.06, shade(GOLD, 1.25))
    return wall.pixels


def _chandelier(room: Room, draw: Draw, x: float, depth: float) -> None:
    """A two-tiered crown of candles hanging on its chain."""
    canvas = room.canvas
    low = draw.uniform(0.24, 0.32)
    (left, _, right, _), (middle, y) = room.face((x - 0.1, x + 0.1), (0, 1), depth), room.spot(x, low, depth)
    half = (right - left) / 2
    canvas.line([room.spot(x, 0, depth), (middle, y)], shade(GOLD, 0.7), 3)
    canvas.glow(middle, y, 0.4 * half, LAMPLIGHT, 0.25)
    for wide, lift in ((half, 0.0), (0.6 * half, 0.5 * half)):
        canvas.arc(middle, y - lift, wide, wide * 0.6, 0, 180, GOLD, 5)
        for share in np.linspace(-1, 1, 7):
            candle = (middle + share * wide, y - lift + wide * 0.6 * (1 - share * share) ** 0.5)
            canvas.line([candle, (candle[0], candle[1] - 0.35 * half)], (255, 252, 236), 4)
            canvas.ellipse(candle[0], candle[1] - 0.4 * half, 0.006, 0.014, (255, 236, 170))
            canvas.line([candle, (candle[0], candle[1] + 0.02)], (236, 246, 255), 3)
