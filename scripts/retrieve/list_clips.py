"""List the clips of Condensed Movies, the paper's collection, as a manifest."""

import pandas as pd

from scripts.lib.jobs.errors import UserError, bullet_list
from scripts.lib.jobs.log import logger, run_job
from scripts.lib.records.clips import SAFE_ID, Clip, write_manifest
from scripts.lib.records.condensed_movies import read_movies


def list_clips(table: pd.DataFrame) -> list[Clip]:
    """Manifest rows, each clip once, with paths in the layout of Condensed Movies' downloader.

    Args:
        table: clip_id, movie_id, title, year, genres, upload_year, all text; see `read_movies`.

    Raises:
        UserError: ids or upload years that are not allowed in a file name; one message lists them.
    """
    problems = [
        f"line {line}: videoid {row.clip_id!r} and upload_year {row.upload_year!r} make no safe file name"
        for line, row in enumerate(table.itertuples(), start=2)
        if not (SAFE_ID.fullmatch(row.clip_id) and row.upload_year.isascii() and row.upload_year.isdigit())
    ]
    if problems:
        raise UserError(f"Condensed Movies' clips.csv has {len(problems)} problem(s):\n{bullet_list(problems)}")
    once = table.drop_duplicates("clip_id")
    others = table[table["clip_id"].duplicated()]
    if len(others):
        different = len(others) - int(table.duplicated().sum())
        logger.warning("%d row(s) repeat a clip and are left out; %d of them have other values", len(others), different)
    return [
        Clip(row.clip_id, f"{row.upload_year}/{row.clip_id}.mkv", row.movie_id, row.title, row.year, row.genres)
        for row in once.itertuples()
    ]


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    table = read_movies(snakemake.input.clips, snakemake.input.movie_info)
    clips = list_clips(table)
    write_manifest(clips, snakemake.output[0])
    no_year, no_genres = (sum(not getattr(clip, column) for clip in clips) for column in ("year", "genres"))
    n_movies = len({clip.movie_id for clip in clips})
    return f"{len(clips)} clips of {n_movies} movies; {no_year} without a year, {no_genres} without genres"


if __name__ == "__main__":
    run_job(main, snakemake)
