"""Checks of a run's finished results: each is a small function of its files, and independent of what made them.

Shots are read in blocks and remembered as eight bytes each, so that a million of them need little memory.
"""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from itertools import combinations, pairwise
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from scripts.lib.evaluation.predictions import read_predictions
from scripts.lib.files.hdf5 import CLIPS, open_h5, read_strings
from scripts.lib.records.labels import TOP
from scripts.lib.records.samples import SEPARATOR, SPLITS, instances, read_samples
from scripts.lib.records.shots import shot_id
from scripts.lib.tables.frames import explained_parquet, read_frame
from scripts.lib.tables.rows import read_csv

BLOCK = 50_000
# Problems that a message names.
NAMED = 5
# Sums of float16 probabilities, and of numbers that are written with four digits.
ROUGH = 5e-3
EXACT = 1e-4
SHOTS, SCORES = "dataset/shots.parquet", "dataset/shot_scores.h5"
CLASSES, MOVIES = "dataset/labels.csv", "dataset/movies.csv"
SPLIT_TABLES = tuple(f"dataset/splits/{split}.csv" for split in SPLITS)
EVALUATION_SET = "verification/evaluation_set.csv"


class Outcome(NamedTuple):
    """What a check has found: the file, how many things were looked at, and what is wrong with which."""

    file: str
    n: int
    problems: list[str]


@dataclass(frozen=True)
class Results:
    """The results of a run.

    Attributes:
        folder: of the run.
        files: those that the run makes, relative to it. Others may be left from an earlier run.
        labels: the run's scene labels; empty if it labels no shots.
        clip_ids: of the run's manifest; empty if it has none.
        score: of the tagger, if the run has one: softmax, sigmoid or cosine.
        in_context: whether shots are labelled in the context of their clip.
        apart: whether videos of verified shots are kept out of the splits.
        released: whether the dataset is the one that the authors published, byte for byte.
        printed: rows of `config/paper/dataset.csv`.
    """

    folder: Path
    files: frozenset[str]
    labels: tuple[str, ...] = ()
    clip_ids: tuple[str, ...] = ()
    score: str = ""
    in_context: bool = False
    apart: bool = True
    released: bool = False
    printed: tuple[dict, ...] = ()

    def table(self, name: str, *columns: str) -> pd.DataFrame:
        """A CSV as text."""
        return read_frame(self.folder / name, columns)

    def blocks(self, *columns: str) -> Iterator[pd.DataFrame]:
        """These columns of the shots, in blocks."""
        with explained_parquet(self.folder / SHOTS), pq.ParquetFile(self.folder / SHOTS) as file:
            for batch in file.iter_batches(BLOCK, columns=list(columns)):
                yield batch.to_pandas()

    @cached_property
    def samples(self) -> pd.DataFrame:
        """See `read_samples`."""
        return read_samples([self.folder / name for name in SPLIT_TABLES])

    @cached_property
    def classes(self) -> list[str]:
        """The names of the dataset's classes, by index."""
        return list(self.table(CLASSES, "label")["label"])

    @cached_property
    def shots(self) -> np.ndarray:
        """Digests of the ids of all shots, in their order."""
        parts = [digests(block["shot_id"]) for block in self.blocks("shot_id")]
        return np.concatenate(parts) if parts else np.zeros(0, np.uint64)

    def without_shot(self, ids: pd.Series) -> list[str]:
        """Those ids that no shot has."""
        return [f"{name}: there is no such shot" for name in ids[~np.isin(digests(ids), self.shots)]]


def digests(ids: pd.Series) -> np.ndarray:
    """Eight bytes for each text, (N,) uint64; equal texts have equal ones."""
    return pd.util.hash_array(ids.to_numpy(object), categorize=False)


# The checks by name, each with the files that it needs; `*` in a file is any name.
CHECKS: dict[str, tuple[tuple[str, ...], Callable[[Results], Outcome]]] = {}


def check(*needs: str) -> Callable:
    """Register a check, which runs if the run makes the files that it needs; its docstring is what holds."""

    def register(function: Callable[[Results], Outcome]) -> Callable[[Results], Outcome]:
        CHECKS[function.__name__.replace("_", " ")] = (needs, function)
        return function

    return register


