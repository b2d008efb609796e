"""Raters' votes: files of our page and of Mechanical Turk, read strictly but without losing what is valid.

A vote is what one rater says of one shot. A vote with a fault is refused as a whole, and no other with it.
"""

import hashlib
import hmac
import math
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.log import logger
from scripts.lib.records.labels import LABEL_COLUMNS
from scripts.lib.tables.rows import FORMULA_REFUSED, is_formula, open_csv
from scripts.verification.tasks import Task

REFUSED_COLUMNS = ("file", "line", "reason")
# Columns of a file of our page, see scripts/lib/pages/annotate.js.
PAGE_COLUMNS = ("study", "rater", "shot_id", "label", "value", "seconds", "verdict")
PAGE, MTURK = "page", "mturk"
CHOSE, NONE, UNSURE = VERDICTS = ("labels", "none", "unsure")
# Columns of Mechanical Turk's results; `Input.` precedes our columns, `Answer.` the names of the form's boxes.
WORKER, STATUS, WORK_SECONDS = "WorkerId", "AssignmentStatus", "WorkTimeInSeconds"
INPUTS = ("Input.study", "Input.shot_id", *(f"Input.{label}" for label in LABEL_COLUMNS))
BOXES = (*LABEL_COLUMNS, NONE, UNSURE)
TICKED, NOT_TICKED = {"true", "on", "1"}, {"", "false", "off", "0"}
RATER_DIGITS = 12


@dataclass(frozen=True)
class Refusal:
    """A vote or a file that is not used: file name, line, and the reason, which never names the rater."""

    file: str
    line: int
    reason: str

    def row(self) -> dict:
        """The row of `refused.csv`."""
        file = f"./{self.file}" if is_formula(self.file) else self.file
        return {"file": file, "line": self.line, "reason": self.reason}

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.reason}"


@dataclass
class Vote:
    """One rater on one shot; `values` by label: 1 ticked, 0 not ticked, None if the rater cannot tell."""

    file: str
    line: int
    rater: str
    shot_id: str
    seconds: float
    source: str
    values: dict[str, int | None]


@dataclass
class _Reading:
    """What has been read so far, and what it is held against."""

    study: str
    tasks: dict[str, Task]
    votes: dict[tuple[str, str], Vote] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)


def read_votes(files: Sequence[str | Path], study: str, tasks: list[Task]) -> tuple[list[Vote], list[Refusal]]:
    """All valid votes, and what is refused.

    A file whose header is unknown and one of another study are refused as a whole, with one line. Of two votes of a
    rater on a shot, in one file or in two, the first is used; files are read in the given order.

    Args:
        files: CSV files of our page or of Mechanical Turk, told apart by their header.
        study: this study's id.
        tasks: its tasks.

    Returns:
        Votes in the order of tasks and then of files, and refusals in the order of files and lines.
    """
    reading = _Reading(study, {task.shot.shot_id: task for task in tasks})
    for path in map(Path, files):
        header, rows, fault = _rows_of(path)
        if fault:
            reading.refusals.append(fault)
        if reason := _fault_of_header(header):
            reading.refusals += [] if fault else [Refusal(path.name, 1, reason)]
            continue
        column = "Input.study" if WORKER in header else "study"
        if rows and all(row[column] != study for _, row in rows):
            reason = f"the file is of another study ({rows[0][1][column]!r:.40}), not of {study}"
            reading.refusals.append(Refusal(path.name, rows[0][0], reason))
            continue
        found = _mturk_votes(path.name, rows, reading) if WORKER in header else _page_votes(path.name, rows, reading)
        for vote, reasons in found:
            _take(vote, reasons, reading)
    order = {shot_id: place for place, shot_id in enumerate(reading.tasks)}
    place_of = {Path(path).name: place for place, path in enumerate(files)}
    reading.refusals.sort(key=lambda refusal: (place_of[refusal.file], refusal.line))
    return sorted(reading.votes.values(), key=lambda vote: order[vote.shot_id]), reading.refusals


def _rows_of(path: Path) -> tuple[list[str], list[tuple[int, dict]], Refusal | None]:
    """Header and rows with their line numbers, up to the first line that is no CSV."""
    header, rows = [], []
    try:
        with open_csv(path, "votes file") as reader:
            header = list(reader.fieldnames or [])
            for row in reader:
                rows.append((reader.line_num, row))
    except UserError as error:
        reason = f"cannot be read as CSV from here on: {str(error).rpartition(': ')[2]}"
        return header, rows, Refusal(path.name, rows[-1][0] + 1 if rows else 1, reason)
    return header, rows, None


