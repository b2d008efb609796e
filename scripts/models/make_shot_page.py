"""The page of the shots on which each model is best and worst, with their pictures."""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

from scripts.lib.evaluation.metrics import shot_average_precision
from scripts.lib.evaluation.predictions import Predictions, read_predictions
from scripts.lib.jobs.log import run_job
from scripts.lib.pages.build import find_pictures, shots_data, write_page
from scripts.lib.records.clips import shard_fingerprints
from scripts.lib.records.labels import LABEL_COLUMNS, SCORE_COLUMNS, TOP
from scripts.lib.records.samples import SEPARATOR, read_classes
from scripts.lib.tables.frames import read_parquet
from scripts.lib.tables.shards import check_folders
from scripts.models.evaluate_tagger import NAME
from scripts.models.evaluation import SETS

# Shots of either kind for each model and set.
SHOWN = 30


def extreme_shots(found: Predictions, classes: list[str], shown: int = SHOWN) -> pd.DataFrame:
    """The shots with the highest and with the lowest average precision over the classes, the most extreme first.

    Returns:
        shot_id, kind (best, worst), precision, targets, and the model's five best labels with their probabilities.
        Of equally precise shots, the best are those whose targets have the highest mean probability, the worst those
        with the lowest. Shots without a target are left out.
    """
    probabilities = expit(found.logits.astype(np.float64))
    precision = shot_average_precision(found.logits, found.targets)
    confidence = (probabilities * found.targets).sum(axis=1) / np.maximum(1, found.targets.sum(axis=1))
    order = np.lexsort((-confidence, -precision))
    order = order[np.isfinite(precision[order])]
    chosen = np.concatenate([order[:shown], order[::-1][:shown]])
    names, ranked = np.array(classes, object), np.argsort(-probabilities[chosen], axis=1, kind="stable")
    table = pd.DataFrame(
        {
            "shot_id": np.array(found.ids, object)[chosen],
            "kind": np.repeat(["best", "worst"], len(chosen) // 2),
            "precision": precision[chosen],
            "targets": [SEPARATOR.join(names[targets]) for targets in found.targets[chosen]],
        }
    )
    for rank in range(min(TOP, len(classes))):
        table[LABEL_COLUMNS[rank]] = names[ranked[:, rank]]
        table[SCORE_COLUMNS[rank]] = probabilities[chosen, ranked[:, rank]]
    return table.reindex(columns=[*table, *(name for name in (*LABEL_COLUMNS, *SCORE_COLUMNS) if name not in table)])


def page_data(table: pd.DataFrame, shots: pd.DataFrame, pictures: dict[str, str], run: str) -> dict:
    """Data of the page: `shots_data` of the model's labels in place of the tagger's, and `entries`, by columns.

    A shot has an entry for each model, set and kind.

    Args:
        table: see `extreme_shots`, with `model` and `set`.
        shots: `dataset/shots.parquet`.
        pictures: URL of each shot's picture by shot id.
        run: the run's name.
    """
    facts = shots.drop(columns=[*LABEL_COLUMNS, *SCORE_COLUMNS]).assign(entropy=np.nan, flags="")
    entries = table.merge(facts, on="shot_id")
    return {
        **shots_data(entries, pictures, run),
        "sets": SETS,
        "entries": {
            "model": entries["model"].tolist(),
            "set": entries["set"].tolist(),
            "kind": entries["kind"].tolist(),
            "precision": entries["precision"].round(3).tolist(),
            "targets": [targets.split(SEPARATOR) for targets in entries["targets"]],
        },
    }


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    source, page = snakemake.input, Path(snakemake.output[0])
    check_folders(source.thumbnails, shard_fingerprints(snakemake.params.manifest, snakemake.config))
    classes, tables = read_classes(source.labels), []
    for path in source.predictions:
        model = Path(path).parent.name
        for name, found in read_predictions(path).items():
            # The tagger made the labels of the test split.
            if name in ("verified", "test") and (model, name) != (NAME, "test"):
                tables.append(extreme_shots(found, classes).assign(model=model, set=name))
    table = pd.concat(tables)
    shots = read_parquet(source.shots, filters=[("shot_id", "in", set(table["shot_id"]))])
    data = page_data(table, shots, find_pictures(source.thumbnails, page), snakemake.config["run"])
    write_page(page, data, source.page)
    return f"{len(shots)} shot(s), {table['model'].nunique()} model(s)"


if __name__ == "__main__":
    run_job(main, snakemake)
