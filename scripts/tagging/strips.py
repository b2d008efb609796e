"""Clips as strips of the labels of their shots, for Figs. 1c and 3."""

from collections.abc import Iterable, Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from scripts.lib.pages.colours import label_colours
from scripts.lib.pages.figures import OTHER, on_colour

# Labels with a colour of their own; the others are grey.
COLOURED = 14
# Above this many seconds a time axis is in minutes.
LONG = 180
LETTER = 0.075  # width of a letter of a strip's names, in inches
# So many segments are as thin as a pixel; as shapes they would make a file of megabytes.
MANY = 300


def label_runs(shots: pd.DataFrame) -> pd.DataFrame:
    """Consecutive shots of a clip with the same top-1 label as one row: clip_id, label, start, end (seconds).

    Args:
        shots: rows of `dataset/shots.parquet`, clip by clip.
    """
    changes = (shots[["clip_id", "label_1"]] != shots[["clip_id", "label_1"]].shift()).any(axis=1).cumsum()
    runs = shots.groupby(changes.to_numpy()).agg(
        clip_id=("clip_id", "first"),
        label=("label_1", "first"),
        start=("start_time", "first"),
        end=("end_time", "last"),
    )
    return runs.reset_index(drop=True)


def frequent_labels(runs: pd.DataFrame) -> list[str]:
    """The `COLOURED` labels with most footage, most first; equal ones by name."""
    footage = (runs["end"] - runs["start"]).groupby(runs["label"]).sum()
    return list(footage.sort_index().sort_values(ascending=False, kind="stable").index[:COLOURED])


def draw_strip(axes: Axes, runs: pd.DataFrame, level: float, colours: dict[str, str], inches: float) -> None:
    """A clip as a strip: one coloured segment per run, with its label if there is room.

    Args:
        runs: see `label_runs`.
        level: place of the strip on the vertical axis.
        colours: by label; labels without one are grey.
        inches: width of a second.
    """
    segments = list(zip(runs["start"], runs["end"] - runs["start"], strict=True))
    fills = [colours.get(label, OTHER) for label in runs["label"]]
    is_fine = len(segments) > MANY
    edges = {"linewidth": 0, "rasterized": True} if is_fine else {"linewidth": 0.5, "edgecolor": "white"}
    axes.broken_barh(segments, (level - 0.4, 0.8), facecolors=fills, **edges)
    for (start, length), label, fill in zip(segments, runs["label"], fills, strict=True):
        if length * inches > LETTER * (len(label) + 1):
            at = {"ha": "center", "va": "center", "size": 7.5}
            axes.text(start + length / 2, level, label, color=on_colour(fill), **at)


def add_legend(axes: Axes, labels: Iterable[str], n_others: int, clusters: Mapping[str, int] | None) -> dict[str, str]:
    """A legend of these labels below the axes, one entry for the others.

    Args:
        clusters: see `label_colours`.

    Returns:
        The colours of the labels.
    """
    colours = label_colours(labels, clusters)
    entries = [Patch(color=colour, label=label) for label, colour in colours.items()]
    if n_others:
        entries.append(Patch(color=OTHER, label=f"{n_others} other label(s)"))
    axes.figure.legend(handles=entries, loc="outside lower left", ncols=6, frameon=False, fontsize=8.5)
    return colours


def time_unit(seconds: float) -> tuple[float, str]:
    """Seconds of the unit of a time axis of this length, and its name."""
    return (60, "minutes") if seconds > LONG else (1, "seconds")
