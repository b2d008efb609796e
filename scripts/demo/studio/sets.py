"""All sets, by the scene label that they show."""

from scripts.demo.studio.indoors import INDOORS
from scripts.demo.studio.outdoors import OUTDOORS

SETS = {**OUTDOORS, **INDOORS}
