"""Parquet tables, with errors that say what to do about a damaged one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa

from scripts.lib.jobs.errors import UserError, make_anew
from scripts.lib.jobs.storage import is_machines_fault


def read_parquet(path: str | Path, **options) -> pd.DataFrame:
    """The table, or the part of it that `options` of pandas' function of that name ask for.

    Raises:
        UserError: the file is no readable Parquet.
    """
    with explained_parquet(path):
        return pd.read_parquet(path, **options)


@contextmanager
def explained_parquet(path: str | Path) -> Iterator[None]:
    """Turn what pyarrow says of a damaged file into what to do about it; see `read_parquet`."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        if is_machines_fault(error):
            raise
        raise UserError(f"{path} is damaged or incomplete ({error}); {make_anew(path)}") from error
