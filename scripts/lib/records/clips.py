"""The clips of a run, and their shards.

Used while Snakemake parses the workflow, so nothing heavy is imported here and no media file is
opened or checked: the job that decodes a file finds out whether it can be used.
"""

import hashlib
import json
import math
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path

from scripts.lib.jobs.errors import UserError, bullet_list
from scripts.lib.tables.rows import FORMULA_REFUSED, is_formula, open_csv, write_csv

# The list of Condensed Movies' clips, made by `retrieve`.
CLIP_LIST = "resources/clips.csv"
SAFE_ID = re.compile(r"[A-Za-z0-9_-]+")
# Ids are parts of file names, which may have 255 bytes.
LONGEST_ID = 180
# A file's name as media libraries have it: `Title (1941).mkv`, with or without more behind.
_TITLED = re.compile(r"(.*\S)\s*\(((?:18|19|20)\d\d)\)")

VIDEO_SUFFIXES = frozenset(
    ".3g2 .3gp .asf .avi .divx .dv .f4v .flv .m2ts .m2v .m4v .mkv .mov .mp4 .mpe .mpeg .mpg .mts "
    ".mxf .ogm .ogv .qt .rm .rmvb .ts .vob .webm .wmv .y4m".split()
)


@dataclass(frozen=True)
class Clip:
    """One row of the manifest: a media file, or a time window of it.

    `start_time` and `end_time` are seconds from the file's first frame; None is the file's own
    start or end. `genres` is `|`-separated. Empty text means unknown. `duration` is the clip's, in
    seconds; it decides how the work is cut, and nothing else.
    """

    clip_id: str
    path: str
    movie_id: str = ""
    title: str = ""
    year: str = ""
    genres: str = ""
    start_time: float | None = None
    end_time: float | None = None
    duration: float | None = None


COLUMNS = tuple(field.name for field in fields(Clip))


def read_manifest(path: str | Path) -> list[Clip]:
    """Clips of a manifest CSV, in the file's order.

    Raises:
        UserError: the file is missing, is not UTF-8 CSV, lacks a column, or has invalid rows; one
            message lists them all by line.
    """
    with open_csv(path, "manifest") as reader:
        header = reader.fieldnames or []
        missing = [column for column in ("clip_id", "path") if column not in header]
        unknown = [column for column in header if column not in COLUMNS]
        repeated = [column for column, count in Counter(header).items() if count > 1]
        if missing or unknown or repeated:
            raise UserError(_header_message(path, missing, unknown, repeated))
        clips, problems, first_line = [], [], {}
        for row in reader:
            line = reader.line_num
            clip, faults = _parse_row(row)
            if clip.clip_id in first_line:
                faults.append(f"clip_id {clip.clip_id!r} is already used on line {first_line[clip.clip_id]}")
            first_line.setdefault(clip.clip_id, line)
            problems += [f"line {line}: {fault}" for fault in faults]
            clips.append(clip)
    if problems:
        raise UserError(f"the manifest {path} has {len(problems)} problem(s):\n{bullet_list(problems)}")
    if not clips:
        raise UserError(f"the manifest {path} lists no clip; add one row per clip")
    return clips


def _header_message(path: str | Path, missing: list[str], unknown: list[str], repeated: list[str]) -> str:
    problems = []
    if missing:
        problems.append(f"it lacks the column(s) {', '.join(missing)}")
    if unknown:
        problems.append(f"it has unknown column(s) {', '.join(map(repr, unknown))}")
    if repeated:
        problems.append(f"it has the column(s) {', '.join(map(repr, repeated))} more than once")
    return (
        f"the manifest {path} cannot be used: {' and '.join(problems)}. "
        f"The columns are {', '.join(COLUMNS)}; clip_id and path are required"
    )


def _parse_row(row: dict) -> tuple[Clip, list[str]]:
    """The clip of a row, and the row's problems."""
    faults = []
    if None in row or any(value is None for value in row.values()):
        faults.append("the number of fields differs from the header's; quote fields that contain commas")
    values = {column: (row.get(column) or "").strip() for column in COLUMNS}
    # File names may begin or end with a space.
    values["path"] = row.get("path") or ""
    if not SAFE_ID.fullmatch(values["clip_id"]):
        faults.append(f"clip_id {values['clip_id']!r} is empty or has characters other than A-Z a-z 0-9 _ -")
    elif len(values["clip_id"]) > LONGEST_ID:
        faults.append(f"clip_id {values['clip_id'][:30]!r}… is longer than {LONGEST_ID} characters")
    for column in ("movie_id", "title", "genres"):
        if is_formula(values[column]):
            faults.append(f"{column} {values[column]!r} {FORMULA_REFUSED}")
    if not values["path"].strip():
        faults.append("path is empty")
    if values["year"] and not re.fullmatch(r"-?\d{1,4}(\.0)?", values["year"]):
        faults.append(f"year {values['year']!r} is not a year")
    times = {}
    for column in ("start_time", "end_time", "duration"):
        try:
            times[column] = _parse_seconds(values[column])
        except ValueError:
            faults.append(f"{column} {values[column]!r} is not a number of seconds, 0 or more")
            times[column] = None
    start, end = times["start_time"], times["end_time"]
    if end is not None and end <= (start or 0.0):
        faults.append(f"the window ends at {end} s, not after its start at {start or 0.0} s")
    return Clip(**{**values, **times}), faults


