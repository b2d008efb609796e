"""The tables of the bundle, and the types of their columns."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from scripts.lib.records.samples import SPLITS
from scripts.lib.tables.frames import read_frame

# The hub's names of the splits.
SPLIT_NAMES = dict(zip(SPLITS, ("train", "validation", "test"), strict=True))
# Columns of our CSV tables that are numbers; all others are text, also a hash of digits alone.
WHOLE = frozenset("cluster end_frame index label_id n_test n_train n_val offered scene start_frame value".split())
DECIMAL = frozenset("cosine end_time pos_weight pos_weight_samples seconds start_time".split())


@dataclass(frozen=True)
class Table:
    """A table of the bundle, in Parquet.

    Attributes:
        name: of its record set, and of the hub's configuration apart from the splits.
        path: in the bundle.
        about: one line about its content.
        columns: names and types.
    """

    name: str
    path: str
    about: str
    columns: pa.Schema

    @property
    def is_split(self) -> bool:
        """Whether it has the samples of a split."""
        return self.name in SPLIT_NAMES.values()


def typed_csv(path: str | Path) -> pa.Table:
    """One of our CSV tables with types by the columns' names; empty numbers are null, empty texts stay empty.

    Raises:
        UserError: the file cannot be read.
    """
    table = read_frame(path)
    kinds = [pa.int64() if name in WHOLE else pa.float64() if name in DECIMAL else pa.string() for name in table]
    columns = [
        pa.array(table[name], kind) if kind == pa.string() else pa.array(pd.to_numeric(table[name]), kind)
        for name, kind in zip(table, kinds, strict=True)
    ]
    return pa.table(columns, pa.schema(list(zip(table, kinds, strict=True))))
