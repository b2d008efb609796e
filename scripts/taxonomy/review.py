"""The expert's answers: the review file, its checks, and the decisions on proposals."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scripts.lib.jobs.errors import UserError, bullet_list
from scripts.lib.tables.rows import FORMULA_REFUSED, is_formula, open_csv
from scripts.taxonomy.merging import HUMAN, Candidate, Proposal

COLUMNS = ("label", "decision", "into", "reason")
# "yes" in this optional column allows an answer about a label that a run does not have.
OPTIONAL = "optional"
DECISIONS = ("keep", "remove", "merge", "add")
NEW_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9 '/-]*[a-z0-9])?")
# A spreadsheet reads a cell with this start as a formula.
FORMULA_SIGNS = ("=", "+", "-", "@")
EXPERT, RULE, SUGGESTION = "expert", "rule", "suggestion"


@dataclass(frozen=True)
class Answer:
    """One row of the review file, and its line number."""

    label: str
    decision: str
    into: str
    reason: str
    optional: bool
    line: int

    def row(self) -> dict[str, str]:
        """The row as in the file."""
        row = {column: getattr(self, column) for column in COLUMNS}
        return {**row, OPTIONAL: "yes"} if self.optional else row


@dataclass(frozen=True)
class Verdict:
    """The final decision on a label, and who made it: expert, rule or suggestion."""

    candidate: Candidate
    decision: str
    into: str
    reason: str
    decided_by: str


def read_review(path: str | Path | None) -> list[Answer]:
    """The answers of a review file, in its order; none without a file or if it is empty.

    Raises:
        UserError: columns are missing, or rows are invalid; one message lists them all by line.
    """
    if path is None or not Path(path).exists():
        return []
    with open_csv(path, "review file") as reader:
        rows = [(reader.line_num, row) for row in reader]
    missing = [column for column in COLUMNS if rows and column not in reader.fieldnames]
    if missing:
        raise UserError(
            f"the review file {path} lacks the column(s) {', '.join(missing)}; its columns are {', '.join(COLUMNS)}"
        )
    problems, line_of, answers = [], {}, []
    for line, row in rows:
        faults = _faults(row)
        if not faults and row["label"] in line_of:
            faults = [f"{row['label']!r} is already decided in line {line_of[row['label']]}"]
        line_of.setdefault(row["label"], line)
        problems += [f"line {line}: {fault}" for fault in faults]
        if not faults:
            answers.append(Answer(*(row[column] for column in COLUMNS), row.get(OPTIONAL) == "yes", line))
    if problems:
        raise UserError(f"the review file {path} has {len(problems)} problem(s):\n{bullet_list(problems)}")
    return answers


def _faults(row: dict) -> list[str]:
    if None in row or None in row.values():
        return ["the number of fields differs from the header's; quote fields that contain commas"]
    label, decision, into = row["label"], row["decision"], row["into"]
    faults = []
    if not label or label != label.strip() or label.startswith(FORMULA_SIGNS):
        faults.append(f"{label!r} is not a label; a label begins with a letter or a digit")
    elif decision == "add" and not NEW_LABEL.fullmatch(label):
        faults.append(f"{label!r} cannot be added; use letters from a to z, digits, blanks, ', - and /")
    if decision not in DECISIONS:
        faults.append(f"the decision {decision!r} is unknown; there are {', '.join(DECISIONS)}")
    elif (decision == "merge") != bool(into):
        faults.append(f"{label!r} has the decision {decision} and {into!r} in `into`, which is for merges only")
    elif into == label:
        faults.append(f"{label!r} is merged into itself")
    faults += [
        f"the {column} {row[column]!r} {FORMULA_REFUSED}" for column in ("into", "reason") if is_formula(row[column])
    ]
    faults += [
        f"the {column} {row[column]!r} has characters that cannot be printed; save the file as UTF-8"
        for column in COLUMNS
        if not "".join(row[column].splitlines()).isprintable()
    ]
    if row.get(OPTIONAL, "") not in ("", "yes", "no"):
        faults.append(f"{label!r} has {row[OPTIONAL]!r} in `{OPTIONAL}`; write yes or nothing")
    return faults


def decide(
    proposals: list[Proposal],
    answers: list[Answer],
    rare: Iterable[str] = (),
    path: str | Path = "the review file",
) -> list[Verdict]:
    """The verdict on every label: the expert's answer, otherwise the rules' proposal.

    Args:
        proposals: one per label.
        answers: see `read_review`.
        rare: places that are too rare for the rules, about which the expert was asked; removing them has no effect.
        path: the review file, for errors.

    Returns:
        Verdicts in the proposals' order, then the labels that the expert added.

    Raises:
        UserError: an answer about an unknown label, the addition of an existing one, a merge into an
            unknown or removed label, or merges in a circle.
    """
    known = {proposal.candidate.label for proposal in proposals}
    added = {answer.label for answer in answers if answer.decision == "add"}
    declined = set(rare) - known
    problems = []
    by_label: dict[str, Answer] = {}
    for answer in answers:
        where = f"line {answer.line}: {answer.label}"
        if answer.decision == "add" and answer.label in known:
            problems.append(f"{where} exists already; write keep to make sure that it stays")
        elif answer.decision != "add" and answer.label not in known:
            if not answer.optional and not (answer.decision == "remove" and answer.label in declined):
                problems.append(f"{where} is not a label of this run; correct it, or delete the line")
            continue
        elif answer.decision == "merge" and answer.into not in known | added:
            if not answer.optional:
                problems.append(f"{where} merges into {answer.into}, which is not a label of this run")
            continue
        by_label[answer.label] = answer
    verdicts = [_verdict(proposal, by_label.get(proposal.candidate.label)) for proposal in proposals]
    verdicts += [
        Verdict(Candidate(answer.label, HUMAN), "add", "", answer.reason, EXPERT)
        for answer in by_label.values()
        if answer.decision == "add"
    ]
    verdicts = _follow_the_expert(verdicts)
    problems += _broken_merges(verdicts, by_label)
    if problems:
        raise UserError(
            f"{path} does not fit this run's labels:\n{bullet_list(problems)}\n"
            "If it was written for other tags or screenplays, name another file as taxonomy.review, or null for none"
        )
    return verdicts


def _verdict(proposal: Proposal, answer: Answer | None) -> Verdict:
    if answer is not None:
        return Verdict(proposal.candidate, answer.decision, answer.into, answer.reason or proposal.reason, EXPERT)
    ruled = proposal.stage == "common"
    decided_by = RULE if ruled else SUGGESTION
    return Verdict(proposal.candidate, proposal.decision, proposal.into, proposal.reason, decided_by)


def _follow_the_expert(verdicts: list[Verdict]) -> list[Verdict]:
    """Proposals never merge into a label that the expert removed, nor close a circle."""
    by_label = {verdict.candidate.label: verdict for verdict in verdicts}
    for label, verdict in by_label.items():
        if verdict.decision == "merge" and verdict.decided_by != EXPERT and _leads_nowhere(label, by_label):
            reason = f"the expert's answers leave it nothing to merge into ({verdict.into})"
            by_label[label] = Verdict(verdict.candidate, "keep", "", reason, SUGGESTION)
    return list(by_label.values())


def _leads_nowhere(label: str, by_label: dict[str, Verdict]) -> bool:
    """Whether a label's merge ends at once at a removed label, or comes back to it."""
    if by_label[by_label[label].into].decision == "remove":
        return True
    path = [label]
    while (verdict := by_label.get(path[-1])) and verdict.decision == "merge":
        if verdict.into in path:
            return verdict.into == label
        path.append(verdict.into)
    return False


