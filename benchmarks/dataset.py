"""Time and memory of collecting, filtering and splitting a whole collection, and of reading its release JSON.

    uv run python -m benchmarks.dataset

writes shards of random scores, as many shots, labels, clips and movies as the paper's collection has,
and runs the steps of the workflow that follow them, each in a process of its own.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from scripts.lib.files.hdf5 import CLIPS, create_h5, write_strings
from scripts.lib.records.clips import Clip, cut_shards, fingerprint, write_manifest
from scripts.lib.records.shots import Shot, write_shots
from scripts.lib.tables.rows import write_csv

CLIP_SETTINGS = {"shard_size": 100, "shard_minutes": 30}
# Spread of the random logits for which about a tenth of the best scores reach 0.4.
SPREAD = 2.05
SETTINGS = {
    "exclude_flags": ["black", "uniform", "short"],
    "top1_threshold": 0.4,
    "rank_threshold": 0.1,
    "top_k": 5,
    "keep_fraction": None,
    "merges": {"label 001": "label 002"},
    "drop": ["label 003"],
    "min_samples": None,
}
ATTRIBUTES = {"setting": ["inside", "outside"], "light": ["day", "night"]}
LIMITS = {"second_share": 0.5, "labels": 5, "precision": 0.5, "judged": 5}
FLAGS = {"black_luma": 0.06, "uniform_spread": 0.03, "short_seconds": 0.5}
SPLITS = ("train", "val", "test")
STEPS = {
    "collect_shots": "tagging",
    "judge_shots": "tagging",
    "select_shots": "dataset",
    "split_samples": "dataset",
    "write_release_json": "tagging",
    "read_released_shots": "tagging",
}
SHARD_FILES = {"shots": "shots.csv", "scores": "scores.h5", "embeddings": "embeddings.h5"}
GENRES = ("Action", "Comedy", "Crime|Drama", "Drama", "")
PEAK = "import resource; print('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"


class Files(SimpleNamespace):
    """Named files as a rule has them."""

    def items(self):
        return vars(self).items()

    def __getitem__(self, index):
        return list(vars(self).values())[index]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=32484)
    parser.add_argument("--shots", type=int, default=1124638)
    parser.add_argument("--movies", type=int, default=3574)
    parser.add_argument("--labels", type=int, default=179)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_shards(folder, options)
        total = 0.0
        for step in STEPS:
            total += measure(step, f"from benchmarks.dataset import run; run({step!r}, {name!r})")
        kept = sum(len((folder / f"{split}.txt").read_text().splitlines()) for split in SPLITS)
        print(f"{options.shots} shots, {options.labels} labels: {total:.1f} s together; {kept} samples")


def measure(name: str, code: str) -> float:
    """Run code in a process of its own, print what it takes, and return its seconds."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", f"{code}\n{PEAK}"], check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    print(f"{name}: {seconds:.1f} s, {int(done.stdout.split()[-1]) / 1024:.0f} MB at most")
    return seconds


