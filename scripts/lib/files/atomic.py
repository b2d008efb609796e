"""Atomic writes of files and folders, and checksums."""

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.lib.jobs.storage import explained_storage
from scripts.lib.workflow.processes import number_space


@contextmanager
def atomic_path(final: str | os.PathLike) -> Iterator[Path]:
    """A unique temporary path in the folder of `final`; renamed to `final` when the block succeeds.

    The temporary file keeps `final`'s suffix, because some writers choose the format by it, and is
    removed when the block raises: an incomplete file never has the final name. Temporary files of
    killed processes for the same `final` are removed as well.

    Raises:
        UserError: the disk is full or cannot be written to.
    """
    final = Path(final)
    temporary = _temporary(final)
    with explained_storage(final, own=True):
        final.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(final)
        # Some writers make files that nobody else can read; the usual mode is that of a new file.
        temporary.touch()
        mode = temporary.stat().st_mode
        temporary.unlink()
    try:
        with explained_storage(final, temporary):
            yield temporary
        with explained_storage(final, temporary, own=True):
            _to_disk(temporary)
            temporary.chmod(mode)
            os.replace(temporary, final)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write a text as UTF-8, atomically; see `atomic_path` for its errors."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextmanager
def atomic_folder(final: str | os.PathLike) -> Iterator[Path]:
    """The same for a folder: an empty temporary one, which replaces `final` when the block succeeds."""
    final = Path(final)
    temporary, replaced = _temporary(final), _temporary(final)
    with explained_storage(final, own=True):
        final.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(final)
        temporary.mkdir()
    try:
        with explained_storage(final, temporary):
            yield temporary
        with explained_storage(final, temporary, own=True):
            # While a large folder is being deleted it must not have the final name.
            if final.exists():
                os.replace(final, replaced)
            os.replace(temporary, final)
    finally:
        for folder in (temporary, replaced):
            shutil.rmtree(folder, ignore_errors=True)


def _owner() -> str:
    """Short name of the PID namespace, the same for all processes in it."""
    return hashlib.sha256(number_space().encode()).hexdigest()[:8]


def _temporary(final: Path) -> Path:
    """A unique `.<name>.<owner>-<process>-<random>.part<suffix>`."""
    return final.with_name(f".{final.stem}.{_owner()}-{os.getpid()}-{uuid.uuid4().hex[:8]}.part{final.suffix}")


def _remove_leftovers(final: Path) -> None:
    """Remove temporary files for `final` whose processes, in this PID namespace, have ended."""
    start, end = f".{final.stem}.{_owner()}-", f".part{final.suffix}"
    for entry in os.scandir(final.parent):
        if not (entry.name.startswith(start) and entry.name.endswith(end)):
            continue
        process = entry.name.removeprefix(start).partition("-")[0]
        if process.isdigit() and not _is_alive(int(process)):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                Path(entry.path).unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _to_disk(path: Path) -> None:
    """Flush a file to disk, for a power cut; network disks and quotas report errors only now."""
    with open(path, "r+b") as stream:
        os.fsync(stream.fileno())


def sha256_of(path: str | os.PathLike) -> str:
    """Hexadecimal SHA-256 of a file's content."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
