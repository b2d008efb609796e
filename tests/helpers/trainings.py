"""Short trainings on random shots, in this process, in several, or in one that is killed."""

import multiprocessing
import os
import signal
from pathlib import Path

import numpy as np
import torch

from scripts.lib.networks.losses import multi_label_loss
from scripts.lib.networks.lstm import pad
from scripts.lib.networks.training import Plan, make_optimiser, make_schedule, predict, train
from scripts.lib.networks.video_models import build_network

N_SHOTS, N_CLASSES = 21, 5
# None of the transformers' drop-out; the CNNs have theirs.
TINY = {
    "lstm": {"width": 8, "hidden": 16, "layers": 2},
    "i3d": {"frames": 8, "size": 32, "width": 8},
    "timesformer": {"frames": 4, "size": 32, "width": 16, "layers": 2, "heads": 2, "drop_path": 0.0},
    "swin": {
        "frames": 4,
        "size": 32,
        "patch": [2, 8, 8],
        "width": 16,
        "layers": [2, 2],
        "heads": [2, 4],
        "window": [2, 2, 2],
        "drop_path": 0.0,
        "dropout": 0.0,
    },
}
SGD = {"name": "sgd", "learning_rate": 0.05, "weight_decay": 1e-4, "momentum": 0.9}
ADAMW = {"name": "adamw", "learning_rate": 0.01, "weight_decay": 0.01}
COSINE = {"name": "cosine", "warm_up_epochs": 1}


def tiny_training(device, name, checkpoint, optimiser, kill_in=(), **changes):
    """Final weights, and history without seconds, of the network `name`.

    Args:
        kill_in: epoch and number of the micro-batch before which the process kills itself.
        changes: of the plan.
    """
    usual = {"n_samples": N_SHOTS, "batch_size": 8, "epochs": 3, "patience": 9, "seed": 3, "micro_batch": 8}
    plan = Plan(**usual | changes)
    random = np.random.default_rng(1)
    targets = torch.from_numpy(random.random((N_SHOTS, N_CLASSES)) < 0.4).to(device)
    torch.manual_seed(plan.seed)
    network = build_network(name, N_CLASSES, **TINY[name]).to(device)
    if network.clip:
        shape = (N_SHOTS, network.clip.frames, network.clip.size, network.clip.size, 3)
        clips = torch.from_numpy(random.integers(0, 256, shape, np.uint8))
    else:
        sequences = [random.normal(size=(1 + row % 6, 8)) for row in range(N_SHOTS)]
    optimiser = make_optimiser(network, optimiser)

    def inputs(rows):
        tensors = (clips[rows],) if network.clip else pad([sequences[row] for row in rows])
        return tuple(tensor.to(device) for tensor in tensors)

    def batches(epoch, parts):
        for number, rows in enumerate(parts):
            if (epoch, number) == kill_in:
                os.kill(os.getpid(), signal.SIGKILL)
            yield rows

    def loss(network, rows, epoch):
        return multi_label_loss(network(*inputs(rows)), targets[rows])

    def score(network):
        logits = predict(network, lambda parts: map(inputs, parts), N_SHOTS, N_CLASSES, plan.micro_batch)
        return -multi_label_loss(torch.from_numpy(logits).to(device), targets).item()

    schedule = make_schedule(optimiser, COSINE, plan)
    history = train(network, optimiser, schedule, batches, loss, score, plan, checkpoint)
    return network.state_dict(), [{key: row[key] for key in row if key != "seconds"} for row in history]


def loss_curves(device, names, folder, micro_batch):
    """Loss and score of each epoch, by network; for one process, or each of several."""
    torch.set_num_threads(1)
    curves = {}
    for name in names:
        _, history = tiny_training(device, name, Path(folder, f"{name}.pt"), SGD, micro_batch=micro_batch)
        curves[name] = np.array([[row["loss"], row["score"]] for row in history])
    return curves


def killed_training(device, *arguments, **options):
    """Run `tiny_training` in a process that kills itself."""
    # A GPU cannot be used in a process that is forked.
    context = multiprocessing.get_context("fork" if device == "cpu" else "spawn")
    process = context.Process(target=tiny_training, args=(device, *arguments), kwargs=options)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
