"""Which shots become samples, and with which labels; shared by selection, threshold study and leakage audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.log import logger
from scripts.lib.records.labels import LABEL_COLUMNS, SCORE_COLUMNS, read_labels
from scripts.lib.records.release_lines import read_lines
from scripts.lib.records.samples import FACTS, clip_table, renamed_labels
from scripts.lib.records.videos import video_of
from scripts.lib.tables.frames import explained_parquet, read_frame

SHOT_FACTS = ("shot_id", "clip_id", "movie_id", "title", "year", "genres", "start_frame", "end_frame", "flags")


@dataclass(frozen=True)
class Candidates:
    """The shots that become samples if their top-1 score is high enough, and the settings that decide.

    They have no excluded flag, are not of a video with verified shots, and their top-1 label is not dropped.

    Attributes:
        shots: their N rows of `shots.parquet`.
        label_index, scores: label indices and scores of their top-5 labels, (N, 5), see `best_labels`.
        labels: the L names of the run's label list.
        renamed: (L,), see `renamed_labels`.
        threshold: of the top-1 score.
        n_all: shots of the run, candidates or not.
        clips: of all shots of the run, see `clip_table`.
    """

    shots: pd.DataFrame
    label_index: np.ndarray
    scores: np.ndarray
    labels: list[str]
    renamed: np.ndarray
    threshold: float
    n_all: int
    clips: pd.DataFrame


def read_candidates(source, manifest: str | Path, settings: dict) -> Candidates:
    """The candidates of a run.

    Args:
        source: paths, as a job's inputs: `shots` (`dataset/shots.parquet`), `labels` (the run's list), `verified`
            (files of human-verified shots) and `tasks` (tables of the shots of the run's own study); the videos of
            the last two are left out.
        manifest: the run's `manifest.csv`.
        settings: exclude_flags, keep_fraction, merges, drop, top1_threshold of the configuration's `dataset`.

    Raises:
        UserError: a file cannot be used, merges and drops do not fit the labels, or there is no candidate.
    """
    labels = read_labels(source.labels)
    renamed = renamed_labels(labels, settings["merges"], settings["drop"])
    shots, videos = read_labelled_shots(source.shots), verified_videos(source.verified)
    clips = clip_table(shots[["clip_id", "movie_id", *FACTS]], manifest, videos)
    for path in source.tasks:
        videos |= set(clips["video"].reindex(read_frame(path, ["clip_id"])["clip_id"]))
    label_index, scores = best_labels(shots, labels)
    chosen = is_candidate(shots, settings["exclude_flags"], set(clips.index[clips["video"].isin(videos)]))
    chosen &= renamed[label_index[:, 0]] >= 0
    if not chosen.any():
        raise UserError(
            f"none of the {len(shots)} shots can become a sample: each has a flag of dataset.exclude_flags, is of a "
            "video with verified shots, or its top-1 label is in dataset.drop; exclude or drop less, or verify "
            "shots of fewer clips (verification.sample.clips)"
        )
    threshold = own_threshold(scores[chosen, 0], settings)
    shots, n_all = shots[chosen].reset_index(drop=True), len(shots)
    return Candidates(shots, label_index[chosen], scores[chosen], labels, renamed, threshold, n_all, clips)


def read_labelled_shots(path: str | Path) -> pd.DataFrame:
    """The columns of `shots.parquet` that selection needs, with labels as categories to save memory."""
    columns = [*SHOT_FACTS, *LABEL_COLUMNS, *SCORE_COLUMNS]
    with explained_parquet(path):
        return pq.read_table(path, columns=columns, read_dictionary=LABEL_COLUMNS).to_pandas()


def own_threshold(scores: np.ndarray, settings: dict) -> float:
    """The run's threshold of the candidates' top-1 scores, (N,): `top1_threshold`, or that for `keep_fraction`."""
    if settings["keep_fraction"] is None:
        return settings["top1_threshold"]
    threshold = float(calibrate_threshold(scores, settings["keep_fraction"]))
    logger.info("A top-1 score of %.6g or more keeps %g of the candidates", threshold, settings["keep_fraction"])
    return threshold


def calibrate_threshold(scores: np.ndarray, fraction: float) -> np.float32:
    """The threshold that keeps a share of the shots: the score of the last kept one.

    Args:
        scores: top-1 scores, (N,). The highest `fraction * N`, rounded, are kept, at least one; shots
            that tie with the last one are kept as well.
    """
    n_kept = min(max(1, round(fraction * len(scores))), len(scores))
    return np.float32(np.partition(scores, len(scores) - n_kept)[len(scores) - n_kept])


def verified_videos(paths: Sequence[str | Path]) -> set[str]:
    """Videos in files in the authors' line format, directly or by a window."""
    return {video_of(line.clip_id) for path in paths for line in read_lines(path)}


def is_candidate(shots: pd.DataFrame, exclude_flags: list[str], excluded_clips: set[str]) -> np.ndarray:
    """Shots that can become samples, (N,) bool: without these flags, not of these clips."""
    flagged = shots["flags"].str.split("|").map(lambda flags: not set(flags).isdisjoint(exclude_flags))
    return ~(flagged | shots["clip_id"].isin(excluded_clips)).to_numpy(bool)


def best_labels(shots: pd.DataFrame, labels: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Label indices (N, 5) and scores (N, 5) float32 of the top-5 labels, -1 and NaN if there is none."""
    # Not astype: for pandas, categories in another order are the same type and keep their codes.
    named = [shots[name].astype("category").cat.set_categories(labels) for name in LABEL_COLUMNS]
    label_index = np.column_stack([column.cat.codes for column in named])
    return label_index, np.column_stack([shots[name].to_numpy(np.float32) for name in SCORE_COLUMNS])


def chosen_labels(scores: np.ndarray, top1_threshold: float, rank_threshold: float, top_k: int) -> np.ndarray:
    """Which of its top-5 labels each shot keeps, (N, 5) bool; none if the shot is not kept.

    The top-1 label is kept at or above `top1_threshold`, and then those of rank 2 to `top_k` above
    `rank_threshold`. Thresholds are compared in the precision of the scores: a score stored as 0.4
    reaches 0.4, and one stored as 0.1 is not above 0.1. For fp16 scores, as the release's, this
    equals the exact comparison, because neither number is an fp16 value.

    Args:
        scores: (N, 5) float32, each row in descending order, NaN if there is no such rank.
    """
    kept = scores[:, 0] >= scores.dtype.type(top1_threshold)
    chosen = kept[:, None] & (scores > scores.dtype.type(rank_threshold))
    chosen[:, 0] = kept
    chosen[:, top_k:] = False
    return chosen


def select_labels(
    label_index: np.ndarray, scores: np.ndarray, chosen: np.ndarray, renamed: np.ndarray, min_samples: int | None = None
) -> pd.DataFrame:
    """Labels of the kept shots after merging and dropping, one per row: shot, rank, label_index, score.

    A merged label gets its highest rank. A shot whose top-1 label is dropped is left out, because
    its other labels are less certain; other dropped labels are removed from the shot's list. Labels
    with fewer than `min_samples` samples are dropped repeatedly, until there is none.

    Args:
        label_index: (N, 5) label indices in descending order of score.
        scores: (N, 5).
        chosen: (N, 5) bool, see `chosen_labels`.
        renamed: (L,) label index after merging; -1 drops the label.
    """
    shot, rank = np.nonzero(chosen)
    long = pd.DataFrame(
        {"shot": shot, "rank": rank, "label_index": renamed[label_index[shot, rank]], "score": scores[shot, rank]}
    )
    long = _without(long.drop_duplicates(["shot", "label_index"]), [-1])
    while min_samples:
        counts = long["label_index"].value_counts()
        rare = counts.index[counts < min_samples]
        if not len(rare):
            break
        long = _without(long, rare)
    return long.reset_index(drop=True)


def _without(long: pd.DataFrame, label_index) -> pd.DataFrame:
    gone = long["label_index"].isin(label_index)
    lost = long.loc[gone & (long["rank"] == 0), "shot"]
    return long[~gone & ~long["shot"].isin(lost)]
