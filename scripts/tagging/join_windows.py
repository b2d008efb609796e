"""Join the embeddings of a long film's windows into those of its shard, which one pass would have given."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import h5py
import numpy as np

from scripts.lib.files.hdf5 import (
    CLIPS,
    append_rows,
    create_h5,
    growing_dataset,
    open_h5,
    read_attribute,
    read_failures,
    write_array,
    write_failures,
)
from scripts.lib.jobs.errors import UserError, make_anew
from scripts.lib.jobs.log import run_job


def join_windows(path: str | Path, windows: Sequence[str | Path], fingerprint: str) -> None:
    """Write one file from those of the windows, which are files of `scripts.lib.networks.features.write_features`.

    A film that failed in one of them has failed.

    Args:
        windows: their files, in order.
        fingerprint: the shard's.

    Raises:
        UserError: a window was embedded in another way than the first, on another kind of device for example.
    """
    with ExitStack() as stack:
        files = [stack.enter_context(open_h5(window, fingerprint)) for window in windows]
        attributes = [{name: read_attribute(file, name) for name in file.attrs} for file in files]
        for window, found in zip(windows, attributes, strict=True):
            if found != attributes[0]:
                raise UserError(f"{window} was not embedded like {windows[0]}; {make_anew(window)}")
        failures = {}
        for file in files:
            failures |= read_failures(file)
        joined = stack.enter_context(create_h5(path, attributes[0]))
        clips = joined.create_group(CLIPS)
        # A window in which no shot begins has no clip.
        for clip_id in sorted({name for file in files for name in file[CLIPS]} - failures.keys()):
            _join(clips.create_group(clip_id), [file[CLIPS][clip_id] for file in files if clip_id in file[CLIPS]])
        write_failures(joined, failures)


def _join(group: h5py.Group, parts: list[h5py.Group]) -> None:
    features = growing_dataset(group, "features", np.float16, parts[0]["features"].shape[1])
    for part in parts:
        append_rows(features, part["features"][:])
    for name in parts[0].keys() - {"features"}:
        write_array(group, name, np.concatenate([part[name][:] for part in parts]))


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    join_windows(snakemake.output[0], snakemake.input.windows, snakemake.params.clips)
    return f"{len(snakemake.input.windows)} window(s)"


if __name__ == "__main__":
    run_job(main, snakemake)
