"""Errors of disks and of the machine, as messages and apart from errors in a file's content."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.lib.jobs.errors import UserError

FULL = {errno.ENOSPC: "no space is left on its disk", errno.EDQUOT: "your quota of its disk is used up"}
CLOSED = {
    errno.EROFS: "its disk is mounted read-only",
    errno.EACCES: "you may not write there",
    errno.EPERM: "you may not write there",
}
# Errors of the machine, which say nothing about the file being read.
MACHINE = {
    *FULL,
    *(errno.EROFS, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ESTALE, errno.ENOTCONN),
}
AGAIN = "give the same command again: what is finished is kept"
# Some libraries give the errno only in their message.
_TEXTS = {os.strerror(number): number for number in (*FULL, errno.EROFS)}


def fault_number(error: BaseException) -> int | None:
    """The errno of an error, from its attribute, its text, or its causes."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno is not None:
            return seen.errno
        for text, number in _TEXTS.items():
            if text in str(seen):
                return number
        seen = seen.__cause__ or seen.__context__
    return None


def is_machines_fault(error: BaseException) -> bool:
    """Whether memory, file handles or disks of the machine failed, rather than the file being bad."""
    return isinstance(error, MemoryError) or (isinstance(error, OSError) and fault_number(error) in MACHINE)


@contextmanager
def explained_storage(final: Path, temporary: Path | None = None, own: bool = False) -> Iterator[None]:
    """Turn the storage errors of a block that writes `final` into `UserError`s.

    Args:
        final: the file or folder to write.
        temporary: its temporary path.
        own: the block touches `final` only, so that a refused permission is about it.

    Raises:
        UserError: the disk is full or read-only, or (`own`) writing there is not allowed.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        number = fault_number(error)
        if number in FULL:
            raise UserError(_full(final, temporary, number)) from error
        if number == errno.EROFS or (own and number in CLOSED):
            raise UserError(
                f"{final} cannot be written: {CLOSED[number]}. Make {final.parent} writable, or make results/ a "
                f"link to a folder that is; then {AGAIN}"
            ) from error
        raise


def _full(final: Path, temporary: Path | None, number: int) -> str:
    folder = next(folder for folder in final.absolute().parents if folder.exists())
    written, disk = _size(temporary), shutil.disk_usage(folder)
    return (
        f"{final} cannot be written: {FULL[number]}. It needs more than {in_units(written + disk.free)}: "
        f"{in_units(written)} were written, {in_units(disk.free)} of {in_units(disk.total)} are free in {folder}. "
        f"Free some space there, or make results/ a link to a folder on a larger disk; then {AGAIN}"
    )


def _size(path: Path | None) -> int:
    if path is None or not path.exists():
        return 0
    parts = path.rglob("*") if path.is_dir() else [path]
    # Blocks used, which for sparse files is less than the length.
    return sum(part.stat().st_blocks * 512 for part in parts if part.is_file())


def in_units(count: float) -> str:
    """A number of bytes with its unit: `3 bytes`, `1.5 MB`."""
    if count < 1000:
        return f"{count:.0f} bytes"
    for unit in ("kB", "MB", "GB"):
        count /= 1000
        if count < 1000:
            return f"{count:.3g} {unit}"
    return f"{count / 1000:.3g} TB"
