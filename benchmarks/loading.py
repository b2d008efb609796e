"""What the clip cache delivers: clips per second from the loader alone, and what its pictures cost.

    uv run python -m benchmarks.loading --clip film.mp4 other.mkv

The clips are cut into shots of 3.5 s (the paper's mean) and cached with the default settings; then
training clips, augmented, are read for some seconds: in this process, per second of CPU time on one
core, and by worker processes, per second. Before that, one frame in ten is compressed by three libraries.
"""

import argparse
import io
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader
from torchvision.io import decode_jpeg, encode_jpeg

from scripts.lib.files.hdf5 import create_h5
from scripts.lib.media.cache_writer import encode_frame, reduce_frame, write_cache
from scripts.lib.media.clip_cache import ClipCache, decode_frame
from scripts.lib.media.frame_batches import Work
from scripts.lib.media.video import Video
from scripts.lib.networks.clip_dataset import ClipDataset
from scripts.lib.records.clips import Clip
from scripts.lib.records.shots import Shot

SECONDS_PER_SHOT = 3.5
SETTINGS = {"frames": 32, "short_side": 256, "quality": 90}
BATCH_SIZE = 8
FINGERPRINT = "benchmark"


def main() -> None:
    """Store frames in several ways, then read a cache, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, nargs="+", required=True)
    parser.add_argument("--frames", type=int, default=32, help="per training clip")
    parser.add_argument("--size", type=int, default=224, help="of a training clip in pixels")
    parser.add_argument("--workers", type=int, nargs="*", default=[2], help="numbers of worker processes")
    parser.add_argument("--seconds", type=float, default=20, help="of reading, for each line")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    work = cut_into_shots(options.clip)
    _compare_codecs(work)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "cache.h5")
        start = time.process_time()
        n_shots, n_frames = cache(path, work, 1)
        print(
            f"cache: {n_shots} shots, {n_frames} frames, {path.stat().st_size / n_frames / 1e3:.1f} kB per frame, "
            f"{n_frames / (time.process_time() - start):.0f} frames/s and core, decoding included"
        )
        shots = [shot.shot_id for item in work for shot in item.shots]
        clips = ClipDataset(open_cache(path), shots, np.zeros((n_shots, 1)), options.frames, options.size, 0)
        kind = f"{options.frames} frames at {options.size}x{options.size}"
        rate = _rate(clips, 0, options.seconds, time.process_time)
        print(f"loading: {rate:.1f} clips/s and core ({kind})")
        for workers in options.workers:
            rate = _rate(clips, workers, options.seconds, time.perf_counter)
            print(f"loading: {rate:.1f} clips/s with {workers} worker(s) on {len(os.sched_getaffinity(0))} core(s)")


def cut_into_shots(paths: list[Path]) -> list[Work]:
    """Clips in shots of equal length."""
    return [_cut_into_shots(f"clip{number}", path) for number, path in enumerate(paths)]


def cache(path: str | Path, work: list[Work], threads: int) -> tuple[int, int]:
    """Write a clip cache with the default settings; returns its numbers of shots and of frames."""
    with create_h5(path, {"fingerprint": FINGERPRINT}) as file:
        failures = write_cache(file, work, None, SETTINGS, threads)
        assert not failures, failures
        return len(file["shot_id"]), len(file["span"])


def open_cache(path: str | Path) -> ClipCache:
    """The cache that `cache` has written."""
    return ClipCache([path], [FINGERPRINT])


def _cut_into_shots(clip_id: str, path: Path) -> Work:
    clip = Clip(clip_id, str(path))
    with Video(clip) as video:
        n_frames = sum(1 for _ in video)
        step = max(1, round(SECONDS_PER_SHOT * float(video.frame_rate)))
    starts = range(0, n_frames, step)
    shots = [Shot(clip_id, number, at, min(at + step, n_frames), 0.0, 0.0) for number, at in enumerate(starts, 1)]
    return Work(clip, shots, n_frames)


def _compare_codecs(work: list[Work]) -> None:
    """Print size, and rates per second of CPU time, of one frame in ten as JPEG by three libraries."""
    frames = []
    for item in work:
        with Video(item.clip) as video:
            frames += [reduce_frame(frame.rgb(), SETTINGS["short_side"]) for frame in video if frame.index % 10 == 0]
    print(f"raw: {sum(frame.size for frame in frames) / len(frames) / 1e3:.1f} kB per frame, {len(frames)} frames")
    for name, (encode, decode) in CODECS.items():
        start = time.process_time()
        pictures = [encode(frame) for frame in frames]
        middle = time.process_time()
        for picture in pictures:
            decode(picture)
        end = time.process_time()
        print(
            f"JPEG by {name}: {sum(map(len, pictures)) / len(frames) / 1e3:.1f} kB per frame, encodes "
            f"{len(frames) / (middle - start):.0f}/s, decodes {len(frames) / (end - middle):.0f}/s and core"
        )


def _with_pillow(rgb: np.ndarray) -> bytes:
    target = io.BytesIO()
    Image.fromarray(rgb).save(target, "JPEG", quality=SETTINGS["quality"])
    return target.getvalue()


def _with_torchvision(rgb: np.ndarray) -> bytes:
    return encode_jpeg(torch.from_numpy(rgb).permute(2, 0, 1).contiguous(), SETTINGS["quality"]).numpy().tobytes()


def _with_opencv(rgb: np.ndarray) -> bytes:
    return encode_frame(rgb, SETTINGS["short_side"], SETTINGS["quality"]).item()


# Encoding and decoding.
CODECS = {
    "Pillow": (_with_pillow, lambda data: np.asarray(Image.open(io.BytesIO(data)))),
    "torchvision": (_with_torchvision, lambda data: decode_jpeg(torch.frombuffer(bytearray(data), dtype=torch.uint8))),
    "OpenCV": (_with_opencv, lambda data: decode_frame(np.frombuffer(data, np.uint8))),
}


def _rate(clips: ClipDataset, workers: int, seconds: float, clock: Callable[[], float]) -> float:
    """Training clips per second of `clock`, from the second batch on."""
    loader = DataLoader(clips, BATCH_SIZE, shuffle=True, num_workers=workers, persistent_workers=workers > 0)
    count, start, end = 0, None, None
    for epoch in range(1_000_000):
        clips.set_epoch(epoch)
        for batch, _ in loader:
            if start is None:
                start, end = clock(), time.perf_counter() + seconds
                continue
            count += len(batch)
            if time.perf_counter() > end:
                return count / (clock() - start)
    raise AssertionError("the loader is faster than any clock")


if __name__ == "__main__":
    main()
