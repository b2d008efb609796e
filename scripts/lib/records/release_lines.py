"""The authors' files of samples and of verified shots, with one shot per line, and their map of labels."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scripts.lib.files.atomic import write_text
from scripts.lib.jobs.errors import UserError, bullet_list

_LINE = re.compile(r"([A-Za-z0-9_-]+)/(\1-Scene-\d{3,9})\.mp4((?: \d{1,9})+)")


@dataclass(frozen=True)
class LabelLine:
    """One shot of the authors' label files; the first index is the label of the highest score."""

    clip_id: str
    shot_id: str
    indices: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.clip_id}/{self.shot_id}.mp4 {' '.join(map(str, self.indices))}"


def read_lines(path: str | Path, n_labels: int | None = None) -> list[LabelLine]:
    """Shots of a file in the authors' line format, `<clip>/<clip>-Scene-<NNN>.mp4 i [j …]`.

    Args:
        n_labels: number of labels; None if the file may belong to another label list.

    Raises:
        UserError: the file cannot be read, or lines have another form, an unknown or repeated label,
            or a repeated shot; one message lists them.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read the label file {path}: {error}") from error
    lines, problems, first_seen = [], [], {}
    for number, raw in enumerate(text.splitlines(), start=1):
        if not raw.strip():
            continue
        match = _LINE.fullmatch(raw.rstrip())
        if not match:
            problems.append(f"line {number}: {raw[:80]!r} is not <clip>/<clip>-Scene-<NNN>.mp4 <index> [<index> …]")
            continue
        line = LabelLine(match[1], match[2], tuple(map(int, match[3].split())))
        if n_labels is not None and max(line.indices) >= n_labels:
            problems.append(f"line {number}: label {max(line.indices)} does not exist; there are {n_labels}, from 0")
        if len(set(line.indices)) < len(line.indices):
            problems.append(f"line {number}: a label is named twice")
        if line.shot_id in first_seen:
            problems.append(f"line {number}: {line.shot_id} is already on line {first_seen[line.shot_id]}")
        first_seen.setdefault(line.shot_id, number)
        lines.append(line)
    if problems:
        raise UserError(f"the label file {path} has {len(problems)} problem(s):\n{bullet_list(problems)}")
    return lines


def write_lines(path: str | Path, lines: Iterable[LabelLine]) -> None:
    """Write the authors' line format, atomically."""
    write_text(path, "".join(f"{line}\n" for line in lines))


def read_label_map(path: str | Path) -> list[str]:
    """Labels by index, from the release's JSON of indices by label.

    Raises:
        UserError: not a JSON object, or its indices are not 0, 1, 2 and so on.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        labels = sorted(content, key=content.get)
        complete = [content[label] for label in labels] == list(range(len(labels)))
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(f"cannot read the label map {path}: {error}; it is a JSON object of label: index") from error
    if not labels or not complete:
        raise UserError(f"the label map {path} does not number its labels 0, 1, 2, … without a gap")
    return labels
