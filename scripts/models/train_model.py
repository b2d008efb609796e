"""Train a model of Table 3, and evaluate it on held-out shots (paper section 5.2)."""

import json
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save_file

from scripts.lib.files.atomic import atomic_path, sha256_of
from scripts.lib.files.hdf5 import create_h5, write_array, write_strings
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
from scripts.lib.records.samples import SPLITS
from scripts.lib.tables.frames import read_frame, write_frame
from scripts.models.inputs import FeatureDataset, batches, target_matrix
from scripts.models.metrics import evaluate

PACKAGES = ("torch", "torchvision", "pytorchvideo", "transformers")
# Columns of labels.csv with weights of the positives, by the configuration's name.
POS_WEIGHTS = {"release": "pos_weight", "usual": "pos_weight_samples"}


@dataclass(frozen=True)
class Shots:
    """Shots of a split or of the evaluation set: `shot_ids` (N) and `targets` (N, C) bool."""

    shot_ids: list[str]
    targets: np.ndarray

    def only(self, chosen: Sequence[bool]) -> "Shots":
        """The chosen ones of these shots, by N answers."""
        rows = np.flatnonzero(chosen)
        return Shots([self.shot_ids[row] for row in rows], self.targets[rows])


@dataclass(frozen=True)
class Training:
    """What each process of a training needs.

    Attributes:
        model, training: settings of the configuration, of this model and of all.
        sets: `train`, `val`, and others that are predicted.
        frames: files of the shots' frames, as features if the model has an encoder, otherwise cached.
        fingerprints: those of the shards.
        pos_weight: (C,) weights of the positives' losses; None for none.
        weights: file of the first weights; None for random ones.
        checkpoint: see `scripts.lib.networks.training.train`.
        workers: processes that read clips ahead, for each device.
    """

    model: dict
    training: dict
    sets: dict[str, Shots]
    frames: list[str]
    fingerprints: list[str]
    pos_weight: np.ndarray | None
    weights: str | None
    checkpoint: Path
    workers: int


@dataclass(frozen=True)
class Trained:
    """The network, on the CPU; its history, see `train`; the sets without shots that have no frames; their logits."""

    network: Network
    history: list[dict]
    sets: dict[str, Shots]
    logits: dict[str, np.ndarray]


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
        frames = read_features(
            job.frames, {name for shots in job.sets.values() for name in shots.shot_ids}, model["max_frames"]
        )
    else:
        frames = ClipCache(job.frames, job.fingerprints)
    sets = leave_out(job.sets, frames)
    n_classes = sets["train"].targets.shape[1]
    torch.manual_seed(training["seed"])
    network = build_network(model["network"], n_classes, **model["arguments"])
    if job.weights:
        load_pretrained(network, job.weights)
    network.to(device)
    optimiser = make_optimiser(network, model["optimiser"])
    schedule = make_schedule(optimiser, model["schedule"], model["epochs"])
    plan = Plan(
        n_samples=len(sets["train"].shot_ids),
        batch_size=model["batch_size"],
        micro_batch=model["micro_batch"],
        epochs=model["epochs"],
        patience=training["patience"],
        seed=training["seed"],
        dtype=usable_dtype(training["precision"], device),
    )
    pos_weight = None if job.pos_weight is None else torch.tensor(job.pos_weight, dtype=torch.float32, device=device)

    def load(name: str, parts: list[np.ndarray], epoch: int | None = None) -> Iterator[tuple[torch.Tensor, ...]]:
        shots = sets[name]
        if encoder:
            dataset = FeatureDataset(frames, shots.shot_ids, shots.targets)
        else:
            seed = None if epoch is None else training["seed"]
            clip = network.clip
            dataset = ClipDataset(frames, shots.shot_ids, shots.targets, clip.frames, clip.size, seed)
            dataset.set_epoch(epoch or 0)
        return batches(dataset, parts, device, job.workers)

    def loss(network: torch.nn.Module, batch: tuple[torch.Tensor, ...], epoch: int) -> torch.Tensor:
        *inputs, targets = batch
        rejected = rejected_share(training["large_loss_rejection"], epoch)
        return multi_label_loss(network(*inputs), targets, pos_weight, rejected)

    def logits_of(name: str) -> np.ndarray:
        def inputs(parts: list[np.ndarray]) -> Iterator[tuple[torch.Tensor, ...]]:
            return (batch[:-1] for batch in load(name, parts))

        return predict(network, inputs, len(sets[name].shot_ids), n_classes, model["micro_batch"], plan.dtype)

    def score(network: torch.nn.Module) -> float:
        shots = sets["val"]
        return evaluate(logits_of("val"), shots.targets, shots.shot_ids, seed=0, samples=0)["mAP"]["value"]

    def training_batches(epoch: int, parts: list[np.ndarray]) -> Iterator[tuple[torch.Tensor, ...]]:
        return load("train", parts, epoch)

    history = train(network, optimiser, schedule, training_batches, loss, score, plan, job.checkpoint)
    logits = {name: logits_of(name) for name in sets if name != "train"}
    return Trained(network.cpu(), history, sets, logits)


