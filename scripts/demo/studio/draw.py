"""Random choices that two productions make from disjoint ranges.

The demo's CLIP model is trained on stills and tested on films. Were both drawn from the same ranges,
the test would only show memory. Every range is therefore cut into strata that belong to the two pools
in turn, and every list of options is dealt out between them, so no colour, size or position of a film
has been seen in a still.
"""

import colorsys
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Option = TypeVar("Option")
Colour = tuple[int, int, int]

POOLS = ("still", "film")
STRATA = 8


class Draw:
    """A seeded source of choices for one pool, `still` or `film`."""

    def __init__(self, pool: str, *seed: int):
        self.pool = pool
        self._turn = POOLS.index(pool)
        self.random = np.random.default_rng([self._turn, *seed])

    def uniform(self, low: float, high: float) -> float:
        """A number between low and high, from this pool's strata."""
        number = self._below(STRATA // 2)
        stratum = 2 * int(number) + self._turn
        return low + (high - low) * (stratum + number % 1) / STRATA

    def _below(self, end: int) -> float:
        """A number from 0 to below `end`: NumPy makes one of these in a third of the time of a whole number."""
        return end * self.random.random()

    def integer(self, low: int, high: int) -> int:
        """A whole number from low to high, both included (counts are too few to be dealt out)."""
        return low + int(self._below(high + 1 - low))

    def choice(self, options: Sequence[Option]) -> Option:
        """One of the options that are this pool's: every other one, all where there are fewer than four."""
        own = options[self._turn :: 2] if len(options) >= 4 else options
        return own[int(self._below(len(own)))]

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        return self._below(1) < probability

    def colour(self, hue: tuple[float, float], saturation: tuple[float, float], value: tuple[float, float]) -> Colour:
        """An RGB colour from ranges of hue (0 to 1, may exceed 1 to wrap round), saturation and value."""
        parts = colorsys.hsv_to_rgb(self.uniform(*hue) % 1, self.uniform(*saturation), self.uniform(*value))
        return tuple(round(255 * part) for part in parts)

    def near(self, colour: Colour, spread: float = 0.08) -> Colour:
        """A colour like the given one, each channel moved by up to `spread` of the full range."""
        return tuple(int(min(255, max(0, part + 255 * self.uniform(-spread, spread)))) for part in colour)
