"""Train a model of Table 3, and evaluate it on held-out shots (paper section 5.2)."""

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import pandas as pd
from safetensors.torch import save_file

from scripts.lib.evaluation.metrics import evaluate
from scripts.lib.evaluation.predictions import write_metrics, write_predictions
from scripts.lib.files.atomic import atomic_path, sha256_of
from scripts.lib.jobs.gpu import gpus_of_job
from scripts.lib.jobs.log import run_job
from scripts.lib.media.clip_cache import ClipCache
from scripts.lib.networks.classifiers import POS_WEIGHTS, Trained, Training, pos_weight_of, train_classifier
from scripts.lib.networks.features import read_features
from scripts.lib.networks.processes import run_on
from scripts.lib.networks.training import checkpoint_of
from scripts.lib.records.clips import fingerprint as fingerprint_of
from scripts.lib.records.clips import read_manifest, shard_fingerprints
from scripts.lib.records.samples import SPLITS
from scripts.lib.tables.frames import read_frame, write_frame
from scripts.models.evaluation import SETS, count_expected, read_sets


def open_cache(paths: Sequence[str], fingerprints: Sequence[str], _: Iterable[str]) -> ClipCache:
    """The cached frames of all shots, see `Training.read`."""
    return ClipCache(paths, fingerprints)


def describe(name: str, trained: Trained, n_expected: dict[str, int], training: dict) -> dict:
    """Content of `metrics.json`: the training in numbers, and the measures of each set of `SETS`.

    Args:
        n_expected: see `count_expected`.
    """
    history, predictions = trained.history, {key: found for key, found in trained.predictions.items() if key in SETS}
    return {
        "model": name,
        "n_parameters": sum(parameter.numel() for parameter in trained.network.parameters()),
        "epochs": len(history),
        "best_epoch": max(history, key=lambda row: row["score"])["epoch"],
        "sets": {
            part: evaluate(logits, targets, ids, seed=training["seed"], samples=training["bootstrap"])
            for part, (ids, logits, targets) in predictions.items()
        },
        "n_used": dict.fromkeys(n_expected, 0) | trained.n_used,
        "n_expected": n_expected,
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
    paths, model = list(source.frames), params.model
    if model["encoder"]:
        read = partial(read_features, paths, longest=model["max_frames"], choice=model.get("frame_choice", "first"))
    else:
        read = partial(open_cache, paths, shard_fingerprints(params.manifest, snakemake.config))
    with gpus_of_job(snakemake.config["training"]["gpus"]) as devices:
        job = Training(
            model=model,
            training=params.training,
            classes=list(labels["label"]),
            sets=sets,
            read=read,
            pos_weight=pos_weight_of(labels, params.training["pos_weight"]),
            weights=source.weights[0] if source.weights else None,
            checkpoint=checkpoint,
            # A CPU has nothing to do while it waits for clips.
            workers=snakemake.threads // len(devices) if devices[0].startswith("cuda") else 0,
            threads=min(2, snakemake.threads),
        )
        trained = run_on(devices, train_classifier, job)
    attributes = {"model": name, "labels_sha256": sha256_of(source.labels), "fingerprint": fingerprint_of(clips)}
    n_expected = count_expected(source.expected, list(labels["label"]), params.merges)
    metrics = describe(name, trained, n_expected, params.training)
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