def read_sets(
    samples: Sequence[str | Path], evaluation: Sequence[str | Path], classes: Sequence[str]
) -> dict[str, Shots]:
    """The shots of each split and, if there is an evaluation set, `verified` and its part `verified_disjoint`.

    Verified shots whose labels are all no classes are left out.

    Args:
        samples: tables of the splits, in the order of `SPLITS`.
        evaluation: the evaluation set's table, or nothing.
    """
    tables = {split: read_frame(path, ["shot_id", "labels"]) for split, path in zip(SPLITS, samples, strict=True)}
    for path in evaluation:
        table = read_frame(path, ["shot_id", "labels", "movie_disjoint"])
        tables["verified"] = table[target_matrix(table["labels"], classes).any(axis=1)]
        tables["verified_disjoint"] = tables["verified"][tables["verified"]["movie_disjoint"] == "yes"]
    return {
        name: Shots(list(table["shot_id"]), target_matrix(table["labels"], classes)) for name, table in tables.items()
    }


def leave_out(sets: dict[str, Shots], present: Container[str]) -> dict[str, Shots]:
    """The sets without shots that have no frames, which are named in the log; sets without a shot are left out.

    Raises:
        UserError: train or val has no shot with frames and labels.
    """
    used = {name: shots.only([shot in present for shot in shots.shot_ids]) for name, shots in sets.items()}
    if missing := {shot: None for shots in sets.values() for shot in shots.shot_ids if shot not in present}:
        logger.warning("%d shot(s) have no frames and are left out:\n%s", len(missing), bullet_list(list(missing), 20))
    for name in ("train", "val"):
        if not used[name].targets.any():
            raise UserError(
                f"the split {name} has no shot with frames and labels, so that no model can be trained. A collection "
                "with more movies gives each split some; the log of the job that read the frames says why they failed"
            )
    return {name: shots for name, shots in used.items() if shots.shot_ids}


def pos_weight_of(labels: pd.DataFrame, kind: str) -> np.ndarray | None:
    """Weights (C,) of the positives: by the release's formula, the usual one, or None.

    A class without positives in train has no usual weight; none is needed there.
    """
    if kind == "none":
        return None
    return pd.to_numeric(labels[POS_WEIGHTS[kind]]).fillna(1.0).to_numpy()


def write_predictions(
    path: str | Path, sets: dict[str, Shots], logits: dict[str, np.ndarray], attributes: dict
) -> None:
    """One group per set: shot_id, logits (N, C) float32, targets (N, C) uint8."""
    with create_h5(path, attributes, PACKAGES) as file:
        for name, values in logits.items():
            group = file.create_group(name)
            write_strings(group, "shot_id", sets[name].shot_ids)
            write_array(group, "logits", values)
            write_array(group, "targets", sets[name].targets.astype(np.uint8))


def describe(name: str, trained: Trained, sets: dict[str, Shots], training: dict) -> dict:
    """Content of `metrics.json`: the training in numbers, and the measures of `evaluate` on each set but val.

    Args:
        sets: with the shots that have no frames.
    """
    history, seed, samples = trained.history, training["seed"], training["bootstrap"]
    used = {part: shots for part, shots in trained.sets.items() if part not in ("train", "val")}
    return {
        "model": name,
        "n_parameters": sum(parameter.numel() for parameter in trained.network.parameters()),
        "epochs": len(history),
        "best_epoch": max(history, key=lambda row: row["score"])["epoch"],
        "sets": {
            part: evaluate(trained.logits[part], shots.targets, shots.shot_ids, seed=seed, samples=samples)
            for part, shots in used.items()
        },
        "n_used": {part: len(shots.shot_ids) for part, shots in trained.sets.items()},
        "n_expected": {part: len(shots.shot_ids) for part, shots in sets.items()},
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
    sets = read_sets(source.samples, source.evaluation, labels["label"])
    with gpus_of_job(snakemake.config["training"]["gpus"]) as devices:
        job = Training(
            model=params.model,
            training=params.training,
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
    write_predictions(output.predictions, trained.sets, trained.logits, attributes)
    metrics = describe(name, trained, sets, params.training)
    with atomic_path(output.model) as temporary:
        save_file({key: value.contiguous() for key, value in trained.network.state_dict().items()}, temporary)
    with atomic_path(output.metrics) as temporary:
        temporary.write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    write_frame(pd.DataFrame(trained.history), output.history)
    checkpoint.unlink()
    found = (f"{measures['mAP']['value']:.3f} on {part}" for part, measures in metrics["sets"].items())
    return f"mAP {', '.join(found)}, after {metrics['epochs']} epoch(s)"


if __name__ == "__main__":
    run_job(main, snakemake)
