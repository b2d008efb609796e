"""List the clips of Condensed Movies as a manifest: the films, or rather excerpts, that the paper worked on."""

import pandas as pd

from scripts.lib.jobs.errors import UserError, bullet_list
from scripts.lib.jobs.log import job_log, logger
from scripts.lib.records.clips import SAFE_ID, Clip, write_manifest
from scripts.lib.records.condensed_movies import read_movies


def list_clips(table: pd.DataFrame) -> list[Clip]:
    """Manifest rows, each clip once, with paths as Condensed Movies' downloader lays files out.

    Args:
        table: clip_id, movie_id, title, year, genres, upload_year, all text; see `read_movies`.

    Raises:
        UserError: ids or upload years that cannot be part of a file name; one message lists them.
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
        logger.warning(
            "%d row(s) repeat a clip and are left out; %d of them tell something else", len(others), different
        )
    return [
        Clip(row.clip_id, f"{row.upload_year}/{row.clip_id}.mkv", row.movie_id, row.title, row.year, row.genres)
        for row in once.itertuples()
    ]


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    table = read_movies(snakemake.input.clips, snakemake.input.movie_info)
    clips = list_clips(table)
    logger.info(
        "%d clips of %d movies; %d without a year, %d without genres, %d ids begin with -",
        len(clips),
        len({clip.movie_id for clip in clips}),
        sum(not clip.year for clip in clips),
        sum(not clip.genres for clip in clips),
        sum(clip.clip_id.startswith("-") for clip in clips),
    )
    write_manifest(clips, snakemake.output[0])


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(snakemake)
