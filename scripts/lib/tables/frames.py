"""Data frames as CSV and as Parquet, with errors that say what to do about a damaged file."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa

from scripts.lib.files.atomic import atomic_path
from scripts.lib.jobs.errors import UserError, make_anew
from scripts.lib.jobs.storage import is_machines_fault


def read_frame(path: str | Path, columns: Sequence[str] = ()) -> pd.DataFrame:
    """A table with every cell as text.

    Args:
        columns: required columns; others are allowed.

    Raises:
        UserError: the file cannot be read or lacks columns.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (ValueError, OSError) as error:
        raise UserError(f"cannot read the table {path}: {error}") from error
    if missing := [column for column in columns if column not in table]:
        raise UserError(
            f"the table {path} lacks the column(s) {', '.join(missing)}; it has {', '.join(map(str, table))}. "
            "Use the file as it was made or published"
        )
    return table


def write_frame(table: pd.DataFrame, path: str | Path) -> None:
    """A data frame as CSV, atomically, without its index."""
    with atomic_path(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")


def read_parquet(path: str | Path, **options) -> pd.DataFrame:
    """The table, or the part of it that `options` of pandas' function of that name ask for.

    Raises:
        UserError: the file is no readable Parquet.
    """
    with explained_parquet(path):
        return pd.read_parquet(path, **options)


@contextmanager
def explained_parquet(path: str | Path) -> Iterator[None]:
    """Turn what pyarrow says of a damaged file into what to do about it.

    Raises:
        UserError: the file is no readable Parquet.
    """
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        if is_machines_fault(error):
            raise
        raise UserError(f"{path} is damaged or incomplete ({error}); {make_anew(path)}") from error
