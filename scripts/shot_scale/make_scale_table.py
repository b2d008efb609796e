"""Evaluation of the shot scales: a table, and the confusion of scales."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scripts.lib.jobs.log import run_job
from scripts.lib.pages.figures import new_figure, save_figure
from scripts.lib.records.scales import SCALES
from scripts.lib.tables.comparisons import write_markdown
from scripts.lib.tables.frames import write_frame


def scale_table(metrics: dict) -> pd.DataFrame:
    """metric, value and n of the test split.

    Args:
        metrics: see `scripts.shot_scale.train_scale.evaluate`.
    """
    names = {"accuracy": "accuracy", "majority": "accuracy of the most frequent scale", "macro_f1": "macro-F1"}
    rows = [(name, f"{metrics[key]:.3f}", metrics["n_test"]) for key, name in names.items()]
    return pd.DataFrame(rows, columns=["metric", "value", "n"])


def confusion_table(metrics: dict) -> pd.DataFrame:
    """Shots of each scale (`scale`, the true one) by predicted scale, and in all (`n`)."""
    counts = np.array(metrics["confusion"])
    table = pd.DataFrame(counts, columns=list(SCALES))
    table.insert(0, "scale", list(SCALES))
    return table.assign(n=counts.sum(axis=1))


def plot_confusion(table: pd.DataFrame) -> Figure:
    """Shares of the predicted scales among the shots of each true scale.

    Args:
        table: see `confusion_table`.
    """
    counts = table[list(SCALES)].to_numpy()
    shares = counts / np.maximum(table["n"].to_numpy()[:, None], 1)
    figure, ax = new_figure(3.6, 3.2)
    ax.imshow(shares, vmin=0, vmax=1, cmap="Blues")
    for row, column in np.ndindex(shares.shape):
        dark = shares[row, column] > 0.5
        ax.text(column, row, counts[row, column], ha="center", va="center", color="white" if dark else "black")
    ax.set_xticks(range(len(SCALES)), list(SCALES))
    ax.set_yticks(range(len(SCALES)), list(SCALES))
    ax.set_xlabel("predicted")
    ax.set_ylabel("true")
    return figure


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    metrics = json.loads(Path(snakemake.input.metrics).read_text(encoding="utf-8"))
    table, confusion = scale_table(metrics), confusion_table(metrics)
    write_frame(table, snakemake.output.csv)
    write_frame(confusion, snakemake.output.confusion)
    write_markdown(
        snakemake.output.md,
        ["true scale", *(f"predicted {scale}" for scale in SCALES), "shots"],
        confusion.astype(str).to_numpy().tolist(),
        "; ".join(f"{row.metric} {row.value}" for row in table.itertuples())
        + f"; {metrics['n_test']} shots of {metrics['n_movies_test']} movies, of which none is in training or "
        f"validation. Trained on {metrics['n_train']} shots. {', '.join(f'{k}: {v}' for k, v in SCALES.items())}.",
    )
    save_figure(plot_confusion(confusion), snakemake.output.figures)


if __name__ == "__main__":
    run_job(main, snakemake)