def _fault_of_header(header: list[str]) -> str:
    """Why no votes can be read below this header, empty if they can."""
    if WORKER in header:
        missing = [column for column in (STATUS, WORK_SECONDS, *INPUTS) if column not in header]
        if not missing and not any(_box_column(box, header) for box in BOXES):
            missing = ["Answer.label_1"]
        return f"a results file of Mechanical Turk that lacks the column(s) {', '.join(missing)}" if missing else ""
    missing = [column for column in PAGE_COLUMNS if column not in header]
    unknown = len([column for column in header if column not in PAGE_COLUMNS])
    repeated = len(header) - len(set(header))
    if len(missing) > len(PAGE_COLUMNS) // 2:
        return (
            f"neither a file of the page (columns {','.join(PAGE_COLUMNS)}, separated by commas) nor results of "
            f"Mechanical Turk ({WORKER}, …)"
        )
    problems = [f"lacks the column(s) {', '.join(missing)}"] if missing else []
    problems += [f"has {unknown} column(s) that the page does not write"] if unknown else []
    problems += [f"repeats {repeated} column(s)"] if repeated else []
    return f"the file {' and '.join(problems)}; its columns are {', '.join(PAGE_COLUMNS)}" if problems else ""


def _page_votes(file: str, rows: list[tuple[int, dict]], reading: _Reading) -> Iterator[tuple[Vote, list]]:
    """Votes of a file of our page, each with its faults as (line, reason)."""
    groups: dict[tuple, list[tuple[int, dict]]] = {}
    seen: Counter = Counter()
    for line, row in rows:
        # A label that comes again begins another vote on the same shot.
        place = row["rater"], row["shot_id"], row["label"]
        groups.setdefault((*place[:2], seen[place]), []).append((line, row))
        seen[place] += 1
    for (rater, shot_id, _), group in groups.items():
        reasons = [(line, reason) for line, row in group for reason in _faults_of_cells(row, PAGE_COLUMNS, reading)]
        (first, row), task = group[0], reading.tasks.get(shot_id)
        if not reasons and task:
            reasons = _faults_of_page_vote(group, task)
        values = {row["label"]: int(row["value"]) if row["value"] else None for _, row in group} if not reasons else {}
        yield Vote(file, first, _named(rater), shot_id, _seconds(row["seconds"]), PAGE, values), reasons


def _faults_of_page_vote(group: list[tuple[int, dict]], task: Task) -> list[tuple[int, str]]:
    reasons = []
    for line, row in group:
        if row["label"] not in task.labels:
            reasons.append((line, f"the label {row['label']!r:.80} is not offered for {task.shot.shot_id}"))
        if row["value"] not in ("0", "1", ""):
            reasons.append((line, f"the value {row['value']!r:.40} is none of 1, 0 and nothing"))
        if row["verdict"] not in VERDICTS:
            reasons.append((line, f"the verdict {row['verdict']!r:.40} is none of {', '.join(VERDICTS)}"))
    if reasons:
        return reasons
    line, shot_id = group[0][0], task.shot.shot_id
    if missing := [label for label in task.labels if label not in {row["label"] for _, row in group}]:
        return [(line, f"the vote on {shot_id} is incomplete: it lacks {', '.join(missing)}")]
    if len({(row["verdict"], row["seconds"]) for _, row in group}) > 1:
        return [(line, f"the vote on {shot_id} has several verdicts or several numbers of seconds")]
    values, verdict = {row["value"] for _, row in group}, group[0][1]["verdict"]
    agrees = {CHOSE: values in ({"1"}, {"0", "1"}), NONE: values == {"0"}, UNSURE: values == {""}}
    return [] if agrees[verdict] else [(line, f"the values of {shot_id} do not fit its verdict {verdict!r}")]


def _mturk_votes(file: str, rows: list[tuple[int, dict]], reading: _Reading) -> Iterator[tuple[Vote, list]]:
    """Votes of a results file of Mechanical Turk, each with its faults; rejected assignments are no votes."""
    accepted = [(line, row) for line, row in rows if (row[STATUS] or "").strip().lower() != "rejected"]
    if len(accepted) < len(rows):
        logger.info("%s: %d rejected assignment(s) are left out", file, len(rows) - len(accepted))
    for line, row in accepted:
        columns = {box: _box_column(box, row) for box in BOXES}
        used = (WORKER, *INPUTS, WORK_SECONDS, *filter(None, columns.values()))
        reasons = [(line, reason) for reason in _faults_of_cells(row, used, reading)]
        values = {}
        if not reasons:
            answers = {box: (row[column] if column else "").strip().lower() for box, column in columns.items()}
            task = reading.tasks[row["Input.shot_id"]]
            reasons = [(line, reason) for reason in _faults_of_answers(row, answers, task)]
            unsure = answers[UNSURE] in TICKED
            values = {
                label: None if unsure else int(answers[column] in TICKED)
                for label, column in zip(task.labels, LABEL_COLUMNS, strict=False)
            }
        seconds = _seconds(row[WORK_SECONDS])
        yield Vote(file, line, _named(row[WORKER]), row["Input.shot_id"], seconds, MTURK, values), reasons


