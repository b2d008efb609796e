"""Fig. 3 as data: the frame-score matrix S of one clip with its shots."""

from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scripts.lib.files.hdf5 import CLIPS, open_h5, read_strings
from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.log import run_job
from scripts.lib.pages.colours import read_clusters
from scripts.lib.pages.figures import SEQUENTIAL, new_figure, save_figure
from scripts.lib.records.clips import shard_fingerprints
from scripts.lib.tables.frames import read_parquet
from scripts.tagging.strips import add_legend, draw_strip, frequent_labels, label_runs, time_unit

MAX_LABELS = 20
MAX_SHOTS = 40
MAX_COLUMNS = 600
WIDTH = 7.0


def choose_clip(shots: pd.DataFrame) -> str:
    """The clip with the most different top-1 labels among those with at most `MAX_SHOTS` shots.

    Args:
        shots: rows of `dataset/shots.parquet`.
    """
    table = shots.groupby("clip_id", sort=False).agg(labels=("label_1", "nunique"), shots=("shot", "size"))
    short = table[table["shots"] <= MAX_SHOTS]
    return (short if len(short) else table)["labels"].idxmax()


def plot_score_matrix(
    matrix: np.ndarray,
    labels: list[str],
    times: np.ndarray,
    shots: pd.DataFrame,
    clusters: Mapping[str, int] | None = None,
) -> Figure:
    """Labels by time, and the runs of the shots' top-1 labels above; shot boundaries if there is room for them.

    Args:
        matrix: S, (L, T).
        labels: L names.
        times: seconds of each frame, (T,).
        shots: the clip's rows of `dataset/shots.parquet`.
        clusters: see `label_colours`.
    """
    end = shots["end_time"].iloc[-1]
    columns, edges = average_frames(matrix, np.append(times, end))
    shown = labels_that_matter(columns)
    shown = shown[np.argsort(columns[shown].argmax(axis=1), kind="stable")]
    seconds, unit = time_unit(end)
    height = 0.24 * len(shown)
    figure, (strip, axes) = new_figure(
        WIDTH + 3, 2.2 + height, nrows=2, sharex=True, gridspec_kw={"height_ratios": [0.3, max(0.6, height)]}
    )
    runs = label_runs(shots)
    frequent = frequent_labels(runs)
    colours = add_legend(strip, frequent, runs["label"].nunique() - len(frequent), clusters)
    runs = runs.assign(start=runs["start"] / seconds, end=runs["end"] / seconds)
    draw_strip(strip, runs, 0, colours, WIDTH * seconds / end)
    strip.set_axis_off()
    rows = np.arange(len(shown) + 1)
    image = axes.pcolormesh(edges / seconds, rows, columns[shown], cmap=SEQUENTIAL, rasterized=True)
    if len(shots) <= MAX_SHOTS:
        axes.vlines(shots["start_time"].iloc[1:] / seconds, 0, len(shown), color="0.6", linewidth=0.6)
    axes.set_yticks(rows[:-1] + 0.5, [labels[row] for row in shown])
    axes.invert_yaxis()
    axes.set_xlim(0, end / seconds)
    axes.set_xlabel(unit)
    per_column = f"mean of {len(times) / columns.shape[1]:.0f} frames" if len(times) > columns.shape[1] else "per frame"
    figure.colorbar(image, ax=axes, label=f"score of label, S ({per_column})")
    strip.set_title(
        f"{shots['clip_id'].iloc[0]}: {len(shown)} of {len(labels)} labels, {len(shots)} shot(s)",
        loc="left",
    )
    return figure


def average_frames(matrix: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scores in at most `MAX_COLUMNS` columns, each the mean of as many consecutive frames.

    Args:
        matrix: S, (L, T).
        edges: seconds at which the frames begin, and the end, (T + 1,).

    Returns:
        (L, C) float32, and the edges of its columns, (C + 1,).
    """
    n_frames = matrix.shape[1]
    bounds = np.linspace(0, n_frames, min(n_frames, MAX_COLUMNS) + 1).astype(int)
    means = [matrix[:, first:last].mean(axis=1, dtype=np.float32) for first, last in pairwise(bounds)]
    return np.stack(means, axis=1), edges[bounds]


def labels_that_matter(columns: np.ndarray) -> np.ndarray:
    """At most `MAX_LABELS` rows, (K,): those that are most often among the three highest of a column.

    Args:
        columns: (L, C), see `average_frames`.
    """
    three = np.argsort(-columns, axis=0, kind="stable")[:3]
    counts = np.bincount(three.ravel(), minlength=len(columns))
    order = np.lexsort((-columns.sum(axis=1), -counts))
    return order[: min(MAX_LABELS, np.count_nonzero(counts))]


def read_clip(clip_id: str, shards: Iterable[tuple[str, str, str]]) -> tuple[np.ndarray, list[str], np.ndarray]:
    """S (L, T), the L labels and the times (T,) of a clip, from its shard.

    Args:
        shards: files of scores and of embeddings with their fingerprint.

    Raises:
        UserError: none of them has it.
    """
    for scores, embeddings, fingerprint in shards:
        with open_h5(scores, fingerprint) as file:
            if clip_id not in file[CLIPS]:
                continue
            matrix, labels = file[CLIPS][clip_id]["S"][:], read_strings(file["labels"])
        with open_h5(embeddings, fingerprint) as file:
            return matrix, labels, file[CLIPS][clip_id]["time"][:]
    raise UserError(f"no file of scores has the clip {clip_id}; collect the shots again (--forcerun collect_shots)")


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    shots = read_parquet(snakemake.input.shots)
    clip_id = choose_clip(shots)
    fingerprints = shard_fingerprints(snakemake.params.manifest, snakemake.config)
    shards = zip(snakemake.input.scores, snakemake.input.embeddings, fingerprints, strict=True)
    matrix, labels, times = read_clip(clip_id, shards)
    clusters = read_clusters(snakemake.input.clusters)
    figure = plot_score_matrix(matrix, labels, times, shots[shots["clip_id"] == clip_id], clusters)
    save_figure(figure, snakemake.output)


if __name__ == "__main__":
    run_job(main, snakemake)
