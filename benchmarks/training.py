"""Training in samples per second, loading included, and how busy a GPU is meanwhile.

    uv run python -m benchmarks.training --clip film.mp4 other.mkv --models swin_b lstm_vit

Models, settings and training code are the workflow's own, full size. The clips are cut into shots of 3.5 s (the
paper's mean) and cached with the default settings; samples are drawn from these shots, with random labels of 150
classes. Networks of features get random ones. The first epoch, in which kernels are chosen, is not counted.
"""

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import yaml

from benchmarks.loading import cache, cut_into_shots, open_cache
from scripts.lib.media.clip_cache import ClipCache
from scripts.lib.networks.classifiers import Training, train_classifier
from scripts.lib.networks.encoders import best_device

CLASSES = [f"class {number}" for number in range(150)]
DEFAULTS = Path(__file__).parent.parent / "config" / "default.yaml"
EPOCHS = 2


def main() -> None:
    """Train, and print a line for each model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, nargs="+", required=True)
    parser.add_argument("--models", nargs="+", required=True, help="names under models in config/default.yaml")
    parser.add_argument("--samples", type=int, default=512, help="of an epoch")
    parser.add_argument("--micro-batch", type=int, help="instead of the model's own")
    parser.add_argument("--precision", help="instead of the default one")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)), help="processes that load")
    options = parser.parse_args()
    config = yaml.safe_load(DEFAULTS.read_text())
    training = config["training"] | ({"precision": options.precision} if options.precision else {})
    device, random = best_device(), np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        path, work = Path(folder, "cache.h5"), cut_into_shots(options.clip)
        cache(path, work, len(work))
        shots = [shot.shot_id for item in work for shot in item.shots]
        for name in options.models:
            model = config["models"][name] | {"pretrained": None, "epochs": EPOCHS}
            if options.micro_batch:
                model["micro_batch"] = options.micro_batch
            job = Training(
                model=model,
                training=training,
                classes=CLASSES,
                sets={"train": _samples(random.choice(shots, options.samples)), "val": _samples(shots[:4])},
                read=partial(_features, model) if model["encoder"] else partial(_cache, path),
                pos_weight=None,
                weights=None,
                checkpoint=Path(folder, f"{name}.pt"),
                workers=options.workers if device == "cuda" else 0,
            )
            print(_line(name, *_train(device, job)), flush=True)


def _samples(shots: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({"shot_id": shots, "labels": np.random.default_rng(0).choice(CLASSES, len(shots))})


def _cache(path: Path, _: Iterable[str]) -> ClipCache:
    return open_cache(path)


def _features(model: dict, ids: Iterable[str]) -> dict[str, np.ndarray]:
    shape = model["max_frames"], model["arguments"]["width"]
    return dict.fromkeys(ids, np.random.default_rng(0).normal(size=shape).astype(np.float16))


def _train(device: str, job: Training) -> tuple[float, float | None]:
    """Samples per second of the last epoch, and the share of its time in which the GPU was busy (NVIDIA's counter)."""
    busy: list[tuple[float, float]] = []
    over = threading.Event()
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()

    def watch() -> None:
        while not over.wait(0.1):
            busy.append((time.monotonic(), torch.cuda.utilization()))

    if device == "cuda":
        threading.Thread(target=watch, daemon=True).start()
    trained = train_classifier(device, job)
    over.set()
    seconds = trained.history[-1]["seconds"]
    # After the last epoch only the four samples of val are predicted.
    end = time.monotonic()
    shares = [share for moment, share in busy if end - seconds < moment < end]
    return len(job.sets["train"]) / seconds, np.mean(shares) / 100 if shares else None


def _line(name: str, rate: float, busy: float | None) -> str:
    line = f"{name}: {rate:.1f} samples/s"
    if busy is None:
        return line
    return f"{line}, GPU busy {busy:.0%}, {torch.cuda.max_memory_allocated() / 1e9:.1f} GB of its memory at most"


if __name__ == "__main__":
    main()
