"""Train a model of Table 3, and evaluate it on held-out shots (paper section 5.2)."""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save_file

from scripts.lib.files.atomic import atomic_path, sha256_of
from scripts.lib.jobs.errors import UserError, bullet_list
from scripts.lib.jobs.gpu import gpus_of_job
from scripts.lib.jobs.log import logger, run_job
from scripts.lib.media.clip_cache import ClipCache
from scripts.lib.networks.clip_dataset import ClipDataset
from scripts.lib.networks.encoders import usable_dtype
from scripts.lib.networks.features import read_features
from scripts.lib.networks.losses import multi_label_loss, rejected_share
from scripts.lib.networks.pretrained import load_pretrained
from scripts.lib.networks.processes import run_on
from scripts.lib.networks.training import Plan, checkpoint_of, make_optimiser, make_schedule, predict, train
from scripts.lib.networks.video_models import Network, build_network
from scripts.lib.records.clips import fingerprint as fingerprint_of
from scripts.lib.records.clips import read_manifest, shard_fingerprints
from scripts.lib.records.samples import SPLITS, target_matrix
from scripts.lib.tables.frames import read_frame, write_frame
from scripts.models.evaluation import SETS, Predictions, read_sets, write_metrics, write_predictions
from scripts.models.inputs import FeatureDataset, batches
from scripts.models.metrics import evaluate

# Columns of labels.csv with weights of the positives, by the configuration's name.
POS_WEIGHTS = {"release": "pos_weight", "usual": "pos_weight_samples"}


@dataclass(frozen=True)
class Training:
    """What each process of a training needs.

    Attributes:
        model, training: settings of the configuration, of this model and of all.
        classes: C names.
        sets: shot_id and labels of `train`, `val`, and others that are predicted.
        frames: files of the shots' frames, as features if the model has an encoder, otherwise cached.
        fingerprints: those of the shards.
        pos_weight: (C,) weights of the positives' losses; None for none.
        weights: file of the first weights; None for random ones.
        checkpoint: see `scripts.lib.networks.training.train`.
        workers: processes that read clips ahead, for each device.
    """

    model: dict
    training: dict
    classes: list[str]
    sets: dict[str, pd.DataFrame]
    frames: list[str]
    fingerprints: list[str]
    pos_weight: np.ndarray | None
    weights: str | None
    checkpoint: Path
    workers: int


class Trained(NamedTuple):
    """The network, on the CPU; its history, see `train`; what it says of the shots of all sets but train."""

    network: Network
    history: list[dict]
    predictions: dict[str, Predictions]


def train_model(device: str, job: Training) -> Trained:
    """Train a network, and predict all sets but train. The score of an epoch is the mAP on val.

    Each process of a training on several GPUs runs it.

    Raises:
        UserError: train or val has no shot with frames and labels; see also `train`, `FeatureDataset`, `ClipCache`.
    """
    # Sums depend on the number of threads; a fixed number gives the same weights.
    torch.set_num_threads(2)
    model, training = job.model, job.training
    if encoder := model["encoder"]:
        frames = read_features(job.frames, pd.concat(job.sets.values())["shot_id"], model["max_frames"])
    else:
        frames = ClipCache(job.frames, job.fingerprints)
    sets = leave_out(job.sets, frames)
    targets = {name: target_matrix(table["labels"], job.classes) for name, table in sets.items()}
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
        samples = frames, list(sets[name]["shot_id"]), targets[name]
        if encoder:
            dataset = FeatureDataset(*samples)
        else:
            seed = None if epoch is None else training["seed"]
            dataset = ClipDataset(*samples, network.clip.frames, network.clip.size, seed)
            dataset.set_epoch(epoch or 0)
        return batches(dataset, parts, device, job.workers)

    def loss(network: torch.nn.Module, batch: tuple[torch.Tensor, ...], epoch: int) -> torch.Tensor:
        *inputs, wanted = batch
        rejected = rejected_share(training["large_loss_rejection"], epoch)
        return multi_label_loss(network(*inputs), wanted, pos_weight, rejected)

    def predictions(name: str) -> Predictions:
        def inputs(parts: list[np.ndarray]) -> Iterator[tuple[torch.Tensor, ...]]:
            return (batch[:-1] for batch in load(name, parts))

        logits = predict(network, inputs, len(sets[name]), n_classes, model["micro_batch"], plan.dtype)
        return Predictions(list(sets[name]["shot_id"]), logits, targets[name])

    def score(_: Network) -> float:
        shot_ids, logits, wanted = predictions("val")
        return evaluate(logits, wanted, shot_ids, seed=0, samples=0)["mAP"]["value"]

    def training_batches(epoch: int, parts: list[np.ndarray]) -> Iterator[tuple[torch.Tensor, ...]]:
        return load("train", parts, epoch)

    history = train(network, optimiser, schedule, training_batches, loss, score, plan, job.checkpoint)
    return Trained(network.cpu(), history, {name: predictions(name) for name in sets if name != "train"})


