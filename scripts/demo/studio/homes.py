"""The rooms of a home: kitchen, bedroom, bathroom and living room."""

from scripts.demo.studio.canvas import Canvas, shade
from scripts.demo.studio.draw import Colour, Draw
from scripts.demo.studio.room import (
    IRON,
    STEEL,
    WHITE,
    Rectangle,
    Room,
    either_way,
    folds,
    lamp,
    painting,
    plain,
    tiled,
    window,
)

OAK, WALNUT = (176, 124, 72), (112, 72, 44)


def kitchen(draw: Draw, night: bool) -> Canvas:
    """Two rows of cupboards along a tiled wall, a window, a stove with its hood, a fridge, a chequered floor."""
    room = Room(draw, (0.76, 0.94), (0.02, 0.08), (0.7, 0.8))
    canvas = room.canvas
    front = draw.near(draw.choice([(232, 208, 158), (186, 118, 58), (150, 172, 134)]), 0.05)
    room.walls(tiled(draw.random, [draw.near((238, 236, 226), 0.04)], 32, 18, (20, 20), (196, 194, 184)))
    room.ceiling(plain(WHITE))
    room.floor(tiled(draw.random, [WHITE, draw.near(draw.choice([(60, 62, 66), (168, 84, 56)]))], 16, 12))
    stove = 0.62 + draw.uniform(-0.06, 0.06)
    pane = 0.3 + draw.uniform(-0.04, 0.04)
    room.back(window(draw, night), (pane - 0.1, pane + 0.1), (0.12, 0.5))
    for left, right in _gaps([(pane - 0.12, pane + 0.12), (stove - 0.08, stove + 0.08)]):
        _doors(canvas, room.box((left, right), (0.05, 0.36), (0, 0.1), front), front, low=True)
    _doors(canvas, room.box((0, 1), (0.64, 1), (0, 0.2), front), front)
    room.box((0, 1), (0.605, 0.64), (0, 0.22), draw.near(draw.choice([(70, 66, 66), (196, 176, 150)])))
    _stove(room, stove)
    for _ in range(draw.integer(5, 8)):
        x, tall = draw.uniform(0.03, 0.97), draw.uniform(0.05, 0.12)
        colour = draw.colour((0.0, 0.4), (0.5, 0.9), (0.5, 0.9))
        if abs(x - stove) > 0.1:
            canvas.rectangle(*room.face((x, x + 0.025), (0.62 - tall, 0.62), 0.1), colour)
    _fridge(room, draw.near((206, 212, 216), 0.03))
    if draw.chance(0.5):
        for x in (0.3, 0.5, 0.7):
            _pendant(room, x, draw)
    return either_way(draw, canvas)


def _fridge(room: Room, colour: Colour) -> None:
    """A tall fridge with two doors at the right wall."""
    canvas = room.canvas
    left, top, right, bottom = room.box((0.88, 1), (0.1, 1), (0, 0.26), colour)
    canvas.line([(left, top + 0.35 * (bottom - top)), (right, top + 0.35 * (bottom - top))], (130, 136, 142), 3)
    for start in (0.1, 0.42):
        x, y = left + 0.12 * (right - left), top + start * (bottom - top)
        canvas.line([(x, y), (x, y + 0.12)], (110, 114, 120), 6)


def _pendant(room: Room, x: float, draw: Draw) -> None:
    """A lamp hanging from the ceiling."""
    low = room.spot(x, draw.uniform(0.2, 0.26), 0.35)
    room.canvas.line([room.spot(x, 0, 0.35), low], IRON, 3)
    lamp(room.canvas, *low, 0.032)


