"""Data frames as CSV: read as text, written atomically."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from scripts.lib.files.atomic import atomic_path
from scripts.lib.jobs.errors import UserError


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
