"""Multi-label samples: which shots are kept, and with which labels (paper section 5.1)."""

from itertools import pairwise

import numpy as np
import pandas as pd

from scripts.dataset.selection import chosen_labels, read_candidates, select_labels
from scripts.lib.files.atomic import atomic_path
from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.log import run_job
from scripts.lib.records.samples import FACTS, SEPARATOR, movie_facts

KEPT_COLUMNS = ("shot_id", "clip_id", "movie_id", *FACTS, "labels", "scores")


def kept_table(shots: pd.DataFrame, long: pd.DataFrame, labels: list[str], clips: pd.DataFrame) -> pd.DataFrame:
    """One row per kept shot, `KEPT_COLUMNS`.

    Args:
        shots: the rows that `long` refers to.
        long: see `select_labels`.
        clips: movie_id and `FACTS` of the run's clips, see `clip_table`.
    """
    names, scores = np.array(labels, object)[long["label_index"]], long["score"].map(str).to_numpy(object)
    starts = np.flatnonzero(np.diff(long["shot"], prepend=-1))
    edges = list(pairwise([*starts, len(long)]))
    table = shots.iloc[long["shot"].to_numpy()[starts]].reset_index(drop=True)
    table = table[["shot_id", "clip_id"]].join(clips["movie_id"], on="clip_id").join(movie_facts(clips), on="movie_id")
    table["labels"] = [SEPARATOR.join(names[start:end]) for start, end in edges]
    table["scores"] = [SEPARATOR.join(scores[start:end]) for start, end in edges]
    return table[list(KEPT_COLUMNS)]


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    source, settings = snakemake.input, snakemake.params.settings
    found = read_candidates(source, snakemake.params.manifest, settings)
    chosen = chosen_labels(found.scores, found.threshold, settings["rank_threshold"], settings["top_k"])
    long = select_labels(found.label_index, found.scores, chosen, found.renamed, settings["min_samples"])
    table = kept_table(found.shots, long, found.labels, found.clips)
    if not len(table):
        raise UserError(
            f"none of the {found.n_all} shots is kept: the highest score is {np.nanmax(found.scores):.3g}, "
            f"the threshold {found.threshold:.3g}; lower dataset.top1_threshold, or give dataset.keep_fraction"
        )
    n_kept, n_labels = len(table), long["label_index"].nunique()
    with atomic_path(snakemake.output[0]) as temporary:
        table.to_parquet(temporary, index=False)
    return f"{n_kept} of {found.n_all} shots are kept, with {n_labels} of {len(found.labels)} labels"


if __name__ == "__main__":
    run_job(main, snakemake)
