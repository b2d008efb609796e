"""One GPU for each job that asks for one, when several jobs share a machine."""

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RETRY_SECONDS = 1.0


@contextmanager
def leased_gpu(count: int, folder: str | Path | None = None) -> Iterator[int | None]:
    """Index of a GPU that no other job of this user on this machine has leased.

    Snakemake starts as many GPU jobs as its budget allows but never says which device is whose.
    A scheduler that has set CUDA_VISIBLE_DEVICES has decided already, and with one device or none
    there is nothing to choose: None is yielded then. The lease ends with the process, however it
    ends.

    Args:
        count: number of devices present.
        folder: where the lock files are; a folder of the user's by default.
    """
    if count < 2 or os.environ.get("CUDA_VISIBLE_DEVICES"):
        yield None
        return
    folder = Path(folder or Path(tempfile.gettempdir(), f"movieclip-gpus-{os.getuid()}"))
    folder.mkdir(parents=True, exist_ok=True)
    locks = [open(folder / f"gpu{index}.lock", "w") for index in range(count)]  # noqa: SIM115
    try:
        yield _first_free(locks)
    finally:
        for lock in locks:
            lock.close()


def _first_free(locks: list) -> int:
    while True:
        for index, lock in enumerate(locks):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            return index
        time.sleep(RETRY_SECONDS)
