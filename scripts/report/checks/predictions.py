"""Checks of what networks predict: shot scales, classes, and features of videos."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.lib.evaluation.predictions import read_predictions
from scripts.lib.files.hdf5 import open_h5, read_strings
from scripts.lib.records.samples import SEPARATOR
from scripts.report.checks.results import (
    CLASSES,
    EXACT,
    ROUGH,
    SPLIT_TABLES,
    Outcome,
    Results,
    check,
    faults,
    outcome_of_files,
    repeated,
    shape_problems,
)


@check("shot_scale/predictions.csv", "verification/tasks.csv")
def scales_are_probable(results: Results) -> Outcome:
    """Every task has one scale, the most probable one, and its probabilities sum to 1."""
    file, scales = "shot_scale/predictions.csv", ["ECS", "CS", "MS", "FS", "LS"]
    table = results.table(file, "shot_id", "scale", *scales)
    values = table[scales].to_numpy(float)
    told = table[scales].columns.get_indexer(table["scale"])
    tasks = set(results.table("verification/tasks.csv", "shot_id")["shot_id"])
    wrong = {
        "has probabilities that do not sum to 1": np.abs(values.sum(axis=1) - 1) > ROUGH,
        "has a probability that is not in 0 to 1": ((values < 0) | (values > 1)).any(axis=1),
        "has another scale than the most probable one": values[np.arange(len(values)), told] < values.max(axis=1),
        "is there more than once": table["shot_id"].duplicated().to_numpy(),
        "is not a task": ~table["shot_id"].isin(tasks).to_numpy(),
    }
    return Outcome(file, len(table), faults(table["shot_id"], wrong))


@check(*SPLIT_TABLES, CLASSES, "models/*/metrics.json")
def predictions_are_of_the_samples(results: Results) -> Outcome:
    """Models are evaluated on the split's own samples with their labels; the stated top-1 hit is counted anew."""
    test = results.samples[results.samples["split"] == "test"].set_index("shot_id")["labels"]
    models = [Path(name).parent for name in results.matching("models/*/metrics.json")]
    problems = {f"{model}/predictions.h5": _model_problems(results, model, test) for model in models}
    return outcome_of_files(problems, len(models), "models")


def _model_problems(results: Results, model: Path, test: pd.Series) -> list[str]:
    metrics = json.loads((results.folder / model / "metrics.json").read_text(encoding="utf-8"))
    problems = []
    for name, found in read_predictions(results.folder / model / "predictions.h5").items():
        problems += shape_problems(
            f"{name}, logits", found.logits.shape, (len(found.ids), len(results.classes)), "shots and classes"
        )
        problems += shape_problems(f"{name}, targets", found.targets.shape, found.logits.shape, "logits")
        if problems:
            break
        odd = ~np.isfinite(found.logits).all(axis=1)
        problems += [f"{name}, {found.ids[row]}: its logits are not finite" for row in np.flatnonzero(odd)]
        if name == "test":
            problems += [
                f"{name}, {shot}: it is not a sample of this split" for shot in found.ids if shot not in test.index
            ]
            if not problems:
                labels = [set(text.split(SEPARATOR)) for text in test.loc[list(found.ids)]]
                told = [{results.classes[column] for column in np.flatnonzero(row)} for row in found.targets]
                problems += [
                    f"{name}, {shot}: its targets are not its labels"
                    for shot, ours, theirs in zip(found.ids, labels, told, strict=True)
                    if ours != theirs
                ]
        stated = metrics["sets"].get(name, {}).get("top1", {}).get("value")
        hits = found.targets[np.arange(len(found.ids)), found.logits.argmax(axis=1)]
        if stated is not None and len(hits) and abs(hits.mean() - stated) > EXACT:
            problems.append(
                f"{name}: metrics.json states a top-1 hit of {stated}, its predictions have {hits.mean():.6f}"
            )
    return problems


@check("downstream/*/features/*.h5")
def features_are_of_the_tasks_videos(results: Results) -> Outcome:
    """A task lists a video once; the features of videos are finite, and each is of a listed video."""
    problems, n = {}, 0
    listed: dict[str, set[str]] = {}
    for name in results.matching("downstream/*/features/*.h5"):
        table = str(Path(*Path(name).parts[:2], "videos.csv"))
        if table not in listed:
            videos = results.table(table, "video_id")["video_id"]
            problems[table], listed[table] = repeated(videos), set(videos)
        with open_h5(results.folder / name) as shard:
            videos, features = read_strings(shard["video_id"]), shard["features"][:]
        odd = ~np.isfinite(features).all(axis=1) if len(features) == len(videos) else np.ones(len(videos), bool)
        problems[name] = [f"{video} has features that are not finite" for video in np.array(videos, object)[odd]]
        problems[name] += [f"{video} is not listed" for video in sorted(set(videos) - listed[table])]
        n += len(videos)
    return outcome_of_files(problems, n, "downstream")
