"""Fig. 3 as data: the frame-score matrix S of one clip with its shots."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scripts.lib.files.hdf5 import CLIPS, open_h5, read_strings
from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.log import run_job
from scripts.lib.pages.colours import label_colours, read_clusters
from scripts.lib.pages.figures import new_figure, on_colour, save_figure
from scripts.lib.records.clips import shard_fingerprints
from scripts.lib.tables.frames import read_parquet

MAX_LABELS = 20
MAX_SHOTS = 40
# Width of a letter as a share of the strip, in figures of nine inches.
LETTER = 0.009


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
    """Labels by time, with shot boundaries, and top-1 labels above.

    Args:
        matrix: S, (L, T).
        labels: L names.
        times: seconds of each column, (T,).
        shots: the clip's rows of `dataset/shots.parquet`.
        clusters: see `label_colours`.
    """
    best = matrix.max(axis=1)
    shown = np.argsort(-best, kind="stable")[:MAX_LABELS]
    shown = shown[np.argsort(matrix[shown].argmax(axis=1), kind="stable")]
    end = shots["end_time"].iloc[-1]
    figure, (strip, axes) = new_figure(
        9, 1.4 + 0.24 * len(shown), nrows=2, sharex=True, gridspec_kw={"height_ratios": [1, max(3, 0.55 * len(shown))]}
    )
    draw_strip(strip, shots, 0, label_colours(shots["label_1"], clusters))
    strip.set_axis_off()
    image = axes.pcolormesh(
        np.append(times, end),
        np.arange(len(shown) + 1),
        matrix[shown].astype(np.float32),
        cmap="magma",
        rasterized=True,
    )
    for start in shots["start_time"].iloc[1:]:
        axes.axvline(start, color="white", linewidth=0.6)
    axes.set_yticks(np.arange(len(shown)) + 0.5, [labels[row] for row in shown])
    axes.invert_yaxis()
    axes.set_xlim(0, end)
    axes.set_xlabel("seconds")
    figure.colorbar(image, ax=axes, label="score of label per frame, S")
    strip.set_title(
        f"{shots['clip_id'].iloc[0]}: the {len(shown)} highest of {len(labels)} labels, {len(shots)} shot(s)",
        loc="left",
    )
    return figure


def draw_strip(axes, shots: pd.DataFrame, level: float, colours: dict[str, tuple]) -> None:
    """A clip as a strip: one coloured segment per shot, with its top-1 label if there is room."""
    total = shots["end_time"].iloc[-1]
    for shot in shots.itertuples():
        colour = colours[shot.label_1]
        length = shot.end_time - shot.start_time
        axes.barh(level, length, left=shot.start_time, height=0.8, color=colour, edgecolor="white", linewidth=0.5)
        if length > LETTER * len(shot.label_1) * total:
            axes.text(
                shot.start_time + length / 2,
                level,
                shot.label_1,
                ha="center",
                va="center",
                size=6.5,
                color=on_colour(colour),
            )


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
