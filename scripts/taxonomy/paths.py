"""The order of a place's names, from general to specific, as one script's headings tell it.

What is known of single names stands in `containment.py` and `gazetteer.py`; `docs/taxonomy.md` says
how they and the separators decide together.
"""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from scripts.taxonomy.containment import CAR, ROOM, SETTLEMENT, containment, is_landscape
from scripts.taxonomy.gazetteer import region_depth
from scripts.taxonomy.grammar import BESIDE, COMMA, DASH, PARENTHESIS, SLASH, SPACE, STOP, Piece, Slugline

PATH_SEPARATOR = " > "


@dataclass(frozen=True)
class Habits:
    """What all headings of a script together tell about each of them.

    Attributes:
        specific_first: separators before which it names the more specific place.
        wholes: names that are the whole place of some heading, and so can contain others.
    """

    specific_first: frozenset[str] = frozenset({COMMA, SPACE})
    wholes: frozenset[str] = frozenset()


# What a name with an unknown head is taken for if other headings show it to be a whole: a hotel, say.
NAMED_WHOLE = 2.5
# So many more headings than not must speak against the usual order of a separator.
ENOUGH_VOTES = 2


def learn_habits(sluglines: list[Slugline]) -> Habits:
    """What the headings of one script have in common; where they tell nothing, the usual is assumed."""
    pairs = [
        (after.separator, containment(before.text), containment(after.text), after.text.upper())
        for slugline in sluglines
        for before, after in pairwise(slugline.pieces)
    ]
    votes = Counter()
    for separator, before, after, _ in pairs:
        # A car stands anywhere, so its headings tell nothing.
        if not {None, CAR} & {before, after}:
            votes[separator] += (before > after) - (before < after)
    specific_first = frozenset(
        separator
        for separator in (COMMA, DASH, SLASH, STOP, SPACE)
        if votes[separator] >= (1 - ENOUGH_VOTES if separator in Habits.specific_first else ENOUGH_VOTES)
    )
    alone = {slugline.pieces[0].text.upper() for slugline in sluglines if len(slugline.pieces) == 1}
    addressed = {
        name
        for separator, before, after, name in pairs
        if separator == COMMA and COMMA in specific_first and after is None and (before or 0) >= ROOM
    }
    return Habits(specific_first, frozenset(alone | addressed))


def order_path(slugline: Slugline, habits: Habits = Habits()) -> list[str]:
    """The names of the place from general to specific.

    Known head nouns decide; among the rest the separator does: before a comma or a wide space
    stands the more specific place, before a dash the more general one, and what is in brackets
    says where its neighbour is. Two places with settings of their own stay as they were written.
    """
    groups: list[list[Piece]] = []
    for piece in slugline.pieces:
        if not groups or piece.separator == BESIDE:
            groups.append([])
        groups[-1].append(piece)
    return [piece.text for group in groups for piece in _order_group(group, habits)]


def _order_group(group: list[Piece], habits: Habits) -> list[Piece]:
    runs = _turn_addresses(group, habits.specific_first | {PARENTHESIS})
    depths = {piece: depth for piece in group if (depth := _depth(piece, habits)) is not None}
    for run in runs:
        _lend_backwards(run, depths)
    _lend_forwards(runs, depths)
    ordered = [piece for run in runs for piece in run]
    _lend_backwards(ordered, depths)
    return sorted(ordered, key=lambda piece: depths.get(piece, 0))


def _turn_addresses(group: list[Piece], turning: frozenset[str]) -> list[list[Piece]]:
    """Names between separators that do not turn, each run from general to specific."""
    runs: list[list[Piece]] = []
    for piece in group:
        peers = runs and piece.separator == SLASH and containment(piece.text) == containment(runs[-1][0].text)
        if runs and piece.separator in turning and not peers:
            runs[-1].insert(0, piece)
        else:
            runs.append([piece])
    return runs


def _lend_backwards(names: list[Piece], depths: dict[Piece, float]) -> None:
    """Unknown names go along with the next known one; before a region, as something whole in it."""
    following = None
    for name in reversed(names):
        if name in depths:
            following = name
        elif following is not None:
            depths[name] = NAMED_WHOLE if _is_region(following, depths) else depths[following]


def _lend_forwards(runs: list[list[Piece]], depths: dict[Piece, float]) -> None:
    """Unknown names go along with the one before, or with the deepest of the run before.

    Behind a region they lie in whatever was named before it: `EMBASSY - ISLAMABAD - CUBICLES`.
    """
    deepest, previous = 0, None
    for run in runs:
        for name in run:
            if name not in depths and previous is not None:
                depths[name] = max(NAMED_WHOLE, deepest) if _is_region(previous, depths) else depths[previous]
            if name in depths:
                previous, deepest = name, max(deepest, depths[name])
        previous = max(filter(depths.__contains__, run), key=depths.get, default=None)


def _is_region(name: Piece, depths: dict[Piece, float]) -> bool:
    """Whether places with names of their own lie in it: a settlement or a country, but no stretch of land."""
    return depths[name] <= SETTLEMENT and not is_landscape(name.text)


def _depth(piece: Piece, habits: Habits) -> float | None:
    region = region_depth(piece.text)
    known = containment(piece.text) if region is None else region
    return NAMED_WHOLE if known is None and piece.text.upper() in habits.wholes else known
