"""Frames of shots as JPEG in one file, see `scripts.lib.media.clip_cache.ClipCache`, which reads it."""

from collections import Counter
from functools import partial

import cv2
import h5py
import numpy as np

from scripts.lib.files.hdf5 import append_rows, write_array, write_failures, write_strings
from scripts.lib.jobs.log import logger, progress
from scripts.lib.media.frame_batches import Chunk, Work, frame_batches
from scripts.lib.media.sampling import expected_frames
from scripts.lib.records.shots import shot_id

PACKAGES = ("numpy", "opencv-python-headless")
# Frames that are read ahead of the writer.
BATCH_SIZE = 64
# A few frames: a frame is read without most of the others, and little is left empty at the end.
CHUNK_BYTES = 1 << 16


def write_cache(
    file: h5py.File,
    work: list[Work],
    root: str | None,
    settings: dict,
    workers: int,
    known_failures: dict[str, str] | None = None,
) -> dict[str, str]:
    """Write the frames of shots as JPEG, as `ClipCache` reads them.

    `jpeg` (bytes,) uint8: the pictures one after the other, because HDF5 keeps objects of varying
    length without checksums. `shot_id`, `n_frames` (N,) in the order of `work`; `span` (T, 2), first
    byte and end of each frame in `jpeg`, `frame` and `time` (T,), in the order of the shots. `failures`:
    `clip_id` and `reason`.

    A frame is written when it is decoded, so that memory does not depend on the number of frames;
    what was written of a clip that fails later has no row.

    Args:
        file: HDF5 file open for writing.
        work: the needed shots by clip.
        settings: `frames` per shot, `short_side`, `quality`; see config/schema.yaml.
        workers: see `scripts.lib.media.frame_batches.frame_batches`.
        known_failures: reasons of other clips, which are not in `work`.

    Returns:
        Reasons of the clips that could not be cached, by clip id, the known ones first.
    """
    jpeg = file.create_dataset("jpeg", (0,), np.uint8, maxshape=(None,), chunks=(CHUNK_BYTES,), fletcher32=True)
    rows: dict[str, list[dict]] = {item.clip.clip_id: [] for item in work}
    failures = dict(known_failures or {})
    frames = f"{settings['frames']} per shot"
    prepare = partial(encode_frame, short_side=settings["short_side"], quality=settings["quality"])
    with progress(sum(expected_frames(item.shots, frames) for item in work), "frame", "Caching frames") as bar:
        for batch in frame_batches(work, root, frames, prepare, BATCH_SIZE, workers):
            for entry in batch.entries:
                if isinstance(entry, Chunk):
                    ends = jpeg.shape[0] + np.cumsum([len(picture) for picture in entry.pixels])
                    spans = np.column_stack([[jpeg.shape[0], *ends[:-1]], ends])
                    append_rows(jpeg, np.frombuffer(b"".join(entry.pixels), np.uint8))
                    rows[entry.clip_id].append({**entry.columns, "span": spans})
                    bar.update(len(spans))
                elif entry.failure:
                    del rows[entry.clip_id]
                    failures[entry.clip_id] = entry.failure
                    logger.warning("%s: %s", entry.clip_id, entry.failure)
    _write_rows(file, rows)
    write_failures(file, failures)
    return failures


def _write_rows(file: h5py.File, rows: dict[str, list[dict]]) -> None:
    parts = [(clip_id, part) for clip_id, of_clip in rows.items() for part in of_clip]
    counts = Counter(shot_id(clip_id, number) for clip_id, part in parts for number in part["shot"])
    write_strings(file, "shot_id", list(counts))
    write_array(file, "n_frames", np.array(list(counts.values()), np.int32))
    # A shard may have no sample.
    empty = {"span": np.empty((0, 2), np.int64), "frame": np.empty(0, np.int32), "time": np.empty(0, np.float64)}
    for name, nothing in empty.items():
        write_array(file, name, np.concatenate([nothing, *(part[name] for _, part in parts)]))


def encode_frame(rgb: np.ndarray, short_side: int, quality: int) -> np.ndarray:
    """A frame as JPEG, reduced to `short_side` pixels if its shorter side is longer.

    By OpenCV, which encodes fastest; a job without torch saves its import, docs/benchmarks.md.

    Args:
        rgb: (H, W, 3) uint8.

    Returns:
        The JPEG's bytes as a scalar object array, which can be stacked.
    """
    bgr = cv2.cvtColor(reduce_frame(rgb, short_side), cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.array(encoded.tobytes(), dtype=object)


def reduce_frame(rgb: np.ndarray, short_side: int) -> np.ndarray:
    """A frame, (H, W, 3) uint8, whose shorter side has `short_side` pixels, or fewer as before."""
    scale = short_side / min(rgb.shape[:2])
    if scale >= 1:
        return rgb
    height, width = (round(length * scale) for length in rgb.shape[:2])
    return cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
