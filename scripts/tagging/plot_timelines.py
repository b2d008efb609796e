"""Fig. 1c as data: each film or clip as a strip of its shots' labels."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from scripts.lib.jobs.log import run_job
from scripts.lib.pages.colours import read_clusters
from scripts.lib.pages.figures import new_figure, save_figure
from scripts.lib.tables.frames import read_parquet
from scripts.tagging.strips import add_legend, draw_strip, frequent_labels, label_runs, time_unit

MAX_STRIPS = 24
WIDTH = 9.0


def choose_clips(runs: pd.DataFrame) -> list[str]:
    """The `MAX_STRIPS` clips whose label changes most often, in the run's order; of equal ones the first.

    Args:
        runs: see `label_runs`.
    """
    changes = runs["clip_id"].value_counts(sort=False).sort_values(ascending=False, kind="stable")
    chosen = set(changes.index[:MAX_STRIPS])
    return [clip for clip in runs["clip_id"].unique() if clip in chosen]


def plot_timelines(shots: pd.DataFrame, clusters: Mapping[str, int] | None = None) -> Figure:
    """One strip per clip on one time axis; consecutive shots of a label are one segment.

    Args:
        shots: rows of `dataset/shots.parquet`.
        clusters: see `label_colours`.
    """
    every = label_runs(shots)
    n_clips, clips = every["clip_id"].nunique(), choose_clips(every)
    runs = every[every["clip_id"].isin(clips)]
    titles = shots.drop_duplicates("clip_id").set_index("clip_id")["title"]
    longest = runs["end"].max()
    seconds, unit = time_unit(longest)
    figure, axes = new_figure(WIDTH + 2.5, 1.7 + 0.36 * len(clips))
    frequent = frequent_labels(runs)
    colours = add_legend(axes, frequent, runs["label"].nunique() - len(frequent), clusters)
    parts = dict(tuple(runs.assign(start=runs["start"] / seconds, end=runs["end"] / seconds).groupby("clip_id")))
    for level, clip in enumerate(clips):
        draw_strip(axes, parts[clip], level, colours, WIDTH * seconds / longest)
    names = [f"{(titles[clip] or clip)[:28]}  {duration(seconds * parts[clip]['end'].max())}" for clip in clips]
    axes.set_yticks(range(len(clips)), names, size=8)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(clips) - 0.4, -0.6)
    axes.set_xlim(0, longest / seconds)
    axes.set_xlabel(unit)
    chosen = f"the {len(clips)} of {n_clips} clips whose label changes most often"
    axes.set_title(f"Top label of each shot, {chosen if n_clips > len(clips) else f'{n_clips} clip(s)'}", loc="left")
    return figure


def duration(seconds: float) -> str:
    """Hours, if there are any, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    columns = ["clip_id", "title", "start_time", "end_time", "label_1"]
    shots, clusters = read_parquet(snakemake.input.shots, columns=columns), read_clusters(snakemake.input.clusters)
    save_figure(plot_timelines(shots, clusters), snakemake.output)


if __name__ == "__main__":
    run_job(main, snakemake)