@check(SHOTS)
def shots_are_named(results: Results) -> Outcome:
    """Every shot has a name of its own, made of its clip's and its number."""
    problems, n = [], 0
    for block in results.blocks("shot_id", "clip_id", "shot"):
        names = map(shot_id, block["clip_id"], block["shot"])
        problems += [
            f"{ours} is called {found}" for ours, found in zip(names, block["shot_id"], strict=True) if ours != found
        ]
        n += len(block)
    unique, counts = np.unique(results.shots, return_counts=True)
    if len(unique) < n:
        double = unique[counts > 1]
        for block in results.blocks("shot_id"):
            problems += [
                f"{name} is there more than once"
                for name in block["shot_id"][np.isin(digests(block["shot_id"]), double)]
            ]
    return Outcome(SHOTS, n, problems)


@check(SHOTS)
def shots_follow_each_other(results: Results) -> Outcome:
    """Shots have a length, and begin when the one before in their clip has ended, or later."""
    problems, n, last = [], 0, pd.DataFrame()
    for block in results.blocks("shot_id", "clip_id", "shot", "start_frame", "end_frame", "start_time", "end_time"):
        n += len(block)
        table = pd.concat([last, block], ignore_index=True)
        before = table.shift()
        follows = (table["clip_id"] == before["clip_id"]) & (table["shot"] > before["shot"])
        for unit, slack in (("frame", 0), ("time", ROUGH)):
            start, end = table[f"start_{unit}"], table[f"end_{unit}"]
            empty = ~((start >= 0) & (end > start))
            early = follows & (start < before[f"end_{unit}"] - slack)
            problems += [
                f"{name}: its end_{unit} is not after its start" for name in table["shot_id"][empty][len(last) :]
            ]
            problems += [
                f"{name}: its start_{unit} is before the end of the shot before" for name in table["shot_id"][early]
            ]
        last = table.tail(1)
    return Outcome(SHOTS, n, problems)


@check(SHOTS)
def best_labels_are_labels(results: Results) -> Outcome:
    """The best labels of a shot are different labels of the taxonomy, in the order of scores that are possible."""
    names, scores = ([f"{kind}_{rank}" for rank in range(1, TOP + 1)] for kind in ("label", "score"))
    known, low = set(results.labels), 0 if results.score in ("softmax", "sigmoid") else -1
    problems, n = [], 0
    for block in results.blocks("shot_id", *names, *scores):
        values, texts = block[scores].to_numpy(np.float64), block[names]
        given = texts.notna().to_numpy()
        wrong = {
            "has no label": ~given[:, 0],
            "has a label that is not in the taxonomy": ~(texts.isin(known).to_numpy() | ~given).all(axis=1),
            "has a label twice": np.any([texts[one] == texts[other] for one, other in combinations(names, 2)], axis=0),
            f"has a score that is not in {low} to 1": (given & ~((values >= low) & (values <= 1 + EXACT))).any(axis=1),
            "has scores that do not descend": (values[:, 1:] > values[:, :-1]).any(axis=1),
        }
        if results.score == "softmax":
            wrong["has scores of more than 1 together"] = np.nansum(values, axis=1) > 1 + ROUGH
        problems += [f"{name} {told}" for told, rows in wrong.items() for name in block["shot_id"][rows]]
        n += len(block)
    return Outcome(SHOTS, n, problems)


@check(SHOTS, SCORES)
def all_scores_belong_to_the_shots(results: Results) -> Outcome:
    """All scores are possible, in the order of the shots and of the taxonomy, and the highest is the best label's."""
    columns = ["shot_id", "label_1", "score_1"]
    with open_h5(results.folder / SCORES) as file:
        scores, ids, labels = file["scores"], file["shot_id"], read_strings(file["labels"])
        problems = _shape_problems(
            "scores", scores.shape, (len(results.shots), len(labels)), "shots of shots.parquet and its own labels"
        )
        if labels != list(results.labels):
            problems.append("labels: they are not the labels of the taxonomy in their order")
        start = 0
        for block in results.blocks(*columns) if not problems else ():
            part = scores[start : start + len(block)]
            found = pd.Series([name.decode() for name in ids[start : start + len(block)]])
            wrong = {"has another name here": found.to_numpy() != block["shot_id"].to_numpy()}
            wrong |= _impossible(part, results.score)
            if not results.in_context:
                best = part.max(axis=1)
                places = pd.Index(labels).get_indexer(block["label_1"])
                told = np.where(places < 0, np.nan, part[np.arange(len(part)), places])
                is_best = (told == best) & (np.abs(best - block["score_1"]) <= EXACT)
                wrong["has another best label in shots.parquet"] = ~is_best.to_numpy()
            problems += [f"{name} {told}" for told, rows in wrong.items() for name in block["shot_id"][rows]]
            start += len(block)
        return Outcome(SCORES, len(ids), problems)


