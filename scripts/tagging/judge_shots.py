"""How far the label of each shot can be trusted, and why not."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.lib.files.hdf5 import open_h5, read_strings
from scripts.lib.jobs.errors import UserError, make_anew
from scripts.lib.jobs.log import run_job
from scripts.lib.records.trust import LEVELS
from scripts.lib.records.votes import accepted_labels, load_votes
from scripts.lib.tables.frames import read_frame, read_parquet, write_frame

CLOSE_UPS = ("ECS", "CS")
COLUMNS = ["shot_id", "label_1", "score_1", "score_2", "entropy", "flags"]


def precision_of_labels(tasks: str | Path, votes: str | Path, least: int) -> dict[str, float]:
    """Share of the judged shots with a top-1 label for which the majority of the raters accepts it, by label.

    Args:
        tasks, votes: `verification/tasks.csv` and `votes.csv`.
        least: judged shots that a label needs; those with fewer are left out.
    """
    study = load_votes(tasks, votes)
    judged = (study.marks[:, 0] >= 0).any(axis=1)
    right = pd.Series(accepted_labels(study.marks)[judged, 0], dtype=float)
    told = right.groupby(study.tasks["label_1"].to_numpy(object)[judged]).agg(["mean", "size"])
    return told.loc[told["size"] >= least, "mean"].to_dict()


def own_labels(path: str | Path, shot_ids: pd.Series) -> np.ndarray:
    """The best label of each shot by itself, (N,), from `dataset/shot_scores.h5`.

    Raises:
        UserError: it has other shots.
    """
    with open_h5(path) as file:
        if read_strings(file["shot_id"]) != list(shot_ids):
            raise UserError(f"{path} has other shots than the table of shots; {make_anew(path)}")
        labels, scores = np.array(read_strings(file["labels"]), object), file["scores"]
        best = [scores[start : start + 65_536].argmax(axis=1) for start in range(0, len(scores), 65_536)]
    return labels[np.concatenate(best)] if best else labels[:0]


def judge(
    shots: pd.DataFrame,
    threshold: float,
    limits: Mapping[str, float],
    alone: np.ndarray | None = None,
    precision: Mapping[str, float] | None = None,
    scales: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Columns shot_id, trust and reasons (`|`-separated). Without a reason trust is high, with one medium.

    It is low with a flag, or with two reasons or more.

    Args:
        shots: rows of `dataset/shots.parquet`.
        threshold: of the top-1 score.
        limits: `second_share`, `labels` and `precision` of the configuration's `tagging.trust`.
        alone: best label of each shot outside its context, (N,); None if the labels are not in context.
        precision: see `precision_of_labels`.
        scales: the shot scale, as far as known, by shot id.
    """
    first, second = shots["score_1"], shots["score_2"]
    tests = {
        # In the precision of the scores, as where samples are chosen.
        "low score": first < np.float32(threshold),
        "close second": (first > 0) & (second >= limits["second_share"] * first),
        # As undecided as between so many equally likely labels.
        "undecided": np.exp(shots["entropy"]) >= limits["labels"],
    }
    if alone is not None:
        tests["context"] = shots["label_1"] != alone
    if precision is not None:
        tests["imprecise label"] = shots["label_1"].map(precision).lt(limits["precision"])
    if scales is not None:
        tests["close-up"] = shots["shot_id"].map(scales).isin(CLOSE_UPS)
    hits = np.column_stack([test.to_numpy(bool) for test in tests.values()])
    flagged = (shots["flags"] != "").to_numpy()
    names = np.array(list(tests), object)
    reasons = ["|".join([*filter(None, [flags]), *names[own]]) for flags, own in zip(shots["flags"], hits, strict=True)]
    level = np.where(flagged, 2, np.minimum(hits.sum(axis=1), 2))
    return pd.DataFrame({"shot_id": shots["shot_id"], "trust": np.array(LEVELS, object)[level], "reasons": reasons})


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    source, params = snakemake.input, snakemake.params
    shots = read_parquet(source.shots, columns=COLUMNS)
    told = {}
    if source.scores:
        told["alone"] = own_labels(source.scores[0], shots["shot_id"])
    if source.votes:
        told["precision"] = precision_of_labels(source.tasks[0], source.votes[0], params.limits["judged"])
    if source.scales:
        told["scales"] = read_frame(source.scales[0], ["shot_id", "scale"]).set_index("shot_id")["scale"]
    table = judge(shots, params.threshold, params.limits, **told)
    write_frame(table, snakemake.output[0])
    counts = table["trust"].value_counts()
    return ", ".join(f"{level} {counts.get(level, 0)}" for level in LEVELS)


if __name__ == "__main__":
    run_job(main, snakemake)
