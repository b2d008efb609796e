"""Peak memory of detection, embedding and scoring on a long clip against a short one.

    uv run python -m benchmarks.memory --minutes 3 30

renders clips of those lengths and runs each step on each of them in a process of its own. A tiny
encoder is used, so that the pictures and not the weights fill the memory.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import av
import numpy as np

from benchmarks.weights import write_random_weights

FPS, WIDTH, HEIGHT, SHOT_SECONDS = 24, 320, 180, 4

DETECT = """
from scripts.lib.records.clips import Clip
from scripts.shots.detect_shots import detect_shots
rows, shots = detect_shots([Clip("clip", {path!r})], None, "content", {{"threshold": 30, "min_scene_len": 0.6}})
print(len(shots), "shots")
"""

EMBED = """
from scripts.lib.networks.encoders import load_clip
from scripts.lib.media.frame_batches import Work
from scripts.lib.files.hdf5 import create_h5
from scripts.lib.records.clips import Clip
from scripts.lib.records.shots import Shot
from scripts.lib.networks.features import embed_frames
encoder = load_clip("config/demo/clip_small.json", {weights!r})
step, seconds = {step}, {seconds}
shots = [Shot("clip", n + 1, n * step, (n + 1) * step, n * seconds, (n + 1) * seconds) for n in range({n_shots})]
with create_h5({embeddings!r}, {{}}) as file:
    embed_frames(file, [Work(Clip("clip", {path!r}), shots, {n_frames})], encoder, None, "all", 32, 2)
"""

SCORE = """
import numpy as np
from scripts.lib.files.hdf5 import create_h5, open_h5
from scripts.tagging.score_shots import score_clip
with open_h5({embeddings!r}) as source, create_h5({scores!r}, {{}}) as target:
    width = source["clips/clip/features"].shape[1]
    labels = np.random.default_rng(0).normal(size=(179, width)).astype("float32")
    labels /= np.linalg.norm(labels, axis=1, keepdims=True)
    score_clip(source["clips/clip"], target.create_group("clip"), labels, "softmax", 100.0, 0.0, {{}})
"""

STEPS = {
    "detect": DETECT,
    "detect by transnetv2": re.sub('"content", .*}}', '"transnetv2", {{"threshold": 0.5}}', DETECT),
    "embed": EMBED,
    "score": SCORE,
}

PEAK = "import resource; print('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, nargs=2, default=(3, 30))
    short, long = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as folder:
        weights = str(Path(folder, "weights.safetensors"))
        write_random_weights("config/demo/clip_small.json", weights)
        peaks = {minutes: _measure(minutes, Path(folder), weights) for minutes in {short, long}}
    for step in STEPS:
        a, b = peaks[short][step], peaks[long][step]
        print(f"{step}: {a:.0f} MB for {short:g} min, {b:.0f} MB for {long:g} min, ratio {b / a:.3f}")


def _measure(minutes: float, folder: Path, weights: str) -> dict[str, float]:
    path = folder / f"{minutes:g}.mp4"
    n_shots = round(minutes * 60 / SHOT_SECONDS)
    _render(path, n_shots)
    values = {
        "path": str(path),
        "weights": weights,
        "embeddings": str(folder / f"{minutes:g}.embeddings.h5"),
        "scores": str(folder / f"{minutes:g}.scores.h5"),
        "n_shots": n_shots,
        "step": SHOT_SECONDS * FPS,
        "seconds": SHOT_SECONDS,
        "n_frames": n_shots * SHOT_SECONDS * FPS,
    }
    return {name: _peak(code.format(**values)) for name, code in STEPS.items()}


def _peak(code: str) -> float:
    """Peak resident memory (MB) of a Python process that runs `code`."""
    done = subprocess.run([sys.executable, "-c", code + PEAK], check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1]) / 1024


def _render(path: Path, n_shots: int) -> None:
    random = np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for _ in range(n_shots):
            blocks = random.integers(0, 256, (HEIGHT // 20, WIDTH // 20 + 1, 3), dtype=np.uint8)
            wide = blocks.repeat(20, axis=0).repeat(20, axis=1)
            for offset in range(SHOT_SECONDS * FPS):
                pixels = np.ascontiguousarray(wide[:, offset % 20 : offset % 20 + WIDTH])
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))


if __name__ == "__main__":
    main()
