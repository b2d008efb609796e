"""What decoding, scaling, cropping and batching deliver with the forward pass left out, on one core.

    uv run python -m benchmarks.feeding --clip film.mp4 --seconds 20

prints frames per second of processor time beside decoding alone and decoding with conversion to
RGB. `--before FOLDER` measures the code of another checkout in turns with this one's.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
STEPS = ("decoding", "decoding to RGB", "feeding")


def main() -> None:
    """Measure each checkout in a process of its own, in turns, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=None, help="use only the first seconds of the clip")
    parser.add_argument("--model", default="ViT-B-32-quickgelu", help="whose preprocessing is done")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--before", type=Path, help="another checkout, to compare with")
    parser.add_argument("--weights", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.weights:
        print(json.dumps(_measure(options)))
        return
    checkouts = {"this code": ROOT} | ({"before": options.before} if options.before else {})
    rates: dict[str, list[dict]] = {name: [] for name in checkouts}
    with tempfile.TemporaryDirectory() as folder:
        weights = str(Path(folder, "random.safetensors"))
        subprocess.run([sys.executable, "-m", "benchmarks.weights", options.model, weights], cwd=ROOT, check=True)
        for _ in range(options.rounds):
            for name, checkout in checkouts.items():
                rates[name].append(_in_process(checkout, [*sys.argv[1:], "--weights", weights]))
    for name, rounds in rates.items():
        for step in STEPS:
            values = [rates[step] for rates in rounds]
            print(
                f"{name}, {step:>15}: {statistics.median(values):7.1f} frames/s and core "
                f"({min(values):.1f} to {max(values):.1f})"
            )
    if options.before:
        pairs = zip(rates["this code"], rates["before"], strict=True)
        ratios = [ours["feeding"] / theirs["feeding"] for ours, theirs in pairs]
        print(f"feeding, this code / before: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


def _in_process(checkout: Path, arguments: list[str]) -> dict[str, float]:
    """Rates of one round with a checkout's `scripts`."""
    environment = os.environ | {"PYTHONPATH": str(checkout.resolve()), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        [sys.executable, __file__, *arguments], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def _measure(options: argparse.Namespace) -> dict[str, float]:
    """Frames per second of processor time of each step, on one core."""
    import h5py
    import torch

    from scripts.lib.media.frame_batches import Work
    from scripts.lib.media.video import Video
    from scripts.lib.networks.encoders import load_clip
    from scripts.lib.networks.features import embed_frames
    from scripts.lib.records.clips import Clip
    from scripts.lib.records.shots import Shot

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    torch.set_num_threads(1)
    encoder = load_clip(options.model, options.weights, device="cpu")
    encoder.encode_frames = lambda crops: np.zeros((len(crops), 512), np.float32)
    clip = Clip("clip", str(options.clip), end_time=options.seconds)

    def decode(convert: bool) -> int:
        with Video(clip) as video:
            for frame in video:
                if convert:
                    frame.rgb()
        return len(video.times)

    n_frames = decode(convert=True)
    work = [Work(clip, [Shot("clip", 1, 0, n_frames, 0.0, n_frames)], n_frames)]

    def feed() -> None:
        with h5py.File("feeding", "w", driver="core", backing_store=False) as file:
            assert embed_frames(file, work, encoder, None, "all", 32, 1) == {}

    steps = (lambda: decode(convert=False), lambda: decode(convert=True), feed)
    rates = {}
    for name, step in zip(STEPS, steps, strict=True):
        start = time.process_time()
        step()
        rates[name] = n_frames / (time.process_time() - start)
    return rates


if __name__ == "__main__":
    main()
