"""Label lists: one label a line, and the prompts made of them."""

from collections.abc import Iterable
from pathlib import Path

from scripts.lib.jobs.errors import UserError, bullet_list
from scripts.lib.tables.rows import FORMULA_REFUSED, is_formula

# Best labels that a shot's row has, as in the release.
TOP = 5


def read_labels(path: str | Path) -> list[str]:
    """Labels of a text file, one a line, in the file's order; blank lines are skipped.

    Raises:
        UserError: not UTF-8 text, no label at all, one that occurs twice, has a `|` or is no printable text,
            or a formula.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"cannot read the label list {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text ({error}); save the label list as UTF-8") from error
    labels = [line.strip() for line in text.splitlines() if line.strip()]
    if not labels:
        raise UserError(f"{path} holds no label; write one label a line")
    problems = label_problems(labels)
    if problems:
        raise UserError(f"{path} holds what cannot be a label:\n{bullet_list(problems)}")
    repeated = sorted({label for label in labels if labels.count(label) > 1})
    if repeated:
        raise UserError(f"{path} names these labels more than once:\n{bullet_list(repeated)}")
    return labels


def label_problems(labels: Iterable[str]) -> list[str]:
    """What cannot be a label, each with the reason."""
    reasons = [
        (is_formula, FORMULA_REFUSED),
        (lambda label: "|" in label, "has a |, which stands between labels in tables"),
        (lambda label: not label.isprintable(), "has characters that cannot be printed"),
    ]
    return [f"{label[:80]!r} {reason}" for holds, reason in reasons for label in labels if holds(label)]


def fill_prompts(labels: list[str], templates: list[str]) -> list[list[str]]:
    """Prompts per template: `result[p][l]` is template p with label l in place of `{label}`."""
    return [[template.replace("{label}", label) for label in labels] for template in templates]
