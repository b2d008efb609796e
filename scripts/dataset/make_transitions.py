"""Transitions from place to place, film by film."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts.lib.jobs.log import run_job
from scripts.lib.pages.figures import draw_matrix, new_figure, save_figure
from scripts.lib.tables.frames import read_frame, write_frame

READ = ("film", "title", "clip_id", "label")
# Films and places that are drawn; the table has all.
FILMS, PLACES = 5, 12


def count_transitions(scenes: pd.DataFrame) -> pd.DataFrame:
    """How often a film goes from one place to another: between consecutive scenes of a clip with different labels.

    Args:
        scenes: rows of `dataset/scenes.csv`.

    Returns:
        film, title, from_label, to_label, transitions, share (of the film's transitions from that label); the most
        frequent first in each film.
    """
    following = scenes.shift(-1)
    steps = scenes.assign(from_label=scenes["label"], to_label=following["label"])
    steps = steps[(scenes["clip_id"] == following["clip_id"]) & (scenes["label"] != following["label"])]
    keys = ["film", "from_label", "to_label"]
    table = steps.groupby(keys, sort=False).agg(title=("title", "first"), transitions=("label", "size")).reset_index()
    leaving = table.groupby(["film", "from_label"])["transitions"].transform("sum")
    table["share"] = (table["transitions"] / leaving).round(4)
    films = pd.Series(range(len(scenes)), scenes["film"]).groupby(level=0).first()
    table = table.assign(order=table["film"].map(films)).sort_values(
        ["order", "transitions", "from_label", "to_label"], ascending=[True, False, True, True], ignore_index=True
    )
    return table[["film", "title", "from_label", "to_label", "transitions", "share"]]


def plot_transitions(table: pd.DataFrame) -> Figure:
    """Matrices of all films together and of those with the most transitions; rows are left, columns entered.

    Args:
        table: see `count_transitions`.
    """
    films = table.groupby("film", sort=False)["transitions"].sum().nlargest(FILMS).index
    parts = [table[table["film"] == film] for film in films]
    panels = [(part["title"].iloc[0] or part["film"].iloc[0], part) for part in parts]
    if table["film"].nunique() != 1:
        panels.insert(0, (f"{table['film'].nunique()} films", table))
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    figure, axes = new_figure(5 * columns, 5 * rows, nrows=rows, ncols=columns, squeeze=False)
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    for ax, (title, part) in zip(axes.flat, panels, strict=False):
        _draw_places(ax, part)
        ax.set_title(f"{title[:36]}: {part['transitions'].sum():,}", loc="left", size=10)
    figure.suptitle(
        "Transitions from the row's place to the column's; the darker, the larger the share of those from the row's",
        x=0.01,
        ha="left",
        size=11,
    )
    return figure


def _draw_places(axes: Axes, part: pd.DataFrame) -> None:
    """The places with the most transitions: their numbers, on the share of all that leave the row's place."""
    ends = pd.concat([part.set_index(f"{end}_label")["transitions"] for end in ("from", "to")])
    places = list(ends.groupby(level=0).sum().sort_values(ascending=False, kind="stable").index[:PLACES])
    if not places:
        axes.set_axis_off()
        axes.text(0, 0.5, "No clip has two places.", transform=axes.transAxes)
        return
    pairs = part.groupby(["from_label", "to_label"])["transitions"].sum()
    leaving = part.groupby("from_label")["transitions"].sum().reindex(places, fill_value=0).to_numpy()
    counts = np.array([[pairs.get((row, column), 0) for column in places] for row in places])
    draw_matrix(axes, counts / np.maximum(1, leaving)[:, None], counts)
    axes.set_xticks(range(len(places)), places, rotation=90)
    axes.set_yticks(range(len(places)), places)


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    table = count_transitions(read_frame(snakemake.input.scenes, READ))
    write_frame(table, snakemake.output.csv)
    save_figure(plot_transitions(table), snakemake.output.figures)


if __name__ == "__main__":
    run_job(main, snakemake)
