"""HDF5 files are whole, say what they are, and are refused with the remedy when they are not."""

import errno
import shlex

import h5py
import numpy as np
import pytest

from scripts.lib.files.hdf5 import (
    CLIPS,
    append_rows,
    create_h5,
    growing_dataset,
    open_h5,
    read_attribute,
    read_strings,
    write_strings,
)
from scripts.lib.jobs.errors import UserError


@pytest.fixture
def written(tmp_path):
    """A file with strings and numbers, made for the shard `abc`."""
    path = tmp_path / "00000.h5"
    with create_h5(path, {"fingerprint": "abc", "encoder": "café"}, ("numpy",)) as file:
        write_strings(file, "labels", ["bar", "кафе 😀", ""])
        file.create_group(CLIPS)
        rows = growing_dataset(file, "rows", np.float16, 8)
        for start in range(0, 1000, 90):
            append_rows(rows, np.arange(start, min(start + 90, 1000))[:, None] * np.ones(8))
    return path


def test_content_and_attributes_come_back(written):
    """Appended rows keep their order, text its letters, and versions are on record."""
    with open_h5(written, "abc") as file:
        assert read_strings(file["labels"]) == ["bar", "кафе 😀", ""]
        assert np.array_equal(file["rows"][:, 3], np.arange(1000).astype(np.float16))
        assert file["rows"].chunks == (64, 8)
        assert read_attribute(file, "version_h5py") == h5py.__version__
        assert read_attribute(file, "version_numpy") == np.__version__
        assert read_attribute(file, "encoder") == "café"
    assert [path.name for path in written.parent.iterdir()] == ["00000.h5"]


def test_an_interrupted_writer_leaves_no_file(tmp_path):
    """A job that dies while it writes has written nothing."""
    with pytest.raises(RuntimeError), create_h5(tmp_path / "x.h5", {}) as file:
        file["a"] = np.zeros(10)
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
def test_truncated_files_are_refused_with_the_remedy(written, share):
    """A copy that broke off is named, and the line that mends it can be copied."""
    with open(written, "r+b") as stream:
        stream.truncate(int(written.stat().st_size * share))
    with pytest.raises(UserError, match=r"damaged or incomplete") as refusal, open_h5(written) as file:
        file["rows"][:]
    assert f"rm {shlex.quote(str(written))}" in str(refusal.value)


def test_damaged_content_is_refused_with_the_remedy(tmp_path):
    """A file that opens but cannot be read to its end is found out when it is read."""
    path = tmp_path / "x.h5"
    with create_h5(path, {}) as file:
        file.create_dataset("rows", data=np.arange(50_000), chunks=(1000,), compression="gzip")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4000] = bytes(4000)
    path.write_bytes(content)
    with pytest.raises(UserError, match="cannot be read completely") as refusal, open_h5(path) as file:
        file["rows"][:]
    assert f"rm {shlex.quote(str(path))}" in str(refusal.value)


def test_files_of_other_clips_are_refused_with_the_remedy(written):
    """Embeddings left over from another collection never label this one."""
    with pytest.raises(UserError, match="other clips") as refusal, open_h5(written, "xyz"):
        pass
    assert f"rm {shlex.quote(str(written))}" in str(refusal.value)


def test_a_full_disk_is_not_blamed_on_the_file_that_is_read(written):
    """The remedy deletes a file, so it is offered only where that file is at fault."""
    with pytest.raises(OSError, match="No space left"), open_h5(written):
        raise OSError(errno.ENOSPC, "No space left on device")
