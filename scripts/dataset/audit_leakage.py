"""Leakage audit: overlap of the splits with each other and with the human-verified set."""

import pandas as pd

from scripts.dataset.selection import verified_videos
from scripts.lib.jobs.log import run_job
from scripts.lib.records.release_lines import read_lines
from scripts.lib.records.samples import SPLITS, clip_table, read_samples
from scripts.lib.records.videos import find_videos, video_of
from scripts.lib.tables.comparisons import printed_values, write_statistics
from scripts.lib.tables.frames import read_frame, read_parquet

NOWHERE = "no split"
# The set of accepted shots depends on votes, the splits do not.
OF_STUDY = " Verified shots are here all shots that raters were asked about, whatever they answered."


def audit_splits(samples: pd.DataFrame) -> list[tuple[str, str, int]]:
    """Number of shots, videos and movies in more than one split: statistic, part, count.

    Args:
        samples: shot_id, video, movie_id, split.
    """
    return [
        (f"{name} in more than one split", "all", int((samples.groupby(column)["split"].nunique() > 1).sum()))
        for name, column in (("shots", "shot_id"), ("videos", "video"), ("movies", "movie_id"))
    ]


def audit_verified(samples: pd.DataFrame, verified: pd.DataFrame) -> list[tuple[str, str, int]]:
    """Splits of the videos and movies of the verified shots: statistic, part, count.

    Args:
        samples: video, movie_id, split.
        verified: shot_id, video_id, movie_id (empty if unknown; the movie still counts for the splits
            with the video).
    """
    videos = verified.drop_duplicates("video_id")
    rows = [
        ("verified shots", "all", len(verified)),
        ("verified videos", "all", len(videos)),
        ("verified videos whose movie is known", "all", int((videos["movie_id"] != "").sum())),
    ]
    own = set(samples["video"])
    rows.append(("verified shots whose video is in a split", "all", int(verified["video_id"].isin(own).sum())))
    for name, table in (("verified shots whose movie is in", verified), ("verified videos whose movie is in", videos)):
        known = pd.Series(False, index=table.index)
        for split in SPLITS:
            part = samples[samples["split"] == split]
            inside = table["movie_id"].isin(set(part["movie_id"]) - {""}) | table["video_id"].isin(set(part["video"]))
            known |= inside
            rows.append((name, split, int(inside.sum())))
        rows.append((name, NOWHERE, int((~known).sum())))
    return rows


def verified_of_run(paths: list[str], tasks: list[str], clips: pd.DataFrame) -> pd.DataFrame:
    """The verified shots with their movies as known in this run: shot_id, video_id, movie_id.

    Args:
        paths: files in the authors' line format.
        tasks: tables of the shots of the run's own verification study.
        clips: video and movie_id by clip_id, see `clip_table`.
    """
    movies = {clip.video: clip.movie_id for clip in clips.itertuples() if clip.movie_id != clip.video}
    named = [(line.shot_id, line.clip_id) for path in paths for line in read_lines(path)]
    for path in tasks:
        named += read_frame(path, ["shot_id", "clip_id"])[["shot_id", "clip_id"]].itertuples(index=False)
    videos = [clips["video"].get(clip_id, video_of(clip_id)) for _, clip_id in named]
    rows = [(shot_id, video, movies.get(video, "")) for (shot_id, _), video in zip(named, videos, strict=True)]
    return pd.DataFrame(rows, columns=["shot_id", "video_id", "movie_id"])


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    source = snakemake.input
    samples, verified = read_samples(source.samples), None
    if source.evaluation:
        verified = read_frame(source.evaluation[0], ["shot_id", "video_id", "movie_id"])
        videos = find_videos({clip_id: clip_id for clip_id in samples["clip_id"]}, verified["video_id"])
    else:
        shots = read_parquet(source.shots[0], columns=["clip_id", "movie_id"])
        clips = clip_table(shots, snakemake.params.manifest, verified_videos(source.verified))
        videos = clips["video"].to_dict()
        if source.verified or source.tasks:
            verified = verified_of_run(source.verified, source.tasks, clips)
    samples["video"] = samples["clip_id"].map(videos).fillna(samples["clip_id"])
    rows = audit_splits(samples)
    if verified is not None:
        rows += audit_verified(samples, verified)
    write_statistics(
        snakemake.output.csv,
        snakemake.output.md,
        rows,
        printed_values(source.printed),
        "If splits share movies, a model can score by memorising movies. A model trained on train should "
        "also be evaluated on the verified shots whose movie is not in train: `movie_disjoint` in "
        "verification/evaluation_set.csv." + (OF_STUDY if source.tasks else ""),
    )


if __name__ == "__main__":
    run_job(main, snakemake)
