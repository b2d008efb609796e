"""Features of whole videos: their files, one per shard of a task's videos (paper section 5.3)."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from scripts.lib.files.hdf5 import create_h5, open_h5, read_strings, write_array, write_failures, write_strings


def write_video_features(
    path: str | Path,
    features: dict[str, np.ndarray],
    n_clips: dict[str, int],
    failures: dict[str, str],
    attributes: dict,
    packages: tuple[str, ...] = (),
) -> None:
    """Write `video_id` (V,), `features` (V, D) float32, `n_clips` (V,), and `failures`: `video_id` and `reason`.

    Args:
        features: mean over a video's clips, (D,), by video id.
        n_clips: number of these clips, by video id.
        failures: reasons of the videos without features, by video id.
        attributes: of the file, and `packages` whose versions become such.
    """
    with create_h5(path, attributes, packages) as file:
        write_strings(file, "video_id", list(features))
        width = len(next(iter(features.values()), ()))
        rows = np.array(list(features.values()), np.float32).reshape(len(features), width)
        write_array(file, "features", rows)
        write_array(file, "n_clips", np.array([n_clips[name] for name in features], np.int32))
        write_failures(file, failures, "video_id")


def read_video_features(paths: Sequence[str | Path], ids: Iterable[str]) -> dict[str, np.ndarray]:
    """Features (1, D) float32 of videos by video id; videos without features are left out.

    Args:
        paths: files of `write_video_features`, of all shards.

    Raises:
        UserError: a file is damaged.
    """
    wanted, found = set(ids), {}
    for path in paths:
        with open_h5(path) as file:
            rows = zip(read_strings(file["video_id"]), file["features"][:], strict=True)
            found |= {name: row[None].copy() for name, row in rows if name in wanted}
    return found
