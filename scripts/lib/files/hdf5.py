"""HDF5 files of one shard: atomic, self-describing, with checksums."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import h5py
import numpy as np

from scripts.lib.files.atomic import atomic_path
from scripts.lib.jobs.errors import UserError, make_anew

# The group with one group per clip. It keeps clip ids apart from the names of datasets in the root.
CLIPS = "clips"
# A compromise between clips of a hundred frames and feature films.
CHUNK_FRAMES = 64
# Largest chunk of a whole array; checksums are per chunk.
CHUNK_BYTES = 1 << 20
# From this version of the format on, metadata have checksums as well.
FORMAT = ("v110", "v110")
# Messages of HDF5's own errors, which h5py raises as several types of exception.
_HDF5_REPORT = re.compile(
    r"(?:Unable|Can't|Cannot|Unspecified error in|\w+ \w+ failed) .*\(.*\)|.*(?:checksum|filter returned failure)", re.S
)


# Open files; each write checks all of them for an earlier error.
_targets: list["_Target"] = []


@contextmanager
def create_h5(path: str | Path, attributes: dict, packages: tuple[str, ...] = ()) -> Iterator[h5py.File]:
    """A new HDF5 file, written atomically.

    `attributes` go to the root, with the versions of `packages` and h5py as `version_<package>`.

    Raises:
        UserError: the disk is full.
    """
    with atomic_path(path) as temporary, open(temporary, "w+b", buffering=0) as stream:
        target = _Target(stream)
        _targets.append(target)
        try:
            with h5py.File(target, "w", libver=FORMAT) as file:
                versions = {f"version_{package}": version(package) for package in ("h5py", *packages)}
                for key, value in {**attributes, **versions}.items():
                    file.attrs[key] = _of_one_length(value) if isinstance(value, str) else value
                yield file
        finally:
            _targets.remove(target)
        target.check()


class _Target(io.RawIOBase):
    """The file object that HDF5 writes to, which hides write errors: HDF5 crashes the process on a full disk.

    After the first error data are kept in memory, so that HDF5 can close the file; `check` then
    raises the error.
    """

    def __init__(self, stream: io.RawIOBase):
        self._stream = stream
        self._position = 0
        self._fault: OSError | None = None
        self._kept: list[tuple[int, bytes]] = []

    def check(self) -> None:
        """Raise the first write error, if any."""
        if self._fault is not None:
            raise OSError(self._fault.errno, self._fault.strerror) from self._fault

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._position = offset if whence == io.SEEK_SET else self._stream.seek(offset, whence)
        return self._position

    def tell(self) -> int:
        return self._position

    def write(self, data) -> int:
        data = memoryview(data).cast("B")
        if self._fault is None:
            try:
                self._stream.seek(self._position)
                left = data
                while len(left):
                    left = left[self._stream.write(left) :]
            except OSError as error:
                self._fault = error
        if self._fault is not None:
            self._kept.append((self._position, bytes(data)))
        self._position += len(data)
        return len(data)

    def readinto(self, buffer) -> int:
        wanted = memoryview(buffer).cast("B")
        self._stream.seek(self._position)
        count = self._stream.readinto(wanted)
        wanted[count:] = bytes(len(wanted) - count)
        for place, data in self._kept:
            first, end = max(place, self._position), min(place + len(data), self._position + len(wanted))
            if first < end:
                wanted[first - self._position : end - self._position] = data[first - place : end - place]
        self._position += len(wanted)
        return len(wanted)

    def truncate(self, size: int | None = None) -> int:
        size = self._position if size is None else size
        if self._fault is None:
            try:
                self._stream.truncate(size)
            except OSError as error:
                self._fault = error
        return size


@contextmanager
def open_h5(path: str | Path, fingerprint: str | None = None) -> Iterator[h5py.File]:
    """Open for reading; with a `fingerprint`, the file of a shard, whose clips are in the group `CLIPS`.

    Raises:
        UserError: the file is not readable HDF5 or its content is damaged, it contains links or refers
            to other files, its `fingerprint` attribute is not the one asked for (it was made
            for other clips), or its clips are not in that group (it was made by an earlier version).
    """
    remedy = make_anew(path)
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise UserError(f"{path} is damaged or incomplete ({error}); {remedy}") from error
    with file:
        try:
            _refuse_references(file, path)
            found = read_attribute(file, "fingerprint") if "fingerprint" in file.attrs else None
            if fingerprint is not None and found != fingerprint:
                raise UserError(f"{path} was made for other clips than this shard's; {remedy}")
            if fingerprint is not None and not _groups_its_clips(file):
                raise UserError(f"{path} was made by an earlier version, which kept clips elsewhere in it; {remedy}")
            yield file
        except (OSError, RuntimeError, KeyError, ValueError) as error:
            # HDF5's own errors have no errno; one with an errno is about another file, or the disk.
            if getattr(error, "errno", None) is not None or not _HDF5_REPORT.match(str(error).strip("'\"")):
                raise
            raise UserError(f"{path} cannot be read completely ({error}); {remedy}") from error


def _groups_its_clips(file: h5py.File) -> bool:
    """Whether clips are in the group `CLIPS`; earlier versions put them in the root, where one could have this id."""
    return CLIPS in file and isinstance(next(iter(file[CLIPS].values()), file), h5py.Group)


def _refuse_references(file: h5py.File, path: str | Path) -> None:
    """Refuse links and external data, which could expose the content of any other file."""
    problems = []

    def look_at_link(name, info):
        if info.type != h5py.h5l.TYPE_HARD:
            problems.append(f"{name.decode(errors='replace')!r} is a link")

    def look_at_object(name, found):
        if not isinstance(found, h5py.Dataset):
            return
        layout = found.id.get_create_plist()
        if layout.get_external_count() or layout.get_layout() == h5py.h5d.VIRTUAL:
            problems.append(f"the content of {name!r} lies in another file")

    file.id.links.visit(look_at_link, info=True)
    if not problems:
        file.visititems(look_at_object)
    if problems:
        raise UserError(
            f"{path} is refused: {problems[0]}, and only data in the file itself are read. "
            "Copy the data into the file, or let the workflow make it"
        )


def read_attribute(file: h5py.File, name: str):
    """An attribute of the root; text as `str`."""
    value = file.attrs[name]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _of_one_length(text: str) -> np.ndarray:
    """Text as a fixed-length string, which HDF5 stores with a checksum.

    Variable-length strings are in a heap without a checksum, where one wrong bit can hang HDF5.
    """
    encoded = text.encode("utf-8")
    return np.array(encoded, h5py.string_dtype("utf-8", max(1, len(encoded))))


def write_array(group: h5py.Group, name: str, values: np.ndarray) -> h5py.Dataset:
    """A dataset with checksums, of any shape."""
    _check_targets()
    values = np.asarray(values)
    if values.size == 0 or values.ndim == 0:
        return group.create_dataset(name, data=values)
    row = max(1, values[:1].nbytes)
    chunks = (min(len(values), max(1, CHUNK_BYTES // row)), *values.shape[1:])
    return group.create_dataset(name, data=values, chunks=chunks, fletcher32=True)


def write_strings(group: h5py.Group, name: str, values: list[str]) -> h5py.Dataset:
    """A dataset of UTF-8 strings, (len(values),); of fixed length, because others have no checksum."""
    encoded = [value.encode("utf-8") for value in values]
    kind = h5py.string_dtype("utf-8", max([1, *map(len, encoded)]))
    return write_array(group, name, np.array(encoded, dtype=kind))


def read_strings(dataset: h5py.Dataset) -> list[str]:
    """The strings of a dataset written by `write_strings`."""
    return [value.decode("utf-8") for value in dataset[:]]


def write_failures(file: h5py.File, failures: dict[str, str], id_column: str = "clip_id") -> None:
    """Write the group `failures` from reasons by id: `id_column` and `reason`, (F,) each."""
    group = file.create_group("failures")
    write_strings(group, id_column, list(failures))
    write_strings(group, "reason", list(failures.values()))


def read_failures(file: h5py.File) -> dict[str, str]:
    """Reasons by clip id, of a file with `write_failures`' group."""
    group = file["failures"]
    return dict(zip(read_strings(group["clip_id"]), read_strings(group["reason"]), strict=True))


def growing_dataset(group: h5py.Group, name: str, dtype, width: int | None = None) -> h5py.Dataset:
    """An empty dataset, (0,) or (0, width), that `append_rows` extends along its first axis."""
    tail = () if width is None else (width,)
    return group.create_dataset(
        name,
        shape=(0, *tail),
        maxshape=(None, *tail),
        chunks=(CHUNK_FRAMES, *tail),
        dtype=dtype,
        fletcher32=True,
    )


def append_rows(dataset: h5py.Dataset, rows: np.ndarray) -> None:
    """Add rows, (n, …), at the end of a dataset made by `growing_dataset`."""
    _check_targets()
    start = dataset.shape[0]
    dataset.resize(start + len(rows), axis=0)
    dataset[start:] = rows


def _check_targets() -> None:
    for target in _targets:
        target.check()
