"""How close tagging comes to its slower half: decoding, the forward pass, both, and the release's way.

    uv run python -m benchmarks.tagging --clip film.mp4 --seconds 12

measures in one process, in turns, and prints frames of the clip per second and ratios. Weights are random: they
do not change the speed. With `--frames "2 fps"` our tagging decodes all frames and embeds those.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from benchmarks.weights import write_random_weights
from scripts.lib.media.frame_batches import Work
from scripts.lib.media.video import Video
from scripts.lib.networks.encoders import ClipEncoder, load_clip, threads_of_torch
from scripts.lib.networks.features import embed_frames
from scripts.lib.records.clips import Clip
from scripts.lib.records.shots import Shot

BATCH_SIZES = (8, 16, 32, 64, 256)


def main() -> None:
    """Measure and print."""
    options = _options()
    import torch

    torch.set_num_threads(threads_of_torch(options.threads))
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder, "random.safetensors")
        write_random_weights(options.model, weights)
        encoder = load_clip(options.model, weights, options.dtype)
        clip = Clip("clip", str(options.clip), end_time=options.seconds)
        with Video(clip) as video:
            n_frames = sum(1 for _ in video)
            work = Work(clip, [Shot("clip", 1, 0, n_frames, 0.0, video.info().duration)], n_frames)
        copies = [
            Work(Clip(f"clip{copy}", clip.path, end_time=clip.end_time), work.shots, n_frames)
            for copy in range(options.clips)
        ]
        batch_size, forward = _best_forward(encoder, n_frames)
        total = n_frames * len(copies)
        steps: dict[str, tuple[int, Callable[[], None]]] = {
            "decode only": (total, lambda: _decode(copies, options.threads)),
            "forward only": (forward[0], forward[1]),
            "our tagging": (total, lambda: _tag(copies, encoder, batch_size, options, folder)),
            "one frame at a time": (n_frames, lambda: _one_at_a_time(clip, encoder)),
        }
        rates = {name: [] for name in steps}
        for _ in range(options.rounds):
            for name, (frames, step) in steps.items():
                start = time.perf_counter()
                step()
                rates[name].append(frames / (time.perf_counter() - start))
    _report(rates, encoder, batch_size, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=None, help="use only the first seconds of the clip")
    parser.add_argument("--clips", type=int, default=1, help="tag that many copies of the clip, as a shard does")
    parser.add_argument("--model", default="ViT-B-32-quickgelu")
    parser.add_argument("--dtype", default="fp16")
    parser.add_argument("--frames", default="all", help="which frames our tagging embeds, such as '2 fps'")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def _best_forward(encoder: ClipEncoder, n_frames: int) -> tuple[int, tuple[int, Callable[[], None]]]:
    """The batch size with the highest rate, and a step that runs the image tower at it."""
    random = np.random.default_rng(0)
    crops = random.integers(0, 256, (max(BATCH_SIZES), *encoder.size, 3), dtype=np.uint8)
    rates = {}
    for size in BATCH_SIZES:
        encoder.encode_frames(crops[:size])
        repeats = max(1, 128 // size)
        start = time.perf_counter()
        for _ in range(repeats):
            encoder.encode_frames(crops[:size])
        rates[size] = repeats * size / (time.perf_counter() - start)
    print("forward only by batch size:", ", ".join(f"{size}: {rate:.1f}/s" for size, rate in rates.items()))
    best = max(rates, key=rates.get)
    repeats = max(1, n_frames // best)

    def step() -> None:
        for _ in range(repeats):
            encoder.encode_frames(crops[:best])

    return best, (repeats * best, step)


def _decode(work: list[Work], threads: int) -> None:
    from scripts.lib.jobs.parallel import map_in_threads

    def decode(item: Work) -> None:
        with Video(item.clip) as video:
            for frame in video:
                frame.rgb()

    list(map_in_threads(decode, work, threads))


def _tag(work: list[Work], encoder: ClipEncoder, batch_size: int, options: argparse.Namespace, folder: str) -> None:
    with h5py.File(Path(folder, "embeddings.h5"), "w") as file:
        embed_frames(file, work, encoder, None, options.frames, batch_size, options.threads)


def _one_at_a_time(clip: Clip, encoder: ClipEncoder) -> None:
    """The release's recipe: decode a frame, prepare it, run it through the tower, the next."""
    with Video(clip) as video:
        for frame in video:
            encoder.encode_frames(encoder.crop(frame.rgb())[None])


def _report(rates: dict[str, list[float]], encoder: ClipEncoder, batch_size: int, options: argparse.Namespace) -> None:
    median = {name: statistics.median(values) for name, values in rates.items()}
    print(f"{encoder.name}, {encoder.dtype} on {encoder.device}, batch {batch_size}, {options.threads} thread(s)")
    for name, values in rates.items():
        print(f"{name:>20}: {median[name]:8.1f} frames/s   ({min(values):.1f} to {max(values):.1f})")
    slower = min(median["decode only"], median["forward only"])
    print(f"our tagging / slower limit: {median['our tagging'] / slower:.2f}")
    print(f"our tagging / one frame at a time: {median['our tagging'] / median['one frame at a time']:.2f}")


if __name__ == "__main__":
    main()
