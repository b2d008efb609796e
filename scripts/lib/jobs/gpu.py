"""One GPU per job, if several jobs share a machine."""

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

RETRY_SECONDS = 1.0


@contextmanager
def leased_gpu(count: int, folder: str | Path | None = None) -> Iterator[int | None]:
    """Index of a visible GPU that no other job of this user on this machine has leased.

    Snakemake limits the number of GPU jobs but assigns no devices. Yields None if there is at most
    one visible device, as in a scheduler's job. The lease ends with the process.

    Args:
        count: number of visible devices.
        folder: where the lock files are; a folder of the user's by default.
    """
    if count < 2:
        yield None
        return
    folder = Path(folder or Path(tempfile.gettempdir(), f"movieclip-gpus-{os.getuid()}"))
    folder.mkdir(parents=True, exist_ok=True)
    locks = [open(folder / f"{name}.lock", "w") for name in _device_names(count)]  # noqa: SIM115
    try:
        yield _first_free(locks)
    finally:
        for lock in locks:
            lock.close()


@contextmanager
def gpu_of_job() -> Iterator[None]:
    """Make a GPU that no other job has leased torch's current one, if several are visible."""
    import torch

    with leased_gpu(torch.cuda.device_count()) as gpu:
        if gpu is not None:
            torch.cuda.set_device(gpu)
        yield


@contextmanager
def gpus_of_job(wanted: int) -> Iterator[list[str]]:
    """torch's names of the devices of a job: as many GPUs as wanted and visible, none of them leased; or one other.

    The other is Apple's, or the CPU.
    """
    import torch

    count = torch.cuda.device_count()
    if not count:
        yield ["mps" if torch.backends.mps.is_available() else "cpu"]
        return
    with ExitStack() as leases:
        # Each lease takes another device, because a lock belongs to an open file.
        gpus = [leases.enter_context(leased_gpu(count)) or 0 for _ in range(min(wanted, count))]
        yield [f"cuda:{gpu}" for gpu in gpus]


def _device_names(count: int) -> list[str]:
    """One name per visible device, the same for every job that sees it: its UUID.

    An index depends on CUDA_VISIBLE_DEVICES and on the container. Without a UUID from torch, the
    entries of CUDA_VISIBLE_DEVICES are used.
    """
    import torch

    try:
        return [str(torch.cuda.get_device_properties(index).uuid) for index in range(count)]
    except (AssertionError, AttributeError, RuntimeError):
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        names = visible.split(",") if visible else map(str, range(count))
        return [name.strip() for name in names][:count]


def _first_free(locks: list) -> int:
    while True:
        for index, lock in enumerate(locks):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            return index
        time.sleep(RETRY_SECONDS)


def threads_per_gpu(cores: int, settings) -> int:
    """Threads of a GPU job: the cores divided by the number of GPU jobs that run in parallel.

    Args:
        cores: threads of a job that uses a whole machine.
        settings: Snakemake's resource settings. On a cluster they have no number of cores, and the
            budget is for many machines.
    """
    budget = settings.resources.get("gpu")
    budget = getattr(budget, "value", budget)
    return max(1, cores // budget) if budget and settings.cores else cores
