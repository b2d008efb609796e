"""The embeddings of all labels that the taxonomy compares, written by `embed_names`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts.lib.files.hdf5 import open_h5, read_attribute, read_strings


@dataclass(frozen=True)
class Embeddings:
    """Unit vectors of names.

    Attributes:
        vectors: (N, D) float32.
        row: index of each name in `vectors`.
        encoder: name of the model.
    """

    vectors: np.ndarray
    row: dict[str, int]
    encoder: str = ""

    def of(self, names: Sequence[str]) -> np.ndarray:
        """The vectors of these names, (len(names), D)."""
        return self.vectors[[self.row[name] for name in names]]


def read_embeddings(path: str | Path) -> Embeddings:
    """The content of `taxonomy/embeddings.h5`.

    Raises:
        UserError: the file is damaged.
    """
    with open_h5(path) as file:
        row = {name: place for place, name in enumerate(read_strings(file["label"]))}
        return Embeddings(file["embedding"][:], row, read_attribute(file, "encoder"))
