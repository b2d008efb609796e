"""Tables that stand beside the paper's: long form for machines, the paper's shape for people."""

from pathlib import Path

from scripts.lib.files import atomic_path

COLUMNS = (
    "table",
    "row",
    "column",
    "paper",
    "ours",
    "delta",
    "n_used",
    "n_expected",
    "comparable",
    "source_file",
)


def comparison(paper: str, ours: str) -> str:
    """Ours minus the paper's where both are numbers, to the paper's decimals; empty otherwise."""
    try:
        difference = float(ours) - float(paper)
    except ValueError:
        return ""
    decimals = len(paper.partition(".")[2])
    return f"{difference:+.{decimals}f}"


def write_markdown(path: str | Path, header: list[str], rows: list[list[str]], note: str) -> None:
    """A Markdown table with a note below it."""
    lines = [header, ["---"] * len(header), *rows]
    text = "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
    with atomic_path(path) as temporary:
        temporary.write_text(f"{text}\n\n{note}\n", encoding="utf-8")
