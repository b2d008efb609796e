"""Training of a network, which an interruption does not undo; one code for all networks."""

import hashlib
import json
import math
import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from scripts.lib.files.atomic import atomic_path, sha256_of
from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.log import logger, progress
from scripts.lib.networks.processes import in_parallel, rank_and_count, sum_over_processes


@dataclass(frozen=True)
class Plan:
    """How samples are visited.

    Attributes:
        n_samples: of an epoch, each of which is visited once.
        batch_size: samples per step, over all processes.
        epochs: maximum number.
        patience: number of epochs without a higher score after which training ends.
        seed: of the order of the samples and of what the network draws, such as drop-out.
        micro_batch: maximum number of samples that a process computes at once; their gradients are added up to
            those of the batch.
        dtype: name of torch's type for mixed precision; with float16 the loss is scaled.
    """

    n_samples: int
    batch_size: int
    epochs: int
    patience: int
    seed: int
    micro_batch: int
    dtype: str = "float32"

    @property
    def n_steps(self) -> int:
        """Steps of an epoch."""
        return math.ceil(self.n_samples / self.batch_size)

    def steps(self, epoch: int, rank: int = 0, count: int = 1) -> list[list[tuple[np.ndarray, float]]]:
        """The micro-batches of an epoch's steps: rows of samples, and the weight of their mean loss.

        The batches depend on the seed and the epoch only. Process `rank` of `count` has every count-th sample of
        each; a process without a sample has one of weight 0, because all take part in every step.
        """
        order = np.random.default_rng([self.seed, epoch]).permutation(self.n_samples)
        steps = []
        for start in range(0, self.n_samples, self.batch_size):
            batch = order[start : start + self.batch_size]
            own = batch[rank::count]
            parts = [own[first : first + self.micro_batch] for first in range(0, len(own), self.micro_batch)]
            steps.append([(rows, len(rows) / len(batch)) for rows in parts] or [(batch[:1], 0.0)])
        return steps


def train(
    network: torch.nn.Module,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    batches: Callable[[int, list[np.ndarray]], Iterable],
    loss: Callable[[torch.nn.Module, object, int], torch.Tensor],
    score: Callable[[torch.nn.Module], float],
    plan: Plan,
    checkpoint: str | Path,
) -> list[dict]:
    """Train a network, and leave it in evaluation mode with the weights of the epoch of the highest score.

    The state after each epoch is stored in `checkpoint`, from which a later call with the same arguments
    continues: its weights are those of a training without interruption. Called in each process of
    `scripts.lib.networks.processes.run_on`, it trains one network on all of their devices.

    Args:
        network: with its first weights, on its device.
        optimiser, schedule: of the network's parameters; the schedule makes one step per batch.
        batches: micro-batches of an epoch (from 1) by their rows, in the same order; they depend on nothing else.
        loss: mean loss of the network over one micro-batch, in an epoch.
        score: of the network, in evaluation mode, on validation data; the higher the better, the first of equal
            ones counts. All processes get the same.
        checkpoint: see `checkpoint_of`.

    Returns:
        One row per epoch: epoch, loss (mean over its batches), score, learning_rate (of its first batch), seconds.

    Raises:
        UserError: the loss is no longer a number.
    """
    rank, count = rank_and_count()
    device = next(network.parameters()).device.type
    trained = in_parallel(network)
    scaler = torch.amp.GradScaler(device, enabled=plan.dtype == "float16")
    history, best = _resume(checkpoint, network, optimiser, schedule, scaler)
    with progress(plan.epochs * plan.n_steps, "step", "Training", shown=rank == 0) as bar:
        bar.update(len(history) * plan.n_steps)
        while len(history) < plan.epochs and len(history) - _best_epoch(history) < plan.patience:
            epoch, start, rate = len(history) + 1, time.monotonic(), schedule.get_last_lr()[0]
            bar.set_description(f"Epoch {epoch} of at most {plan.epochs}", refresh=False)
            steps = plan.steps(epoch, rank, count)
            # What an epoch draws does not depend on those before it, so that none need be repeated.
            torch.manual_seed(int(np.random.SeedSequence([plan.seed, epoch, rank]).generate_state(1, np.uint64)[0]))
            loaded = iter(batches(epoch, [rows for step in steps for rows, _ in step]))
            network.train()
            total = torch.zeros((), device=device)
            for step in steps:
                optimiser.zero_grad()
                for number, (_, weight) in enumerate(step, start=1):
                    # Gradients are exchanged once, with those of the last micro-batch.
                    waits = trained.no_sync() if count > 1 and number < len(step) else nullcontext()
                    with waits:
                        with autocast(device, plan.dtype):
                            value = weight * loss(trained, next(loaded), epoch)
                        # They are averaged over the processes, whose weights add up to 1.
                        scaler.scale(count * value).backward()
                    total += value.detach()
                scaler.step(optimiser)
                scaler.update()
                schedule.step()
                bar.update()
            mean = sum_over_processes(total).item() / plan.n_steps
            if not math.isfinite(mean):
                raise UserError(
                    f"the loss of epoch {epoch} is {mean}: take a lower learning_rate, or a precision of bf16 or fp32"
                )
            network.eval()
            row = {"epoch": epoch, "loss": mean, "score": float(score(network)), "learning_rate": rate}
            history.append(row | {"seconds": round(time.monotonic() - start, 2)})
            if _best_epoch(history) == epoch:
                best = deepcopy(network.state_dict())
            logger.info("epoch %(epoch)d: loss %(loss).4f, score %(score).4f", row)
            if rank == 0:
                _store(checkpoint, network, optimiser, schedule, scaler, history, best)
    network.load_state_dict(best)
    network.eval()
    return history