def _box_column(box: str, columns) -> str | None:
    """The results' column of a box of the form; a box that no worker ticked may have none."""
    return next((name for name in (f"Answer.{box}", f"Answer.{box}.on") if name in columns), None)


def _faults_of_answers(row: dict, answers: dict[str, str], task: Task) -> Iterator[str]:
    offered = tuple(row[f"Input.{column}"] for column in LABEL_COLUMNS if row[f"Input.{column}"])
    if offered != task.labels:
        yield f"the labels that were shown are not those that are offered for {task.shot.shot_id}"
    if unclear := {box: answer for box, answer in answers.items() if answer not in TICKED | NOT_TICKED}:
        yield from (f"the answer {answer!r:.40} to {box} is neither true nor false" for box, answer in unclear.items())
        return
    ticked = {box for box, answer in answers.items() if answer in TICKED}
    beyond = ticked - {NONE, UNSURE, *LABEL_COLUMNS[: len(task.labels)]}
    if beyond:
        yield f"{', '.join(sorted(beyond))} is ticked, which has no label"
    if not ticked:
        yield "nothing is ticked, not even that no label applies"
    elif len(ticked) > 1 and ticked & {NONE, UNSURE}:
        yield f"{' and '.join(sorted(ticked))} are ticked together"


def _faults_of_cells(row: dict, columns: Sequence[str], reading: _Reading) -> Iterator[str]:
    """What is wrong with a row of either format, whatever the vote."""
    if None in row or any(row[column] is None for column in columns):
        yield "the number of fields differs from the header's"
        return
    for column in columns:
        if is_formula(row[column]):
            yield f"the {column} {FORMULA_REFUSED}"
    prefix, (rater, seconds) = ("", ("rater", "seconds")) if "rater" in columns else ("Input.", (WORKER, WORK_SECONDS))
    if row[f"{prefix}study"] != reading.study:
        yield f"it is of another study ({row[f'{prefix}study']!r:.40}), not of {reading.study}"
    elif row[f"{prefix}shot_id"] not in reading.tasks:
        yield f"the shot {row[f'{prefix}shot_id']!r:.80} is not one of this study"
    if not _named(row[rater]):
        yield f"the {rater} is empty"
    if math.isnan(_seconds(row[seconds])):
        yield f"the {seconds} {row[seconds]!r:.40} is not a number of seconds, 0 or more"


def _take(vote: Vote, reasons: list[tuple[int, str]], reading: _Reading) -> None:
    """Add a vote, or what is wrong with it: each reason with the first line that it holds for."""
    if not reasons and (first := reading.votes.get((vote.rater, vote.shot_id))):
        where = f"line {first.line}" + (f" of {first.file}" if first.file != vote.file else "")
        reasons = [(vote.line, f"the rater has voted on {vote.shot_id} already, in {where}; that vote is used")]
    for reason, line in {reason: line for line, reason in reversed(reasons)}.items():
        reading.refusals.append(Refusal(vote.file, line, reason))
    if not reasons:
        reading.votes[vote.rater, vote.shot_id] = vote


def _named(rater: str | None) -> str:
    """A rater's name in one spelling: blanks, letter case and Unicode's forms do not make another rater."""
    return " ".join(unicodedata.normalize("NFC", rater or "").split()).lower()


def _seconds(text: str | None) -> float:
    """Seconds of a cell, NaN if it has none."""
    try:
        seconds = float(text or "")
    except ValueError:
        return math.nan
    return seconds if 0 <= seconds < math.inf else math.nan


def hashed_rater(rater: str, salt: str) -> str:
    """12 hex digits for a rater: HMAC-SHA256 of the name with the salt, which cannot be undone without it."""
    return hmac.new(salt.encode(), rater.encode(), hashlib.sha256).hexdigest()[:RATER_DIGITS]


def vote_rows(votes: list[Vote], tasks: list[Task], salt: str, simulated: Sequence[str] = ()) -> list[dict]:
    """Rows of `votes.csv`: one per vote and offered label, sorted by task, rater and rank.

    Names are hashed, but for `simulated` raters, who are nobody.
    """
    task_of = {task.shot.shot_id: (place, task) for place, task in enumerate(tasks)}
    rows = [
        (
            task_of[vote.shot_id][0],
            {
                "shot_id": vote.shot_id,
                "rater": vote.rater if vote.rater in simulated else hashed_rater(vote.rater, salt),
                "label": label,
                "offered": offered,
                "value": vote.values[label],
                "seconds": vote.seconds,
                "source": vote.source,
            },
        )
        for vote in votes
        for offered, label in enumerate(task_of[vote.shot_id][1].labels, start=1)
    ]
    return [row for _, row in sorted(rows, key=lambda entry: (entry[0], entry[1]["rater"], entry[1]["offered"]))]
