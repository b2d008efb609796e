"""Train a small network of timm to classify rendered stills: the demo's stand-in for a published encoder.

Such an encoder has not seen the films either; see `scripts.demo.studio.draw`.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from scripts.lib.files.atomic import atomic_path
from scripts.lib.files.hdf5 import open_h5, read_strings
from scripts.lib.jobs.log import run_job
from scripts.lib.networks.encoders import PREPROCESS_KEY
from scripts.lib.networks.image_networks import build_timm
from scripts.lib.networks.training import Plan, checkpoint_of, make_optimiser, make_schedule, predict, train

# Paintings of each label on which the network is scored.
HELD_OUT = 4
BATCH_SIZE = 32
WEIGHT_DECAY = 0.05
SCHEDULE = {"name": "cosine", "warm_up_epochs": 0.5}
MEAN = STD = 0.5


def train_encoder(
    model: str, stills: dict[str, np.ndarray], views: int, recipe: dict, seed: int, checkpoint: str | Path
) -> tuple[torch.nn.Module, list[dict]]:
    """A classifier of stills, and its history; its score is the accuracy on the last paintings of each label.

    Args:
        model: timm's name.
        stills: pictures of each label, (N, side, width, 3) uint8, of the first painting first, the same N for all.
        views: pictures of a painting.
        recipe: epochs and learning_rate.
        seed: of the weights, the order and the crops.
        checkpoint: see `scripts.lib.networks.training.train`.
    """
    pictures, n_labels = np.stack(list(stills.values())), len(stills)
    n_pictures, side = pictures.shape[1:3]
    n_train = n_pictures - HELD_OUT * views
    shown, held_out = (part.reshape(-1, *part.shape[2:]) for part in np.split(pictures, [n_train], axis=1))
    targets = torch.arange(n_labels).repeat_interleave(n_train)
    wanted = np.repeat(np.arange(n_labels), n_pictures - n_train)
    torch.manual_seed(seed)
    network = build_timm(model, n_labels, (3, side, side))
    options = {"name": "adamw", "learning_rate": recipe["learning_rate"], "weight_decay": WEIGHT_DECAY}
    optimiser = make_optimiser(network, options)
    plan = Plan(len(shown), BATCH_SIZE, recipe["epochs"], recipe["epochs"], seed, BATCH_SIZE)

    def batches(epoch: int, parts: list[np.ndarray]) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        random = np.random.default_rng([seed, epoch])
        left = random.integers(shown.shape[2] - side + 1, size=len(shown))
        mirrored = random.random(len(shown)) < 0.5
        for rows in parts:
            crops = (shown[row, :, left[row] : left[row] + side] for row in rows)
            turned = [crop[:, ::-1] if turn else crop for crop, turn in zip(crops, mirrored[rows], strict=True)]
            yield normalised(turned), targets[rows]

    def loss(network: torch.nn.Module, batch: tuple[torch.Tensor, torch.Tensor], _: int) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(network(batch[0]), batch[1])

    def centres(parts: list[np.ndarray]) -> Iterator[tuple[torch.Tensor]]:
        left = (held_out.shape[2] - side) // 2
        return ((normalised(held_out[rows, :, left : left + side]),) for rows in parts)

    def accuracy(network: torch.nn.Module) -> float:
        logits = predict(network, centres, len(held_out), n_labels, BATCH_SIZE)
        return float((logits.argmax(1) == wanted).mean())

    schedule = make_schedule(optimiser, SCHEDULE, plan)
    return network, train(network, optimiser, schedule, batches, loss, accuracy, plan, checkpoint)


def normalised(crops) -> torch.Tensor:
    """Square pictures (B, side, side, 3) uint8 as the network's input (B, 3, side, side) float32."""
    values = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float() / 255
    return (values - MEAN) / STD


def write_encoder(path: str | Path, network: torch.nn.Module, side: int) -> None:
    """Weights, with the preprocessing that `load_timm` reads: the short side is scaled to `side`, the centre is cut."""
    preprocess = {
        "input_size": (3, side, side),
        "mean": [MEAN] * 3,
        "std": [STD] * 3,
        "interpolation": "bicubic",
        "crop_pct": 1.0,
        "crop_mode": "center",
    }
    state = {name: value.contiguous() for name, value in network.state_dict().items()}
    with atomic_path(path) as temporary:
        save_file(state, temporary, metadata={PREPROCESS_KEY: json.dumps(preprocess)})


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    output, params = Path(snakemake.output[0]), snakemake.params
    # A small network's batches are too short for more; a fixed number gives the same weights.
    torch.set_num_threads(1)
    with open_h5(snakemake.input.stills) as file:
        stills = {label: file[label][:] for label in read_strings(file["labels"])}
    settings = {"model": params.model, "recipe": params.recipe, "seed": params.seed, "views": params.views}
    checkpoint = checkpoint_of(output.parent / "checkpoints", settings, snakemake.input)
    network, history = train_encoder(**settings, stills=stills, checkpoint=checkpoint)
    side = next(iter(stills.values())).shape[1]
    write_encoder(output, network, side)
    checkpoint.unlink()
    score = max(row["score"] for row in history)
    return f"accuracy {score:.3f} on stills of {HELD_OUT} other paintings of each label"


if __name__ == "__main__":
    run_job(main, snakemake)
