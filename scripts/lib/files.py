"""Files that appear whole or not at all, and what identifies their content."""

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_path(final: str | os.PathLike) -> Iterator[Path]:
    """A unique name beside `final` to write to; renamed to `final` when the block succeeds.

    The temporary file keeps `final`'s suffix, because some writers choose the format by it, and
    is removed when the block raises, so a half-written file never bears a final name.
    """
    final = Path(final)
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = final.with_name(f".{final.stem}.{uuid.uuid4().hex}.part{final.suffix}")
    # Some writers make files that nobody else may read: what is usual here is tried out.
    temporary.touch()
    mode = temporary.stat().st_mode
    temporary.unlink()
    try:
        yield temporary
        temporary.chmod(mode)
        os.replace(temporary, final)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(final: str | os.PathLike) -> Iterator[Path]:
    """The same for a folder: an empty one to fill, which takes the place of `final` when the block succeeds."""
    final = Path(final)
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = final.with_name(f".{final.name}.{uuid.uuid4().hex}.part")
    temporary.mkdir()
    try:
        yield temporary
        shutil.rmtree(final, ignore_errors=True)
        os.replace(temporary, final)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def sha256_of(path: str | os.PathLike) -> str:
    """Hexadecimal SHA-256 of a file's content."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
