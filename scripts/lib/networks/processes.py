"""Several processes that train one network, each on its own device of one machine."""

import logging
import os
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import distributed, multiprocessing
from torch.nn.parallel import DistributedDataParallel

from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.log import logger
from scripts.lib.workflow.processes import OWNER, end_with_owner, number_space

GRACE_SECONDS = 5.0


def run_on(devices: Sequence[str], function: Callable, *arguments):
    """The result of `function(device, *arguments)` here, on the first device; it runs on each other one as well.

    Every further device has a process of its own, which is started here with an explicit rank: a scheduler's job
    has one task, however many GPUs it has. If one of the processes fails, all end.

    Args:
        devices: torch's names; of a CPU several processes can be had for tests.
        function: importable by its name, as are the types of the arguments.
    """
    if len(devices) == 1:
        return function(devices[0], *arguments)
    with tempfile.TemporaryDirectory() as folder:
        group = (Path(folder, "meeting").as_uri(), list(devices))
        owner = f"{os.getpid()}@{number_space()}"
        others = multiprocessing.spawn(
            _run_other, (owner, group, function, arguments), nprocs=len(devices) - 1, join=False
        )
        over = threading.Event()
        watch = threading.Thread(target=_watch, args=(others, over), daemon=True)
        watch.start()
        try:
            result = _run_in_group(0, group, function, arguments)
        except BaseException as error:
            if not isinstance(error, UserError):
                # Perhaps because another process has failed, which is then reported.
                watch.join(2 * GRACE_SECONDS)
            over.set()
            for process in others.processes:
                process.kill()
            raise
        watch.join()
        return result


def _run_other(index: int, owner: str, group: tuple, function: Callable, arguments: tuple) -> None:
    os.environ[OWNER] = owner
    end_with_owner()
    # The first process logs what all of them do.
    logger.setLevel(logging.CRITICAL)
    _run_in_group(index + 1, group, function, arguments)


def _run_in_group(rank: int, group: tuple, function: Callable, arguments: tuple):
    meeting, devices = group
    on_gpu = devices[rank].startswith("cuda")
    if on_gpu:
        torch.cuda.set_device(devices[rank])
    distributed.init_process_group(
        "nccl" if on_gpu else "gloo", init_method=meeting, rank=rank, world_size=len(devices)
    )
    try:
        return function(devices[rank], *arguments)
    finally:
        distributed.destroy_process_group()


def _watch(others, over: threading.Event) -> None:
    """End this process when another one fails: it would wait for that one for ever.

    An error that all processes meet is left to this one.
    """
    try:
        while not others.join():
            pass
    except Exception as error:
        if not over.wait(GRACE_SECONDS):
            logger.error("One of the processes that train together has failed:\n%s", error)
            os._exit(1)


def rank_and_count() -> tuple[int, int]:
    """Number of this process among those that train together (from 0), and how many there are."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def in_parallel(network: torch.nn.Module) -> torch.nn.Module:
    """The network with gradients averaged over all processes, and on GPUs statistics of batch normalisation, too.

    Its parameters and the names of its state dict stay; on a CPU each process has its own statistics.
    """
    if rank_and_count()[1] == 1:
        return network
    device = next(network.parameters()).device
    if device.type == "cuda":
        torch.nn.SyncBatchNorm.convert_sync_batchnorm(network)
    return DistributedDataParallel(network, [device] if device.type == "cuda" else None)


def sum_over_processes(value: torch.Tensor) -> torch.Tensor:
    """The sum of all processes' tensors, the same in each."""
    if rank_and_count()[1] > 1:
        distributed.all_reduce(value)
    return value
