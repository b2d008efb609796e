"""The filtered, multi-label samples: which shots are kept, and with which labels (paper section 5.1)."""

from difflib import get_close_matches
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from scripts.lib.errors import UserError, bullet_list
from scripts.lib.files import atomic_path
from scripts.lib.hdf5 import open_h5, read_strings
from scripts.lib.log import job_log, logger
from scripts.lib.parquet import explained_parquet
from scripts.lib.samples import SEPARATOR, read_lines, video_of

TOP = 5
# Any number of labels: the file may belong to another label list than the run's.
ANY_LABEL = 1 << 31
KEPT_COLUMNS = ("shot_id", "clip_id", "movie_id", "title", "year", "genres", "labels", "scores")


def calibrate_threshold(scores: np.ndarray, fraction: float) -> np.float32:
    """The threshold that keeps a share of the shots: the score of the last one kept.

    Args:
        scores: top-1 scores, (N,). The best `fraction * N`, rounded, are kept, one at the least;
            shots that tie with the last one are kept too.
    """
    n_kept = min(max(1, round(fraction * len(scores))), len(scores))
    return np.float32(np.partition(scores, len(scores) - n_kept)[len(scores) - n_kept])


def chosen_labels(scores: np.ndarray, top1_threshold: float, rank_threshold: float, top_k: int) -> np.ndarray:
    """Which of its best labels each shot keeps, (N, 5) bool; none where the shot is not kept.

    The best label is kept from `top1_threshold` on, those of rank 2 to `top_k` above
    `rank_threshold` if the best is. Thresholds are compared in the precision of the scores, so a
    score stored as 0.4 reaches 0.4, and one stored as 0.1 is not above 0.1. For scores that were
    born as fp16, as the release's, this is the exact comparison, since neither number is one.

    Args:
        scores: (N, 5) float32, each row from high to low, NaN where there is no such rank.
    """
    kept = scores[:, 0] >= scores.dtype.type(top1_threshold)
    chosen = kept[:, None] & (scores > scores.dtype.type(rank_threshold))
    chosen[:, 0] = kept
    chosen[:, top_k:] = False
    return chosen


def select_labels(
    codes: np.ndarray, scores: np.ndarray, chosen: np.ndarray, renamed: np.ndarray, min_samples: int | None = None
) -> pd.DataFrame:
    """Labels of the kept shots after merging and dropping, one a row: shot, rank, code, score.

    A merged label takes its highest rank. A shot whose best label is dropped is left out, for
    what remains is not what the tagger was sure of; other dropped labels only leave the shot's
    list. Labels with fewer than `min_samples` samples are dropped likewise, until none is left.

    Args:
        codes: (N, 5) label numbers from high score to low.
        scores: (N, 5).
        chosen: (N, 5) bool, see `chosen_labels`.
        renamed: (L,) label number that stands for each label; -1 drops it.
    """
    shot, rank = np.nonzero(chosen)
    long = pd.DataFrame({"shot": shot, "rank": rank, "code": renamed[codes[shot, rank]], "score": scores[shot, rank]})
    long = _without(long.drop_duplicates(["shot", "code"]), [-1])
    while min_samples:
        counts = long["code"].value_counts()
        rare = counts.index[counts < min_samples]
        if not len(rare):
            break
        long = _without(long, rare)
    return long.reset_index(drop=True)


def _without(long: pd.DataFrame, codes) -> pd.DataFrame:
    gone = long["code"].isin(codes)
    lost = long.loc[gone & (long["rank"] == 0), "shot"]
    return long[~gone & ~long["shot"].isin(lost)]


def renamed_labels(labels: list[str], merges: dict[str, str], drop: list[str]) -> np.ndarray:
    """Label number that stands for each label, (L,); -1 where it is dropped.

    Raises:
        UserError: a label holds the sign that separates labels, a name is none of the labels, a
            label is merged into one that is merged or dropped itself, or both merged and dropped.
    """
    problems = [
        f"the label {name!r} holds a {SEPARATOR}, which stands between labels" for name in labels if SEPARATOR in name
    ]
    for place, names in (("merges", [*merges, *merges.values()]), ("drop", drop)):
        for name in dict.fromkeys(names):
            if name not in labels:
                near = get_close_matches(name, labels, n=1)
                hint = f"did you mean {near[0]!r}?" if near else "see the run's label list"
                problems.append(f"dataset.{place}: {name!r} is none of the labels; {hint}")
    for source, target in merges.items():
        if target in merges or target in drop:
            problems.append(f"dataset.merges: {source!r} goes to {target!r}, which is merged or dropped itself")
        if source in drop:
            problems.append(f"dataset: {source!r} is both merged and dropped; decide for one")
    if problems:
        raise UserError(f"the labels cannot be used like this:\n{bullet_list(problems)}")
    index = {label: number for number, label in enumerate(labels)}
    return np.array([-1 if label in drop else index[merges.get(label, label)] for label in labels])


