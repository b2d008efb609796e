"""Checks of the scenes, the splits and what is counted in them."""

from itertools import pairwise

import numpy as np
import pandas as pd

from scripts.lib.records.samples import SEPARATOR, SPLITS, instances
from scripts.lib.records.shots import shot_id
from scripts.report.checks.results import (
    CLASSES,
    EXACT,
    MOVIES,
    SHOTS,
    SPLIT_TABLES,
    Outcome,
    Results,
    check,
    digests,
    repeated,
)


@check(SHOTS, "dataset/scenes.csv")
def scenes_are_runs_of_shots(results: Results) -> Outcome:
    """Scenes begin and end with shots that exist, and do not overlap."""
    file = "dataset/scenes.csv"
    scenes = results.table(file, "clip_id", "scene_number", "first_shot", "last_shot")
    numbers = scenes[["first_shot", "last_shot"]].astype(int)
    names = scenes["clip_id"] + ", scene " + scenes["scene_number"]
    problems = [
        f"{name}: its {edge} does not exist"
        for edge in numbers
        for name in names[
            ~np.isin(digests(pd.Series(map(shot_id, scenes["clip_id"], numbers[edge]), dtype=object)), results.shots)
        ]
    ]
    before = numbers["last_shot"].shift().where(scenes["clip_id"] == scenes["clip_id"].shift(), 0)
    wrong = (numbers["first_shot"] <= before) | (numbers["last_shot"] < numbers["first_shot"])
    return Outcome(file, len(scenes), problems + [f"{name} overlaps the one before" for name in names[wrong]])


@check(*SPLIT_TABLES)
def splits_share_nothing(results: Results) -> Outcome:
    """No shot is there twice, and no movie or clip is in two splits."""
    samples = results.samples
    problems = repeated(samples["shot_id"])
    for kind in ("movie_id", "clip_id"):
        splits = samples.groupby(kind)["split"].unique()
        problems += [f"{kind} {name} is in {' and '.join(parts)}" for name, parts in splits.items() if len(parts) > 1]
    return Outcome("dataset/splits", len(samples), problems)


@check(*SPLIT_TABLES, CLASSES)
def samples_have_classes(results: Results) -> Outcome:
    """Every label of a sample is a class; scores, where there are any, belong to the labels and are possible."""
    samples, known, problems = results.samples, set(results.classes), []
    for name, labels, scores in zip(samples["shot_id"], samples["labels"], samples["scores"], strict=True):
        names, values = labels.split(SEPARATOR), [float(score) for score in scores.split(SEPARATOR) if score]
        if not set(names) <= known or len(set(names)) < len(names):
            problems.append(f"{name}: its labels are not different classes of labels.csv")
        if values and (
            len(values) != len(names) or any(a < b for a, b in pairwise(values)) or not -1 <= values[0] <= 1
        ):
            problems.append(f"{name}: its scores do not belong to its labels")
    return Outcome("dataset/splits", len(samples), problems)


@check(*SPLIT_TABLES, *(f"dataset/splits/{split}.txt" for split in SPLITS), CLASSES)
def lines_tell_the_same_as_the_tables(results: Results) -> Outcome:
    """The files in the authors' form have the same shots and labels as the tables, line by line."""
    index = {name: str(number) for number, name in enumerate(results.classes)}
    problems, n = [], 0
    for split in SPLITS:
        rows = results.samples[results.samples["split"] == split]
        lines = (results.folder / f"dataset/splits/{split}.txt").read_text(encoding="utf-8").splitlines()
        n += len(lines)
        if len(lines) != len(rows):
            problems.append(f"{split}.txt has {len(lines)} lines, {split}.csv {len(rows)} samples")
        for line, name, clip, labels in zip(lines, rows["shot_id"], rows["clip_id"], rows["labels"], strict=False):
            words = [f"{clip}/{name}.mp4", *(index.get(label, "?") for label in labels.split(SEPARATOR))]
            if line != " ".join(words):
                problems.append(f"{name}: {split}.txt says {line!r}")
    return Outcome("dataset/splits", n, problems)


@check(*SPLIT_TABLES, CLASSES)
def classes_are_counted(results: Results) -> Outcome:
    """Classes are numbered from 0; their samples and both weights follow from the samples."""
    table = results.table(CLASSES, "index", "label", "pos_weight", "pos_weight_samples", *(f"n_{s}" for s in SPLITS))
    long, samples = instances(results.samples), results.samples
    counts = long.groupby(["split", "label"]).size()
    n_train, n_instances = int((samples["split"] == "train").sum()), int((long["split"] == "train").sum())
    problems = [
        f"{row.label} has the index {row.index}"
        for place, row in enumerate(table.itertuples(index=False))
        if str(place) != row[0]
    ]
    problems += repeated(table["label"])
    for row in table.to_dict("records"):
        for split in SPLITS:
            if int(row[f"n_{split}"]) != counts.get((split, row["label"]), 0):
                problems.append(
                    f"{row['label']}: n_{split} is {row[f'n_{split}']}, not {counts.get((split, row['label']), 0)}"
                )
        n = int(row["n_train"])
        weights = {"pos_weight": (n_instances - n) / (n + 1e-5), "pos_weight_samples": (n_train - n) / n if n else None}
        for name, weight in weights.items():
            told = float(row[name]) if row[name] else None
            if (told is None) != (weight is None) or (told is not None and abs(told - weight) > EXACT * max(1, weight)):
                problems.append(f"{row['label']}: {name} is {row[name]}, not {weight}")
    return Outcome(CLASSES, len(table), problems)


@check(*SPLIT_TABLES, MOVIES)
def movies_are_counted(results: Results) -> Outcome:
    """Every movie has its split, and as many shots there as it has samples."""
    table = results.table(MOVIES, "movie_id", "split", "n_shots")
    told = {(row.movie_id, row.split): int(row.n_shots) for row in table.itertuples()}
    counted = results.samples.groupby(["movie_id", "split"]).size().to_dict()
    names = sorted({key for key in told.keys() | counted.keys() if told.get(key) != counted.get(key)})
    return Outcome(
        MOVIES,
        len(table),
        [
            f"{movie} in {split}: {told.get((movie, split), 0)} shots, not {counted.get((movie, split), 0)}"
            for movie, split in names
        ],
    )


@check(*SPLIT_TABLES, SHOTS)
def samples_are_shots(results: Results) -> Outcome:
    """Every sample is one of the labelled shots, and its best label is in the taxonomy."""
    samples, known = results.samples, set(results.labels)
    problems = results.without_shot(samples["shot_id"])
    best = samples["labels"].str.partition(SEPARATOR)[0]
    problems += [f"{name}: its best label is not in the taxonomy" for name in samples["shot_id"][~best.isin(known)]]
    return Outcome("dataset/splits", len(samples), problems)
