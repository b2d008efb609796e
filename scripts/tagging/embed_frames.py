"""Embed the sampled frames of a shard's clips with the image tower (paper section 4.2, v_t)."""

from dataclasses import dataclass, field

import h5py
import numpy as np

from scripts.lib.files.atomic import sha256_of
from scripts.lib.files.hdf5 import CLIPS, append_rows, create_h5, growing_dataset, write_array, write_strings
from scripts.lib.jobs.gpu import leased_gpu
from scripts.lib.jobs.log import logger, progress, run_job
from scripts.lib.media.frame_batches import Chunk, Finished, Work, frame_batches, read_work
from scripts.lib.media.sampling import expected_frames
from scripts.lib.networks.encoders import PACKAGES, ClipEncoder, load_clip, usable_batch_size
from scripts.lib.records.clips import clips_root, fingerprint, shard_clips
from scripts.lib.tables.shards import read_shard_csv

# Rec. 601 luma of R, G, B
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
# Luma is measured on a grid of at least this many pixels per side: 1/16 of the pixels of 224×224.
LUMA_SIDE = 56


def embed_frames(
    file: h5py.File,
    work: list[Work],
    encoder: ClipEncoder,
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
    with progress(sum(expected_frames(item.shots, frames) for item in work), "frame", "Embedding frames") as bar:
        for batch in batches:
            features = encoder.encode_frames(batch.pixels) if len(batch.pixels) else batch.pixels
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


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    import torch

    params, config = snakemake.params, snakemake.config
    torch.set_num_threads(snakemake.threads)
    clips = shard_clips(params.manifest, snakemake.wildcards.shard, config)
    work = read_work(
        clips,
        read_shard_csv(snakemake.input.clips, params.clips),
        read_shard_csv(snakemake.input.shots, params.clips),
    )
    with leased_gpu(torch.cuda.device_count()) as gpu:
        if gpu is not None:
            torch.cuda.set_device(gpu)
        encoder = load_clip(params.encoder["model"], snakemake.input.weights, params.encoder["dtype"])
        attributes = {
            "encoder": encoder.name,
            "weights_sha256": sha256_of(snakemake.input.weights),
            "preprocessing": encoder.preprocessing,
            "dtype": encoder.dtype,
            "frames": params.encoder["frames"],
            "fingerprint": fingerprint(clips),
        }
        with create_h5(snakemake.output[0], attributes, PACKAGES) as file:
            failures = embed_frames(
                file,
                work,
                encoder,
                clips_root(config),
                params.encoder["frames"],
                usable_batch_size(config["tagging"]["batch_size"], encoder.device),
                snakemake.threads,
            )
            group = file.create_group("failures")
            write_strings(group, "clip_id", list(failures))
            write_strings(group, "reason", list(failures.values()))
    return f"{len(work)} clip(s), {len(failures)} failed, by {encoder.name} in {encoder.dtype} on {encoder.device}"


if __name__ == "__main__":
    run_job(main, snakemake)
