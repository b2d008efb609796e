"""Samples of the dataset: kept shots with their labels, and the tables of them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.lib.jobs.errors import UserError, bullet_list, did_you_mean
from scripts.lib.records.clips import read_manifest
from scripts.lib.records.release_lines import LabelLine, write_lines
from scripts.lib.records.videos import find_videos
from scripts.lib.tables.frames import read_frame, write_frame

SPLITS = ("train", "val", "test")
SAMPLE_COLUMNS = ("shot_id", "clip_id", "movie_id", "labels", "scores")
FACTS = ("title", "year", "genres")
MOVIE_COLUMNS = ("movie_id", *FACTS, "split", "n_clips", "n_shots")
# Separates the labels of a shot and the genres of a movie.
SEPARATOR = "|"

# In the release's formula; avoids division by zero for a class without positives.
_RELEASE_EPSILON = 1e-5


def read_samples(paths: Sequence[str | Path]) -> pd.DataFrame:
    """All samples of the split tables, given in the order of `SPLITS`: `SAMPLE_COLUMNS` as text, with `split`.

    Raises:
        UserError: a table cannot be read or lacks a column.
    """
    tables = [read_frame(path, SAMPLE_COLUMNS).assign(split=split) for split, path in zip(SPLITS, paths, strict=True)]
    return pd.concat(tables, ignore_index=True)


def read_classes(labels_csv: str | Path) -> list[str]:
    """The classes in the order of their columns, from a table such as `dataset/labels.csv`.

    Raises:
        UserError: the table cannot be read.
    """
    return list(read_frame(labels_csv, ["label"])["label"])


def instances(samples: pd.DataFrame) -> pd.DataFrame:
    """Label instances: one row per label and sample, with `label` and `rank` (0: top-1)."""
    names = samples["labels"].str.split(SEPARATOR)
    counts = names.str.len().to_numpy()
    long = samples.drop(columns=["labels", "scores"]).loc[np.repeat(samples.index, counts)].reset_index(drop=True)
    long["label"] = [name for row in names for name in row]
    long["rank"] = np.arange(len(long)) - np.repeat(np.cumsum(counts) - counts, counts)
    return long


def renamed_labels(labels: list[str], merges: dict[str, str], drop: list[str]) -> np.ndarray:
    """Label index after merging and dropping, (L,); -1 for dropped labels.

    Raises:
        UserError: a label contains the separator, a name is not one of the labels, a label is merged
            into one that is merged or dropped itself, or is both merged and dropped.
    """
    problems = [
        f"the label {name!r} contains a {SEPARATOR}, which separates labels" for name in labels if SEPARATOR in name
    ]
    for place, names in (("merges", [*merges, *merges.values()]), ("drop", drop)):
        for name in dict.fromkeys(names):
            if name not in labels:
                problems.append(f"dataset.{place}: {name!r} is not one of the labels; {did_you_mean(name, labels)}")
    for source, target in merges.items():
        if target in merges or target in drop:
            problems.append(f"dataset.merges: {source!r} goes to {target!r}, which is merged or dropped itself")
        if source in drop:
            problems.append(f"dataset: {source!r} is both merged and dropped; remove one of the two")
    if problems:
        raise UserError(f"the labels cannot be merged and dropped like this:\n{bullet_list(problems)}")
    index = {label: number for number, label in enumerate(labels)}
    return np.array([-1 if label in drop else index[merges.get(label, label)] for label in labels])


def target_matrix(labels: Iterable[str], classes: Sequence[str]) -> np.ndarray:
    """Which classes each shot has, (N, C) bool: the targets of training and of evaluation.

    Args:
        labels: N texts with the labels of a shot, separated by `SEPARATOR`. Labels that are no class do not count.
        classes: C names, in the order of `dataset/labels.csv`.
    """
    index = {name: column for column, name in enumerate(classes)}
    rows = [text.split(SEPARATOR) for text in labels]
    found = [(row, index[name]) for row, names in enumerate(rows) for name in names if name in index]
    targets = np.zeros((len(rows), len(classes)), bool)
    targets[tuple(np.array(found, int).reshape(-1, 2).T)] = True
    return targets


def release_pos_weight(n_positive: np.ndarray, n_instances: int) -> np.ndarray:
    """The release's weight of a class's positives: `(N - n) / (n + 1e-5)`, N label instances in train.

    Verified against the release's own numbers; the usual formula counts samples instead.
    """
    return (n_instances - n_positive) / (n_positive + _RELEASE_EPSILON)


def usual_pos_weight(n_positive: np.ndarray, n_samples: int) -> np.ndarray:
    """Negatives per positive, `(N - n) / n` with N samples in train; NaN for a class without positives."""
    with np.errstate(divide="ignore"):
        return np.where(n_positive > 0, (n_samples - n_positive) / np.maximum(n_positive, 1), np.nan)


def class_table(samples: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    """`labels.csv`: index, label, samples in each split, both variants of pos_weight.

    Args:
        samples: `SAMPLE_COLUMNS` and `split`.
        labels: all classes in the order of their indices.
    """
    long = instances(samples)
    counts = pd.crosstab(long["label"], long["split"]).reindex(index=list(labels), columns=list(SPLITS), fill_value=0)
    in_train = counts["train"].to_numpy()
    return pd.DataFrame(
        {
            "index": range(len(labels)),
            "label": list(labels),
            **{f"n_{split}": counts[split].to_numpy() for split in SPLITS},
            "pos_weight": release_pos_weight(in_train, int(in_train.sum())),
            "pos_weight_samples": usual_pos_weight(in_train, int((samples["split"] == "train").sum())),
        }
    )


def most_frequent(values: pd.Series, keys: pd.Series) -> pd.Series:
    """The most frequent value of each key, by key; of equally frequent ones the first.

    Empty values do not count; keys with empty values only are left out.
    """
    counts = values[values != ""].groupby([keys, values], sort=False).size()
    ranked = counts.sort_values(ascending=False, kind="stable").rename("n").reset_index()
    return ranked.drop_duplicates(keys.name).set_index(keys.name)[values.name]


def clip_table(shots: pd.DataFrame, manifest: str | Path, named: set[str]) -> pd.DataFrame:
    """The clips with shots, by clip_id: `video`, and the columns of `shots` with a movie for each.

    A clip without a movie_id gets the most frequent movie of its video's other clips; without any,
    the video counts as a movie of its own.

    Args:
        shots: clip_id, movie_id, ….
        manifest: the run's `manifest.csv`, with the files.
        named: known videos, see `find_videos`.

    Raises:
        UserError: the manifest cannot be read.
    """
    clips = shots.drop_duplicates("clip_id").set_index("clip_id")
    files = {clip.clip_id: clip.path for clip in read_manifest(manifest)}
    clips["video"] = clips.index.map(find_videos({clip_id: clip_id for clip_id in clips.index} | files, named))
    told = most_frequent(clips["movie_id"], clips["video"])
    movies = clips["video"].map(lambda video: told.get(video, video))
    clips["movie_id"] = clips["movie_id"].where(clips["movie_id"] != "", movies)
    return clips


def movie_facts(clips: pd.DataFrame) -> pd.DataFrame:
    """`FACTS` of each movie, by movie_id: the most frequent non-empty values of its clips, or empty.

    Args:
        clips: movie_id and `FACTS`, one row per clip.
    """
    facts = {name: most_frequent(clips[name], clips["movie_id"]) for name in FACTS}
    return pd.DataFrame(facts, index=pd.Index(clips["movie_id"].unique(), name="movie_id")).fillna("")


def movie_table(samples: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """`movies.csv`: `MOVIE_COLUMNS`, one row per movie and split with samples.

    Args:
        samples: `SAMPLE_COLUMNS` and `split`.
        known: movie_id and `FACTS`, see `movie_facts`; movies that are missing here have no more than an id.
    """
    keys = ["movie_id", "split"]
    counts = samples.groupby(keys, sort=False).agg(n_clips=("clip_id", "nunique"), n_shots=("shot_id", "size"))
    table = counts.reset_index().join(movie_facts(known), on="movie_id").fillna(dict.fromkeys(FACTS, ""))
    return table[list(MOVIE_COLUMNS)]


def write_dataset(samples: pd.DataFrame, labels: Sequence[str], movies: pd.DataFrame, made) -> None:
    """Write a split dataset: tables and line files of each split, `labels.csv`, `movies.csv`.

    Args:
        samples: `SAMPLE_COLUMNS` and `split`.
        labels: all classes in the order of their indices.
        movies: movie_id and `FACTS` of the known movies, see `movie_facts`.
        made: paths, as a job's outputs: `tables` (our split tables, in the order of `SPLITS`), `lines` (the authors'
            line files, in the same order), `labels` and `movies`.
    """
    index = {label: number for number, label in enumerate(labels)}
    for split, table, line_file in zip(SPLITS, made.tables, made.lines, strict=True):
        part = samples[samples["split"] == split]
        write_frame(part[list(SAMPLE_COLUMNS)], table)
        rows = zip(part["clip_id"], part["shot_id"], part["labels"], strict=True)
        write_lines(
            line_file,
            (LabelLine(clip, shot, tuple(index[name] for name in text.split(SEPARATOR))) for clip, shot, text in rows),
        )
    write_frame(class_table(samples, labels), made.labels)
    write_frame(movie_table(samples, movies), made.movies)
