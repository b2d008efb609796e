"""The clusters of labels as boxes of names, the exemplar of each in bold (paper section 3.2)."""

from itertools import groupby
from textwrap import wrap

from matplotlib.figure import Figure

from scripts.lib.jobs.log import run_job
from scripts.lib.pages.colours import label_colours
from scripts.lib.pages.figures import new_figure, save_figure
from scripts.lib.tables.rows import read_csv

COLUMNS, WIDTH_CHARACTERS = 3, 42
LINE, GAP, TITLE = 1.0, 0.9, 1.35


def cluster_blocks(rows: list[dict[str, str]]) -> list[tuple[str, list[str]]]:
    """(exemplar, the other labels as wrapped lines) of every cluster, in the clusters' order."""
    ordered = sorted(rows, key=lambda row: (int(row["cluster"]), row["label"]))
    blocks = []
    for _, group in groupby(ordered, key=lambda row: row["cluster"]):
        members = list(group)
        exemplar = members[0]["exemplar"]
        others = [row["label"] for row in members if row["label"] != exemplar]
        blocks.append((exemplar, wrap(", ".join(others), WIDTH_CHARACTERS)))
    return blocks


def fill_columns(heights: list[float], count: int) -> list[int]:
    """Column of every block: always the shortest so far."""
    filled = [0.0] * count
    columns = []
    for height in heights:
        shortest = filled.index(min(filled))
        filled[shortest] += height
        columns.append(shortest)
    return columns


def plot_clusters(rows: list[dict[str, str]]) -> Figure:
    """One box per cluster, the largest first.

    Args:
        rows: `taxonomy/taxonomy.csv`.
    """
    blocks = cluster_blocks(rows)
    heights = [TITLE + LINE * len(lines) + GAP for _, lines in blocks]
    columns = fill_columns(heights, COLUMNS)
    total = max(
        sum(height for height, place in zip(heights, columns, strict=True) if place == column)
        for column in range(COLUMNS)
    )
    figure, axes = new_figure(11, 0.7 + 0.185 * total)
    axes.set_axis_off()
    axes.set(xlim=(0, COLUMNS), ylim=(total, 0))
    axes.set_title(f"{len(rows)} scene labels in {len(blocks)} clusters; the exemplar of each in bold", loc="left")
    colours = label_colours([exemplar for exemplar, _ in blocks], {row["label"]: int(row["cluster"]) for row in rows})
    top = [0.0] * COLUMNS
    for (exemplar, lines), height, column in zip(blocks, heights, columns, strict=True):
        y = top[column]
        axes.fill_between([column + 0.01, column + 0.025], y + 0.15, y + height - GAP + 0.15, color=colours[exemplar])
        axes.text(column + 0.05, y + 0.95, exemplar, weight="bold", size=9.5)
        for number, line in enumerate(lines, 1):
            axes.text(column + 0.05, y + 0.95 + LINE * number, line, size=8.5)
        top[column] += height
    return figure


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    save_figure(plot_clusters(read_csv(snakemake.input.taxonomy, "label", "cluster", "exemplar")), snakemake.output)


if __name__ == "__main__":
    run_job(main, snakemake)
