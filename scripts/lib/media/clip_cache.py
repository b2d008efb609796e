"""The cached frames of shots, see `scripts.models.cache_clips`."""

import os
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import cv2
import h5py
import numpy as np

from scripts.lib.files.hdf5 import open_h5, read_attribute, read_failures, read_strings
from scripts.lib.jobs.errors import UserError, bullet_list, make_anew
from scripts.lib.jobs.storage import is_machines_fault

# Fewer than a process may have open.
OPEN_FILES = 256


class ClipCache:
    """Frames by shot id, from the caches of a run's shards.

    Processes that inherit or receive it, such as those of a DataLoader, open the files themselves
    when they first read from them.

    Args:
        paths: the caches of all shards.
        fingerprints: those of the shards, see `scripts.lib.records.clips.shard_fingerprints`.

    Attributes:
        failures: reasons of the clips that could not be cached, by clip id.

    Raises:
        UserError: a file is damaged, not a cache, or was made for other clips.
    """

    def __init__(self, paths: Sequence[str | Path], fingerprints: Sequence[str]):
        self._paths = list(map(str, paths))
        self._spans: list[np.ndarray] = []
        self._places: dict[str, tuple[int, range]] = {}
        self.failures: dict[str, str] = {}
        for number, (path, fingerprint) in enumerate(zip(self._paths, fingerprints, strict=True)):
            with open_h5(path) as file:
                if read_attribute(file, "fingerprint") != fingerprint:
                    raise UserError(f"{path} was made for other clips than this shard's; {make_anew(path)}")
                self._spans.append(file["span"][:])
                ends = np.cumsum(file["n_frames"][:], dtype=np.int64).tolist()
                shots = zip(read_strings(file["shot_id"]), pairwise([0, *ends]), strict=True)
                self._places |= {shot: (number, range(*rows)) for shot, rows in shots}
                self.failures |= read_failures(file)

    def __contains__(self, shot_id: str) -> bool:
        return shot_id in self._places

    def require(self, shot_ids: Sequence[str]) -> None:
        """Raise UserError with all of these shots that have no frame here, and the reasons."""
        missing = [shot for shot in shot_ids if shot not in self]
        if missing:
            reasons = (self.failures.get(shot.rpartition("-Scene-")[0], "not in the cache") for shot in missing)
            problems = [f"{shot}: {reason}" for shot, reason in zip(missing, reasons, strict=True)]
            raise UserError(
                f"{len(missing)} shot(s) have no cached frame:\n{bullet_list(problems)}\nLeave them out, or mend their "
                "clips and cache them again (add --forcerun cache_clips)"
            )

    def n_frames(self, shot_id: str) -> int:
        """Number of cached frames of a shot; less than `cache.frames` if the shot has fewer frames."""
        return len(self._places[shot_id][1])

    def frames(self, shot_id: str, indices: Sequence[int]) -> np.ndarray:
        """Cached frames of a shot by their 0-based numbers, (T, H, W, 3) uint8 RGB; no other is decoded.

        Raises:
            UserError: the file is damaged.
        """
        number, rows = self._places[shot_id]
        path = self._paths[number]
        try:
            jpeg = _open_jpeg(path, os.getpid())
            pictures = [jpeg[slice(*self._spans[number][rows[index]])] for index in indices]
        except (OSError, RuntimeError, KeyError) as error:
            if is_machines_fault(error):
                raise
            raise UserError(f"{path} cannot be read completely ({error}); {make_anew(path)}") from error
        return np.stack([decode_frame(picture) for picture in pictures])


def decode_frame(jpeg: np.ndarray) -> np.ndarray:
    """The picture, (H, W, 3) uint8 RGB, of a JPEG's bytes, (n,) uint8."""
    return cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


@lru_cache(maxsize=OPEN_FILES)
def _open_jpeg(path: str, process: int) -> h5py.Dataset:
    """A file's pictures; every process has its own handle, because HDF5's do not survive a fork."""
    return h5py.File(path)["jpeg"]
