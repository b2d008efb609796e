"""Training of a network, which an interruption does not undo; one code for all networks."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from copy import deepcopy
from pathlib import Path

import torch

from scripts.lib.files.atomic import atomic_path, sha256_of
from scripts.lib.jobs.log import logger, progress


def train(
    network: torch.nn.Module,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    batches: Callable[[int], Iterable],
    loss: Callable[[torch.nn.Module, object], torch.Tensor],
    score: Callable[[torch.nn.Module], float],
    *,
    epochs: int,
    patience: int,
    checkpoint: str | Path,
) -> list[dict]:
    """Train a network, and leave it in evaluation mode with the weights of the epoch of the highest score.

    The state after each epoch is stored in `checkpoint`, from which a later call with the same arguments
    continues: its weights are those of a training without interruption.

    Args:
        network: with its first weights, on its device.
        optimiser, schedule: of the network's parameters; the schedule makes one step per epoch.
        batches: batches of an epoch, which may depend on its number (from 1) and on nothing else that changes.
        loss: of the network on one batch, a scalar.
        score: of the network, in evaluation mode, on validation data; the higher the better, the first of equal
            ones counts.
        epochs: maximum number.
        patience: number of epochs without a higher score after which training ends.
        checkpoint: see `checkpoint_of`.

    Returns:
        One row per epoch: epoch, loss (mean over its batches), score, learning_rate, seconds.
    """
    history, best = _resume(checkpoint, network, optimiser, schedule)
    with progress(epochs, "epoch", "Training") as bar:
        bar.update(len(history))
        while len(history) < epochs and len(history) - _best_epoch(history) < patience:
            start, losses, rate = time.monotonic(), [], schedule.get_last_lr()[0]
            network.train()
            for batch in batches(len(history) + 1):
                optimiser.zero_grad()
                value = loss(network, batch)
                value.backward()
                optimiser.step()
                losses.append(value.detach())
            schedule.step()
            network.eval()
            row = {
                "epoch": len(history) + 1,
                "loss": torch.stack(losses).mean().item(),
                "score": float(score(network)),
                "learning_rate": rate,
                "seconds": round(time.monotonic() - start, 2),
            }
            history.append(row)
            if _best_epoch(history) == len(history):
                best = deepcopy(network.state_dict())
            logger.info("epoch %(epoch)d: loss %(loss).4f, score %(score).4f", row)
            _store(checkpoint, network, optimiser, schedule, history, best)
            bar.update()
    network.load_state_dict(best)
    network.eval()
    return history


def _best_epoch(history: list[dict]) -> int:
    """Number of the first epoch with the highest score; 0 before the first."""
    return max(history, key=lambda row: row["score"], default={"epoch": 0})["epoch"]


def _store(checkpoint, network, optimiser, schedule, history, best) -> None:
    state = {
        "network": network.state_dict(),
        "optimiser": optimiser.state_dict(),
        "schedule": schedule.state_dict(),
        "history": history,
        "best": best,
        "random": torch.get_rng_state(),
        "random_of_gpu": torch.cuda.get_rng_state() if torch.cuda.is_initialized() else None,
    }
    with atomic_path(checkpoint) as temporary:
        torch.save(state, temporary)


def _resume(checkpoint, network, optimiser, schedule) -> tuple[list[dict], dict]:
    """History and best weights of the checkpoint, whose state the arguments take over; nothing without one."""
    if not Path(checkpoint).exists():
        return [], {}
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    network.load_state_dict(state["network"])
    optimiser.load_state_dict(state["optimiser"])
    schedule.load_state_dict(state["schedule"])
    torch.set_rng_state(state["random"])
    if state["random_of_gpu"] is not None:
        torch.cuda.set_rng_state(state["random_of_gpu"])
    logger.info("Continuing after epoch %d, from %s", len(state["history"]), checkpoint)
    return state["history"], state["best"]


def checkpoint_of(folder: str | Path, settings: dict, inputs: Iterable[str | Path]) -> Path:
    """Path of the checkpoint of a training with these settings, and input files with this content, code included.

    It must not be an output of the job: Snakemake deletes these when a job starts again.
    """
    content = [settings, sorted(sha256_of(path) for path in inputs)]
    return Path(folder, f"{hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]}.pt")
