"""The colours of labels, the same on all pages and in all figures."""

from collections.abc import Iterable, Mapping
from math import cos, pi, sin
from pathlib import Path

from scripts.lib.records.labels import read_labels
from scripts.lib.tables.rows import read_csv

# Lightness and chroma (OKLCH); visible on light and on dark ground.
TONES = ((0.64, 0.13), (0.74, 0.11), (0.54, 0.12))
# Successive clusters get far hues; degrees, the golden angle.
FIRST_HUE, NEXT_HUE = 40.0, 137.508
UNKNOWN = "#8f887c"


def read_clusters(path: str | Path) -> dict[str, int]:
    """The number of each label's cluster: from `taxonomy/taxonomy.csv`, or of a plain list each label its own."""
    if str(path).endswith(".csv"):
        return {row["label"]: int(row["cluster"]) for row in read_csv(path, "label", "cluster")}
    return {label: place for place, label in enumerate(read_labels(path))}


def label_colours(labels: Iterable[str], clusters: Mapping[str, int] | None = None) -> dict[str, str]:
    """A colour per label, `#rrggbb`: a hue for each cluster, three tones within it.

    Args:
        labels: those that need one; a label without cluster is grey.
        clusters: see `read_clusters`; None if each label is its own, in the order of `labels`.
    """
    names = list(dict.fromkeys(labels))
    if clusters is None:
        clusters = {name: place for place, name in enumerate(names)}
    colours, members = {}, {}
    for label, cluster in clusters.items():
        place = members[cluster] = members.get(cluster, -1) + 1
        hue = (FIRST_HUE + NEXT_HUE * cluster) % 360
        colours[label] = _hex(*TONES[(cluster + place) % len(TONES)], hue)
    return {name: colours.get(name, UNKNOWN) for name in names}


def _hex(lightness: float, chroma: float, hue: float) -> str:
    """A colour of OKLCH, hue in degrees, in sRGB; what lies outside is clipped."""
    a, b = chroma * cos(pi * hue / 180), chroma * sin(pi * hue / 180)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    return "#" + "".join(f"{round(255 * _gamma(min(1.0, max(0.0, part)))):02x}" for part in linear)


def _gamma(linear: float) -> float:
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
