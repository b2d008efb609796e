"""The published splits, with the movies of Condensed Movies, as a run's dataset."""

from collections.abc import Sequence

import pandas as pd

from scripts.lib.jobs.log import run_job
from scripts.lib.records.condensed_movies import read_movies
from scripts.lib.records.release_lines import LabelLine, read_label_map, read_lines
from scripts.lib.records.samples import SEPARATOR, SPLITS, write_dataset
from scripts.lib.records.videos import find_videos


def released_samples(lines: dict[str, Sequence[LabelLine]], labels: list[str], clips: pd.DataFrame) -> pd.DataFrame:
    """Samples of published label files: shot_id, clip_id, movie_id, labels, scores (not published: empty), split.

    A clip's movie is that of its video; an unknown video counts as a movie of its own.

    Args:
        lines: shots of each split.
        labels: names by index.
        clips: clip_id and movie_id, see `read_movies`.
    """
    movies = dict(zip(clips["clip_id"], clips["movie_id"], strict=True))
    videos = find_videos({line.clip_id: line.clip_id for part in lines.values() for line in part}, movies)
    rows = [
        (
            line.shot_id,
            line.clip_id,
            movies.get(videos[line.clip_id], videos[line.clip_id]),
            SEPARATOR.join(labels[i] for i in line.indices),
        )
        for split in lines
        for line in lines[split]
    ]
    table = pd.DataFrame(rows, columns=["shot_id", "clip_id", "movie_id", "labels"])
    return table.assign(scores="", split=[split for split, part in lines.items() for _ in part])


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    labels = read_label_map(snakemake.input.label_map)
    clips = read_movies(snakemake.input.clips, snakemake.input.movie_info)
    lines = {split: read_lines(path, len(labels)) for split, path in zip(SPLITS, snakemake.input.lines, strict=True)}
    samples = released_samples(lines, labels, clips)
    write_dataset(samples, labels, clips, snakemake.output)


if __name__ == "__main__":
    run_job(main, snakemake)
