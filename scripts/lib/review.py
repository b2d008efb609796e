"""The expert's review file: one decision a label, kept under version control (paper section 3.2)."""

from pathlib import Path

from scripts.lib.errors import UserError, bullet_list
from scripts.lib.tables import read_csv

REVIEW_COLUMNS = ("label", "decision", "into", "reason")
DECISIONS = ("keep", "remove", "merge", "add")
# A spreadsheet takes a cell that begins so for a formula.
FORMULA_SIGNS = ("=", "+", "-", "@")


def read_review(path: str | Path | None) -> list[dict[str, str]]:
    """Rows of a review file with `REVIEW_COLUMNS`, in its order; none where there is no file or it is empty.

    Raises:
        UserError: columns are missing, or rows cannot be used; one message lists them all by number.
    """
    if path is None or not Path(path).exists():
        return []
    rows = read_csv(path)
    missing = [column for column in REVIEW_COLUMNS if rows and column not in rows[0]]
    if missing:
        raise UserError(
            f"the review file {path} lacks the column(s) {', '.join(missing)}; its columns are "
            f"{', '.join(REVIEW_COLUMNS)}"
        )
    problems, row_of = [], {}
    for number, row in enumerate(rows, start=1):
        faults = _faults(row)
        if not faults and row["label"] in row_of:
            faults = [f"{row['label']!r} is decided already in row {row_of[row['label']]}"]
        row_of.setdefault(row["label"], number)
        problems += [f"row {number}: {fault}" for fault in faults]
    if problems:
        raise UserError(f"the review file {path} has {len(problems)} problem(s):\n{bullet_list(problems)}")
    return [{column: row[column] for column in REVIEW_COLUMNS} for row in rows]


def _faults(row: dict) -> list[str]:
    if None in row or None in row.values():
        return ["the number of fields differs from the header's; quote fields that contain commas"]
    label, decision, into = row["label"], row["decision"], row["into"]
    faults = []
    if not label or label != label.strip() or label.startswith(FORMULA_SIGNS):
        faults.append(f"{label!r} is no label; one begins with a letter or a digit")
    if decision not in DECISIONS:
        faults.append(f"the decision {decision!r} is unknown; there are {', '.join(DECISIONS)}")
    elif (decision == "merge") != bool(into):
        faults.append(f"{label!r} has the decision {decision} and {into!r} in `into`, which belongs to a merge alone")
    elif into == label:
        faults.append(f"{label!r} is merged into itself")
    return faults
