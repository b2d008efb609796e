"""Fig. 1c as data: each clip as a strip of its shots' labels."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from scripts.lib.jobs.log import run_job
from scripts.lib.pages.colours import label_colours, read_clusters
from scripts.lib.pages.figures import new_figure, save_figure
from scripts.lib.tables.frames import read_parquet
from scripts.tagging.plot_score_matrix import draw_strip

MAX_CLIPS = 24


def plot_timelines(shots: pd.DataFrame, clusters: Mapping[str, int] | None = None) -> Figure:
    """One strip per clip, the first `MAX_CLIPS` in the run's order; time is from 0 to 100 %.

    Args:
        shots: rows of `dataset/shots.parquet`.
        clusters: see `label_colours`.
    """
    clips = list(dict(tuple(shots.groupby("clip_id", sort=False))).items())
    shown = clips[:MAX_CLIPS]
    colours = label_colours(shots["label_1"].value_counts().index, clusters)
    figure, axes = new_figure(9, 0.8 + 0.34 * len(shown))
    for level, (_, rows) in enumerate(shown):
        total = rows["end_time"].iloc[-1]
        draw_strip(
            axes, rows.assign(start_time=rows["start_time"] / total, end_time=rows["end_time"] / total), level, colours
        )
    axes.set_yticks(
        range(len(shown)), [f"{(rows['title'].iloc[0] or clip)[:28]}  {duration(rows)}" for clip, rows in shown], size=7
    )
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.5, 1], ["start", "middle", "end"])
    count = f"the first {len(shown)} of {len(clips)} clips" if len(clips) > len(shown) else f"{len(clips)} clip(s)"
    axes.set_title(f"Top label of each shot, {count}", loc="left")
    return figure


def duration(rows: pd.DataFrame) -> str:
    """Duration of a clip, minutes and seconds."""
    minutes, seconds = divmod(round(rows["end_time"].iloc[-1]), 60)
    return f"{minutes}:{seconds:02d}"


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    columns = ["clip_id", "title", "start_time", "end_time", "label_1"]
    shots, clusters = read_parquet(snakemake.input.shots, columns=columns), read_clusters(snakemake.input.clusters)
    save_figure(plot_timelines(shots, clusters), snakemake.output)


if __name__ == "__main__":
    run_job(main, snakemake)