def _parse_seconds(text: str) -> float | None:
    if not text:
        return None
    seconds = float(text)
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(text)
    return seconds


def write_manifest(clips: Iterable[Clip], path: str | Path) -> None:
    """Write clips as CSV, atomically; file names that are not UTF-8 survive the round trip."""
    write_csv(path, COLUMNS, map(vars, clips))


@dataclass(frozen=True)
class Folder:
    """Content of a folder: video files by relative path, numbers of other files by suffix."""

    videos: tuple[str, ...]
    ignored: Counter

    def ignored_line(self) -> str:
        """A message about the files that are not videos, empty if there are none."""
        if not self.ignored:
            return ""
        kinds = ", ".join(f"{count} {suffix}" for suffix, count in sorted(self.ignored.items()))
        return f"Ignored {self.ignored.total()} file(s) whose suffix is not that of a video: {kinds}"


def find_clips(settings: dict, persisted: str | Path, is_main: bool) -> list[Clip]:
    """The clips of a run, in the order of their shards; none before `retrieve` has listed them.

    The submitting process reads the user's manifest or folder; jobs read the manifest that it wrote at the start.

    Args:
        settings: the configuration's `clips`.
        persisted: the run's own manifest.
        is_main: whether this is the submitting process.

    Raises:
        UserError: see `read_manifest`, `list_folder` and `extend_with_folder`.
    """
    persisted, folder = Path(persisted), settings["folder"]
    given = settings["manifest"] if is_main else persisted
    if not folder and settings["manifest"] == CLIP_LIST and not Path(given).exists():
        return []
    if not is_main or not folder:
        return read_manifest(given)
    found = list_folder(folder)
    if found.ignored:
        print(found.ignored_line(), file=sys.stderr)
    return extend_with_folder(read_manifest(persisted) if persisted.exists() else [], found.videos, folder)


def list_folder(folder: str | Path) -> Folder:
    """Video files below a folder, sorted; hidden files and folders are left out.

    Raises:
        UserError: the folder does not exist.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f"clips.folder: {folder} is not a folder")
    videos, ignored = [], Counter()
    visited = set()
    for parent, children, names in os.walk(folder, followlinks=True):
        if (place := os.path.realpath(parent)) in visited:
            children.clear()
            continue
        visited.add(place)
        children[:] = sorted(child for child in children if not child.startswith("."))
        for name in names:
            if name.startswith("."):
                continue
            relative = Path(parent, name).relative_to(folder)
            if relative.suffix.lower() in VIDEO_SUFFIXES:
                videos.append(relative.as_posix())
            else:
                ignored[relative.suffix.lower() or "(none)"] += 1
    return Folder(tuple(sorted(videos)), ignored)


def _printable(path: str) -> str:
    """A path that may have bytes that are not UTF-8, as text."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def slug_of(relative_path: str, taken: set[str]) -> str:
    """An id for a file: the slug of its path without suffix, with a short hash if it is not unique."""
    from slugify import slugify

    stem = relative_path[: -len(Path(relative_path).suffix)]
    slug = slugify(_printable(stem), lowercase=False, regex_pattern=r"[^A-Za-z0-9_-]+") or "clip"
    digest = hashlib.sha256(os.fsencode(relative_path)).hexdigest()
    slug = slug[: LONGEST_ID - 9]
    names = (slug, *(f"{slug}-{digest[:length]}" for length in range(8, len(digest) + 1)))
    return next(name for name in names if name.lower() not in taken)


def titled(clip: Clip) -> Clip:
    """A clip without title, with title and year of a file that is named `Title (1941).mkv`; otherwise as it is."""
    found = _TITLED.match(Path(_printable(clip.path)).stem)
    if clip.title or not found or is_formula(found[1]):
        return clip
    return replace(clip, title=" ".join(found[1].split()), year=clip.year or found[2])


