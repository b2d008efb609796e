"""Tables and folders of one shard, which contain its fingerprint and are checked when read."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from scripts.lib.jobs.errors import UserError, make_anew
from scripts.lib.tables.rows import open_csv, write_csv

# Last column of a shard's tables: the shard's fingerprint and the table's number of rows.
COLUMN = "fingerprint"
# A file with the fingerprint in a folder.
MARK = ".fingerprint"


def write_shard_csv(path: str | Path, columns: Iterable[str], rows: Iterable[dict], fingerprint: str) -> None:
    """Write a table of the shard with this fingerprint."""
    rows = list(rows)
    mark = _mark(fingerprint, rows)
    # An empty table has the fingerprint in the column's name: a table truncated after its header is recognised.
    column = COLUMN if rows else f"{COLUMN} {mark}"
    write_csv(path, (*columns, column), ({**row, column: mark} for row in rows))


def read_shard_csv(path: str | Path, fingerprint: str) -> list[dict[str, str]]:
    """Rows of a table written by `write_shard_csv`, without its last column.

    Raises:
        UserError: the table cannot be read, was made for other clips, or is incomplete.
    """
    with open_csv(path) as reader:
        header, rows = reader.fieldnames, list(reader)
    remedy = make_anew(path)
    if not header or not header[-1].startswith(COLUMN):
        raise UserError(f"{path} does not say for which clips it was made; {remedy}")
    marks = [row.pop(COLUMN, None) or "" for row in rows] or [header[-1].removeprefix(f"{COLUMN} ")]
    if any(None in row or None in row.values() for row in rows):
        raise UserError(f"{path} is damaged or incomplete; {remedy}")
    if not all(mark.startswith(f"{fingerprint}/") for mark in marks):
        raise UserError(f"{path} was made for other clips than this shard's; {remedy}")
    if set(marks) - {_mark(fingerprint, rows)}:
        raise UserError(f"{path} has {len(rows)} rows, not {marks[0].partition('/')[2]} as written; {remedy}")
    return rows


def _mark(fingerprint: str, rows: list) -> str:
    return f"{fingerprint}/{len(rows)}"


def mark_folder(folder: Path, fingerprint: str) -> None:
    """Write a shard's fingerprint into its folder."""
    (folder / MARK).write_text(fingerprint, encoding="ascii")


def check_folders(folders: Sequence[str | Path], fingerprints: Sequence[str]) -> None:
    """See `check_folder`, for the folders of all shards."""
    for folder, fingerprint in zip(folders, fingerprints, strict=True):
        check_folder(folder, fingerprint)


def check_folder(folder: str | Path, fingerprint: str) -> None:
    """Raise UserError if a folder was made for other clips, or is incomplete."""
    mark = Path(folder, MARK)
    if not mark.is_file() or mark.read_text(encoding="ascii", errors="replace") != fingerprint:
        raise UserError(f"{folder} was made for other clips than this shard's; {make_anew(folder)}")
