"""Style of all figures, and saving."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from scripts.lib.files.atomic import atomic_path

STYLE = {
    "font.size": 9,
    # Titles of movies are not formulas.
    "text.parse_math": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.fonttype": "none",
    # TrueType: publishers refuse type 3.
    "pdf.fonttype": 42,
    "svg.hashsalt": "movieclip",
    "figure.dpi": 100,
    "savefig.dpi": 160,
}
MARGIN = 0.1  # inches
# What a format would write of the time at which it was saved.
NO_DATE = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
# Of shares and counts: zero is white, and one hue, so that it can be printed.
SEQUENTIAL = LinearSegmentedColormap.from_list("sequential", ["#ffffff", "#9dc3e6", "#2166ac", "#08306b"])
# Bars of one kind, those that stand out, and what is not told apart.
PLAIN, STRONG, OTHER = "#7fb0d8", "#08519c", "#e8e8e8"
# Of kinds that are told apart, also without colours.
COLOURS, MARKERS = ("#4477aa", "#cc6677", "#228833", "#aa3377", "#66ccee", "#bbaa33"), "osD^vP"
# Classes one below the other.
PER_PANEL = 50


def new_figure(width: float, height: float, **grid) -> tuple[Figure, object]:
    """A figure in the project's style, size in inches, and its axes (see `Figure.subplots`)."""
    matplotlib.rcParams.update(STYLE)
    # Without pyplot, which takes longer to import than some figures to draw.
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(**grid)


def new_panels(
    names: Sequence[str], widths: tuple[float, float], heights: tuple[float, float], axis: str
) -> tuple[Figure, list[tuple[Axes, slice]]]:
    """A figure with a line for each class, in panels side by side; the axes, and which of the classes they have.

    Args:
        names: of the classes, from above.
        widths: of the figure in inches without a panel, and of each panel.
        heights: the same without a class, and of each class of a panel.
        axis: name of the horizontal axis, which the panels share.
    """
    n_panels, n_rows = max(1, -(-len(names) // PER_PANEL)), min(len(names), PER_PANEL)
    width, height = widths[0] + widths[1] * n_panels, heights[0] + heights[1] * n_rows
    figure, axes = new_figure(width, height, ncols=n_panels, sharex=True, squeeze=False)
    panels = [(ax, slice(number * PER_PANEL, (number + 1) * PER_PANEL)) for number, ax in enumerate(axes.flat)]
    for ax, part in panels:
        ax.set_yticks(range(len(names[part])), names[part], size=7)
        ax.set_ylim(n_rows - 0.4, -0.6)
        ax.grid(axis="x", color="#eeeeee")
        ax.set_axisbelow(True)
        ax.set_xlabel(axis)
    return figure, panels


def save_figure(figure: Figure, paths: Iterable[str | Path]) -> None:
    """Write the figure to each path, in the format of its suffix, without a date in it."""
    # Once for all formats; matplotlib would do both again for each. With an engine, even "none", it draws each twice.
    figure.draw_without_rendering()
    figure.set_layout_engine(None)
    edges = figure.get_tightbbox().padded(MARGIN)
    for path in paths:
        with atomic_path(path) as temporary:
            figure.savefig(temporary, bbox_inches=edges, metadata=NO_DATE.get(Path(path).suffix))


def draw_matrix(axes: Axes, shares: np.ndarray, counts: np.ndarray) -> AxesImage:
    """A matrix of shares as shades from white, with the counts in the cells that are not zero.

    Args:
        shares, counts: (R, C), rows from above.
    """
    highest = max(shares.max(), np.finfo(float).tiny)
    image = axes.imshow(shares, cmap=SEQUENTIAL, vmin=0, vmax=highest, aspect="equal")
    for (row, column), count in np.ndenumerate(counts):
        if count:
            ink = on_colour(SEQUENTIAL(shares[row, column] / highest))
            axes.text(column, row, f"{count:,}", ha="center", va="center", size=7, color=ink)
    axes.tick_params(length=0, labelsize=8.5)
    return image


def on_colour(colour: tuple | str) -> str:
    """Black or white, whichever has the better contrast with a matplotlib colour."""
    red, green, blue = to_rgb(colour)
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white"
