"""CSV tables, written atomically and read strictly."""

import csv
import re
from collections.abc import Iterable
from pathlib import Path

from scripts.lib.files.atomic import atomic_path
from scripts.lib.jobs.errors import UserError, make_anew


def write_csv(path: str | Path, columns: Iterable[str], rows: Iterable[dict]) -> None:
    """Write rows as UTF-8 CSV; None becomes an empty field, floats get their shortest exact form."""
    rows = list(rows)
    # Python does not quote a carriage return if lines end in a newline.
    odd = any("\r" in value for row in rows for value in row.values() if isinstance(value, str))
    with (
        atomic_path(path) as temporary,
        open(temporary, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream,
    ):
        quoting = csv.QUOTE_ALL if odd else csv.QUOTE_MINIMAL
        writer = csv.DictWriter(stream, list(columns), lineterminator="\n", quoting=quoting)
        writer.writeheader()
        writer.writerows(rows)


# Formulas in spreadsheets; titles such as "+1" and ids such as "-dQw4" only look similar.
_FORMULA = re.compile(r"\s*=|\s*[+\-@].*[=(|!]|[\t\r]")
FORMULA_REFUSED = "begins like a formula, which a spreadsheet would execute; put another character before it"


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would read this cell as a formula."""
    return _FORMULA.match(cell) is not None


def read_header(path: str | Path) -> list[str]:
    """Names of a CSV's columns.

    Raises:
        UserError: the file cannot be read.
    """
    try:
        with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
            return list(csv.DictReader(stream, strict=True).fieldnames or [])
    except (OSError, csv.Error) as error:
        raise UserError(f"cannot read the table {path}: {error}") from error


def read_csv(path: str | Path, *columns: str) -> list[dict[str, str]]:
    """Rows of a CSV as text.

    Args:
        columns: required columns. Without any, the table may be empty and rows of any length.

    Raises:
        UserError: the file cannot be read, lacks a column, or has an incomplete row.
    """
    try:
        with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            missing = [column for column in columns if column not in (reader.fieldnames or [])]
            rows = list(reader)
    except (OSError, csv.Error) as error:
        raise UserError(f"cannot read the table {path}: {error}") from error
    if missing:
        raise unusable_table(path, f"it lacks the column(s) {', '.join(missing)}")
    if columns and any(None in row or None in row.values() for row in rows):
        raise unusable_table(path, "it has incomplete rows")
    return rows


def unusable_table(path: str | Path, problem: str) -> UserError:
    """Message about a table that is damaged, truncated, or another one."""
    return UserError(
        f"cannot use the table {path}: {problem}. Correct it or get it again; if this workflow has made it, "
        f"{make_anew(path)}"
    )
