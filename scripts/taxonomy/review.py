"""The expert's answers: the tracked file, its checks, and what they make of the proposals."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scripts.lib.errors import UserError, bullet_list
from scripts.lib.tables import read_csv
from scripts.taxonomy.merging import HUMAN, Candidate, Proposal

COLUMNS = ("label", "decision", "into", "reason")
OPTIONAL_COLUMNS = ("optional",)
DECISIONS = ("keep", "remove", "merge", "add")
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9 '/&-]*[a-z0-9])?")
EXPERT, RULE, SUGGESTION = "expert", "rule", "suggestion"


@dataclass(frozen=True)
class Answer:
    """One line of the review file; `optional` answers may be about labels that a run does not have."""

    label: str
    decision: str
    into: str
    reason: str
    optional: bool
    line: int


@dataclass(frozen=True)
class Verdict:
    """What finally becomes of a label, and who said so: expert, rule or suggestion."""

    candidate: Candidate
    decision: str
    into: str
    reason: str
    decided_by: str


def read_review(path: str | Path | None) -> list[Answer]:
    """The answers of a review file; none without a file.

    Raises:
        UserError: no such file, missing or unknown columns, or lines that are wrong in themselves
            (empty or odd label, unknown decision, merge without a target, a label answered twice).
    """
    if not path:
        return []
    rows = read_csv(path)
    if not rows:
        if (header := Path(path).read_text(encoding="utf-8-sig").strip()) and header.split(",")[0].strip() != "label":
            raise UserError(f"{path} begins with {header!r}; its first line must be {','.join(COLUMNS)}")
        return []
    columns = [column for column in rows[0] if column is not None]
    missing = [column for column in COLUMNS if column not in columns]
    unknown = [column for column in columns if column not in (*COLUMNS, *OPTIONAL_COLUMNS)]
    if missing or unknown:
        problems = [f"missing: {name}" for name in missing] + [f"unknown: {name}" for name in unknown]
        raise UserError(f"{path} must have the columns {', '.join(COLUMNS)} (and optional):\n{bullet_list(problems)}")
    answers, problems = [], []
    for line, row in enumerate(rows, 2):
        answer = Answer(
            *(" ".join((row[column] or "").split()) for column in COLUMNS),
            optional=(row.get("optional") or "").strip() == "yes",
            line=line,
        )
        problems += [f"line {line}: {problem}" for problem in _problems_of(answer, row)]
        answers.append(answer)
    first: dict[str, int] = {}
    for answer in answers:
        if first.setdefault(answer.label, answer.line) != answer.line:
            problems.append(f"line {answer.line}: {answer.label} is answered already in line {first[answer.label]}")
    if problems:
        raise UserError(f"{path} cannot be followed:\n{bullet_list(problems)}")
    return answers


def _problems_of(answer: Answer, row: dict) -> list[str]:
    problems = []
    if None in row:
        problems.append("it has more fields than the header; put quotes around a field with commas")
    if not LABEL.fullmatch(answer.label):
        problems.append(f"label {answer.label!r}: use lower-case letters, digits, blanks, ', /, & and -")
    if answer.decision not in DECISIONS:
        problems.append(f"decision {answer.decision!r}: use one of {', '.join(DECISIONS)}")
    if answer.decision == "merge" and not answer.into:
        problems.append("merge needs the other label in the column into")
    if answer.decision != "merge" and answer.into:
        problems.append(f"into is for merge only, the decision is {answer.decision}")
    if answer.into == answer.label:
        problems.append("a label cannot merge into itself")
    if (row.get("optional") or "").strip() not in ("", "yes", "no"):
        problems.append(f"optional {row['optional']!r}: use yes or no")
    return problems


def decide(
    proposals: list[Proposal],
    answers: list[Answer],
    rare: Iterable[str] = (),
    path: str | Path = "the review file",
) -> list[Verdict]:
    """The verdict on every label: the expert's answer, else what the rules propose.

    Args:
        proposals: one a label.
        answers: see `read_review`.
        rare: places that no rule took, about which the expert was asked; to remove them changes nothing.
        path: the review file, for errors.

    Returns:
        Verdicts in the proposals' order, then the labels that the expert added.

    Raises:
        UserError: an answer about a label that this run does not have, an addition of one that it
            has, a merge into an unknown or removed label, or merges that go round in a circle.
    """
    known = {proposal.candidate.label for proposal in proposals}
    added = {answer.label for answer in answers if answer.decision == "add"}
    declined = set(rare) - known
    problems = []
    by_label: dict[str, Answer] = {}
    for answer in answers:
        where = f"line {answer.line}: {answer.label}"
        if answer.decision == "add" and answer.label in known:
            problems.append(f"{where} is there already; write keep to make sure that it stays")
        elif answer.decision != "add" and answer.label not in known:
            if not answer.optional and not (answer.decision == "remove" and answer.label in declined):
                problems.append(f"{where} is no label of this run; correct it, or delete the line")
            continue
        elif answer.decision == "merge" and answer.into not in known | added:
            if not answer.optional:
                problems.append(f"{where} merges into {answer.into}, which is no label of this run")
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
        raise UserError(f"{path} does not fit this run's labels:\n{bullet_list(problems)}")
    return verdicts


def _verdict(proposal: Proposal, answer: Answer | None) -> Verdict:
    if answer is not None:
        return Verdict(proposal.candidate, answer.decision, answer.into, answer.reason or proposal.reason, EXPERT)
    ruled = proposal.stage == "common"
    decided_by = RULE if ruled else SUGGESTION
    return Verdict(proposal.candidate, proposal.decision, proposal.into, proposal.reason, decided_by)


def _follow_the_expert(verdicts: list[Verdict]) -> list[Verdict]:
    """Merges that only a rule or suggestion wants do not stand where the expert removed or turned their target."""
    by_label = {verdict.candidate.label: verdict for verdict in verdicts}

    def stands(verdict: Verdict) -> bool:
        if verdict.decision != "merge" or verdict.decided_by == EXPERT:
            return True
        seen, label = {verdict.candidate.label}, verdict.into
        while by_label[label].decision == "merge" and label not in seen:
            seen.add(label)
            label = by_label[label].into
            if label not in by_label:
                return True
        return label not in seen and by_label[label].decision != "remove"

    def left(verdict: Verdict) -> Verdict:
        reason = f"the expert's answers leave it nothing to merge into ({verdict.into})"
        return Verdict(verdict.candidate, "keep", "", reason, SUGGESTION)

    return [verdict if stands(verdict) else left(verdict) for verdict in verdicts]


def _broken_merges(verdicts: list[Verdict], answers: dict[str, Answer]) -> list[str]:
    """Merges of the expert that end at a removed label or nowhere."""
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
