"""Leakage audit: what the splits share, and what they share with the human-verified set."""

import pandas as pd

from scripts.lib.frames import read_frame
from scripts.lib.log import job_log
from scripts.lib.paper_tables import printed_values, write_statistics
from scripts.lib.parquet import read_parquet
from scripts.lib.samples import SPLITS, read_lines, read_samples, video_of

NOWHERE = "no split"


def audit_splits(samples: pd.DataFrame) -> list[tuple[str, str, int]]:
    """How many shots, videos and movies are in more than one split: statistic, part, count.

    Args:
        samples: shot_id, clip_id, movie_id, split.
    """
    return [
        (f"{name} in more than one split", "all", int((samples.groupby(column)["split"].nunique() > 1).sum()))
        for name, column in (("shots", "shot_id"), ("videos", "clip_id"), ("movies", "movie_id"))
    ]


def audit_verified(samples: pd.DataFrame, verified: pd.DataFrame) -> list[tuple[str, str, int]]:
    """Where the videos and the movies of the verified shots are: statistic, part, count.

    Args:
        samples: clip_id, movie_id, split.
        verified: shot_id, video_id, movie_id (empty where it is not known).
    """
    videos = verified.drop_duplicates("video_id")
    rows = [
        ("verified shots", "all", len(verified)),
        ("verified videos", "all", len(videos)),
        ("verified videos whose movie is known", "all", int((videos["movie_id"] != "").sum())),
    ]
    own = set(samples["clip_id"])
    rows.append(("verified shots whose video is in a split", "all", int(verified["video_id"].isin(own).sum())))
    for name, table in (("verified shots whose movie is in", verified), ("verified videos whose movie is in", videos)):
        known = pd.Series(False, index=table.index)
        for split in SPLITS:
            inside = table["movie_id"].isin(set(samples.loc[samples["split"] == split, "movie_id"]) - {""})
            known |= inside
            rows.append((name, split, int(inside.sum())))
        rows.append((name, NOWHERE, int((~known).sum())))
    return rows


def verified_of_run(paths: list[str], shots: pd.DataFrame) -> pd.DataFrame:
    """The verified shots with the movies that this run knows: shot_id, video_id, movie_id.

    Args:
        paths: files in the authors' line format.
        shots: clip_id and movie_id of the run's shots.
    """
    movies = dict(zip(shots["clip_id"], shots["movie_id"], strict=True))
    rows = [(line.shot_id, video_of(line.clip_id)) for path in paths for line in read_lines(path)]
    return pd.DataFrame([(shot, video, movies.get(video, "")) for shot, video in rows]).set_axis(
        ["shot_id", "video_id", "movie_id"], axis=1
    )


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    source = snakemake.input
    samples = read_samples(source.samples)
    rows = audit_splits(samples)
    if source.evaluation:
        rows += audit_verified(samples, read_frame(source.evaluation[0], ["shot_id", "video_id", "movie_id"]))
    elif source.verified:
        shots = read_parquet(source.shots[0], columns=["clip_id", "movie_id"]).drop_duplicates("clip_id")
        rows += audit_verified(samples, verified_of_run(source.verified, shots))
    write_statistics(
        snakemake.output.csv,
        snakemake.output.md,
        rows,
        printed_values(source.printed),
        "Splits that share movies measure how well movies are remembered. A model that is trained on train should "
        "also be evaluated on the verified shots whose movie is not in train: `movie_disjoint` in "
        "verification/evaluation_set.csv.",
    )


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(snakemake)
