"""The published human-verified shots: an evaluation set, and a manifest of their windows."""

import pandas as pd

from scripts.lib.jobs.errors import UserError, bullet_list
from scripts.lib.jobs.log import logger, run_job
from scripts.lib.records.clips import Clip, write_manifest
from scripts.lib.records.condensed_movies import read_movies
from scripts.lib.records.release_lines import LabelLine, read_label_map, read_lines
from scripts.lib.records.samples import SEPARATOR, read_samples
from scripts.lib.records.shots import scene_number
from scripts.lib.records.videos import parse_window
from scripts.lib.tables.frames import write_frame


def verified_shots(
    lines: list[LabelLine], labels: list[str], clips: pd.DataFrame, samples: pd.DataFrame
) -> pd.DataFrame:
    """One row a verified shot: its window, movie, labels, and the split its movie is in.

    Args:
        lines: shots named `v_<video>_seg_<from>_<to>-Scene-<NNN>`.
        labels: names by index.
        clips: clip_id and movie_id, see `read_movies`.
        samples: movie_id and split.

    Returns:
        shot_id, clip_id (the window), video_id, scene, start_time, end_time, movie_id, labels,
        movie_split (empty: in none), movie_disjoint (yes: the movie is not in train). A video without
        a known movie counts as its own, as in the samples.

    Raises:
        UserError: a shot has another name.
    """
    windows = [parse_window(line.clip_id) for line in lines]
    strange = [line.shot_id for line, window in zip(lines, windows, strict=True) if window is None]
    if strange:
        raise UserError(
            f"{len(strange)} verified shot(s) are not named v_<video>_seg_<from>_<to>-Scene-<NNN>:\n"
            f"{bullet_list(strange)}\nSet dataset.verified to the release's file of verified shots"
        )
    table = pd.DataFrame(
        {
            "shot_id": [line.shot_id for line in lines],
            "clip_id": [line.clip_id for line in lines],
            "video_id": [window.video_id for window in windows],
            "scene": [scene_number(line.shot_id) for line in lines],
            "start_time": [window.start for window in windows],
            "end_time": [window.end for window in windows],
        }
    )
    movies = clips.drop_duplicates("clip_id").set_index("clip_id")["movie_id"]
    split_of = samples.drop_duplicates("movie_id").set_index("movie_id")["split"]
    table["movie_id"] = table["video_id"].map(movies).fillna("")
    table["labels"] = [SEPARATOR.join(labels[index] for index in line.indices) for line in lines]
    own = table["movie_id"].where(table["movie_id"] != "", table["video_id"])
    table["movie_split"] = own.map(split_of).fillna("")
    table["movie_disjoint"] = (table["movie_split"] != "train").map({True: "yes", False: "no"})
    return table


def window_clips(verified: pd.DataFrame, clips: pd.DataFrame) -> list[Clip]:
    """Manifest rows of the windows on the files of Condensed Movies, `<upload year>/<video>.mkv`, sorted by name.

    Windows of other videos are left out.
    """
    known = clips.drop_duplicates("clip_id").set_index("clip_id")
    windows = verified.drop_duplicates("clip_id").sort_values("clip_id")
    return [
        Clip(
            window.clip_id,
            f"{known.at[window.video_id, 'upload_year']}/{window.video_id}.mkv",
            window.movie_id,
            known.at[window.video_id, "title"],
            known.at[window.video_id, "year"],
            known.at[window.video_id, "genres"],
            float(window.start_time),
            float(window.end_time),
        )
        for window in windows.itertuples()
        if window.video_id in known.index
    ]


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    source = snakemake.input
    labels = read_label_map(source.label_map)
    clips = read_movies(source.clips, source.movie_info)
    samples = read_samples(source.samples)
    table = verified_shots(read_lines(source.verified, len(labels)), labels, clips, samples)
    windows = window_clips(table, clips)
    if missing := table["clip_id"].nunique() - len(windows):
        logger.warning("%d window(s) are of videos that Condensed Movies does not list", missing)
    write_frame(table, snakemake.output.evaluation)
    write_manifest(windows, snakemake.output.windows)


if __name__ == "__main__":
    run_job(main, snakemake)
