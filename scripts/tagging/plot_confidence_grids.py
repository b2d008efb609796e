"""Fig. 4: sample frames of shots labelled with high and with low confidence."""

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scripts.lib.jobs.log import logger, run_job
from scripts.lib.jobs.parallel import map_in_threads
from scripts.lib.media.video import Video, catch_failure
from scripts.lib.pages.figures import new_figure, save_figure
from scripts.lib.records.clips import Clip, clips_root, read_manifest
from scripts.lib.tables.frames import read_parquet

HIGH = 0.6
COLUMNS, ROWS = 4, 3
YELLOW = "#ffe14d"


def choose_shots(shots: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The most and the least confident shots, each label and each clip only once if possible.

    Args:
        shots: rows of `dataset/shots.parquet`; flagged shots do not count as confident.

    Returns:
        Up to `COLUMNS * ROWS` rows with a score of `HIGH` or more, and as many of the lowest.
    """
    plain = shots[shots["flags"] == ""]
    high = plain[plain["score_1"] >= HIGH].sort_values("score_1", ascending=False, kind="stable")
    low = shots[shots["score_1"] < HIGH].sort_values("score_1", kind="stable")
    return _varied(high), _varied(low)


def _varied(ordered: pd.DataFrame) -> pd.DataFrame:
    count = COLUMNS * ROWS
    first = ordered.drop_duplicates("label_1").drop_duplicates("clip_id")
    rest = ordered.drop(first.index)
    return pd.concat([first, rest]).head(count)


def middle_frames(wanted: tuple[Clip, pd.DataFrame], root: str | None) -> dict[str, np.ndarray]:
    """The middle frame of each wanted shot of a clip, (H, W, 3) uint8 RGB, by shot id; one pass over the clip."""
    clip, rows = wanted
    middles = {(row.start_frame + row.end_frame) // 2: row.shot_id for row in rows.itertuples()}
    pictures = {}
    with catch_failure(clip) as outcome, Video(clip, root) as video:
        for frame in video:
            if frame.index in middles:
                pictures[middles[frame.index]] = frame.rgb()
                if len(pictures) == len(middles):
                    break
    if outcome.failure:
        logger.warning("%s: %s", clip.clip_id, outcome.failure)
    return pictures


def plot_grids(high: pd.DataFrame, low: pd.DataFrame, pictures: dict[str, np.ndarray]) -> Figure:
    """Grids a and b side by side; each frame has its label and score.

    Args:
        high, low: see `choose_shots`.
        pictures: see `middle_frames`; a shot without one has its label only.
    """
    figure, axes = new_figure(
        13, 3.5, nrows=ROWS, ncols=2 * COLUMNS + 1, gridspec_kw={"width_ratios": [4] * COLUMNS + [0.4] + [4] * COLUMNS}
    )
    for ax in axes.flat:
        ax.set_axis_off()
    for first, shots in ((0, high), (COLUMNS + 1, low)):
        for index, shot in enumerate(shots.itertuples()):
            ax = axes[index // COLUMNS, first + index % COLUMNS]
            if shot.shot_id in pictures:
                ax.imshow(pictures[shot.shot_id])
            ax.text(
                0.03,
                0.05,
                f"{shot.label_1}  {shot.score_1:.2f}",
                transform=ax.transAxes,
                color=YELLOW,
                size=7.5,
                weight="bold",
                bbox={"facecolor": "black", "alpha": 0.55, "pad": 2, "edgecolor": "none"},
            )
    axes[0, 0].set_title(f"a. High confidence (≥ {HIGH:g})", loc="left", size=8)
    axes[0, COLUMNS + 1].set_title("b. Low confidence", loc="left", size=8)
    return figure


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    high, low = choose_shots(read_parquet(snakemake.input.shots))
    clips = {clip.clip_id: clip for clip in read_manifest(snakemake.params.manifest)}
    wanted = [(clips[clip_id], rows) for clip_id, rows in pd.concat([high, low]).groupby("clip_id")]
    pictures: dict[str, np.ndarray] = {}
    for found in map_in_threads(partial(middle_frames, root=clips_root(snakemake.config)), wanted, snakemake.threads):
        pictures |= found
    save_figure(plot_grids(high, low, pictures), snakemake.output)


if __name__ == "__main__":
    run_job(main, snakemake)
