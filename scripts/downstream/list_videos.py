"""The videos of a task with splits and labels, from HVU's CSVs, Moviescope's pickles or a CSV (paper section 5.3)."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from scripts.downstream.pickles import read_plain_pickle
from scripts.lib.jobs.errors import UserError, bullet_list, did_you_mean
from scripts.lib.jobs.log import run_job
from scripts.lib.records.clips import LONGEST_ID, SAFE_ID
from scripts.lib.records.labels import label_problems
from scripts.lib.records.samples import SEPARATOR, SPLITS, class_table
from scripts.lib.records.task_videos import VIDEO_COLUMNS
from scripts.lib.tables.frames import write_frame
from scripts.lib.tables.rows import open_csv, read_csv, write_csv

# Of HVU's tags, the category that is the task.
CATEGORY = "scene"
# Of a file that YouTube's videos are downloaded to, and of any other until it is found under its own name.
SUFFIX = ".mkv"
# The CSV's names, and those that a list of trailers may use in place of them.
OTHER_NAMES = {"trailer_id": "video_id", "genres": "labels"}
# Moviescope's keys of a trailer's genres, in the older and the newer of its pickles.
GENRES = ("genreLabel", "newGenreLabels")
# How numbers and truth values are written as text.
_DIGITS = {"0.0": "0", "False": "0", "1.0": "1", "True": "1"}


def read_hvu(files: dict[str, str]) -> tuple[list[dict], list[str]]:
    """HVU's videos with a scene tag, as rows with `VIDEO_COLUMNS`, and the scene tags in alphabetical order.

    A YouTube video may have several rows, which are windows of it. An id is that of YouTube with the window's start in
    milliseconds. Tags of other categories do not count.

    Args:
        files: HVU's CSVs by `train`, `val` and `test` (columns Tags, youtube_id, time_start, time_end), as far as there
            are any, and by `tags` (columns Tag, Category).

    Raises:
        UserError: a file cannot be read, or has a tag that the table of tags lacks: it could be of any category.
    """
    category = {row["Tag"]: row["Category"] for row in read_csv(files["tags"], "Tag", "Category")}
    scenes = {tag for tag, name in category.items() if name == CATEGORY}
    rows, unknown = [], Counter()
    for split in SPLITS:
        for row in read_csv(files[split], "Tags", "youtube_id", "time_start", "time_end") if split in files else ():
            tags = row["Tags"].split("|")
            unknown.update(tag for tag in tags if tag not in category)
            if labels := [tag for tag in dict.fromkeys(tags) if tag in scenes]:
                start, end = float(row["time_start"]), float(row["time_end"])
                video = row["youtube_id"]
                name = f"{video}_{round(start * 1000):06d}"
                rows.append(_row(name, f"{video}{SUFFIX}", split, SEPARATOR.join(labels), start, end))
    if unknown:
        problems = [f"{tag!r}, in {count} row(s); {did_you_mean(tag, category)}" for tag, count in unknown.items()]
        raise UserError(
            f"{files['tags']} does not have these tags, of which each may be a scene:\n{bullet_list(problems)}\n"
            "Correct them, or add them there with their categories"
        )
    return rows, sorted(scenes)


def read_moviescope(files: dict[str, str], genres: Sequence[str]) -> list[dict]:
    """The trailers of Moviescope's pickles `raw_data_{train,val,test}`, as rows with `VIDEO_COLUMNS`.

    A pickle is a list of dictionaries. Of each, `movie_id` and the genres are used, which are a vector of 0 and 1
    (numbers, or a text of digits). The pickles do not name the genres.

    Args:
        genres: names of the vector's elements.

    Raises:
        UserError: a file cannot be read, holds more than plain data, or has another form.
    """
    rows = []
    for split in [split for split in SPLITS if split in files]:
        content, path = read_plain_pickle(files[split]), files[split]
        if not (isinstance(content, list) and all(isinstance(trailer, dict) for trailer in content)):
            raise UserError(f"{path} is not a list of dictionaries, as Moviescope's raw_data_{split} is")
        for number, trailer in enumerate(content):
            vector = next((trailer[key] for key in GENRES if key in trailer), None)
            if "movie_id" not in trailer or vector is None:
                raise UserError(f"{path}: entry {number} lacks movie_id, or each of {', '.join(GENRES)}")
            values = list(map(str, vector)) if hasattr(vector, "__len__") else []
            digits = [_DIGITS.get(value, value) for value in values]
            if len(digits) != len(genres) or set(digits) - {"0", "1"}:
                raise UserError(
                    f"{path}: the genres of {trailer['movie_id']!r} are not {len(genres)} values 0 or 1, one for each "
                    "of the task's labels; give as many labels, in the order of the vector"
                )
            labels = [name for name, digit in zip(genres, digits, strict=True) if digit == "1"]
            name = str(trailer["movie_id"])
            rows.append(_row(name, f"{name}{SUFFIX}", split, SEPARATOR.join(labels)))
    return rows


def read_table(path: str | Path) -> list[dict]:
    """The videos of a CSV, as rows with `VIDEO_COLUMNS`.

    The columns are video_id, split and labels (separated by `|`, none for a video of no class), and if need be path
    (without one, the id with any suffix), start_time and end_time (seconds). A list of trailers may call them
    trailer_id and genres.

    Raises:
        UserError: the file cannot be read, lacks a column or has others.
    """
    with open_csv(path, "list of videos") as reader:
        names = [OTHER_NAMES.get(name, name) for name in reader.fieldnames or []]
        missing = {"video_id", "split", "labels"} - set(names)
        if missing or set(names) - set(VIDEO_COLUMNS) or len(set(names)) < len(names):
            raise UserError(
                f"the list of videos {path} needs the columns video_id, split, labels, and may have path, start_time "
                f"and end_time; it has {', '.join(reader.fieldnames or [])}"
            )
        rows = []
        for row in reader:
            if None in row or None in row.values():
                raise UserError(f"the list of videos {path}: line {reader.line_num} has too few or too many fields")
            found = {OTHER_NAMES.get(name, name): value.strip() for name, value in row.items()}
            found["path"] = found.get("path") or f"{found['video_id']}{SUFFIX}"
            labels = dict.fromkeys(label.strip() for label in found["labels"].split(SEPARATOR))
            found["labels"] = SEPARATOR.join(label for label in labels if label)
            rows.append(dict.fromkeys(VIDEO_COLUMNS, "") | found)
    return rows


def _row(video_id: str, path: str, split: str, labels: str, start=None, end=None) -> dict:
    return dict(zip(VIDEO_COLUMNS, (video_id, path, start, end, split, labels), strict=True))


def check_videos(rows: Sequence[dict], classes: Sequence[str]) -> list[str]:
    """Problems of rows with `VIDEO_COLUMNS`, one line each."""
    problems, known, seen = [], set(classes), set()
    for row in rows:
        name = row["video_id"]
        if not SAFE_ID.fullmatch(name) or len(name) > LONGEST_ID:
            problems.append(f"{name[:40]!r} is not an id: 1 to {LONGEST_ID} characters A-Z a-z 0-9 _ -")
        if name in seen:
            problems.append(f"{name} is listed more than once")
        seen.add(name)
        if row["split"] not in SPLITS:
            problems.append(f"{name}: the split {row['split']!r} is none of {', '.join(SPLITS)}")
        for label in filter(None, row["labels"].split(SEPARATOR)):
            if label not in known:
                problems.append(f"{name}: {label!r} is not one of the labels; {did_you_mean(label, classes)}")
        if fault := _window_fault(row["start_time"], row["end_time"]):
            problems.append(f"{name}: {fault}")
    return problems + label_problems(classes)


def _window_fault(start, end) -> str | None:
    try:
        start, end = float(start or 0), float("inf") if end in (None, "") else float(end)
    except ValueError:
        return f"start_time {start!r} or end_time {end!r} is not a number of seconds"
    return None if 0 <= start < end else f"the window goes from {start} to {end} s"


def with_val(rows: list[dict], fraction: float) -> list[dict]:
    """The rows; without one of the split val, that share of the files of train becomes val, at least one.

    All rows of a file stay together. Which files are taken depends on their names only.
    """
    if any(row["split"] == "val" for row in rows):
        return rows
    files = {row["path"] for row in rows if row["split"] == "train"}
    ranked = sorted(files, key=lambda path: hashlib.sha256(path.encode("utf-8", "surrogateescape")).digest())
    chosen = set(ranked[: max(1, round(fraction * len(ranked)))])
    return [row | {"split": "val"} if row["split"] == "train" and row["path"] in chosen else row for row in rows]


def list_videos(
    form: str, videos: str | dict[str, str], labels: Sequence[str] | None, val_fraction: float
) -> tuple[list[dict], list[str]]:
    """Rows with `VIDEO_COLUMNS`, and the classes in their order.

    Args:
        form: `hvu`, `moviescope` or `table`.
        videos: the files, see config/schema.yaml.
        labels: the classes; None for those of the files.

    Raises:
        UserError: a file cannot be used; one message lists what is wrong with its rows.
    """
    if form == "hvu":
        rows, scenes = read_hvu(videos)
        classes = list(labels or scenes)
    elif form == "moviescope":
        rows, classes = read_moviescope(videos, labels), list(labels)
    else:
        rows = read_table(videos)
        classes = list(labels or sorted({label for row in rows for label in row["labels"].split(SEPARATOR) if label}))
    files = videos if isinstance(videos, str) else ", ".join(videos.values())
    if problems := check_videos(rows, classes):
        raise UserError(f"the videos of {files} have {len(problems)} problem(s):\n{bullet_list(problems)}")
    if not rows or not classes:
        raise UserError(f"{files} list no video with a label")
    return with_val(rows, val_fraction), classes


def label_table(rows: Iterable[dict], classes: Sequence[str]) -> pd.DataFrame:
    """`labels.csv` of the classes, see `scripts.lib.records.samples.class_table`."""
    return class_table(pd.DataFrame(rows, columns=list(VIDEO_COLUMNS)).assign(scores=""), classes)


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    settings, output = snakemake.params.settings, snakemake.output
    rows, classes = list_videos(settings["format"], settings["videos"], settings["labels"], settings["val_fraction"])
    write_csv(output.videos, VIDEO_COLUMNS, rows)
    write_frame(label_table(rows, classes), output.labels)
    counts = Counter(row["split"] for row in rows)
    return f"{', '.join(f'{counts[split]} {split}' for split in SPLITS)} video(s), {len(classes)} label(s)"


if __name__ == "__main__":
    run_job(main, snakemake)
