"""The distribution of the top-1 scores, with the share of the shots that a threshold keeps."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scripts.lib.jobs.log import run_job
from scripts.lib.pages.figures import COLOURS, new_figure, save_figure
from scripts.lib.tables.comparisons import printed_values
from scripts.lib.tables.frames import read_parquet, write_frame

STEPS = 20
# The statistics of the release's own counts in the table of printed values.
TAGGED, KEPT = ("tagged shots", "all"), ("tagged shots with a top-1 score of at least 0.4", "all")
RELEASE_THRESHOLD = 0.4
SHOTS, LINE, *_ = COLOURS


def score_distribution(scores: np.ndarray, release: float) -> pd.DataFrame:
    """Shots by their top-1 score: at_least, below, shots, share, share_at_least, release.

    Steps are twentieths for probabilities, else equal over the range of the scores; the last includes
    its end.

    Args:
        scores: (N,) float32; steps are compared in this precision.
        release: share of the release's shots at or above 0.4.
    """
    low, high = float(scores.min()), float(scores.max())
    edges = np.arange(STEPS + 1) / STEPS if low >= 0 and high <= 1 else np.linspace(low, high, STEPS + 1)
    counts, _ = np.histogram(scores, edges.astype(np.float32))
    above = counts[::-1].cumsum()[::-1]
    return pd.DataFrame(
        {
            "at_least": [float(f"{edge:.6g}") for edge in edges[:-1]],
            "below": [float(f"{edge:.6g}") for edge in edges[1:]],
            "shots": counts,
            "share": (counts / len(scores)).round(5),
            "share_at_least": (above / len(scores)).round(5),
            "release": [f"{release:.5f}" if edge == RELEASE_THRESHOLD else "" for edge in edges[:-1]],
        }
    )


def plot_scores(table: pd.DataFrame, threshold: float, kept: float, release: float) -> Figure:
    """A histogram; the run's threshold is marked with the share that it keeps.

    Args:
        table: see `score_distribution`.
        threshold, kept: the run's threshold, and the share of its shots at or above it.
        release: see `score_distribution`.
    """
    figure, ax = new_figure(7, 3.4)
    ax.bar(table["at_least"], table["share"], table["below"] - table["at_least"], align="edge", color=SHOTS, ec="white")
    ax.axvline(threshold, color=LINE, linewidth=1)
    told = f"at or above {threshold:g}: {100 * kept:.1f} % here\n({100 * release:.1f} % at 0.4 in the release)"
    ax.annotate(told, (threshold, table["share"].max()), xytext=(4, 0), textcoords="offset points", size=8, va="top")
    ax.set_xlabel("top-1 score")
    ax.set_ylabel("share of the shots")
    ax.set_title(f"{table['shots'].sum():,} shots", loc="left", size=10)
    return figure


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    scores = read_parquet(snakemake.input.shots, columns=["score_1"])["score_1"].to_numpy(np.float32)
    printed, threshold = printed_values(snakemake.input.printed), snakemake.params.threshold
    release = int(printed[KEPT][1]) / int(printed[TAGGED][1])
    table = score_distribution(scores, release)
    kept = scores >= np.float32(threshold)
    write_frame(table, snakemake.output.csv)
    save_figure(plot_scores(table, threshold, kept.mean(), release), snakemake.output.figures)
    return f"{kept.sum()} of {len(scores)} shots have a top-1 score of at least {threshold:g}"


if __name__ == "__main__":
    run_job(main, snakemake)
