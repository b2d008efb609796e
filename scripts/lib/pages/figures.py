"""Style of all figures, and saving."""

from collections.abc import Iterable
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from scripts.lib.files.atomic import atomic_path

STYLE = {
    "font.size": 9,
    # Titles of movies are not formulas.
    "text.parse_math": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "movieclip",
    "savefig.bbox": "tight",
    "figure.dpi": 100,
    "savefig.dpi": 160,
}


def new_figure(width: float, height: float, **grid) -> tuple[Figure, object]:
    """A figure in the project's style, size in inches, and its axes (see `plt.subplots`)."""
    plt.rcParams.update(STYLE)
    return plt.subplots(figsize=(width, height), constrained_layout=True, **grid)


def save_figure(figure: Figure, paths: Iterable[str | Path]) -> None:
    """Write the figure to each path, in the format of its suffix, without a date in it."""
    for path in paths:
        metadata = {"Date": None} if str(path).endswith(".svg") else None
        with atomic_path(path) as temporary:
            figure.savefig(temporary, metadata=metadata)
    plt.close(figure)


def on_colour(colour: tuple | str) -> str:
    """Black or white, whichever has the better contrast with a matplotlib colour."""
    red, green, blue = to_rgb(colour)
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white"