def _gaps(taken: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The stretches of a wall from 0 to 1 that are not taken."""
    edges = [0.0, *(edge for stretch in sorted(taken) for edge in stretch), 1.0]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _doors(canvas: Canvas, area: Rectangle, colour: Colour, low: bool = False) -> None:
    """Panelled cupboard doors side by side; their knobs low or high."""
    left, top, right, bottom = area
    count = max(1, round((right - left) / 0.075))
    wide = (right - left) / count
    for k in range(count):
        x = left + k * wide
        canvas.frame(x, top, x + wide, bottom, shade(colour, 0.5), 2)
        canvas.rectangle(x + 0.15 * wide, top + 0.025, x + 0.85 * wide, bottom - 0.025, shade(colour, 1.12))
        canvas.frame(x + 0.15 * wide, top + 0.025, x + 0.85 * wide, bottom - 0.025, shade(colour, 0.72), 2)
        y = bottom - 0.035 if low else top + 0.035
        canvas.ellipse(x + (0.9 if k % 2 == 0 else 0.1) * wide, y, 0.005, 0.009, IRON)


def _stove(room: Room, x: float) -> None:
    """A steel oven with pots on it, under a hood."""
    canvas = room.canvas
    left, top, right, bottom = room.box((x - 0.075, x + 0.075), (0.6, 0.98), (0, 0.23), STEEL)
    canvas.rectangle(left + 0.012, top + 0.1, right - 0.012, bottom - 0.04, IRON)
    canvas.line([(left + 0.01, top + 0.08), (right - 0.01, top + 0.08)], WHITE, 4)
    for k in range(5):
        canvas.ellipse(left + (k + 0.5) * (right - left) / 5, top + 0.035, 0.007, 0.012, IRON)
    for place in (-0.045, 0.015):
        canvas.rectangle(*room.face((x + place, x + place + 0.04), (0.53, 0.6), 0.12), (84, 88, 94))
    canvas.rectangle(*room.face((x - 0.03, x + 0.03), (0, 0.3), 0.1), STEEL)
    hood = [(x - 0.03, 0.24), (x + 0.03, 0.24), (x + 0.085, 0.37), (x - 0.085, 0.37)]
    canvas.polygon([room.spot(*place, 0.12) for place in hood], shade(STEEL, 1.15))
    canvas.rectangle(*room.face((x - 0.085, x + 0.085), (0.37, 0.4), 0.12), shade(STEEL, 0.7))


def bedroom(draw: Draw, night: bool) -> Canvas:
    """A wide bed with pillows between lamps, striped wallpaper, a curtained window, a wardrobe."""
    room = Room(draw, (0.7, 0.82), (0.04, 0.1), (0.62, 0.7))
    canvas = room.canvas
    paper = draw.colour((0.62, 0.9), (0.14, 0.28), (0.74, 0.88))
    room.walls(tiled(draw.random, [paper, shade(paper, 0.88)], 30, 1, (14, 300), uneven=0.01))
    room.ceiling(plain(WHITE))
    room.floor(tiled(draw.random, [draw.near((176, 140, 108))], 12, 5, (24, 80), (120, 92, 70), uneven=0.08))
    cover = draw.colour((0.6, 0.98), (0.4, 0.65), (0.5, 0.75))
    bed = 0.5 + draw.uniform(-0.06, 0.06)
    cloth = folds(draw.near(shade(cover, 1.15)), 4)
    pane = 0.83 + draw.uniform(-0.02, 0.02)
    room.back(window(draw, night), (pane - 0.08, pane + 0.08), (0.14, 0.66))
    for x in (pane - 0.12, pane + 0.06):
        room.back(cloth, (x, x + 0.06), (0.08, 0.92))
    wood = draw.near(draw.choice([OAK, WALNUT, (226, 220, 210)]))
    _doors(canvas, room.box((0, 0.16), (0.14, 1), (0, 0.25), wood), wood)
    painting(draw, canvas, *room.face((bed - 0.1, bed + 0.1), (0.14, 0.4)))
    for x in (bed - 0.31, bed + 0.31):
        room.box((x - 0.05, x + 0.05), (0.74, 1), (0.02, 0.18), shade(wood, 0.9))
        foot = room.spot(x, 0.74, 0.1)
        canvas.line([foot, (foot[0], foot[1] - 0.06)], IRON, 5)
        lamp(canvas, foot[0], foot[1] - 0.05, 0.05)
    _bed(room, bed, cover, wood)
    return either_way(draw, canvas)


def _bed(room: Room, x: float, cover: Colour, wood: Colour) -> None:
    """A wide bed with its head at the back wall, two pillows on it."""
    room.box((x - 0.25, x + 0.25), (0.44, 1), (0, 0.03), shade(wood, 0.8))
    room.box((x - 0.23, x + 0.23), (0.82, 1), (0.03, 0.6), shade(cover, 0.8))
    room.box((x - 0.23, x + 0.23), (0.73, 0.84), (0.03, 0.22), WHITE)
    room.box((x - 0.24, x + 0.24), (0.71, 0.92), (0.2, 0.62), cover)
    for pillow in (x - 0.115, x + 0.115):
        place = room.spot(pillow, 0.66, 0.08)
        room.canvas.ellipse(*place, 0.085, 0.065, shade(WHITE, 0.82))
        room.canvas.ellipse(place[0], place[1] - 0.012, 0.08, 0.054, WHITE)


def bathroom(draw: Draw, night: bool) -> Canvas:
    """Glazed tiles on every wall, a bath with a shower curtain, a basin under a mirror, a toilet."""
    room = Room(draw, (0.66, 0.8), (0.03, 0.08), (0.64, 0.72))
    canvas = room.canvas
    glaze = draw.colour((0.44, 0.53), (0.3, 0.5), (0.76, 0.9))
    tiles = tiled(draw.random, [glaze], 22, 14, (22, 22), (240, 246, 246), uneven=0.06)
    tiles[6 * 22 : 7 * 22] = shade(glaze, 0.55)
    room.walls(tiles)
    room.ceiling(plain(WHITE))
    room.floor(tiled(draw.random, [(232, 236, 236), shade(glaze, 0.6)], 26, 20, (12, 12)))
    room.back(window(draw, night, panes=(1, 2)), (0.86, 0.98), (0.08, 0.38))
    room.box((0, 0.36), (0.74, 1), (0, 0.45), WHITE)
    place = room.spot(0.19, 0.755, 0.2)
    canvas.ellipse(*place, 0.11, 0.03, shade(glaze, 1.1))
    rail = [room.spot(0.36, 0.1, depth) for depth in (0, 0.45)]
    canvas.line(rail, STEEL, 5)
    curtain = folds(draw.colour((0.08, 0.16), (0.1, 0.5), (0.92, 1.0)), 7, 0.25)
    start = draw.uniform(0.1, 0.2)
    room.back(curtain, (start, 0.36), (0.1, 0.86), 0.4)
    _basin(room, draw.uniform(0.56, 0.62))
    _toilet(room, 0.895)
    room.side(True, folds(draw.near((226, 110, 96)), 3, 0.15), (0.2, 0.42), (0.4, 0.68))
    return either_way(draw, canvas)


def _basin(room: Room, x: float) -> None:
    """A basin under a mirror with three bulbs."""
    canvas = room.canvas
    mirror = room.face((x - 0.11, x + 0.11), (0.16, 0.52))
    canvas.rectangle(*mirror, (206, 226, 236))
    left, top, right, bottom = mirror
    canvas.beam([(left, bottom), (left + 0.03, bottom), (right, top + 0.05), (right, top)], WHITE, 0.6)
    canvas.frame(*mirror, shade(STEEL, 1.1), 6)
    for k in range(3):
        canvas.ellipse(left + (k + 0.5) * (right - left) / 3, top - 0.03, 0.013, 0.022, (255, 250, 226))
    room.box((x - 0.03, x + 0.03), (0.72, 1), (0.02, 0.1), shade(WHITE, 0.9))
    room.box((x - 0.11, x + 0.11), (0.63, 0.72), (0, 0.18), WHITE)
    canvas.line([room.spot(x, 0.62, 0.03), room.spot(x, 0.56, 0.03)], STEEL, 6)


def _toilet(room: Room, x: float) -> None:
    """A toilet with its cistern at the back wall."""
    room.box((x - 0.055, x + 0.055), (0.6, 0.8), (0, 0.08), WHITE)
    room.box((x - 0.03, x + 0.03), (0.84, 1), (0.02, 0.16), shade(WHITE, 0.9))
    seat = room.spot(x, 0.85, 0.13)
    room.canvas.ellipse(*seat, 0.055, 0.05, shade(WHITE, 0.86))
    room.canvas.ellipse(seat[0], seat[1] - 0.01, 0.05, 0.035, WHITE)


def living_room(draw: Draw, night: bool) -> Canvas:
    """A long sofa on a rug, a fireplace, pictures on a warm wall, a tall lamp, plants and heavy curtains."""
    room = Room(draw, (0.76, 0.88), (0.02, 0.08), (0.66, 0.73))
    canvas = room.canvas
    room.walls(plain(draw.colour((0.05, 0.12), (0.42, 0.6), (0.66, 0.82))))
    room.ceiling(plain(WHITE))
    room.floor(tiled(draw.random, [draw.near((140, 92, 56))], 14, 4, (22, 90), (92, 60, 38), uneven=0.1))
    pane = 0.85 + draw.uniform(-0.02, 0.02)
    room.back(window(draw, night), (pane - 0.09, pane + 0.09), (0.1, 0.68))
    cloth = folds(draw.colour((0.96, 1.04), (0.5, 0.7), (0.45, 0.65)), 3)
    for x in (pane - 0.14, pane + 0.08):
        room.back(cloth, (x, x + 0.06), (0.05, 0.95))
    _fireplace(room, draw, 0.13)
    for k in range(draw.integer(3, 4)):
        x, y = 0.34 + 0.105 * k, draw.uniform(0.14, 0.22)
        painting(draw, canvas, *room.face((x, x + 0.085), (y, y + draw.uniform(0.14, 0.2))))
    rug = draw.colour((0.95, 1.1), (0.45, 0.7), (0.45, 0.7))
    for margin, colour in ((0, rug), (0.03, shade(rug, 1.45)), (0.05, rug)):
        room.floor(plain(colour, 1), (0.2 + margin, 0.8 - margin), (0.3 + margin, 0.8 - margin))
    sofa = draw.colour((0.3, 0.62), (0.35, 0.6), (0.4, 0.6))
    _sofa(room, 0.5 + draw.uniform(-0.06, 0.06), sofa)
    foot = room.spot(0.24, 1, 0.12)
    canvas.line([foot, (foot[0], 0.36)], IRON, 5)
    lamp(canvas, foot[0], 0.38, 0.06)
    _plant(canvas, draw, *room.spot(0.96, 1, 0.25))
    return either_way(draw, canvas)


def _plant(canvas: Canvas, draw: Draw, x: float, y: float) -> None:
    """A plant with long leaves in an earthen pot."""
    for _ in range(14):
        tip = (x + draw.uniform(-0.07, 0.07), y - draw.uniform(0.12, 0.42))
        canvas.line([(x, y - 0.08), tip], draw.colour((0.27, 0.38), (0.5, 0.8), (0.3, 0.6)), 7)
    canvas.polygon([(x - 0.035, y - 0.1), (x + 0.035, y - 0.1), (x + 0.025, y), (x - 0.025, y)], (176, 92, 58))


def _fireplace(room: Room, draw: Draw, x: float) -> None:
    """A brick chimney with a fire burning in it and a clock on the shelf."""
    canvas = room.canvas
    brick = draw.near((168, 84, 62))
    bricks = tiled(draw.random, [brick], 7, 16, (24, 12), (206, 190, 176), staggered=True, uneven=0.1)
    room.box((x - 0.1, x + 0.1), (0, 1), (0, 0.06), brick)
    room.back(bricks, (x - 0.1, x + 0.1), (0, 1), 0.06)
    left, top, right, bottom = room.face((x - 0.06, x + 0.06), (0.68, 1), 0.06)
    canvas.rectangle(left, top, right, bottom, (24, 16, 14))
    canvas.glow((left + right) / 2, bottom - 0.03, 0.03, (255, 140, 40), 1)
    for k in range(3):
        canvas.ellipse(left + (k + 1) * (right - left) / 4, bottom - 0.03, 0.012, 0.06, (255, 190, 60))
    room.box((x - 0.12, x + 0.12), (0.58, 0.62), (0, 0.1), WALNUT)
    canvas.ellipse(*room.spot(x, 0.52, 0.08), 0.02, 0.036, WHITE)


def _sofa(room: Room, x: float, colour: Colour) -> None:
    """A sofa with three cushions and two arms."""
    room.box((x - 0.24, x + 0.24), (0.6, 1), (0.08, 0.14), shade(colour, 0.9))
    for k in range(3):
        left = x - 0.2 + 0.135 * k
        room.box((left, left + 0.13), (0.64, 0.84), (0.12, 0.18), shade(colour, 1.1))
        room.box((left, left + 0.13), (0.8, 0.92), (0.16, 0.34), colour)
    room.box((x - 0.2, x + 0.205), (0.9, 0.98), (0.16, 0.34), shade(colour, 0.7))
    for left in (x - 0.25, x + 0.205):
        room.box((left, left + 0.05), (0.72, 0.98), (0.1, 0.35), shade(colour, 0.95))
