"""Parquet tables, with clear errors for damaged ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa

from scripts.lib.jobs.errors import UserError, make_anew
from scripts.lib.jobs.storage import is_machines_fault


def read_parquet(path: str | Path, **options) -> pd.DataFrame:
    """The table, or a part of it; `options` are those of `pandas.read_parquet`.

    Raises:
        UserError: the file is not readable Parquet.
    """
    with explained_parquet(path):
        return pd.read_parquet(path, **options)


@contextmanager
def explained_parquet(path: str | Path) -> Iterator[None]:
    """Turn pyarrow's errors about a damaged file into a `UserError`."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        if is_machines_fault(error):
            raise
        raise UserError(f"{path} is damaged or incomplete ({error}); {make_anew(path)}") from error
