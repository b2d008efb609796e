"""Sampled frames of many clips, decoded and prepared ahead of a model, in batches."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.parallel import read_ahead
from scripts.lib.media.sampling import FrameSampler
from scripts.lib.media.video import SAME_TIME, Frame, UnreadableClip, Video, catch_failure
from scripts.lib.records.clips import Clip
from scripts.lib.records.shots import Shot, read_shots
from scripts.lib.tables.shards import read_shard_csv

# Frames per queue item, which keeps the cost of the queue low.
CHUNK = 16
REMEDY = "detect its shots again (add --forcerun detect_shots)"


@dataclass(frozen=True)
class Work:
    """One clip to read: its manifest row, the wanted shots, and its number of frames at shot detection.

    `n_frames` is None if no shots were detected; the clip's frames are then not counted. Of a `part`
    only the frames from the first shot to the last are decoded.
    """

    clip: Clip
    shots: list[Shot]
    n_frames: int | None
    part: bool = False


@dataclass(frozen=True)
class Chunk:
    """Consecutive sampled frames of one clip.

    Attributes:
        pixels: the prepared frames, (n, ...).
        columns: `frame` (0-based decode index, int32), `time` (seconds from the clip's first frame,
            float64), `shot` (its number, int32) and what `describe` adds, (n,) each.
    """

    clip_id: str
    pixels: np.ndarray
    columns: dict[str, np.ndarray]

    def cut(self, count: int) -> tuple["Chunk", "Chunk"]:
        """The first `count` frames, and the others."""
        return tuple(
            Chunk(self.clip_id, self.pixels[part], {name: values[part] for name, values in self.columns.items()})
            for part in (slice(count), slice(count, None))
        )


@dataclass(frozen=True)
class Finished:
    """The end of a clip; `failure` is the reason if the clip and its chunks so far cannot be used."""

    clip_id: str
    failure: str | None = None


@dataclass(frozen=True)
class Batch:
    """Chunks and ends of clips in the order of completion; within a clip in its own order."""

    entries: list[Chunk | Finished]

    @cached_property
    def pixels(self) -> np.ndarray:
        """Prepared frames of all chunks, (B, ...); (0,) without chunks."""
        chunks = [entry.pixels for entry in self.entries if isinstance(entry, Chunk)]
        return np.concatenate(chunks) if chunks else np.empty(0, np.uint8)


def frame_batches(
    work: list[Work],
    root: str | None,
    frames: str,
    prepare: Callable[[np.ndarray], np.ndarray],
    batch_size: int,
    workers: int,
    describe: Callable[[np.ndarray], dict[str, np.ndarray]] | None = None,
) -> Iterator[Batch]:
    """The sampled frames of clips in batches that can span several clips.

    Decoding and preparing run in `workers` threads, one clip per thread, while the caller uses a
    batch. About two more batches are in memory, which does not depend on the length or number of
    clips. A clip that cannot be used ends with a reason; the others are not affected.

    Args:
        root: folder that the clips' paths are relative to.
        frames: sampling, see `scripts.lib.media.sampling.FrameSampler`.
        prepare: turns one frame, (H, W, 3) uint8 RGB, into the model's input; of one shape for all
            clips if `Batch.pixels` is used.
        batch_size: number of frames in a batch; the last has fewer.
        describe: further columns, (n,) each, from prepared frames, (n, ...).

    Raises:
        OSError, MemoryError: the machine failed, not the clip, see `is_machines_fault`.
    """
    length = min(CHUNK, batch_size)
    produce = partial(_chunks, root=root, frames=frames, prepare=prepare, describe=describe, length=length)
    depth = max(2, 2 * batch_size // length)
    yield from _batched(read_ahead(produce, work, min(workers, max(1, len(work))), depth), batch_size)


def _chunks(item: Work, root, frames, prepare, describe, length) -> Iterator[Chunk | Finished]:
    clip_id, n_frames = item.clip.clip_id, 0
    with catch_failure(item.clip) as outcome, Video(item.clip, root) as video:
        sampler = FrameSampler(item.shots, frames)
        sampled: list[tuple] = []
        for frame in _part(video, item.shots) if item.part else video:
            n_frames = frame.index + 1
            shot = sampler.shot_of(frame.index, frame.time)
            if shot is None:
                continue
            sampled.append((prepare(frame.rgb()), frame.index, frame.time, shot))
            if len(sampled) == length:
                yield _chunk(clip_id, sampled, describe)
                sampled = []
        if sampled:
            yield _chunk(clip_id, sampled, describe)
        expected = min(item.n_frames, item.shots[-1].end_frame + 1) if item.part else item.n_frames
        if expected not in (None, n_frames):
            raise UnreadableClip(f"the file has changed: {expected} frames at shot detection, {n_frames} now; {REMEDY}")
    yield Finished(clip_id, outcome.failure)


def _part(video: Video, shots: list[Shot]) -> Iterator[Frame]:
    """The frames of these shots, if they are where they were, and the next, which must not be there if a clip ends."""
    times = {shot.start_frame: shot.start_time for shot in shots}
    for frame in video.frames_from(shots[0].start_frame, shots[0].start_time):
        if abs(times.get(frame.index, frame.time) - frame.time) > SAME_TIME:
            raise UnreadableClip(f"the file has changed: frame {frame.index} is at another time; {REMEDY}")
        yield frame
        if frame.index == shots[-1].end_frame:
            return


def _chunk(clip_id: str, sampled: list[tuple], describe) -> Chunk:
    prepared, frame, time, shot = zip(*sampled, strict=True)
    pixels = np.stack(prepared)
    columns = {
        "frame": np.array(frame, np.int32),
        "time": np.array(time, np.float64),
        "shot": np.array(shot, np.int32),
    }
    return Chunk(clip_id, pixels, columns | (describe(pixels) if describe else {}))


def _batched(entries: Iterable[Chunk | Finished], size: int) -> Iterator[Batch]:
    """Entries, chunks cut so that all batches but the last have `size` frames."""
    batch: list[Chunk | Finished] = []
    room = size
    for entry in entries:
        if isinstance(entry, Chunk):
            while len(entry.pixels) > room:
                if room:
                    first, entry = entry.cut(room)
                    batch.append(first)
                yield Batch(batch)
                batch, room = [], size
            room -= len(entry.pixels)
        batch.append(entry)
    if batch:
        yield Batch(batch)


def read_work(clips: list[Clip], clip_table: str | Path, shot_table: str | Path, fingerprint: str) -> list[Work]:
    """The usable clips of a shard with their shots.

    Args:
        clips: of the shard, which has this `fingerprint`.
        clip_table, shot_table: its `clips/<shard>.csv` and `shots/<shard>.csv`.

    Raises:
        UserError: a table cannot be used, or a usable clip has no shots, so that they are from different jobs.
    """
    rows, shots = read_shard_csv(clip_table, fingerprint), read_shots(shot_table, fingerprint)
    n_frames = {row["clip_id"]: int(row["n_frames"]) for row in rows if row["status"] == "ok"}
    if missing := sorted(set(n_frames) - set(shots)):
        raise UserError(
            f"the clips {', '.join(missing[:5])} have no shots, though they could be decoded; detect them again "
            "(add --forcerun detect_shots)"
        )
    return [Work(clip, shots[clip.clip_id], n_frames[clip.clip_id]) for clip in clips if clip.clip_id in n_frames]


def choose_shots(work: list[Work], shot_ids: Collection[str]) -> list[Work]:
    """The same with these shots only; clips without one are left out."""
    chosen = [replace(item, shots=[shot for shot in item.shots if shot.shot_id in shot_ids]) for item in work]
    return [item for item in chosen if item.shots]
