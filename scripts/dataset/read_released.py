"""The published splits, with the movies of Condensed Movies, as the dataset of a run."""

import ast
from collections.abc import Iterable

import pandas as pd

from scripts.lib.errors import UserError
from scripts.lib.log import job_log
from scripts.lib.samples import SEPARATOR, SPLITS, Line, read_label_map, read_lines, write_dataset

# One row of the table is of the year 1091.
FIRST_FILM = 1888


def read_movies(clips_csv: str, movie_info_csv: str) -> pd.DataFrame:
    """Condensed Movies' clips: clip_id, movie_id, title, year, genres, upload_year, all text.

    Years that are not known and genres of a movie without a row are empty.

    Raises:
        UserError: a table lacks a column, or genres are not written as a list.
    """
    clips, info = (
        _read(clips_csv, ["videoid", "imdbid", "title", "year", "upload_year"]),
        _read(movie_info_csv, ["imdbid", "genre"]),
    )
    try:
        genres = {row.imdbid: SEPARATOR.join(ast.literal_eval(row.genre)) for row in info.itertuples()}
    except (ValueError, SyntaxError, TypeError) as error:
        raise UserError(f"{movie_info_csv}: genres are not written as ['Drama', 'War']: {error}") from error
    return pd.DataFrame(
        {
            "clip_id": clips["videoid"],
            "movie_id": clips["imdbid"],
            "title": clips["title"],
            "year": known_years(clips["year"]),
            "genres": clips["imdbid"].map(genres).fillna(""),
            "upload_year": clips["upload_year"],
        }
    )


def known_years(years: pd.Series) -> pd.Series:
    """Years as the table writes them (`2012.0`) as plain numbers; -1 and years before the first film are empty."""
    numbers = pd.to_numeric(years, errors="coerce").fillna(-1).astype(int)
    return numbers.astype(str).where(numbers >= FIRST_FILM, "")


def _read(path: str, columns: list[str]) -> pd.DataFrame:
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False, usecols=columns)
    except (ValueError, OSError) as error:
        raise UserError(f"cannot read the table {path}: {error}; fetch it anew from Condensed Movies") from error


def released_samples(lines: dict[str, Iterable[Line]], labels: list[str], clips: pd.DataFrame) -> pd.DataFrame:
    """Samples of published label files: shot_id, clip_id, movie_id, labels, scores (not published: empty), split.

    A clip that is not among the known ones is its own movie.

    Args:
        lines: shots of each split.
        labels: names by index.
        clips: clip_id and movie_id, see `read_movies`.
    """
    movies = dict(zip(clips["clip_id"], clips["movie_id"], strict=True))
    rows = [
        (
            line.shot_id,
            line.clip_id,
            movies.get(line.clip_id, line.clip_id),
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
    write_dataset(
        samples, labels, clips, snakemake.output.tables, snakemake.output.lines, dict(snakemake.output.items())
    )


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(snakemake)
