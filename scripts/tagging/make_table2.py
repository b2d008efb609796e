"""Table 2: statistics of movie shots."""

import pandas as pd

from scripts.lib.jobs.log import run_job
from scripts.lib.records.clips import Clip, read_manifest
from scripts.lib.tables.comparisons import comparison, write_comparisons, write_markdown
from scripts.lib.tables.frames import read_parquet
from scripts.lib.tables.rows import read_csv


def shot_statistics(shots: pd.DataFrame) -> dict[str, str]:
    """Our values, by the column names of the paper's Table 2; empty if the manifest lacks them.

    Args:
        shots: `dataset/shots.parquet` with at least one shot.
    """
    movies = shots["movie_id"][shots["movie_id"] != ""].nunique()
    years = pd.to_numeric(shots["year"], errors="coerce")
    years = years[years > 0].astype(int)
    seconds = shots["end_time"] - shots["start_time"]
    n_clips = shots["clip_id"].nunique()
    return {
        "# movies": str(movies) if movies else "",
        "Years": f"{years.min()}-{years.max()}" if len(years) else "",
        "# clips": str(n_clips),
        "# shots": str(len(shots)),
        "Avg shots/clip": f"{len(shots) / n_clips:.2f}",
        "Avg Duration (s)": f"{seconds.mean():.2f}",
    }


def table2(shots: pd.DataFrame, printed: list[dict[str, str]], clips: list[Clip], source: str) -> list[dict]:
    """Rows in long form, one per column of the paper's table."""
    ours = shot_statistics(shots)
    n_expected = next(row["paper"] for row in printed if row["column"] == "# clips")
    counts = (ours["# clips"], n_expected, str(len(clips)) == n_expected)
    return [
        comparison(("table2", "MovieCLIP", row["column"]), row["paper"], ours[row["column"]], source, *counts)
        for row in printed
    ]


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    columns = ["clip_id", "movie_id", "year", "start_time", "end_time"]
    shots = read_parquet(snakemake.input.shots, columns=columns)
    rows = table2(
        shots, read_csv(snakemake.input.printed), read_manifest(snakemake.params.manifest), snakemake.input.shots
    )
    write_comparisons(snakemake.output.csv, rows)
    same = rows[0]["comparable"] == "yes"
    write_markdown(
        snakemake.output.md,
        ["", *(row["column"] for row in rows)],
        [["paper", *(row["paper"] for row in rows)], ["ours", *(row["ours"] or "not known" for row in rows)]],
        "The paper's clips." if same else "Our clips are not the paper's: the rows describe two collections.",
    )


if __name__ == "__main__":
    run_job(main, snakemake)
