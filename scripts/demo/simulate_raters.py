"""Simulated raters, who vote on the demo's task shots by the truth and with error rates that are known."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from scripts.lib.jobs.log import run_job
from scripts.lib.records.truth import match_truth
from scripts.lib.records.votes import OFFERED
from scripts.lib.tables.frames import read_frame, read_parquet, write_frame

COLUMNS = ("study", "rater", "shot_id", "label", "value", "seconds", "verdict")


def cast_votes(tasks: pd.DataFrame, truth: Sequence[str], rater: dict, seed: int) -> pd.DataFrame:
    """The votes of one rater, as the raters' page would save them: `COLUMNS`, one row per offered label.

    Args:
        tasks: `study`, `shot_id` and the offered labels of N shots, as text; empty labels come last.
        truth: the right label of each shot.
        rater: `name`; `miss`, the probability that a right label is not ticked; `false_alarm`, that a wrong one is
            ticked; `unsure`, that the rater cannot tell.
    """
    random = np.random.default_rng([seed, *rater["name"].encode()])
    offered = tasks[OFFERED].to_numpy(object)
    right = offered == np.array(truth, object)[:, None]
    ticked = np.where(right, rater["miss"], 1 - rater["false_alarm"]) <= random.random(offered.shape)
    ticked &= offered != ""
    unsure = random.random(len(tasks)) < rater["unsure"]
    verdict = np.select([unsure, ticked.any(axis=1)], ["unsure", "labels"], "none")
    seconds = (2 + random.gamma(3, 2, len(tasks))).round(1)
    values = np.where(unsure[:, None], "", ticked.astype(int).astype(str))
    shot, rank = np.nonzero(offered != "")
    return pd.DataFrame(
        {
            "study": tasks["study"].to_numpy()[shot],
            "rater": rater["name"],
            "shot_id": tasks["shot_id"].to_numpy()[shot],
            "label": offered[shot, rank],
            "value": values[shot, rank],
            "seconds": seconds[shot],
            "verdict": verdict[shot],
        }
    )[list(COLUMNS)]


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    tasks = read_frame(snakemake.input.tasks, ["study", "shot_id", *OFFERED])
    shots = read_parquet(snakemake.input.shots, columns=["shot_id", "clip_id", "start_frame", "end_frame"])
    shots = shots.set_index("shot_id").loc[tasks["shot_id"]]
    truth = match_truth(shots, pd.read_csv(snakemake.input.truth))["label"]
    for rater, path in zip(snakemake.params.raters, snakemake.output, strict=True):
        write_frame(cast_votes(tasks, truth, rater, snakemake.params.seed), path)


if __name__ == "__main__":
    run_job(main, snakemake)
