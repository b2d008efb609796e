"""The models of Table 3 on held-out shots of the demo, whose true labels the studio knows."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from scripts.lib.evaluation.metrics import evaluate
from scripts.lib.evaluation.predictions import Predictions, read_predictions
from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.log import run_job
from scripts.lib.records.samples import read_classes, target_matrix
from scripts.lib.records.truth import match_truth
from scripts.lib.tables.comparisons import write_markdown
from scripts.lib.tables.frames import read_frame, read_parquet, write_frame

COLUMNS = ("model", "mAP", "low", "high", "random_mAP", "ratio", "top1", "n_shots", "n_classes")
SHOT_COLUMNS = ["shot_id", "clip_id", "movie_id", "start_frame", "end_frame"]
NOTE = (
    "Held-out shots: of movies that are neither in train nor in val, and that every model has been given. Their true "
    "label is the set that the studio rendered, which no model has seen: models were trained on CLIP's labels. In "
    "brackets 95 % intervals, by bootstrap over shots."
)


def held_out(predictions: dict[str, dict[str, Predictions]], shots: pd.DataFrame, seen: set[str]) -> pd.DataFrame:
    """The rows of the shots that every model has predicted, of movies that no model has seen.

    Args:
        predictions: sets by model, see `read_predictions`.
        shots: `SHOT_COLUMNS`.
        seen: movies in train or val.
    """
    predicted = [{name for found in sets.values() for name in found.ids} for sets in predictions.values()]
    common = set.intersection(*predicted)
    return shots[shots["shot_id"].isin(common) & ~shots["movie_id"].isin(seen)].reset_index(drop=True)


def logits_of(sets: dict[str, Predictions], shot_ids: Sequence[str]) -> np.ndarray:
    """A model's logits of these shots, (N, C), from any set that has them."""
    rows = {name: row for found in sets.values() for name, row in zip(found.ids, found.logits, strict=True)}
    return np.stack([rows[name] for name in shot_ids])


def compare_models(
    predictions: dict[str, dict[str, Predictions]], shots: pd.DataFrame, targets: np.ndarray, bootstrap: dict
) -> pd.DataFrame:
    """`COLUMNS`, a row for each model; ratio is that of mAP to random_mAP.

    Args:
        predictions: sets by model.
        shots: see `held_out`, with a target each.
        targets: (N, C) bool, the truth.
        bootstrap: samples and seed.
    """
    rows = []
    for model, sets in predictions.items():
        names = list(shots["shot_id"])
        found = evaluate(logits_of(sets, names), targets, names, **bootstrap)
        mean, floor = found["mAP"], found["random_mAP"]
        measures = (*mean.values(), floor, mean["value"] / floor, found["top1"]["value"])
        counts = (found["n_samples"], found["n_classes_with_positives"])
        rows.append((model, *(round(value, 4) for value in measures), *counts))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    source = snakemake.input
    classes, movies = read_classes(source.labels), read_frame(source.movies, ["movie_id", "split"])
    predictions = {path.split("/")[-2]: read_predictions(path) for path in source.predictions}
    seen = set(movies.loc[movies["split"] != "test", "movie_id"])
    shots = held_out(predictions, read_parquet(source.shots, columns=SHOT_COLUMNS), seen)
    if shots.empty:
        raise UserError("no model has predicted a shot of a movie of the test split; see dataset/splits/test.csv")
    truth = match_truth(shots, pd.read_csv(source.truth))["label"]
    targets = target_matrix(truth, classes)
    known = targets.any(axis=1)
    table = compare_models(predictions, shots[known], targets[known], snakemake.params.bootstrap)
    write_frame(table, snakemake.output.csv)
    write_markdown(
        snakemake.output.md,
        ["model", "mAP", "mAP of random scores", "ratio", "top-1", "shots", "classes"],
        [
            [
                row.model,
                f"{row.mAP:.3f} ({row.low:.3f}–{row.high:.3f})",
                f"{row.random_mAP:.3f}",
                f"{row.ratio:.1f}",
                f"{row.top1:.3f}",
                str(row.n_shots),
                str(row.n_classes),
            ]
            for row in table.itertuples()
        ],
        NOTE,
    )
    return f"{len(table)} models, {known.sum()} shots"


if __name__ == "__main__":
    run_job(main, snakemake)
