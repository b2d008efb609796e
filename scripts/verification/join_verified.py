"""The published verified labels, joined to the shots that this run detected in the same windows."""

from collections.abc import Iterable
from dataclasses import astuple

import pandas as pd

from scripts.lib.jobs.errors import UserError, bullet_list
from scripts.lib.jobs.log import run_job
from scripts.lib.records.clips import shard_fingerprints
from scripts.lib.records.shots import SHOT_COLUMNS, read_shots
from scripts.lib.tables.comparisons import write_markdown
from scripts.lib.tables.frames import read_frame, write_frame

# The columns of an evaluation set that joining needs.
NEEDED = ("shot_id", "clip_id", "video_id", "scene", "start_time", "end_time", "movie_disjoint")
FRAMES = ["start_frame", "end_frame", "start_time", "end_time"]


def read_evaluation_set(path: str) -> pd.DataFrame:
    """The verified shots of the published run, as text.

    Raises:
        UserError: the file cannot be read, lacks a column, or has scenes that are not numbers.
    """
    table = read_frame(path, NEEDED)
    strange = table["scene"][~table["scene"].str.fullmatch(r"\d+")]
    if len(strange):
        problems = [f"line {row + 2}: {scene!r}" for row, scene in strange.items()]
        raise UserError(f"dataset.evaluation_set: {path} has scenes that are not numbers:\n{bullet_list(problems)}")
    return table


def join_verified(verified: pd.DataFrame, shots: pd.DataFrame) -> pd.DataFrame:
    """Verified shots with a counterpart, with its frames and times instead of the window's.

    Shots are joined by window and scene number, because the published files have no times. Another
    version of shot detection may cut a window differently, so that a number means another shot.
    `n_shots` (of the window, here) and `n_named` (the highest verified number) help to recognise this.

    Args:
        verified: rows of `evaluation_set.csv` of the published run.
        shots: clip_id, shot, start_frame, end_frame, start_time, end_time.
    """
    found = shots.rename(columns={"shot": "scene"}).assign(
        n_shots=shots.groupby("clip_id")["shot"].transform("size"), scene=shots["shot"].astype(int)
    )
    named = verified.astype({"scene": int})
    named["n_named"] = named.groupby("clip_id")["scene"].transform("max")
    joined = named.drop(columns=["start_time", "end_time"]).merge(
        found[["clip_id", "scene", "n_shots", *FRAMES]], on=["clip_id", "scene"], how="inner"
    )
    order = ["shot_id", "clip_id", "video_id", "scene", *FRAMES]
    return joined[[*order, *(column for column in joined if column not in order)]]


def count_joined(verified: pd.DataFrame, shots: pd.DataFrame, joined: pd.DataFrame) -> pd.DataFrame:
    """How many verified shots are joined, and why others are not: part (all, movie-disjoint), outcome, shots, share."""
    windows = set(shots["clip_id"])
    rows = []
    for part in ("all", "movie-disjoint"):
        chosen = verified if part == "all" else verified[verified["movie_disjoint"] == "yes"]
        joins = chosen["shot_id"].isin(set(joined["shot_id"]))
        present = chosen["clip_id"].isin(windows)
        outcomes = {
            "verified": len(chosen),
            "joined": int(joins.sum()),
            "not joined: the window has fewer shots here": int((present & ~joins).sum()),
            "not joined: the window is not in this run, or could not be decoded": int((~present).sum()),
        }
        rows += [(part, name, count, f"{count / max(1, len(chosen)):.4f}") for name, count in outcomes.items()]
    return pd.DataFrame(rows, columns=["part", "outcome", "shots", "share"])


def shot_table(shards: Iterable[tuple[str, str]]) -> pd.DataFrame:
    """The shots of all shards, given by path and fingerprint."""
    shots = [
        shot for path, fingerprint in shards for of_clip in read_shots(path, fingerprint).values() for shot in of_clip
    ]
    return pd.DataFrame(map(astuple, shots), columns=list(SHOT_COLUMNS))


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    verified = read_evaluation_set(snakemake.input.evaluation)
    fingerprints = shard_fingerprints(snakemake.params.manifest, snakemake.config)
    shots = shot_table(zip(snakemake.input.shots, fingerprints, strict=True))
    joined = join_verified(verified, shots)
    if not len(joined):
        raise UserError(
            f"none of the {len(verified)} verified shots is among this run's; use the windows of the published run "
            "(verification/windows.csv) as clips.manifest. A run from dataset.released only has the windows of its own "
            "clips; without any, remove 'verification' from chapters"
        )
    table = count_joined(verified, shots, joined)
    write_frame(joined, snakemake.output.evaluation)
    write_frame(table, snakemake.output.csv)
    write_markdown(
        snakemake.output.md,
        list(table.columns),
        table.astype(str).to_numpy().tolist(),
        "Joined by window and scene number. A join does not prove that the shot is the same: the published shots were "
        "detected by another version of PySceneDetect.",
    )


if __name__ == "__main__":
    run_job(main, snakemake)