def _impossible(scores: np.ndarray, kind: str) -> dict[str, np.ndarray]:
    """Rows of scores (N, L) that cannot be, by what is wrong with them."""
    low = -1 if kind == "cosine" else 0
    scores = scores.astype(np.float64)
    wrong = {f"has a score that is not in {low} to 1": ~((scores >= low) & (scores <= 1 + EXACT)).all(axis=1)}
    if kind == "softmax":
        wrong["has probabilities that do not sum to 1"] = ~(np.abs(scores.sum(axis=1) - 1) < ROUGH)
    return wrong


def _shape_problems(name: str, shape: tuple, expected: tuple, told: str) -> list[str]:
    return [] if shape == expected else [f"{name}: its shape is {shape}, not {expected}, the number of {told}"]


@check("scores/*/*.h5")
def score_matrices_fit(results: Results) -> Outcome:
    """Every matrix has a row for each label and a column for each frame; those of a shard's first clip are possible."""
    problems, n, file = [], 0, ""
    for name in sorted(name for name in results.files if name.startswith("scores/")):
        with open_h5(results.folder / name) as shard:
            labels, kind = read_strings(shard["labels"]), str(shard.attrs["score"].astype(str))
            found = [] if labels == list(results.labels) else ["labels: they are not those of the taxonomy"]
            for number, (clip_id, group) in enumerate(shard[CLIPS].items()):
                found += _matrix_problems(clip_id, group, len(labels), kind if number == 0 else None)
                n += 1
        if found:
            problems += [f"{name}: {problem}" for problem in found]
            file = file or name
    return Outcome(file or "scores", n, problems)


def _matrix_problems(clip_id: str, group: h5py.Group, n_labels: int, kind: str | None) -> list[str]:
    """What is wrong with a clip's matrices; their values count if the `kind` of scores is given."""
    shapes = {name: group[name].shape for name in ("S", "frame", "shot", "shot_numbers", "shot_scores")}
    expected = {
        "S": (n_labels, *shapes["frame"]),
        "shot": shapes["frame"],
        "shot_scores": (*shapes["shot_numbers"], n_labels),
    }
    problems = [
        f"{clip_id}: the shape of {name} is {shapes[name]}, not {shape}"
        for name, shape in expected.items()
        if shapes[name] != shape
    ]
    if problems or kind is None:
        return problems
    matrix, shots, numbers = group["S"][:].astype(np.float64), group["shot"][:], group["shot_numbers"][:]
    means = np.stack([matrix[:, shots == number].mean(axis=1) for number in numbers]) if len(numbers) else matrix[:0]
    if (np.diff(group["frame"][:]) <= 0).any():
        problems.append(f"{clip_id}: its frames do not increase")
    if len(numbers) and np.abs(means - group["shot_scores"][:]).max() > ROUGH:
        problems.append(f"{clip_id}: the scores of a shot are not the mean of its frames'")
    return problems + [f"{clip_id}: a frame {told}" for told, rows in _impossible(matrix.T, kind).items() if rows.any()]


@check(SHOTS, "dataset/failures.csv")
def every_clip_is_accounted_for(results: Results) -> Outcome:
    """Every clip of the manifest has shots, or a line that says why not; and no other clip is there."""
    file = "dataset/failures.csv"
    found = set(results.table(file, "clip_id")["clip_id"])
    for block in results.blocks("clip_id"):
        found |= set(block["clip_id"])
    lost = [f"{clip_id} has neither shots nor a failure" for clip_id in results.clip_ids if clip_id not in found]
    strange = [f"{clip_id} is not in the manifest" for clip_id in sorted(found - set(results.clip_ids))]
    return Outcome(file, len(results.clip_ids), lost + strange)


