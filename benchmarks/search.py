"""Time and memory of ranking the shots of a large collection by their likeness to a query, against brute force.

    uv run python -m benchmarks.search --shots 1124638 --width 512

writes random embeddings in the form of `dataset/shot_embeddings.h5` and ranks them in a process of its own. Starting
Snakemake and reading the text tower's weights come on top.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np

from scripts.lib.files.hdf5 import append_rows, create_h5, growing_dataset

BLOCK = 65_536
RANK = """
import time
from pathlib import Path
import numpy as np
from scripts.gallery.search_shots import similarities
from scripts.lib.files.hdf5 import open_h5
start, used = time.perf_counter(), time.process_time()
with open_h5({path!r}) as file:
    found = similarities(file["embeddings"], np.load({query!r}))
best = np.argsort(-found, kind="stable")[:50]
print(*best, time.perf_counter() - start, time.process_time() - used)
# Not of `resource`, which counts what the process was before it ran this program.
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shots", type=int, default=1_124_638)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path, query = Path(folder, "embeddings.h5"), Path(folder, "query.npy")
        wanted = np.random.default_rng(1).normal(size=options.width).astype(np.float32)
        np.save(query, wanted)
        write_random(path, options.shots, options.width)
        nearest = brute_force(path, wanted)
        for _ in range(options.rounds):
            code = RANK.format(path=str(path), query=str(query))
            done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
            *best, seconds, used, memory = done.stdout.split()
            same = list(map(int, best)) == nearest.tolist()
            print(f"{float(seconds):.2f} s, {float(used):.2f} s of processor, {int(memory) / 1024:.0f} MB at most")
            print(f"the first 50 are those of brute force: {same}")


def write_random(path: Path, n_shots: int, width: int) -> None:
    """Random unit vectors as `dataset/shot_embeddings.h5` has them."""
    random = np.random.default_rng(0)
    with create_h5(path, {}) as file:
        embeddings = growing_dataset(file, "embeddings", np.float16, width)
        for start in range(0, n_shots, BLOCK):
            block = random.normal(size=(min(BLOCK, n_shots - start), width)).astype(np.float32)
            block /= np.linalg.norm(block, axis=1, keepdims=True)
            append_rows(embeddings, block)


def brute_force(path: Path, wanted: np.ndarray) -> np.ndarray:
    """The rows with the highest dot products in double precision, of all rows at once in small parts."""
    with h5py.File(path) as file:
        rows = file["embeddings"]
        products = [rows[start : start + 1000].astype(np.float64) @ wanted for start in range(0, len(rows), 1000)]
    return np.argsort(-np.concatenate(products), kind="stable")[:50]


if __name__ == "__main__":
    main()
