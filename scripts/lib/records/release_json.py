"""The JSON of all labelled shots in the release's format: the authors' or a run's `movieclip.json`."""

import math
import re
from collections.abc import Iterator
from pathlib import Path

import ijson

from scripts.lib.jobs.errors import UserError, bullet_list, did_you_mean
from scripts.lib.records.clips import LONGEST_ID, SAFE_ID
from scripts.lib.records.labels import TOP
from scripts.lib.records.shots import scene_number, shot_id

READ_BYTES = 1 << 20
# After so many problems the rest of the file is not read.
MOST_PROBLEMS = 20
LARGEST_FRAME = 2**31 - 1
FORMAT = (
    'The format is {"<video>": {"<video>-Scene-001.mp4": {"start_frame", "end_frame", "start_time", "end_time", '
    '"labels": {label: score}}}}'
)

_NUMBER = re.compile(r"-([0-9]{3,9})\.mp4$")


class _Object(dict):
    """A JSON object that knows the keys that were given again."""

    repeated: tuple[str, ...] = ()

    def __setitem__(self, key, value):
        if key in self:
            self.repeated = (*self.repeated, key)
        super().__setitem__(key, value)


def read_clips(path: str | Path, labels: list[str]) -> Iterator[tuple[str, list[tuple]]]:
    """The clips of a release JSON, one in memory at a time: clip id, and per shot the values of `shot_values`.

    Raises:
        UserError: the file cannot be read or has another format, or shots are malformed; the message
            names the video, the shot and what is wrong.
    """
    problems: list[str] = []
    known, seen = frozenset(labels), set()
    try:
        with open(path, "rb") as stream:
            for clip_id, shots in ijson.kvitems(stream, "", use_float=True, map_type=_Object, buf_size=READ_BYTES):
                faults, values = [], []
                if not SAFE_ID.fullmatch(clip_id) or len(clip_id) > LONGEST_ID:
                    faults.append(f"the id of a video has 1 to {LONGEST_ID} of A-Z a-z 0-9 _ -")
                if clip_id in seen:
                    faults.append("the video is given twice")
                seen.add(clip_id)
                if isinstance(shots, _Object):
                    faults += [f"{name} is given twice" for name in shots.repeated]
                    for name, entry in shots.items():
                        wrong = shot_problems(clip_id, name, entry, known)
                        faults += [f"{name}: {fault}" for fault in wrong]
                        if not wrong:
                            values.append(shot_values(name, entry))
                else:
                    faults.append("is not an object of shots")
                problems += [f"{clip_id}: {fault}" for fault in faults]
                if len(problems) >= MOST_PROBLEMS:
                    break
                yield clip_id, values
    except OSError as error:
        raise UserError(f"dataset.released_shots: cannot read {path}: {error.strerror}") from error
    except (ijson.JSONError, UnicodeDecodeError) as error:
        raise UserError(f"dataset.released_shots: {path} is not complete and valid JSON ({error}). {FORMAT}") from error
    if problems:
        raise UserError(
            f"dataset.released_shots: {path} has shots that cannot be used (up to the {MOST_PROBLEMS}th problem):\n"
            f"{bullet_list(problems)}\n{FORMAT}"
        )
    if not seen:
        raise UserError(f"dataset.released_shots: {path} has no video. {FORMAT}")


def shot_problems(clip_id: str, name: str, entry, known: frozenset[str]) -> list[str]:
    """What is wrong with one shot of the JSON.

    Args:
        clip_id: its video.
        name: its key, `<video>-Scene-<NNN>.mp4`.
        entry: its value.
        known: the run's labels.
    """
    number = _NUMBER.search(name)
    if number is None or name != f"{shot_id(clip_id, int(number[1]))}.mp4":
        return [f"the shot is not named {clip_id}-Scene-<NNN>.mp4"]
    if not isinstance(entry, _Object):
        return ["is not an object of frames, times and labels"]
    faults = [f"{key} is given twice" for key in entry.repeated]
    for unit, is_right, told in (("frame", _is_frame, "whole numbers"), ("time", _is_time, "seconds")):
        start, end = (entry.get(f"{edge}_{unit}") for edge in ("start", "end"))
        if not (is_right(start) and is_right(end)):
            faults.append(f"start_{unit} {start!r} and end_{unit} {end!r} are not {told}, 0 or more")
        elif end <= start:
            faults.append(f"end_{unit} {end:g} is not after start_{unit} {start:g}")
    scores = entry.get("labels")
    if not (isinstance(scores, _Object) and scores):
        return [*faults, "labels is not an object of label: score"]
    faults += [f"the label {label!r} is given twice" for label in scores.repeated]
    if len(scores) > TOP:
        faults.append(f"has {len(scores)} labels, more than {TOP}")
    for label, score in scores.items():
        if label not in known:
            faults.append(f"the label {label!r} is not in taxonomy.labels; {did_you_mean(label, sorted(known), 5)}")
        if not (_is_number(score) and -1 <= score <= 1):
            faults.append(f"the score of {label!r} is {score!r}, not a probability or cosine")
    return faults


def _is_number(value) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _is_time(value) -> bool:
    return _is_number(value) and value >= 0


def _is_frame(value) -> bool:
    # The authors' frames are written with a point.
    return _is_time(value) and value == int(value) and value <= LARGEST_FRAME


def shot_values(name: str, entry: dict) -> tuple:
    """The known values of a shot, from `shot` to `score_5` as in `shots.parquet`; the highest score first."""
    ranked = sorted(entry["labels"].items(), key=lambda item: -item[1])
    ranked += [(None, None)] * (TOP - len(ranked))
    frames = (int(entry[f"{edge}_frame"]) for edge in ("start", "end"))
    times = (float(entry[f"{edge}_time"]) for edge in ("start", "end"))
    labels, scores = zip(*ranked, strict=True)
    return (scene_number(name.removesuffix(".mp4")), *frames, *times, *labels, *scores)