@check(SHOTS, "dataset/trust.csv")
def trust_is_said_of_every_shot(results: Results) -> Outcome:
    """Every shot has one line, and its trust is high, medium or low."""
    file, problems, seen = "dataset/trust.csv", [], []
    for block in pd.read_csv(results.folder / file, dtype=str, keep_default_na=False, chunksize=BLOCK):
        strange = ~block["trust"].isin(["high", "medium", "low"])
        problems += [f"{name}: its trust is none of high, medium and low" for name in block["shot_id"][strange]]
        problems += results.without_shot(block["shot_id"])
        seen.append(digests(block["shot_id"]))
    known = np.concatenate(seen) if seen else np.zeros(0, np.uint64)
    if len(known) != len(np.unique(known)):
        problems.append(f"{len(known) - len(np.unique(known))} shot(s) have more than one line")
    for block in results.blocks("shot_id"):
        lost = block["shot_id"][~np.isin(digests(block["shot_id"]), known)]
        problems += [f"{name} has no line" for name in lost]
    return Outcome(file, len(results.shots), problems)


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


@check(SHOTS, "tables/table2.csv")
def table_2_counts_the_shots(results: Results) -> Outcome:
    """Table 2 has as many shots and clips as there are."""
    file, clips = "tables/table2.csv", set()
    for block in results.blocks("clip_id"):
        clips |= set(block["clip_id"])
    ours = {row["column"]: row["ours"] for row in read_csv(results.folder / file)}
    counts = {"# shots": len(results.shots), "# clips": len(clips)}
    return Outcome(
        file,
        len(counts),
        [f"{name} is {ours.get(name)}, not {n}" for name, n in counts.items() if ours.get(name) != str(n)],
    )


@check(*SPLIT_TABLES)
def splits_share_nothing(results: Results) -> Outcome:
    """No shot is there twice, and no movie or clip is in two splits."""
    samples, problems = results.samples, []
    double = samples["shot_id"][samples["shot_id"].duplicated()]
    problems += [f"{name} is there more than once" for name in double]
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
    if table["label"].duplicated().any():
        problems += [f"{name} is there more than once" for name in table["label"][table["label"].duplicated()]]
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


@check(*SPLIT_TABLES, EVALUATION_SET)
def verified_shots_are_no_samples(results: Results) -> Outcome:
    """No verified shot, nor its clip or video, is in a split; the movie of a `movie_disjoint` one is not in train.

    Where verified shots are given without `dataset.verified`, their videos stay in the splits.
    """
    table = results.table(EVALUATION_SET, "shot_id", "clip_id", "video_id", "movie_id", "movie_disjoint")
    samples = results.samples
    clips, in_train = set(samples["clip_id"]), set(samples["movie_id"][samples["split"] == "train"])
    shared = (
        table["shot_id"].isin(set(samples["shot_id"])) | table["clip_id"].isin(clips) | table["video_id"].isin(clips)
    ) & results.apart
    problems = [f"{name}: the shot, its clip or its video is in a split" for name in table["shot_id"][shared]]
    wrong = (table["movie_disjoint"] == "yes") & table["movie_id"].isin(in_train - {""})
    problems += [f"{name}: its movie is in train" for name in table["shot_id"][wrong]]
    problems += [f"{name} is there more than once" for name in table["shot_id"][table["shot_id"].duplicated()]]
    return Outcome(EVALUATION_SET, len(table), problems)


@check(*SPLIT_TABLES, "verification/tasks.csv")
def judged_clips_are_no_samples(results: Results) -> Outcome:
    """No clip of which raters see a shot is in a split."""
    file = "verification/tasks.csv"
    tasks = results.table(file, "shot_id", "clip_id")
    shared = tasks["clip_id"].isin(set(results.samples["clip_id"]))
    return Outcome(file, len(tasks), [f"{name}: its clip is in a split" for name in tasks["shot_id"][shared]])


