"""Samples per class, and those where it is the top-1 label."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from scripts.lib.jobs.log import run_job
from scripts.lib.pages.figures import new_figure, save_figure
from scripts.lib.records.samples import instances, read_samples
from scripts.lib.tables.frames import write_frame

PER_COLUMN = 50
ALL, BEST = "#4477aa", "#cc6677"


def label_counts(samples: pd.DataFrame) -> pd.DataFrame:
    """label, samples, best (samples with it as top-1 label), movies; largest class first."""
    grouped = instances(samples).groupby("label")
    table = pd.DataFrame(
        {
            "samples": grouped.size(),
            "best": grouped["rank"].agg(lambda rank: int((rank == 0).sum())),
            "movies": grouped["movie_id"].nunique(),
        }
    )
    return table.reset_index().sort_values(["samples", "label"], ascending=[False, True], ignore_index=True)


def plot_distribution(table: pd.DataFrame) -> Figure:
    """Two dots per class on a logarithmic axis: all samples, and those where it is the top-1 label."""
    panels = max(1, -(-len(table) // PER_COLUMN))
    rows = min(len(table), PER_COLUMN)
    figure, axes = new_figure(4.2 * panels, 0.9 + 0.155 * rows, ncols=panels, sharex=True, squeeze=False)
    for number, ax in enumerate(axes.flat):
        part = table.iloc[number * PER_COLUMN : (number + 1) * PER_COLUMN]
        level = range(len(part))
        ax.hlines(
            level, part["best"].where(part["best"] > 0, part["samples"]), part["samples"], color="#cccccc", linewidth=1
        )
        ax.scatter(part["samples"], level, color=ALL, s=14, label="samples with the label", zorder=3)
        seen = part["best"] > 0
        ax.scatter(
            part["best"][seen],
            [row for row, hit in zip(level, seen, strict=True) if hit],
            color=BEST,
            s=9,
            label="where it is the top-1 label",
            zorder=4,
        )
        ax.set_yticks(level, part["label"], size=7)
        ax.set_ylim(rows - 0.4, -0.6)
        ax.set_xscale("log")
        ax.set_xlim(left=0.8)
        ax.xaxis.set_major_formatter("{x:,.0f}")
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.grid(axis="x", color="#eeeeee")
        ax.set_axisbelow(True)
        ax.set_xlabel("samples")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8)
    never = int((table["best"] == 0).sum())
    figure.suptitle(
        f"{len(table)} classes, {table['samples'].sum():,} label instances; {never} are never the top-1 label",
        x=0.01,
        ha="left",
        size=10,
    )
    return figure


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    table = label_counts(read_samples(snakemake.input.samples))
    write_frame(table, snakemake.output.csv)
    save_figure(plot_distribution(table), snakemake.output.figures)


if __name__ == "__main__":
    run_job(main, snakemake)