def is_candidate(shots: pd.DataFrame, exclude_flags: list[str], excluded_clips: set[str]) -> np.ndarray:
    """Shots that may become samples: without those flags, of other clips than the excluded ones, (N,) bool."""
    flagged = shots["flags"].str.split("|").map(lambda flags: not set(flags).isdisjoint(exclude_flags))
    return ~(flagged | shots["clip_id"].isin(excluded_clips)).to_numpy(bool)


def verified_clips(paths: list[str]) -> set[str]:
    """Videos that files in the authors' line format name, or whose windows they name."""
    return {video_of(line.clip_id) for path in paths for line in read_lines(path, ANY_LABEL)}


def code_table(shots: pd.DataFrame, labels: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Label numbers (N, 5) and scores (N, 5) float32 of the five best labels, -1 and NaN where there is none."""
    ranks = range(1, TOP + 1)
    # Not astype: to pandas, categories in another order are the same type, and keep their numbers.
    named = [shots[f"label_{rank}"].astype("category").cat.set_categories(labels) for rank in ranks]
    codes = np.column_stack([column.cat.codes for column in named])
    return codes, np.column_stack([shots[f"score_{rank}"].to_numpy(np.float32) for rank in ranks])


def kept_table(shots: pd.DataFrame, long: pd.DataFrame, labels: list[str]) -> pd.DataFrame:
    """One row a kept shot, `KEPT_COLUMNS`; a clip whose movie is not known is its own movie.

    Args:
        shots: the rows that `long` counts.
        long: see `select_labels`.
    """
    names, scores = np.array(labels, object)[long["code"]], long["score"].map(str).to_numpy(object)
    starts = np.flatnonzero(np.diff(long["shot"], prepend=-1))
    edges = list(pairwise([*starts, len(long)]))
    table = shots.iloc[long["shot"].to_numpy()[starts]].reset_index(drop=True)
    table["movie_id"] = table["movie_id"].where(table["movie_id"] != "", table["clip_id"])
    table["labels"] = [SEPARATOR.join(names[start:end]) for start, end in edges]
    table["scores"] = [SEPARATOR.join(scores[start:end]) for start, end in edges]
    return table[list(KEPT_COLUMNS)]


def own_threshold(shots: pd.DataFrame, settings: dict) -> float:
    """The run's threshold of the best score: `top1_threshold`, or the one that keeps `keep_fraction` of all shots."""
    if settings["keep_fraction"] is None:
        return settings["top1_threshold"]
    threshold = float(calibrate_threshold(shots["score_1"].to_numpy(np.float32), settings["keep_fraction"]))
    logger.info("A best score of %.6g or more keeps %g of the shots", threshold, settings["keep_fraction"])
    return threshold


def read_shots(path: str) -> pd.DataFrame:
    """What selecting needs of `shots.parquet`, with labels as categories to save memory."""
    ranked = [f"label_{rank}" for rank in range(1, TOP + 1)]
    columns = [
        "shot_id",
        "clip_id",
        "movie_id",
        "title",
        "year",
        "genres",
        "start_frame",
        "end_frame",
        "flags",
        *ranked,
    ]
    columns += [f"score_{rank}" for rank in range(1, TOP + 1)]
    with explained_parquet(path):
        return pq.read_table(path, columns=columns, read_dictionary=ranked).to_pandas()


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    shots = read_shots(snakemake.input.shots)
    with open_h5(snakemake.input.scores) as file:
        labels = read_strings(file["labels"])
    settings = snakemake.params.settings
    excluded = verified_clips(snakemake.input.verified)
    threshold = own_threshold(shots, settings)
    n_all = len(shots)
    shots = shots[is_candidate(shots, settings["exclude_flags"], excluded)].reset_index(drop=True)
    codes, scores = code_table(shots, labels)
    chosen = chosen_labels(scores, threshold, settings["rank_threshold"], settings["top_k"])
    renamed = renamed_labels(labels, settings["merges"], settings["drop"])
    long = select_labels(codes, scores, chosen, renamed, settings["min_samples"])
    table = kept_table(shots, long, labels)
    if not len(table):
        raise UserError(
            f"none of the {n_all} shots is kept: the highest score is {np.nanmax(scores, initial=0):.3g}, the "
            f"threshold {threshold:.3g}; lower dataset.top1_threshold, or give dataset.keep_fraction"
        )
    logger.info("%d of %d shots are kept, with %d of %d labels", len(table), n_all, long["code"].nunique(), len(labels))
    with atomic_path(snakemake.output[0]) as temporary:
        table.to_parquet(temporary, index=False)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(snakemake)