@check(SHOTS, "verification/tasks.csv", "verification/votes.csv", EVALUATION_SET, "verification/discarded.csv")
def votes_lead_to_the_evaluation_set(results: Results) -> Outcome:
    """Votes are about tasks, and tasks about shots; a shot is accepted or discarded by its votes, counted anew."""
    tasks = results.table("verification/tasks.csv", "shot_id")["shot_id"]
    votes = results.table("verification/votes.csv", "shot_id", "label", "value")
    accepted = results.table(EVALUATION_SET, "shot_id", "labels")
    discarded = results.table("verification/discarded.csv", "shot_id")["shot_id"]
    problems = results.without_shot(tasks)
    problems += [f"{name} has votes and no task" for name in sorted(set(votes["shot_id"]) - set(tasks))]
    told = {name: set(labels.split(SEPARATOR)) for name, labels in accepted[["shot_id", "labels"]].to_numpy()}
    problems += [f"{name} is accepted and discarded" for name in sorted(told.keys() & set(discarded))]
    ticks = votes[votes["value"] != ""].assign(value=lambda rows: rows["value"].astype(float))
    shares = ticks.groupby(["shot_id", "label"])["value"].mean()
    majority: dict[str, set[str]] = {name: set() for name in votes["shot_id"]}
    for name, label in shares.index[shares > 0.5]:
        majority[name].add(label)
    for name, labels in majority.items():
        if told.get(name, set()) != labels:
            problems.append(f"{name}: its raters accept {', '.join(sorted(labels)) or 'no label'}")
    return Outcome(EVALUATION_SET, len(accepted), problems)


@check("shot_scale/predictions.csv", "verification/tasks.csv")
def scales_are_probable(results: Results) -> Outcome:
    """Every task has one scale, the most probable one, and its probabilities sum to 1."""
    file, scales = "shot_scale/predictions.csv", ["ECS", "CS", "MS", "FS", "LS"]
    table = results.table(file, "shot_id", "scale", *scales)
    values = table[scales].to_numpy(float)
    told = table[scales].columns.get_indexer(table["scale"])
    wrong = {
        "has probabilities that do not sum to 1": np.abs(values.sum(axis=1) - 1) > ROUGH,
        "has a probability that is not in 0 to 1": ((values < 0) | (values > 1)).any(axis=1),
        "has another scale than the most probable one": values[np.arange(len(values)), told] < values.max(axis=1),
        "is there more than once": table["shot_id"].duplicated().to_numpy(),
        "is no task": ~table["shot_id"]
        .isin(set(results.table("verification/tasks.csv", "shot_id")["shot_id"]))
        .to_numpy(),
    }
    return Outcome(
        file, len(table), [f"{name} {what}" for what, rows in wrong.items() for name in table["shot_id"][rows]]
    )


@check(*SPLIT_TABLES, CLASSES, "models/*/metrics.json")
def predictions_are_of_the_samples(results: Results) -> Outcome:
    """Models are evaluated on the split's own samples with their labels; the stated top-1 hit is counted anew."""
    problems, n, file = [], 0, ""
    test = results.samples[results.samples["split"] == "test"].set_index("shot_id")["labels"]
    for name in sorted(name for name in results.files if name.startswith("models/") and name.endswith("/metrics.json")):
        found = _model_problems(results, Path(name).parent, test)
        n += 1
        if found:
            file = file or str(Path(name).with_name("predictions.h5"))
            problems += [f"{Path(name).parent.name}: {problem}" for problem in found]
    return Outcome(file or "models", n, problems)


