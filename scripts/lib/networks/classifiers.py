"""Training and prediction of a classifier of samples: a model of Table 3, or the head of a task (paper section 5)."""

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from scripts.lib.evaluation.metrics import evaluate
from scripts.lib.evaluation.predictions import Predictions
from scripts.lib.jobs.errors import UserError, bullet_list
from scripts.lib.jobs.log import logger
from scripts.lib.media.clip_cache import ClipCache
from scripts.lib.networks.clip_dataset import ClipDataset
from scripts.lib.networks.encoders import usable_dtype
from scripts.lib.networks.inputs import FeatureDataset, batches
from scripts.lib.networks.losses import multi_label_loss, rejected_share
from scripts.lib.networks.pretrained import load_pretrained
from scripts.lib.networks.training import Plan, make_optimiser, make_schedule, predict, train
from scripts.lib.networks.video_models import Network, build_network
from scripts.lib.records.samples import target_matrix

# Columns of labels.csv with weights of the positives, by the configuration's name.
POS_WEIGHTS = {"release": "pos_weight", "usual": "pos_weight_samples"}


@dataclass(frozen=True)
class Training:
    """What each process of a training needs.

    Attributes:
        model: `network`, its `arguments`, `optimiser`, `schedule`, `epochs`, `batch_size` and `micro_batch`, as
            under `models` in the configuration.
        training: `large_loss_rejection`, `patience`, `precision` and `seed`, as under `training`.
        classes: C names.
        sets: samples of `train`, `val`, and others that are predicted: `id_column` and `labels`.
        read: importable by its name, takes the ids of samples and gives what a dataset is made of: a `ClipCache` if
            the network takes clips, otherwise features (T, D) by id.
        pos_weight: (C,) weights of the positives' losses; None for none.
        weights: file of the first weights; None for random ones.
        checkpoint: see `scripts.lib.networks.training.train`.
        workers: processes that read clips ahead, for each device.
        id_column: of the tables in `sets`.
        threads: of torch on a CPU, of which one may be faster than two if the network is small.
    """

    model: dict
    training: dict
    classes: list[str]
    sets: dict[str, pd.DataFrame]
    read: Callable[[Iterable[str]], ClipCache | dict[str, np.ndarray]]
    pos_weight: np.ndarray | None
    weights: str | None
    checkpoint: Path
    workers: int = 0
    id_column: str = "shot_id"
    threads: int = 2


class Trained(NamedTuple):
    """The result of a training.

    Attributes:
        network: on the CPU.
        history: see `train`.
        predictions: what it says of the samples of all sets but train.
        n_used: samples with frames, by set.
    """

    network: Network
    history: list[dict]
    predictions: dict[str, Predictions]
    n_used: dict[str, int]


def train_classifier(device: str, job: Training) -> Trained:
    """Train a network, and predict all sets but train. The score of an epoch is the mAP on val.

    Each process of a training on several GPUs runs it.

    Raises:
        UserError: train or val has no sample with frames; see also `train`, `FeatureDataset`, `ClipDataset`.
    """
    # Sums depend on the number of threads; a fixed number gives the same weights.
    torch.set_num_threads(job.threads)
    model, training = job.model, job.training
    frames = job.read(pd.concat(job.sets.values())[job.id_column])
    sets = leave_out(job.sets, frames, job.id_column)
    targets = {name: target_matrix(table["labels"], job.classes) for name, table in sets.items()}
    ids = {name: list(table[job.id_column]) for name, table in sets.items()}
    n_classes = len(job.classes)
    torch.manual_seed(training["seed"])
    network = build_network(model["network"], n_classes, **model["arguments"])
    if job.weights:
        load_pretrained(network, job.weights)
    network.to(device)
    optimiser = make_optimiser(network, model["optimiser"])
    plan = Plan(
        n_samples=len(sets["train"]),
        batch_size=model["batch_size"],
        micro_batch=model["micro_batch"],
        epochs=model["epochs"],
        patience=training["patience"],
        seed=training["seed"],
        dtype=usable_dtype(training["precision"], device),
    )
    schedule = make_schedule(optimiser, model["schedule"], plan)
    pos_weight = None if job.pos_weight is None else torch.tensor(job.pos_weight, dtype=torch.float32, device=device)

    def load(name: str, parts: list[np.ndarray], epoch: int | None = None) -> Iterator[tuple[torch.Tensor, ...]]:
        samples = frames, ids[name], targets[name]
        if network.clip:
            seed = None if epoch is None else training["seed"]
            dataset = ClipDataset(*samples, network.clip.frames, network.clip.size, seed)
            dataset.set_epoch(epoch or 0)
        else:
            dataset = FeatureDataset(*samples)
        return batches(dataset, parts, device, job.workers)

    def loss(network: torch.nn.Module, batch: tuple[torch.Tensor, ...], epoch: int) -> torch.Tensor:
        *inputs, wanted = batch
        rejected = rejected_share(training["large_loss_rejection"], epoch)
        return multi_label_loss(network(*inputs), wanted, pos_weight, rejected)

    def predictions(name: str) -> Predictions:
        def inputs(parts: list[np.ndarray]) -> Iterator[tuple[torch.Tensor, ...]]:
            return (batch[:-1] for batch in load(name, parts))

        logits = predict(network, inputs, len(sets[name]), n_classes, model["micro_batch"], plan.dtype)
        return Predictions(ids[name], logits, targets[name])

    def score(_: Network) -> float:
        names, logits, wanted = predictions("val")
        return evaluate(logits, wanted, names, seed=0, samples=0)["mAP"]["value"]

    def training_batches(epoch: int, parts: list[np.ndarray]) -> Iterator[tuple[torch.Tensor, ...]]:
        return load("train", parts, epoch)

    history = train(network, optimiser, schedule, training_batches, loss, score, plan, job.checkpoint)
    found = {name: predictions(name) for name in sets if name != "train"}
    return Trained(network.cpu(), history, found, {name: len(table) for name, table in sets.items()})


def leave_out(
    sets: dict[str, pd.DataFrame], present: Container[str], id_column: str = "shot_id"
) -> dict[str, pd.DataFrame]:
    """The sets without samples that have no frames, which are named in the log; sets without a sample are left out.

    Raises:
        UserError: train or val has no sample with frames.
    """
    used = {name: table[[key in present for key in table[id_column]]] for name, table in sets.items()}
    if missing := {key: None for table in sets.values() for key in table[id_column] if key not in present}:
        logger.warning("%d sample(s) have no frames and are left out:\n%s", len(missing), bullet_list(list(missing)))
    for name in ("train", "val"):
        if used[name].empty:
            raise UserError(
                f"the split {name} has no sample with frames, so that no model can be trained. A collection with more "
                "movies gives each split some; if it has shots, the logs of the jobs that read their frames say more"
            )
    return {name: table for name, table in used.items() if len(table)}


def pos_weight_of(labels: pd.DataFrame, kind: str) -> np.ndarray | None:
    """Weights (C,) of the positives: by the release's formula, the usual one, or None.

    A class without positives in train has no usual weight; none is needed there.
    """
    if kind == "none":
        return None
    return pd.to_numeric(labels[POS_WEIGHTS[kind]]).fillna(1.0).to_numpy()
