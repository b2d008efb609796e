"""HDF5 files of one shard: written whole, self-describing, checked when read."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import h5py
import numpy as np

from scripts.lib.errors import UserError
from scripts.lib.files import atomic_path

# A clip of a hundred frames must not cost a megabyte, a feature film not a million chunks.
CHUNK_FRAMES = 64


@contextmanager
def create_h5(path: str | Path, attributes: dict, packages: tuple[str, ...] = ()) -> Iterator[h5py.File]:
    """A new HDF5 file that bears its final name only once it is complete.

    `attributes` go to the root, with the versions of `packages` and h5py as `version_<package>`.
    """
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
        for key, value in attributes.items():
            file.attrs[key] = value
        for package in ("h5py", *packages):
            file.attrs[f"version_{package}"] = version(package)
        yield file


@contextmanager
def open_h5(path: str | Path, fingerprint: str | None = None) -> Iterator[h5py.File]:
    """Open for reading.

    Raises:
        UserError: the file is no readable HDF5, or its `fingerprint` attribute is not the one
            asked for (it was made for other clips).
    """
    remedy = f"delete it and run the same command again:\n  rm '{path}'"
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise UserError(f"{path} is damaged or incomplete ({error}); {remedy}") from error
    with file:
        if fingerprint is not None and file.attrs.get("fingerprint") != fingerprint:
            raise UserError(f"{path} was made for other clips than this shard's; {remedy}")
        try:
            yield file
        except OSError as error:
            # HDF5's own errors bear no number; one with a number is about another file, or the disk.
            if error.errno is not None:
                raise
            raise UserError(f"{path} cannot be read to its end ({error}); {remedy}") from error


def write_strings(group: h5py.Group, name: str, values: list[str]) -> h5py.Dataset:
    """A dataset of UTF-8 strings, (len(values),)."""
    return group.create_dataset(name, data=np.array(values, dtype=object), dtype=h5py.string_dtype())


def read_strings(dataset: h5py.Dataset) -> list[str]:
    """The strings of a dataset written by `write_strings`."""
    return [value.decode("utf-8") for value in dataset[:]]


def growing_dataset(group: h5py.Group, name: str, dtype, width: int | None = None) -> h5py.Dataset:
    """An empty dataset, (0,) or (0, width), that `append_rows` extends along its first axis."""
    tail = () if width is None else (width,)
    return group.create_dataset(
        name, shape=(0, *tail), maxshape=(None, *tail), chunks=(CHUNK_FRAMES, *tail), dtype=dtype
    )


def append_rows(dataset: h5py.Dataset, rows: np.ndarray) -> None:
    """Add rows at the end of a dataset made by `growing_dataset`."""
    start = dataset.shape[0]
    dataset.resize(start + len(rows), axis=0)
    dataset[start:] = rows
