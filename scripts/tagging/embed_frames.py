"""Embed the sampled frames of a shard's clips with the image tower (paper section 4.2, v_t)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

import h5py
import numpy as np

from scripts.lib.files.atomic import sha256_of
from scripts.lib.files.hdf5 import CLIPS, append_rows, create_h5, growing_dataset, write_array, write_strings
from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.gpu import leased_gpu
from scripts.lib.jobs.log import job_log, logger, progress
from scripts.lib.jobs.parallel import read_ahead
from scripts.lib.jobs.storage import is_machines_fault
from scripts.lib.media.sampling import FrameSampler, expected_frames
from scripts.lib.media.video import UnreadableClip, Video
from scripts.lib.networks.encoders import PACKAGES, ClipEncoder, load_clip, usable_batch_size
from scripts.lib.records.clips import Clip, clips_root, fingerprint, shard_clips
from scripts.lib.records.shots import Shot, shot_from_row
from scripts.lib.tables.shards import read_shard_csv

# Frames handed over at a time: the queue is touched once for all of them.
CHUNK = 16
# Rec. 601 luma of R, G, B
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


@dataclass(frozen=True)
class Work:
    """One clip to embed: its manifest row, its shots and how many frames it had at detection."""

    clip: Clip
    shots: list[Shot]
    n_frames: int


@dataclass(frozen=True)
class Chunk:
    """Consecutive sampled frames of a clip, cropped for the model."""

    clip_id: str
    crops: np.ndarray
    columns: dict[str, np.ndarray]


@dataclass(frozen=True)
class Finished:
    """The end of a clip; `failure` says why it cannot be used, if so."""

    clip_id: str
    failure: str | None = None


def embed_frames(
    file: h5py.File,
    work: list[Work],
    encoder: ClipEncoder,
    root: str | None,
    frames: str | dict,
    batch_size: int,
    workers: int,
) -> dict[str, str]:
    """Write one group per clip: features (T, D) float16; frame, time, shot, luma_mean, luma_std (T,).

    They are in the group `CLIPS`, apart from what the root holds.

    Decoding, resizing and cropping run in `workers` threads beside the forward pass; batches are
    filled across the borders of clips. Memory does not depend on the length of a clip's pictures.

    Args:
        file: HDF5 file open for writing.
        frames: sampling, see `scripts.lib.media.sampling.FrameSampler`.

    Returns:
        Reasons of the clips that could not be embedded after all, by clip id.
    """
    expected = sum(expected_frames(item.shots, frames) for item in work)
    readers = min(workers, max(1, len(work)))
    chunk_size = min(CHUNK, batch_size)
    produce = partial(
        _sampled_chunks,
        encoder=encoder,
        root=root,
        frames=frames,
        chunk_size=chunk_size,
    )
    # Two batches wait beside the one on the device.
    depth = max(2, 2 * batch_size // chunk_size)
    batch = _Batch(file.create_group(CLIPS), encoder, batch_size)
    failures = {}
    with progress(expected, "frame", "Embedding frames") as bar:
        for entry in read_ahead(produce, work, readers, depth):
            batch.add(entry)
            if isinstance(entry, Chunk):
                bar.update(len(entry.crops))
            elif entry.failure:
                failures[entry.clip_id] = entry.failure
                logger.info("%s: %s", entry.clip_id, entry.failure)
        batch.encode()
    return failures


def _sampled_chunks(item: Work, encoder, root, frames, chunk_size) -> Iterator[Chunk | Finished]:
    clip_id = item.clip.clip_id
    try:
        with Video(item.clip, root) as video:
            sampler = FrameSampler(item.shots, frames)
            sampled: list[tuple] = []
            for frame in video:
                shot = sampler.shot_of(frame.index, frame.time)
                if shot is None:
                    continue
                sampled.append((encoder.crop(frame.rgb()), frame.index, frame.time, shot))
                if len(sampled) == chunk_size:
                    yield _chunk(clip_id, sampled)
                    sampled = []
            if sampled:
                yield _chunk(clip_id, sampled)
            if len(video.times) != item.n_frames:
                raise UnreadableClip(
                    f"the file has changed: {item.n_frames} frames when its shots were found, {len(video.times)} now; "
                    "find its shots again (snakemake --forcerun detect_shots)"
                )
    except UnreadableClip as reason:
        yield Finished(clip_id, str(reason))
    except Exception as error:
        if is_machines_fault(error):
            raise
        logger.exception("%s: unexpected error", clip_id)
        yield Finished(clip_id, f"unexpected error, see the log ({type(error).__name__}: {error})")
    else:
        yield Finished(clip_id)


def _chunk(clip_id: str, sampled: list[tuple]) -> Chunk:
    crops, frame, time, shot = zip(*sampled, strict=True)
    stack = np.stack(crops)
    luma = stack.reshape(len(stack), -1, 3) @ LUMA / 255
    columns = {
        "frame": np.array(frame, np.int32),
        "time": np.array(time, np.float64),
        "shot": np.array(shot, np.int32),
        "luma_mean": luma.mean(axis=1),
        "luma_std": luma.std(axis=1),
    }
    return Chunk(clip_id, stack, columns)


@dataclass
class _Batch:
    """Collects chunks until the device has a full batch to work on, then files the results."""

    groups: h5py.Group
    encoder: ClipEncoder
    size: int
    entries: list[Chunk | Finished] = field(default_factory=list)
    waiting: int = 0
    columns: dict[str, list] = field(default_factory=dict)

    def add(self, entry: Chunk | Finished) -> None:
        """Take an entry in, and encode before the batch would grow beyond its size."""
        if isinstance(entry, Chunk):
            if self.waiting + len(entry.crops) > self.size:
                self.encode()
            self.waiting += len(entry.crops)
        self.entries.append(entry)

    def encode(self) -> None:
        """Run the image tower on what waits and write it, clip by clip."""
        crops = [entry.crops for entry in self.entries if isinstance(entry, Chunk)]
        features = self.encoder.encode_frames(np.concatenate(crops)) if crops else None
        start = 0
        for entry in self.entries:
            if isinstance(entry, Chunk):
                self._write(entry, features[start : start + len(entry.crops)])
                start += len(entry.crops)
            else:
                self._close(entry)
        self.entries, self.waiting = [], 0

    def _write(self, chunk: Chunk, features: np.ndarray) -> None:
        if chunk.clip_id not in self.columns:
            growing_dataset(self.groups.create_group(chunk.clip_id), "features", np.float16, features.shape[1])
            self.columns[chunk.clip_id] = []
        append_rows(self.groups[chunk.clip_id]["features"], features.astype(np.float16))
        self.columns[chunk.clip_id].append(chunk.columns)

    def _close(self, clip: Finished) -> None:
        columns = self.columns.pop(clip.clip_id, None)
        if columns is None:
            return
        if clip.failure:
            del self.groups[clip.clip_id]
            return
        group = self.groups[clip.clip_id]
        for name in columns[0]:
            write_array(group, name, np.concatenate([part[name] for part in columns]))


def read_work(clips: list[Clip], clip_rows: list[dict], shot_rows: list[dict]) -> list[Work]:
    """The usable clips of a shard with their shots.

    Raises:
        UserError: a usable clip has no shots, so the two tables are not of one job.
    """
    shots = {
        clip_id: [shot_from_row(row) for row in rows]
        for clip_id, rows in groupby(shot_rows, key=lambda row: row["clip_id"])
    }
    n_frames = {row["clip_id"]: int(row["n_frames"]) for row in clip_rows if row["status"] == "ok"}
    if missing := sorted(set(n_frames) - set(shots)):
        raise UserError(
            f"the clips {', '.join(missing[:5])} have no shots, though they could be decoded; find them again "
            "(snakemake --forcerun detect_shots)"
        )
    return [Work(clip, shots[clip.clip_id], n_frames[clip.clip_id]) for clip in clips if clip.clip_id in n_frames]


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    import torch

    params, config = snakemake.params, snakemake.config
    torch.set_num_threads(snakemake.threads)
    clips = shard_clips(params.manifest, snakemake.wildcards.shard, config["clips"]["shard_size"])
    work = read_work(
        clips,
        read_shard_csv(snakemake.input.clips, params.clips),
        read_shard_csv(snakemake.input.shots, params.clips),
    )
    with leased_gpu(torch.cuda.device_count()) as gpu:
        if gpu is not None:
            torch.cuda.set_device(gpu)
        encoder = load_clip(params.model, snakemake.input.weights, params.dtype)
        logger.info("%d clip(s), %s in %s on %s", len(work), encoder.name, encoder.dtype, encoder.device)
        attributes = {
            "encoder": encoder.name,
            "weights_sha256": sha256_of(snakemake.input.weights),
            "preprocessing": encoder.preprocessing,
            "dtype": encoder.dtype,
            "frames": str(params.frames),
            "fingerprint": fingerprint(clips),
        }
        with create_h5(snakemake.output[0], attributes, PACKAGES) as file:
            failures = embed_frames(
                file,
                work,
                encoder,
                clips_root(config),
                params.frames,
                usable_batch_size(config["tagging"]["batch_size"], encoder.device),
                snakemake.threads,
            )
            group = file.create_group("failures")
            write_strings(group, "clip_id", list(failures))
            write_strings(group, "reason", list(failures.values()))


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(snakemake)
