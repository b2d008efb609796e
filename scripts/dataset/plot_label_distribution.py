"""Samples per class, and those where it is the top-1 label."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from scripts.lib.jobs.log import run_job
from scripts.lib.pages.figures import COLOURS, new_panels, save_figure
from scripts.lib.records.samples import instances, read_samples
from scripts.lib.tables.frames import write_frame

ALL, BEST, *_ = COLOURS


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
    figure, panels = new_panels(list(table["label"]), (0, 4.2), (0.9, 0.155), "samples")
    for ax, rows in panels:
        part = table.iloc[rows]
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
        ax.set_xscale("log")
        ax.set_xlim(left=0.8)
        ax.xaxis.set_major_formatter("{x:,.0f}")
        ax.xaxis.set_minor_formatter(NullFormatter())
    figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8)
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
