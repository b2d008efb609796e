"""Label lists, one label per line, and prompts."""

from collections.abc import Iterable
from pathlib import Path

from scripts.lib.jobs.errors import UserError, bullet_list
from scripts.lib.tables.rows import FORMULA_REFUSED, is_formula

# Top labels in a shot's row, as in the release, and their columns by rank.
TOP = 5
LABEL_COLUMNS, SCORE_COLUMNS = ([f"{name}_{rank}" for rank in range(1, TOP + 1)] for name in ("label", "score"))


def read_labels(path: str | Path) -> list[str]:
    """Labels of a text file, one per line, in the file's order; blank lines are skipped.

    Raises:
        UserError: the file is not UTF-8 text or has no label, or a label is repeated, has a `|`, is not
            printable text, or is a formula.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"cannot read the label list {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text ({error}); save the label list as UTF-8") from error
    labels = [line.strip() for line in text.splitlines() if line.strip()]
    if not labels:
        raise UserError(f"{path} has no label; write one label per line")
    problems = label_problems(labels)
    if problems:
        raise UserError(f"{path} has lines that cannot be labels:\n{bullet_list(problems)}")
    repeated = sorted({label for label in labels if labels.count(label) > 1})
    if repeated:
        raise UserError(f"{path} names these labels more than once:\n{bullet_list(repeated)}")
    return labels


def label_problems(labels: Iterable[str]) -> list[str]:
    """Invalid labels, each with the reason."""
    reasons = [
        (is_formula, FORMULA_REFUSED),
        (lambda label: "|" in label, "has a |, which separates labels in tables"),
        (lambda label: not label.isprintable(), "has characters that cannot be printed"),
    ]
    return [f"{label[:80]!r} {reason}" for holds, reason in reasons for label in labels if holds(label)]


def fill_prompts(labels: list[str], templates: list[str]) -> list[list[str]]:
    """Prompts per template: `result[p][l]` is template p with label l for `{label}`."""
    return [[template.replace("{label}", label) for label in labels] for template in templates]
