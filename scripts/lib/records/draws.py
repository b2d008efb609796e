"""Seeded random orders that do not depend on the order of what is drawn."""

import hashlib


def draw_key(name: str, seed: int) -> bytes:
    """A digest to sort by: things in the order of their digests are in a random order.

    It depends on the seed and the thing's own name only, so what is added later changes little of a draw.
    """
    return hashlib.sha256(f"{seed}/{name}".encode()).digest()
