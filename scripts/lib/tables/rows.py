"""CSV tables, written atomically and read strictly."""

import csv
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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


@contextmanager
def open_csv(path: str | Path, kind: str = "table") -> Iterator[csv.DictReader]:
    """The rows of a CSV as text, to read in the block; `kind` is what messages call the file.

    Raises:
        UserError: the file cannot be read, or is not a CSV.
    """
    try:
        with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
            # Strict: a quote that nobody closes would otherwise swallow the rows that follow.
            reader = csv.DictReader(map(_without_nul, stream), strict=True)
            yield reader
    except csv.Error as error:
        line = reader.reader.line_num
        raise UserError(f"the {kind} {path} is not a valid CSV file: line {line}: {error}") from error
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read the {kind} {path}: {getattr(error, 'strerror', None) or error}") from error


def _without_nul(line: str) -> str:
    if "\0" in line:
        raise csv.Error("it contains NUL bytes")
    return line


def read_csv(path: str | Path, *columns: str) -> list[dict[str, str]]:
    """Rows of a CSV as text.

    Args:
        columns: required columns. Without any, the table may be empty and rows of any length.

    Raises:
        UserError: the file cannot be read, lacks a column, or has an incomplete row.
    """
    with open_csv(path) as reader:
        missing = [column for column in columns if column not in (reader.fieldnames or [])]
        rows = list(reader)
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
