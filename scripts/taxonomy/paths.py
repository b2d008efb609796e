"""The order of a place's names, from general to specific, as one script's headings tell it.

What is known of single words stands in `vocabulary.py` and `gazetteer.py`; `docs/taxonomy.md` says
how they and the separators decide together.
"""

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from scripts.taxonomy.gazetteer import SETTLEMENT, region_depth
from scripts.taxonomy.grammar import BESIDE, COMMA, DASH, PARENTHESIS, SLASH, SPACE, STOP, Piece, Slugline
from scripts.taxonomy.vocabulary import CONTAINMENT

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


_NUMBERING = re.compile(r"[IVX]+|ONE|TWO|THREE|FOUR|FIVE|SIX|[A-Z]")
_AROUND = re.compile(r"(?:OUTSIDE|NEAR|ABOVE|BELOW|BEHIND|BESIDE|ACROSS|OPPOSITE)\b")
_AFTER_HEAD = re.compile(
    r"\s+(?:IN|OF|AT|BY|BEHIND|BESIDE|OUTSIDE|INSIDE|NEAR|FROM|ON|ABOVE|BELOW|UNDER|WITH|TO|FOR)\b"
)


def containment(text: str) -> int | None:
    """How far inside a place is, by its head noun: 0 for a region to 6 for a piece of furniture.

    The head is the last word before a preposition (`ROOM IN DERELICT HOUSE`: room); None if it is
    not known, or if the words only say what the place is near.
    """
    if _AROUND.match(text.upper()):
        return None
    words = re.findall(r"[A-Z]+(?:['’][A-Z]+)?", _AFTER_HEAD.split(text.upper())[0])
    while words and _NUMBERING.fullmatch(words[-1]):
        words.pop()
    if not words:
        return None
    return CONTAINMENT.get(words[-1], CONTAINMENT.get(words[-1].removesuffix("S")))


# What a name with an unknown head is taken for if other headings show it to be a whole: a hotel, say.
NAMED_WHOLE = 2.5
# So many more headings than not must speak against the usual order of a separator.
ENOUGH_VOTES = 2
# From here on a place is a part of a building.
ROOM = 5


def learn_habits(sluglines: list[Slugline]) -> Habits:
    """What the headings of one script have in common; where they tell nothing, the usual is assumed."""
    pairs = [
        (after.separator, containment(before.text), containment(after.text), after.text.upper())
        for slugline in sluglines
        for before, after in pairwise(slugline.pieces)
    ]
    votes = Counter()
    for separator, before, after, _ in pairs:
        if None not in (before, after):
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
    turning = habits.specific_first | {PARENTHESIS}
    runs: list[list[Piece]] = []
    for piece in group:
        peers = runs and piece.separator == SLASH and containment(piece.text) == containment(runs[-1][0].text)
        if runs and piece.separator in turning and not peers:
            runs[-1].insert(0, piece)
        else:
            runs.append([piece])
    ordered = [piece for run in runs for piece in run]
    depths = [depth for run in runs for depth in _lend_backwards([_depth(piece, habits) for piece in run])]
    depths = _lend_backwards(_lend_backwards(depths[::-1])[::-1])
    order = sorted(range(len(ordered)), key=lambda place: depths[place] or 0)
    return [ordered[place] for place in order]


def _lend_backwards(depths: list[float | None]) -> list[float | None]:
    """Depths where an unknown name goes along with its next neighbour; in a region, it is a whole."""
    lent = list(depths)
    for place in reversed(range(len(lent) - 1)):
        if lent[place] is None and lent[place + 1] is not None:
            lent[place] = NAMED_WHOLE if lent[place + 1] <= SETTLEMENT else lent[place + 1]
    return lent


def _depth(piece: Piece, habits: Habits) -> float | None:
    region = region_depth(piece.text)
    known = containment(piece.text) if region is None else region
    return NAMED_WHOLE if known is None and piece.text.upper() in habits.wholes else known