def _model_problems(results: Results, model: Path, test: pd.Series) -> list[str]:
    metrics = json.loads((results.folder / model / "metrics.json").read_text(encoding="utf-8"))
    problems = []
    for name, found in read_predictions(results.folder / model / "predictions.h5").items():
        problems += _shape_problems(
            f"{name}, logits", found.logits.shape, (len(found.ids), len(results.classes)), "shots and classes"
        )
        problems += _shape_problems(f"{name}, targets", found.targets.shape, found.logits.shape, "logits")
        if problems:
            break
        odd = ~np.isfinite(found.logits).all(axis=1)
        problems += [f"{name}, {found.ids[row]}: its logits are not finite" for row in np.flatnonzero(odd)]
        if name == "test":
            problems += [
                f"{name}, {shot}: it is no sample of this split" for shot in found.ids if shot not in test.index
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
    problems, n, file = [], 0, ""
    listed: dict[str, set[str]] = {}
    for name in sorted(name for name in results.files if fnmatch(name, "downstream/*/features/*.h5")):
        task = Path(*Path(name).parts[:2])
        if str(task) not in listed:
            videos = results.table(f"{task}/videos.csv", "video_id")["video_id"]
            problems += [f"{task}/videos.csv: {video} is there twice" for video in videos[videos.duplicated()]]
            listed[str(task)] = set(videos)
        with open_h5(results.folder / name) as shard:
            videos, features = read_strings(shard["video_id"]), shard["features"][:]
        odd = ~np.isfinite(features).all(axis=1) if len(features) == len(videos) else np.ones(len(videos), bool)
        found = [f"{name}: {video} has features that are not finite" for video in np.array(videos, object)[odd]]
        found += [f"{name}: {video} is not listed" for video in sorted(set(videos) - listed[str(task)])]
        n += len(videos)
        file = file or (name if found else "")
        problems += found
    return Outcome(file or "downstream", n, problems)


@check("taxonomy/taxonomy.csv")
def the_taxonomy_is_a_list_of_labels(results: Results) -> Outcome:
    """Labels are different and numbered from 0, and each is in a cluster whose exemplar is one of its labels."""
    file = "taxonomy/taxonomy.csv"
    table = results.table(file, "label_id", "label", "cluster", "exemplar")
    problems = [f"{label} is there more than once" for label in table["label"][table["label"].duplicated()]]
    numbered = table["label_id"] == pd.Series(range(len(table))).astype(str)
    problems += [f"{label}: its label_id is not its place" for label in table["label"][~numbered]]
    members = set(zip(table["cluster"], table["label"], strict=True))
    lost = [pair not in members for pair in zip(table["cluster"], table["exemplar"], strict=True)]
    problems += [f"{label}: its exemplar is in another cluster" for label in table["label"][lost]]
    if results.labels and list(table["label"]) != list(results.labels):
        problems.append("its labels are not those that shots are labelled with")
    return Outcome(file, len(table), problems)


@check("tables/dataset.csv", *SPLIT_TABLES)
def the_table_counts_the_samples(results: Results) -> Outcome:
    """The statistics of the dataset have as many samples and labels as the splits."""
    file = "tables/dataset.csv"
    ours = {(row["statistic"], row["part"]): row["ours"] for row in read_csv(results.folder / file)}
    samples, problems = results.samples, []
    for part in (*SPLITS, "all"):
        rows = samples if part == "all" else samples[samples["split"] == part]
        counts = {"shots": len(rows), "label instances": int(rows["labels"].str.count(r"\|").sum()) + len(rows)}
        problems += [
            f"{name} of {part}: {ours[name, part]}, not {n}"
            for name, n in counts.items()
            if ours.get((name, part), str(n)) != str(n)
        ]
    return Outcome(file, len(ours), problems)


@check("tables/dataset.csv", "tables/leakage.csv", "tables/release.csv")
def the_published_files_have_the_published_numbers(results: Results) -> Outcome:
    """Whatever is known of the authors' files is counted again in them, exactly."""
    known = {(row["statistic"], row["part"]): row["release"] for row in results.printed if row["release"]}
    problems, n, file = [], 0, ""
    for name in ("dataset", "leakage", "release") if results.released else ():
        for row in read_csv(results.folder / f"tables/{name}.csv"):
            expected = known.get((row["statistic"], row["part"]))
            n += expected is not None
            if expected not in (None, row["ours"]):
                problems.append(f"{row['statistic']} ({row['part']}): {row['ours']}, not {expected}")
                file = file or f"tables/{name}.csv"
    return Outcome(file or "tables/release.csv", n, problems)


@check("tables/*.csv")
def tables_are_complete(results: Results) -> Outcome:
    """Every table has a header, and rows of its length."""
    problems, n, file = [], 0, ""
    for name in sorted(name for name in results.files if name.startswith("tables/") and name.endswith(".csv")):
        with open(results.folder / name, encoding="utf-8", newline="") as stream:
            header, *rows = list(csv.reader(stream)) or [[]]
        n += 1
        found = [
            f"line {line} has {len(row)} values, not {len(header)}"
            for line, row in enumerate(rows, 2)
            if len(row) != len(header)
        ]
        if not header:
            found.append("it is empty")
        if found:
            file = file or name
            problems += [f"{name}: {problem}" for problem in found]
    return Outcome(file or "tables", n, problems)
