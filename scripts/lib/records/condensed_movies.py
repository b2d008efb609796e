"""The tables of Condensed Movies: clips, their movies, years and genres."""

import ast

import pandas as pd

from scripts.lib.jobs.errors import UserError
from scripts.lib.records.samples import SEPARATOR
from scripts.lib.tables.frames import read_frame

# One row of the table has the year 1091.
FIRST_FILM = 1888


def read_movies(clips_csv: str, movie_info_csv: str) -> pd.DataFrame:
    """Condensed Movies' clips: clip_id, movie_id, title, year, genres, upload_year, all text.

    Unknown years, and genres of a movie without a row, are empty.

    Raises:
        UserError: a table cannot be read, lacks a column, or genres are not written as a list.
    """
    clips = read_frame(clips_csv, ["videoid", "imdbid", "title", "year", "upload_year"])
    info = read_frame(movie_info_csv, ["imdbid", "genre"])
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