def predict(
    network: torch.nn.Module,
    batches: Callable[[list[np.ndarray]], Iterable[tuple[torch.Tensor, ...]]],
    n_samples: int,
    n_classes: int,
    micro_batch: int,
    dtype: str = "float32",
) -> np.ndarray:
    """Logits (N, C) float32 of a network in evaluation mode; each process computes a part and gets all.

    Args:
        batches: the inputs of samples by their rows.
        micro_batch, dtype: see `Plan`.
    """
    rank, count = rank_and_count()
    device = next(network.parameters()).device
    own = np.arange(rank, n_samples, count)
    parts = [own[start : start + micro_batch] for start in range(0, len(own), micro_batch)]
    logits = torch.zeros(n_samples, n_classes, device=device)
    with torch.inference_mode(), autocast(device.type, dtype):
        for rows, inputs in zip(parts, batches(parts), strict=True):
            logits[rows] = network(*inputs).float()
    return sum_over_processes(logits).cpu().numpy()


def autocast(device: str, dtype: str) -> torch.autocast:
    """Mixed precision on a type of device, none for float32."""
    return torch.autocast(device, getattr(torch, dtype), enabled=dtype != "float32")


def make_optimiser(network: torch.nn.Module, settings: dict) -> torch.optim.Optimizer:
    """An optimiser of all parameters: `name` (sgd, adam, adamw), learning_rate, weight_decay, for sgd momentum."""
    # Fused: on a CPU the step of a small network would otherwise take up to a fifth of the time.
    options = {"lr": settings["learning_rate"], "weight_decay": settings["weight_decay"], "fused": True}
    if settings["name"] == "sgd":
        return torch.optim.SGD(network.parameters(), momentum=settings["momentum"], **options)
    kinds = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    return kinds[settings["name"]](network.parameters(), **options)


def make_schedule(optimiser: torch.optim.Optimizer, settings: dict, plan: Plan) -> torch.optim.lr_scheduler.LRScheduler:
    """A schedule of the learning rate, by steps.

    Args:
        settings: `name`: constant; step, times gamma every step_size epochs; milestones, times gamma after each of the
            numbers of epochs in `at`; cosine, annealed to 0 at the end of the last of the plan's epochs. With
            `warm_up_epochs` the rate rises linearly from 0 during these, on top of that.
    """
    gamma, warm_up = settings.get("gamma"), plan.n_steps * settings.get("warm_up_epochs", 0)
    shapes = {
        "constant": lambda epoch: 1.0,
        "step": lambda epoch: gamma ** (int(epoch) // settings["step_size"]),
        "milestones": lambda epoch: gamma ** sum(epoch >= place for place in settings["at"]),
        "cosine": lambda epoch: (1 + math.cos(math.pi * epoch / plan.epochs)) / 2,
    }
    shape = shapes[settings["name"]]

    def factor(step: int) -> float:
        return shape(step / plan.n_steps) * min(1.0, (step + 1) / max(1, warm_up))

    return torch.optim.lr_scheduler.LambdaLR(optimiser, factor)


def _best_epoch(history: list[dict]) -> int:
    """Number of the first epoch with the highest score; 0 before the first."""
    return max(history, key=lambda row: row["score"], default={"epoch": 0})["epoch"]


def _store(checkpoint, network, optimiser, schedule, scaler, history, best) -> None:
    state = {
        "network": network.state_dict(),
        "optimiser": optimiser.state_dict(),
        "schedule": schedule.state_dict(),
        "scaler": scaler.state_dict(),
        "history": history,
        "best": best,
    }
    with atomic_path(checkpoint) as temporary:
        torch.save(state, temporary)


def _resume(checkpoint, network, optimiser, schedule, scaler) -> tuple[list[dict], dict]:
    """History and best weights of the checkpoint, whose state the arguments take over; nothing without one."""
    if not Path(checkpoint).exists():
        return [], {}
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    network.load_state_dict(state["network"])
    optimiser.load_state_dict(state["optimiser"])
    schedule.load_state_dict(state["schedule"])
    scaler.load_state_dict(state["scaler"])
    logger.info("Continuing after epoch %d, from %s", len(state["history"]), checkpoint)
    return state["history"], state["best"]


def checkpoint_of(folder: str | Path, settings: dict, inputs: Iterable[str | Path]) -> Path:
    """Path of the checkpoint of a training with these settings, and input files with this content, code included.

    It must not be an output of the job: Snakemake deletes these when a job starts again.
    """
    content = [settings, sorted(sha256_of(path) for path in inputs)]
    return Path(folder, f"{hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]}.pt")
