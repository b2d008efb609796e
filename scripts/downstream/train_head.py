"""Train the head of a task on features of videos, from several seeds, and evaluate it (paper section 5.3)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors.torch import save_file

from scripts.downstream.features import read_video_features
from scripts.downstream.measures import ID, drawn_class_ap, measure
from scripts.lib.evaluation.predictions import Predictions, write_metrics, write_predictions
from scripts.lib.files.atomic import atomic_path, sha256_of
from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.gpu import gpu_of_job
from scripts.lib.jobs.log import run_job
from scripts.lib.networks.classifiers import (
    POS_WEIGHTS,
    Trained,
    Training,
    leave_out,
    pos_weight_of,
    train_classifier,
)
from scripts.lib.networks.encoders import best_device
from scripts.lib.networks.training import checkpoint_of
from scripts.lib.records.samples import SPLITS
from scripts.lib.tables.frames import read_frame, write_frame


def training_of(
    head: dict,
    sets: dict[str, pd.DataFrame],
    features: dict[str, np.ndarray],
    labels: pd.DataFrame,
    *,
    seed: int,
    precision: str,
    checkpoint: Path,
) -> Training:
    """The training of a head from one seed. The features decide the width of its input.

    Args:
        head: as under `downstream` in the configuration.
        sets: `video_id` and `labels` of the videos with features, by split.
        features: (1, D) by video id.
        labels: `labels.csv` of the task.
        precision: as under `training` in the configuration.
    """
    width = features[sets["train"][ID].iloc[0]].shape[1]
    return Training(
        model={**head, "arguments": {**head["arguments"], "width": width}},
        training={"large_loss_rejection": None, "patience": head["patience"], "precision": precision, "seed": seed},
        classes=list(labels["label"]),
        sets=sets,
        read=lambda _: features,
        pos_weight=pos_weight_of(labels, head["pos_weight"]),
        weights=None,
        checkpoint=checkpoint,
        id_column=ID,
    )


def join_seeds(trained: Sequence[Trained]) -> dict[str, Predictions]:
    """The predictions of all seeds by set, with logits (S, N, C)."""
    return {
        name: found._replace(logits=np.stack([one.predictions[name].logits for one in trained]))
        for name, found in trained[0].predictions.items()
    }


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    source, output, params, seeds = snakemake.input, snakemake.output, snakemake.params, snakemake.params.seeds
    labels = read_frame(source.labels, ["label", *POS_WEIGHTS.values()])
    videos = read_frame(source.videos, [ID, "split", "labels"])
    listed = {name: videos.loc[videos["split"] == name, [ID, "labels"]] for name in SPLITS}
    features = read_video_features(source.features, videos[ID])
    # Once, so that what is missing is not said for each seed.
    sets = leave_out(listed, features, ID)
    if "test" not in sets:
        raise UserError(
            f"no video of the split test has features, so that the head cannot be evaluated; {source.videos} lists the "
            "videos with their splits, and the logs of the jobs that read them say more"
        )
    settings = {"head": params.head, "precision": params.precision}
    folder = Path(output.model).parent / "checkpoints"
    jobs = [
        training_of(
            params.head,
            sets,
            features,
            labels,
            seed=seed,
            precision=params.precision,
            checkpoint=checkpoint_of(folder, {**settings, "seed": seed}, snakemake.input),
        )
        for seed in seeds
    ]
    with gpu_of_job():
        # One that has ended before an interruption is read from its checkpoint.
        trained = [train_classifier(best_device(), job) for job in jobs]
    predictions = join_seeds(trained)
    name = f"{snakemake.wildcards.task}/{snakemake.wildcards.features}"
    metrics = {
        "model": name,
        "width": jobs[0].model["arguments"]["width"],
        "n_parameters": sum(parameter.numel() for parameter in trained[0].network.parameters()),
        "seeds": list(seeds),
        "epochs": [len(one.history) for one in trained],
        "best_epochs": [max(one.history, key=lambda row: row["score"])["epoch"] for one in trained],
        "sets": {part: measure(found, drawn_class_ap(found, params.bootstrap)) for part, found in predictions.items()},
        "n_used": {part: len(sets.get(part, ())) for part in listed},
        "n_expected": {part: len(table) for part, table in listed.items()},
    }
    by_seed = dict(zip(seeds, trained, strict=True))
    weights = {
        f"{seed}.{key}": value for seed, one in by_seed.items() for key, value in one.network.state_dict().items()
    }
    with atomic_path(output.model) as temporary:
        save_file(weights, temporary)
    attributes = {"model": name, "labels_sha256": sha256_of(source.labels), "seeds": list(seeds)}
    write_predictions(output.predictions, predictions, attributes, ID)
    write_metrics(output.metrics, metrics)
    rows = [{"seed": seed, **row} for seed, one in by_seed.items() for row in one.history]
    write_frame(pd.DataFrame(rows), output.history)
    for job in jobs:
        job.checkpoint.unlink()
    found = (f"{measures['mAP']['value']:.3f} on {part}" for part, measures in metrics["sets"].items())
    return f"mAP {', '.join(found)}; mean over {len(seeds)} seed(s)"


if __name__ == "__main__":
    run_job(main, snakemake)