def leave_out(sets: dict[str, pd.DataFrame], present: Container[str]) -> dict[str, pd.DataFrame]:
    """The sets without shots that have no frames, which are named in the log; sets without a shot are left out.

    Raises:
        UserError: train or val has no shot with frames.
    """
    used = {name: table[[shot in present for shot in table["shot_id"]]] for name, table in sets.items()}
    if missing := {shot: None for table in sets.values() for shot in table["shot_id"] if shot not in present}:
        logger.warning("%d shot(s) have no frames and are left out:\n%s", len(missing), bullet_list(list(missing)))
    for name in ("train", "val"):
        if used[name].empty:
            raise UserError(
                f"the split {name} has no shot with frames, so that no model can be trained. A collection with more "
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


def describe(name: str, trained: Trained, sets: dict[str, pd.DataFrame], training: dict) -> dict:
    """Content of `metrics.json`: the training in numbers, and the measures of each set of `SETS`.

    Args:
        sets: those of `trained`, with the shots that have no frames.
    """
    history, predictions = trained.history, {key: found for key, found in trained.predictions.items() if key in SETS}
    return {
        "model": name,
        "n_parameters": sum(parameter.numel() for parameter in trained.network.parameters()),
        "epochs": len(history),
        "best_epoch": max(history, key=lambda row: row["score"])["epoch"],
        "sets": {
            part: evaluate(logits, targets, shot_ids, seed=training["seed"], samples=training["bootstrap"])
            for part, (shot_ids, logits, targets) in predictions.items()
        },
        "n_used": {part: len(found.shot_ids) for part, found in predictions.items()},
        "n_expected": {part: len(table) for part, table in sets.items() if part in SETS},
    }


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    source, output, params, name = snakemake.input, snakemake.output, snakemake.params, snakemake.wildcards.model
    labels = read_frame(source.labels, ["label", *POS_WEIGHTS.values()])
    clips = read_manifest(params.manifest)
    # A collection's frames are too much to be read for a checksum.
    facts = [(path, (stat := Path(path).stat()).st_size, stat.st_mtime_ns) for path in source.frames]
    small = [path for path in snakemake.input if path not in set(source.frames)]
    settings = {"model": params.model, "training": params.training, "frames": facts}
    checkpoint = checkpoint_of(Path(output.model).parent / "checkpoints", settings, small)
    splits = dict(zip(SPLITS, source.samples, strict=True))
    sets = read_sets(splits, source.evaluation, list(labels["label"]), dict(params.merges))
    with gpus_of_job(snakemake.config["training"]["gpus"]) as devices:
        job = Training(
            model=params.model,
            training=params.training,
            classes=list(labels["label"]),
            sets=sets,
            frames=list(source.frames),
            fingerprints=shard_fingerprints(params.manifest, snakemake.config),
            pos_weight=pos_weight_of(labels, params.training["pos_weight"]),
            weights=source.weights[0] if source.weights else None,
            checkpoint=checkpoint,
            # A CPU has nothing to do while it waits for clips.
            workers=snakemake.threads // len(devices) if devices[0].startswith("cuda") else 0,
        )
        trained = run_on(devices, train_model, job)
    attributes = {"model": name, "labels_sha256": sha256_of(source.labels), "fingerprint": fingerprint_of(clips)}
    metrics = describe(name, trained, sets, params.training)
    with atomic_path(output.model) as temporary:
        save_file({key: value.contiguous() for key, value in trained.network.state_dict().items()}, temporary)
    write_predictions(output.predictions, trained.predictions, attributes)
    write_metrics(output.metrics, metrics)
    write_frame(pd.DataFrame(trained.history), output.history)
    checkpoint.unlink()
    found = (f"{measures['mAP']['value']:.3f} on {part}" for part, measures in metrics["sets"].items())
    return f"mAP {', '.join(found)}, after {metrics['epochs']} epoch(s)"


if __name__ == "__main__":
    run_job(main, snakemake)
