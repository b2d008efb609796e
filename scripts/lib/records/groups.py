"""Which labels are of places inside, which of places outside."""

from pathlib import Path

from scripts.lib.jobs.errors import UserError, bullet_list
from scripts.lib.tables.rows import read_csv

GROUPS = ("inside", "outside", "either")


def read_groups(path: str | Path) -> dict[str, str]:
    """The group of each label, one of `GROUPS`, from a CSV with the columns label, group and evidence.

    Raises:
        UserError: the file cannot be read, a group is none of these, or a label is named twice.
    """
    groups, problems = {}, []
    for row in read_csv(path, "label", "group"):
        if row["group"] not in GROUPS:
            problems.append(f"{row['label']}: the group {row['group']!r} is not one of {', '.join(GROUPS)}")
        if row["label"] in groups:
            problems.append(f"{row['label']} is named twice")
        groups[row["label"]] = row["group"]
    if problems:
        raise UserError(f"the groups of labels in {path} cannot be used:\n{bullet_list(problems)}")
    return groups
