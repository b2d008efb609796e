"""All sets, by the scene label that they show, and what else is true of them."""

from scripts.demo.studio.indoors import INDOORS
from scripts.demo.studio.outdoors import OUTDOORS

SETS = {**OUTDOORS, **INDOORS}


def setting_of(label: str) -> str:
    """Whether a set is inside or outside."""
    return "inside" if label in INDOORS else "outside"


def light_of(light: str) -> str:
    """Day or night: warm, cold, red and green light is that of a day."""
    return "night" if light == "night" else "day"
