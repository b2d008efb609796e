"""Train the LSTM that classifies shot scale, and evaluate it on held-out movies (paper section 4.3)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save_file
from sklearn.metrics import confusion_matrix, f1_score

from scripts.lib.evaluation.predictions import write_metrics
from scripts.lib.files.atomic import atomic_path
from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.gpu import gpu_of_job
from scripts.lib.jobs.log import logger, run_job
from scripts.lib.networks.encoders import best_device
from scripts.lib.networks.features import read_features
from scripts.lib.networks.lstm import SequenceClassifier, classify, pad
from scripts.lib.networks.training import Plan, checkpoint_of, make_optimiser, make_schedule, train
from scripts.lib.records.samples import SPLITS
from scripts.lib.records.scales import LABELLED_COLUMNS, SCALES
from scripts.lib.tables.frames import read_frame, write_frame

# Features of shots, (T, D) each, and the indices of their scales, (N,).
Split = tuple[Sequence[np.ndarray], np.ndarray]


def train_scale(
    splits: dict[str, Split], recipe: dict, checkpoint: str | Path, device: str
) -> tuple[SequenceClassifier, list[dict]]:
    """The trained network and its history, see `train`; the score is the accuracy on val.

    Classes are not weighted; weights did not raise the accuracy on val (docs/fidelity.md).

    Args:
        splits: `train` and `val`.
        recipe: the settings of the configuration's `shot_scale` that it takes.
        checkpoint: see `train`.
    """
    (sequences, targets), (val_sequences, val_targets) = splits["train"], splits["val"]
    torch.manual_seed(recipe["seed"])
    network = SequenceClassifier(sequences[0].shape[1], recipe["hidden"], recipe["layers"], len(SCALES)).to(device)
    optimiser = make_optimiser(network, {"name": "adamw", **recipe})
    keys = ("batch_size", "epochs", "patience", "seed")
    plan = Plan(len(sequences), micro_batch=recipe["batch_size"], **{key: recipe[key] for key in keys})
    schedule = make_schedule(optimiser, {"name": "step", **recipe["schedule"]}, plan)

    def batches(epoch: int, parts: list[np.ndarray]) -> list[np.ndarray]:
        return parts

    def loss(network: SequenceClassifier, rows: np.ndarray, epoch: int) -> torch.Tensor:
        features, lengths = pad([sequences[row] for row in rows])
        logits = network(features.to(device), lengths)
        return torch.nn.functional.cross_entropy(logits, torch.from_numpy(targets[rows]).to(device))

    def accuracy(network: SequenceClassifier) -> float:
        return (classify(network, val_sequences, recipe["batch_size"]).argmax(axis=1) == val_targets).mean()

    history = train(network, optimiser, schedule, batches, loss, accuracy, plan, checkpoint)
    return network, history


def evaluate(predicted: np.ndarray, targets: np.ndarray) -> dict:
    """Accuracy, that of the best constant prediction, macro-F1, and confusion (true scale, predicted scale).

    Args:
        predicted, targets: indices of scales, (N,).
    """
    classes = range(len(SCALES))
    counts = np.bincount(targets, minlength=len(SCALES))
    return {
        "accuracy": round(float((predicted == targets).mean()), 4),
        "majority": round(float(counts.max() / len(targets)), 4),
        "majority_scale": list(SCALES)[counts.argmax()],
        "macro_f1": round(float(f1_score(targets, predicted, labels=classes, average="macro", zero_division=0)), 4),
        "confusion": confusion_matrix(targets, predicted, labels=classes).tolist(),
    }


def by_split(labelled: pd.DataFrame, features: dict[str, np.ndarray]) -> dict[str, Split]:
    """Features (T, D) and scales (N,) of the labelled shots of each split.

    Raises:
        UserError: a split has no shot with features.
    """
    index = {scale: number for number, scale in enumerate(SCALES)}
    splits = {}
    for split in SPLITS:
        part = labelled[(labelled["split"] == split) & labelled["shot_id"].isin(features)]
        if part.empty:
            raise UserError(
                f"none of the labelled shots of the split {split} has features; see shot_scale/labelled.csv, and the "
                "log of the job that embedded them"
            )
        splits[split] = [features[name] for name in part["shot_id"]], part["scale"].map(index).to_numpy()
    return splits


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    recipe, output = snakemake.params.recipe, snakemake.output
    # Sums depend on the number of threads; a fixed number gives the same weights.
    torch.set_num_threads(2)
    labelled = read_frame(snakemake.input.labelled, LABELLED_COLUMNS)
    features = read_features([snakemake.input.features], labelled["shot_id"], recipe["max_frames"])
    splits = by_split(labelled, features)
    checkpoint = checkpoint_of(Path(output.model).parent / "checkpoints", recipe, snakemake.input)
    with gpu_of_job():
        network, history = train_scale(splits, recipe, checkpoint, best_device())
        logits = classify(network, splits["test"][0], recipe["batch_size"])
    metrics = {
        **evaluate(logits.argmax(axis=1), splits["test"][1]),
        **{f"n_{split}": len(targets) for split, (_, targets) in splits.items()},
        "n_without_features": len(labelled) - sum(len(targets) for _, targets in splits.values()),
        "n_movies_test": labelled.loc[labelled["split"] == "test", "movie_id"].nunique(),
        "epochs": len(history),
        "val_accuracy": round(max(row["score"] for row in history), 4),
    }
    with atomic_path(output.model) as temporary:
        save_file({name: tensor.contiguous() for name, tensor in network.cpu().state_dict().items()}, temporary)
    write_metrics(output.metrics, metrics)
    write_frame(pd.DataFrame(history), output.history)
    checkpoint.unlink()
    logger.info("Left out, without features: %d shot(s)", metrics["n_without_features"])
    return f"{metrics['accuracy']:.3f} accuracy, {metrics['majority']:.3f} by the most frequent scale"


if __name__ == "__main__":
    run_job(main, snakemake)
