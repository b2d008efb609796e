"""What a check of finished results is: a small function of a run's files, independent of what made them.

Shots are read in blocks and remembered as eight bytes each, so that a million of them need little memory.
"""

import fnmatch
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from scripts.lib.records.samples import SPLITS, read_samples
from scripts.lib.tables.frames import explained_parquet, read_frame

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

    def matching(self, pattern: str) -> list[str]:
        """The run's files of this pattern, in which `*` is anything, sorted."""
        return sorted(fnmatch.filter(self.files, pattern))

    def without_shot(self, ids: pd.Series) -> list[str]:
        """Those ids that no shot has, as problems."""
        return [f"{name}: there is no such shot" for name in ids[~np.isin(digests(ids), self.shots)]]


def digests(ids: pd.Series) -> np.ndarray:
    """Eight bytes for each text, (N,) uint64; equal texts have equal ones."""
    return pd.util.hash_array(ids.to_numpy(object), categorize=False)


def repeated(ids: pd.Series) -> list[str]:
    """Those ids that stand more than once, as problems."""
    return [f"{name} is there more than once" for name in ids[ids.duplicated()]]


def faults(ids: pd.Series, wrong: Mapping[str, np.ndarray]) -> list[str]:
    """The problems of things with these ids, (N,), from what is wrong and with which of them, (N,) bool."""
    return [f"{name} {what}" for what, rows in wrong.items() for name in ids[rows]]


def outcome_of_files(problems: Mapping[str, list[str]], n: int, folder: str) -> Outcome:
    """The outcome of a check of several files: that of the first with a problem, or of their `folder`."""
    first = next((name for name, found in problems.items() if found), folder)
    return Outcome(first, n, [f"{name}: {problem}" for name, found in problems.items() for problem in found])


# The checks by name, each with the files that it needs; `*` in a file is any name.
CHECKS: dict[str, tuple[tuple[str, ...], Callable[[Results], Outcome]]] = {}


def check(*needs: str) -> Callable:
    """Register a check, which runs if the run makes the files that it needs; its docstring is what holds."""

    def register(function: Callable[[Results], Outcome]) -> Callable[[Results], Outcome]:
        CHECKS[function.__name__.replace("_", " ")] = (needs, function)
        return function

    return register


def shape_problems(name: str, shape: tuple, expected: tuple, told: str) -> list[str]:
    """The problem with the shape of `name`, if it is not the expected one."""
    return [] if shape == expected else [f"{name}: its shape is {shape}, not {expected}, the number of {told}"]
