"""One embedding for each shot: the mean over its frames, by which shots are searched."""

from collections.abc import Sequence

import h5py
import numpy as np

from scripts.lib.files.hdf5 import (
    CLIPS,
    append_rows,
    create_h5,
    growing_dataset,
    open_h5,
    read_attribute,
    write_strings,
)
from scripts.lib.jobs.errors import UserError, make_anew
from scripts.lib.jobs.log import progress, run_job
from scripts.lib.records.clips import shard_fingerprints
from scripts.lib.tables.frames import read_parquet

INHERITED = ("encoder", "weights_sha256")


def average_shots(features: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Means of the unit vectors of each shot's frames, of unit length: (N, D) float32, by shot number.

    Args:
        features: (T, D), any length.
        numbers: (T,) the shot of each frame, non-decreasing.
    """
    _, starts = np.unique(numbers, return_index=True)
    return _unit(np.add.reduceat(_unit(features.astype(np.float32)), starts, axis=0))


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors (N, D) of unit length; one of zeros stays so, and is like nothing."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float32).tiny)


def average_clips(shard: h5py.File, shots_of: dict[str, int]) -> list[np.ndarray]:
    """Embeddings of the shots of a shard's clips, a part (N, D) for each clip.

    Args:
        shots_of: the number of shots of each clip of the run, in its order.

    Raises:
        UserError: the shard has other shots.
    """
    parts = []
    for clip_id in (name for name in shots_of if name in shard[CLIPS]):
        frames = shard[CLIPS][clip_id]
        parts.append(average_shots(frames["features"][:], frames["shot"][:]))
        if len(parts[-1]) != shots_of[clip_id]:
            raise UserError(f"{shard.filename} has other shots of {clip_id}; {make_anew(shard.filename)}")
    return parts


def write_averages(path: str, shards: Sequence[tuple[str, str]], shot_ids: Sequence[str], clip_ids: Sequence[str]):
    """Write `shot_id` (N,) and `embeddings` (N, D) float16.

    Args:
        shards: files of embeddings with their fingerprints.
        shot_ids, clip_ids: of all shots, in order.
    """
    names, counts = np.unique(clip_ids, return_counts=True)
    count_of = dict(zip(names, counts.tolist(), strict=True))
    shots_of = {name: count_of[name] for name in dict.fromkeys(clip_ids)}
    with open_h5(*shards[0]) as first:
        attributes = {name: read_attribute(first, name) for name in INHERITED}
    with create_h5(path, attributes, ("h5py", "numpy")) as file, progress(len(shards), "shard", "Averaging") as bar:
        write_strings(file, "shot_id", list(shot_ids))
        dataset = None
        for shard, fingerprint in shards:
            with open_h5(shard, fingerprint) as found:
                parts = average_clips(found, shots_of)
            for part in parts:
                dataset = dataset or growing_dataset(file, "embeddings", np.float16, part.shape[1])
                append_rows(dataset, part)
            bar.update()


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    shots = read_parquet(snakemake.input.shots, columns=["shot_id", "clip_id"])
    fingerprints = shard_fingerprints(snakemake.params.manifest, snakemake.config)
    shards = list(zip(snakemake.input.embeddings, fingerprints, strict=True))
    write_averages(snakemake.output[0], shards, list(shots["shot_id"]), list(shots["clip_id"]))
    return f"{len(shots)} shot(s)"


if __name__ == "__main__":
    run_job(main, snakemake)