def write_shards(folder: Path, options: argparse.Namespace) -> None:
    """A manifest, and shots, scores and embeddings of every shard."""
    random = np.random.default_rng(0)
    movies = random.integers(0, options.movies, options.clips)
    clips = [
        Clip(f"clip{n:06d}", "x.mkv", f"tt{movie}", f"Film {movie}", "1999", GENRES[movie % len(GENRES)])
        for n, movie in enumerate(movies)
    ]
    counts = np.full(options.clips, options.shots // options.clips)
    counts[: options.shots - counts.sum()] += 1
    write_manifest(clips, folder / "manifest.csv")
    write_csv(folder / "failures.csv", ["clip_id", "path", "reason"], [])
    labels = [f"label {n:03d}" for n in range(options.labels)]
    (folder / "labels.txt").write_text("\n".join(labels))
    attributes = {
        "encoder": "random",
        "weights_sha256": "",
        "score": "softmax",
        "logit_scale": 100.0,
        "attributes": json.dumps(ATTRIBUTES),
    }
    shots_of = dict(zip(clips, counts, strict=True))
    for shard, part in cut_shards(clips, CLIP_SETTINGS).items():
        mark = {"fingerprint": fingerprint(part)}
        shots = []
        with (
            create_h5(folder / f"{shard}.scores.h5", attributes | mark) as scores,
            create_h5(folder / f"{shard}.embeddings.h5", mark) as embeddings,
        ):
            write_strings(scores, "labels", labels)
            write_strings(scores, "prompts", ["{label}"])
            for clip in part:
                n = shots_of[clip]
                odds = np.exp(SPREAD * random.standard_normal((n, options.labels), np.float32))
                scores[f"{CLIPS}/{clip.clip_id}/shot_scores"] = odds / odds.sum(axis=1, keepdims=True)
                scores[f"{CLIPS}/{clip.clip_id}/shot_numbers"] = np.arange(1, n + 1, dtype=np.int32)
                for name, values in ATTRIBUTES.items():
                    chances = random.dirichlet([1] * len(values), n).astype(np.float32)
                    scores[f"{CLIPS}/{clip.clip_id}/attributes/{name}"] = chances
                embeddings[f"{CLIPS}/{clip.clip_id}/shot"] = np.repeat(np.arange(1, n + 1, dtype=np.int32), 2)
                embeddings[f"{CLIPS}/{clip.clip_id}/luma_mean"] = np.full(2 * n, 0.5)
                embeddings[f"{CLIPS}/{clip.clip_id}/luma_std"] = np.full(2 * n, 0.2)
                shots += [
                    Shot(clip.clip_id, shot + 1, 85 * shot, 85 * (shot + 1), 3.54 * shot, 3.54 * (shot + 1))
                    for shot in range(n)
                ]
        write_shots(folder / f"{shard}.shots.csv", shots, mark["fingerprint"])


def run(step: str, folder: str) -> None:
    """One step as Snakemake would run it."""
    from importlib import import_module

    here = Path(folder)
    shots, scores = str(here / "shots.parquet"), str(here / "shot_scores.h5")
    kept, labels, released = (str(here / name) for name in ("kept.parquet", "labels.txt", "movieclip.json"))
    jobs = {
        "collect_shots": (
            Files(
                failures=str(here / "failures.csv"),
                **{kind: sorted(map(str, here.glob(f"*.{name}"))) for kind, name in SHARD_FILES.items()},
            ),
            Files(shots=shots, scores=scores),
            {"context": None, "flags": FLAGS, "manifest": str(here / "manifest.csv"), "max_failed_fraction": 0.0},
        ),
        "judge_shots": (
            Files(shots=shots, scores=[], votes=[], scales=[]),
            Files(trust=str(here / "trust.csv")),
            {"threshold": SETTINGS["top1_threshold"], "limits": LIMITS},
        ),
        "select_shots": (
            Files(shots=shots, labels=labels, verified=[], tasks=[]),
            Files(kept=kept),
            {"manifest": str(here / "manifest.csv"), "settings": SETTINGS},
        ),
        "split_samples": (
            Files(kept=kept, labels=labels),
            Files(
                tables=[str(here / f"{split}.csv") for split in SPLITS],
                lines=[str(here / f"{split}.txt") for split in SPLITS],
                labels=str(here / "labels.csv"),
                movies=str(here / "movies.csv"),
            ),
            {"fractions": [0.7, 0.2, 0.1], "seed": 0},
        ),
        "write_release_json": (Files(shots=shots), Files(json=released), {}),
        "read_released_shots": (
            Files(released=released, labels=labels, movies=str(here / "manifest.csv")),
            Files(shots=str(here / "again.parquet"), manifest=str(here / "again.csv")),
            {},
        ),
    }
    files, results, params = jobs[step]
    config = {"clips": CLIP_SETTINGS}
    job = SimpleNamespace(input=files, output=results, params=SimpleNamespace(**params), config=config)
    import_module(f"scripts.{STEPS[step]}.{step}").main(job)


if __name__ == "__main__":
    main()
