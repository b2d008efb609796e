"""Features of frames by an encoder: written clip by clip, read shot by shot."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

from scripts.lib.files.atomic import sha256_of
from scripts.lib.files.hdf5 import CLIPS, append_rows, create_h5, growing_dataset, open_h5, write_array, write_failures
from scripts.lib.jobs.gpu import gpu_of_job
from scripts.lib.jobs.log import logger, progress
from scripts.lib.media.frame_batches import Chunk, Finished, Work, frame_batches
from scripts.lib.media.sampling import evenly_spread, expected_frames
from scripts.lib.networks.encoders import PACKAGES, FrameEncoder, threads_of_torch, usable_batch_size
from scripts.lib.networks.image_networks import load_encoder
from scripts.lib.records.shots import shot_id

# Rec. 601 luma of R, G, B
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
# Luma is measured on a grid of at least this many pixels per side: 1/16 of the pixels of 224×224.
LUMA_SIDE = 56


def embed_frames(
    file: h5py.File,
    work: list[Work],
    encoder: FrameEncoder,
    root: str | None,
    frames: str,
    batch_size: int,
    workers: int,
) -> dict[str, str]:
    """Write one group per clip: features (T, D) float16; frame, time, shot, luma_mean, luma_std (T,).

    The groups are in the group `CLIPS`.

    Args:
        file: HDF5 file open for writing.
        frames: sampling, see `scripts.lib.media.sampling.FrameSampler`.
        batch_size, workers: see `scripts.lib.media.frame_batches.frame_batches`.

    Returns:
        Reasons of the clips that could not be embedded, by clip id.
    """
    writer = _Writer(file.create_group(CLIPS))
    failures = {}
    batches = frame_batches(work, root, frames, encoder.crop, batch_size, workers, describe=brightness)
    known = all(item.n_frames for item in work)
    n_expected = sum(expected_frames(item.shots, frames) for item in work) if known else None
    with progress(n_expected, "frame", "Embedding frames") as bar:
        for batch in batches:
            features = encode_batch(encoder, batch.pixels, batch_size) if len(batch.pixels) else batch.pixels
            for entry in batch.entries:
                if isinstance(entry, Chunk):
                    n_frames = len(entry.pixels)
                    writer.write(entry, features[:n_frames])
                    features = features[n_frames:]
                    bar.update(n_frames)
                    continue
                writer.close(entry)
                if entry.failure:
                    failures[entry.clip_id] = entry.failure
                    logger.info("%s: %s", entry.clip_id, entry.failure)
    return failures


def encode_batch(encoder: FrameEncoder, pixels: np.ndarray, batch_size: int) -> np.ndarray:
    """Features, (B, D) float32, of up to `batch_size` frames, (B, h, w, 3) uint8.

    The network always sees `batch_size` frames: then what a frame gives does not depend on the
    others, whatever kernels are chosen for this size, and parts of a film join to the whole.
    """
    padding = np.zeros((batch_size - len(pixels), *pixels.shape[1:]), pixels.dtype)
    return encoder.encode_frames(np.concatenate([pixels, padding]))[: len(pixels)]


def brightness(pixels: np.ndarray) -> dict[str, np.ndarray]:
    """Mean and standard deviation of each frame's luma, 0 to 1, from a grid of its pixels.

    Args:
        pixels: (n, h, w, 3) uint8 RGB.

    Returns:
        `luma_mean` and `luma_std`, (n,) float32.
    """
    step = max(1, min(pixels.shape[1:3]) // LUMA_SIDE)
    grid = pixels[:, step // 2 :: step, step // 2 :: step]
    luma = grid.reshape(len(grid), -1, 3) @ LUMA / 255
    return {"luma_mean": luma.mean(axis=1), "luma_std": luma.std(axis=1)}


@dataclass
class _Writer:
    """Writes features per clip; chunks of clips may be interleaved."""

    groups: h5py.Group
    columns: dict[str, list] = field(default_factory=dict)

    def write(self, chunk: Chunk, features: np.ndarray) -> None:
        """Append a chunk's features, (n, D), to its clip's group, which is made if need be."""
        if chunk.clip_id not in self.columns:
            growing_dataset(self.groups.create_group(chunk.clip_id), "features", np.float16, features.shape[1])
            self.columns[chunk.clip_id] = []
        append_rows(self.groups[chunk.clip_id]["features"], features.astype(np.float16))
        self.columns[chunk.clip_id].append(chunk.columns)

    def close(self, clip: Finished) -> None:
        """Complete a clip's group, or remove it if the clip has failed."""
        columns = self.columns.pop(clip.clip_id, None)
        if columns is None:
            return
        if clip.failure:
            del self.groups[clip.clip_id]
            return
        group = self.groups[clip.clip_id]
        for name in columns[0]:
            write_array(group, name, np.concatenate([part[name] for part in columns]))


def write_features(
    path: str | Path,
    work: list[Work],
    settings: dict,
    weights: str | Path,
    fingerprint: str,
    root: str | None,
    batch_size: int,
    workers: int,
) -> str:
    """Embed the frames of clips as a job, on a GPU if there is one; see `embed_frames` for the file's content.

    The group `failures` has clip ids and reasons.

    Args:
        settings: the encoder's, of the configuration.
        weights: file of the encoder's weights.
        fingerprint: of the clips, see `scripts.lib.records.clips.fingerprint`.
        root, batch_size, workers: see `frame_batches`.

    Returns:
        A summary.
    """
    import torch

    torch.set_num_threads(threads_of_torch(workers))
    with gpu_of_job():
        encoder = load_encoder(settings, weights)
        attributes = {
            "encoder": encoder.name,
            "weights_sha256": sha256_of(weights),
            "preprocessing": encoder.preprocessing,
            "dtype": encoder.dtype,
            "frames": settings["frames"],
            "fingerprint": fingerprint,
        }
        with create_h5(path, attributes, PACKAGES) as file:
            batch_size = usable_batch_size(batch_size, encoder.device)
            failures = embed_frames(file, work, encoder, root, settings["frames"], batch_size, workers)
            write_failures(file, failures)
    return f"{len(work)} clip(s), {len(failures)} failed, by {encoder.name} in {encoder.dtype} on {encoder.device}"


def read_features(
    paths: Sequence[str | Path], shot_ids: Iterable[str], longest: int, choice: str = "first"
) -> dict[str, np.ndarray]:
    """Features (T, D) float16 of shots by shot id, T at most `longest`; shots that no file has are left out.

    Args:
        paths: files of `write_features`.
        longest: number of frames.
        choice: of a shot with more frames; `first`, or `spread` for frames at equal distances from the first.
    """
    wanted = set(shot_ids)
    clips = {name.rpartition("-Scene-")[0] for name in wanted}
    found = {}
    for path in paths:
        with open_h5(path) as file:
            for clip_id in clips & set(file[CLIPS]):
                features, numbers = file[CLIPS][clip_id]["features"][:], file[CLIPS][clip_id]["shot"][:]
                for number in np.unique(numbers):
                    if (name := shot_id(clip_id, number)) in wanted:
                        rows = np.flatnonzero(numbers == number)
                        if choice == "spread":
                            rows = rows[evenly_spread(len(rows), min(len(rows), longest))]
                        # a copy, without the clip's other frames
                        found[name] = features[rows[:longest]]
    return found