def _broken_merges(verdicts: list[Verdict], answers: dict[str, Answer]) -> list[str]:
    """Merges of the expert that end at a removed label or form a circle."""
    by_label = {verdict.candidate.label: verdict for verdict in verdicts}
    problems = []
    for label, answer in answers.items():
        if answer.decision != "merge":
            continue
        path = [label]
        while by_label[path[-1]].decision == "merge" and by_label[path[-1]].into not in path:
            path.append(by_label[path[-1]].into)
        last = by_label[path[-1]]
        chain = " → ".join(path)
        if last.decision == "merge":
            problems.append(f"line {answer.line}: these merge in a circle: {chain} → {last.into}")
        elif last.decision == "remove":
            problems.append(f"line {answer.line}: {chain}, but {path[-1]} is removed; merge into a label that stays")
    return problems


def final_labels(verdicts: Iterable[Verdict]) -> list[dict]:
    """The taxonomy (Eq. 2): rows with label, source and merged_from (`|`-separated), by label."""
    by_label = {verdict.candidate.label: verdict for verdict in verdicts}
    merged: dict[str, list[str]] = {}
    for label, verdict in by_label.items():
        if verdict.decision == "merge":
            end = verdict.into
            while by_label[end].decision == "merge":
                end = by_label[end].into
            merged.setdefault(end, []).append(label)
    return [
        {"label": label, "source": verdict.candidate.source, "merged_from": "|".join(sorted(merged.get(label, [])))}
        for label, verdict in sorted(by_label.items())
        if verdict.decision in ("keep", "add")
    ]
