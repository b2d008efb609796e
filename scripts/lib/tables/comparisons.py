"""Tables with the paper's values beside ours: long form as CSV, the paper's form as Markdown."""

from collections.abc import Iterable
from pathlib import Path

from scripts.lib.files.atomic import write_text
from scripts.lib.tables.rows import read_csv, write_csv

COLUMNS = ("table", "row", "column", "paper", "ours", "delta", "n_used", "n_expected", "comparable", "source_file")


def comparison(
    cell: tuple[str, str, str], paper: str, ours: str, source: str, n_used="", n_expected="", comparable=None
) -> dict[str, object]:
    """A cell of one of the paper's tables beside ours, as a row with `COLUMNS`.

    Args:
        cell: table, row and column.
        paper, ours: as printed; empty where there is none.
        source: the file that ours was computed from, or that the paper's value was read from.
        n_used, n_expected: how many items ours rests on, and how many the paper's does.
        comparable: whether these are the same items; None where there is nothing to compare.
    """
    told = {True: "yes", False: "no", None: ""}[comparable]
    return dict(zip(COLUMNS, (*cell, paper, ours, delta(paper, ours), n_used, n_expected, told, source), strict=True))


def write_comparisons(path: str | Path, rows: Iterable[dict[str, object]]) -> None:
    """Write rows made by `comparison` as CSV."""
    write_csv(path, COLUMNS, rows)


def delta(paper: str, ours: str) -> str:
    """Ours minus the paper's if both are numbers, rounded to the paper's decimals; otherwise empty."""
    try:
        difference = float(ours) - float(paper)
    except ValueError:
        return ""
    decimals = len(paper.partition(".")[2])
    return f"{difference:+.{decimals}f}"


def markdown_table(header: list[str], rows: Iterable[list[str]]) -> str:
    """A Markdown table without a final newline; a `|` in a cell is escaped."""
    lines = [header, ["---"] * len(header), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def write_markdown(path: str | Path, header: list[str], rows: Iterable[list[str]], note: str) -> None:
    """Write a Markdown table with a note below it."""
    write_text(path, f"{markdown_table(header, rows)}\n\n{note}\n")


def printed_values(path: str | Path) -> dict[tuple[str, str], tuple[str, str]]:
    """Values of the paper and of its published files, by statistic and part of the dataset."""
    return {(row["statistic"], row["part"]): (row["paper"], row["release"]) for row in read_csv(path)}


def write_statistics(
    csv: str | Path,
    md: str | Path,
    rows: Iterable[tuple[str, str, object]],
    printed: dict[tuple[str, str], tuple[str, str]],
    note: str = "",
) -> None:
    """A list of statistics beside the paper's and the release's values, as CSV and as Markdown.

    Args:
        csv, md: paths of the two files.
        rows: statistic, part of the dataset, value.
        printed: see `printed_values`.
        note: text below the Markdown table.
    """
    names = ("statistic", "part", "paper", "release", "ours")
    cells = [(name, part, *printed.get((name, part), ("", "")), str(value)) for name, part, value in rows]
    write_csv(csv, names, (dict(zip(names, row, strict=True)) for row in cells))
    explained = "Paper: as printed. Release: counted in the authors' published files when this workflow was written."
    write_markdown(md, list(names), [list(row) for row in cells], f"{explained} {note}".rstrip())
