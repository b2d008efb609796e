"""Checks of the shots, their scores and what is said of them."""

from itertools import combinations

import h5py
import numpy as np
import pandas as pd

from scripts.lib.files.hdf5 import CLIPS, open_h5, read_strings
from scripts.lib.records.labels import LABEL_COLUMNS, SCORE_COLUMNS
from scripts.lib.records.shots import shot_id
from scripts.report.checks.results import (
    BLOCK,
    EXACT,
    ROUGH,
    SCORES,
    SHOTS,
    Outcome,
    Results,
    check,
    digests,
    faults,
    outcome_of_files,
    shape_problems,
)


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
    known, low = set(results.labels), 0 if results.score in ("softmax", "sigmoid") else -1
    problems, n = [], 0
    for block in results.blocks("shot_id", *LABEL_COLUMNS, *SCORE_COLUMNS):
        values, texts = block[SCORE_COLUMNS].to_numpy(np.float64), block[LABEL_COLUMNS]
        given = texts.notna().to_numpy()
        wrong = {
            "has no label": ~given[:, 0],
            "has a label that is not in the taxonomy": ~(texts.isin(known).to_numpy() | ~given).all(axis=1),
            "has a label twice": np.any([texts[a] == texts[b] for a, b in combinations(LABEL_COLUMNS, 2)], axis=0),
            f"has a score that is not in {low} to 1": (given & ~((values >= low) & (values <= 1 + EXACT))).any(axis=1),
            "has scores that do not descend": (values[:, 1:] > values[:, :-1]).any(axis=1),
        }
        if results.score == "softmax":
            wrong["has scores of more than 1 together"] = np.nansum(values, axis=1) > 1 + ROUGH
        problems += faults(block["shot_id"], wrong)
        n += len(block)
    return Outcome(SHOTS, n, problems)


@check(SHOTS, SCORES)
def all_scores_belong_to_the_shots(results: Results) -> Outcome:
    """All scores are possible, in the order of the shots and of the taxonomy, and the highest is the best label's."""
    columns = ["shot_id", "label_1", "score_1"]
    with open_h5(results.folder / SCORES) as file:
        scores, ids, labels = file["scores"], file["shot_id"], read_strings(file["labels"])
        problems = shape_problems(
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
            problems += faults(block["shot_id"], wrong)
            start += len(block)
        return Outcome(SCORES, len(ids), problems)


@check("scores/*/*.h5")
def score_matrices_fit(results: Results) -> Outcome:
    """Every matrix has a row for each label and a column for each frame; those of a shard's first clip are possible."""
    problems, n = {}, 0
    for name in results.matching("scores/*/*.h5"):
        with open_h5(results.folder / name) as shard:
            labels, kind = read_strings(shard["labels"]), str(shard.attrs["score"].astype(str))
            found = [] if labels == list(results.labels) else ["labels: they are not those of the taxonomy"]
            for number, (clip_id, group) in enumerate(shard[CLIPS].items()):
                found += _matrix_problems(clip_id, group, len(labels), kind if number == 0 else None)
                n += 1
        problems[name] = found
    return outcome_of_files(problems, n, "scores")


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


def _impossible(scores: np.ndarray, kind: str) -> dict[str, np.ndarray]:
    """Rows of scores (N, L) that cannot be, by what is wrong with them."""
    low = -1 if kind == "cosine" else 0
    scores = scores.astype(np.float64)
    wrong = {f"has a score that is not in {low} to 1": ~((scores >= low) & (scores <= 1 + EXACT)).all(axis=1)}
    if kind == "softmax":
        wrong["has probabilities that do not sum to 1"] = ~(np.abs(scores.sum(axis=1) - 1) < ROUGH)
    return wrong


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