def extend_with_folder(known: list[Clip], videos: Iterable[str], folder: str | Path) -> list[Clip]:
    """The known clips in their order, then a clip for each new video; see `titled`.

    No clip is removed, so finished shards keep their rows. `videos` are paths relative
    to `folder`; so are the clips' paths.

    Raises:
        UserError: none of the known clips is in the folder, which is another collection.
    """
    videos = list(videos)
    paths = {clip.path for clip in known}
    if known and paths.isdisjoint(videos):
        raise UserError(
            f"the folder {folder} contains none of the {len(known)} clip(s) of this run's "
            "manifest, so it is another collection: give it its own run "
            "(--config run=another_name), or bring the old files back"
        )
    taken = {clip.clip_id.lower() for clip in known}
    clips = list(known)
    for video in videos:
        if video not in paths:
            clip_id = slug_of(video, taken)
            taken.add(clip_id.lower())
            clips.append(Clip(clip_id, video))
    if not clips:
        raise UserError(
            f"the folder {folder} contains no video; recognised suffixes are {' '.join(sorted(VIDEO_SUFFIXES))}"
        )
    return list(map(titled, clips))


def cut_shards(clips: list[Clip], settings: dict) -> dict[str, list[Clip]]:
    """Clips in order; appended clips do not change the shards `00000`, `00001`, … before the last.

    A shard ends before it has more than `shard_size` clips or `shard_minutes` of known footage; a
    longer clip is a shard of its own.

    Args:
        settings: the configuration's `clips`.
    """
    shards: list[list[Clip]] = []
    footage = 0.0
    for clip in clips:
        footage += clip.duration or 0.0
        if not shards or len(shards[-1]) == settings["shard_size"] or footage > 60 * settings["shard_minutes"]:
            shards.append([])
            footage = clip.duration or 0.0
        shards[-1].append(clip)
    return {f"{index:05d}": shard for index, shard in enumerate(shards)}


def count_windows(shards: dict[str, list[Clip]], settings: dict) -> dict[str, int]:
    """The shards that are longer than `shard_minutes`, each of one clip, and how many windows of that length it has."""
    counts = {
        name: math.ceil(sum(clip.duration or 0.0 for clip in shard) / (60 * settings["shard_minutes"]))
        for name, shard in shards.items()
    }
    return {name: count for name, count in counts.items() if count > 1}


def decoded_part(clip: Clip) -> tuple:
    """Everything that decides how a clip is decoded."""
    return clip.clip_id, clip.path, clip.start_time, clip.end_time


def fingerprint(clips: list[Clip]) -> str:
    """Digest of everything that decides how a shard's clips are decoded."""
    return hashlib.sha256(json.dumps(list(map(decoded_part, clips))).encode("ascii")).hexdigest()[:16]


def shard_clips(manifest: str | Path, shard: str, config: dict) -> list[Clip]:
    """The clips of one shard, as a job reads them from the run's manifest.

    Raises:
        UserError: the manifest has no such shard.
    """
    shards = cut_shards(read_manifest(manifest), config["clips"])
    if shard not in shards:
        raise UserError(f"{manifest} has {len(shards)} shard(s), but not {shard}; start the run again")
    return shards[shard]


def shard_fingerprints(manifest: str | Path, config: dict) -> list[str]:
    """Fingerprints of all shards in their order, as a job reads them from the run's manifest."""
    shards = cut_shards(read_manifest(manifest), config["clips"])
    return list(map(fingerprint, shards.values()))


def clips_root(config: dict) -> str | None:
    """Folder that the paths of the run's manifest are relative to, None for the working directory.

    Jobs take it from the configuration, not from their parameters: moving a collection decodes
    nothing again.
    """
    return config["clips"]["folder"] or config["clips"]["root"]


def existing_root(config: dict) -> str | None:
    """`clips_root`, which must exist: otherwise every clip would count as missing.

    Raises:
        UserError: it is not a folder.
    """
    root = clips_root(config)
    if root and not Path(root).is_dir():
        raise UserError(f"the folder of the clips, {root}, does not exist; restore it (is a disk not mounted?)")
    return root


def media_path(clip: Clip, root: str | Path | None) -> Path:
    """Path of a clip's file, below `root` if there is one."""
    return Path(root or ".", clip.path)


def metadata_digest(clips: list[Clip]) -> str:
    """Digest of all columns of all clips, titles and genres included, but for the durations."""
    rows = [list(vars(clip).values())[:-1] for clip in clips]
    return hashlib.sha256(json.dumps(rows).encode("ascii")).hexdigest()[:16]
