"""Render a few short clips with hard cuts between plainly coloured sets."""

from pathlib import Path

import av
import numpy as np

from scripts.lib.labels import read_labels
from scripts.lib.log import job_log, progress
from scripts.lib.manifest import read_manifest
from scripts.lib.tables import write_csv

FPS, WIDTH, HEIGHT = 24, 320, 180
SHOTS, SECONDS = 5, 1.5
COLUMNS = ("clip_id", "shot", "label", "start_frame", "end_frame")


def paint_set(random: np.random.Generator) -> np.ndarray:
    """A backdrop of coloured blocks, (HEIGHT, 2 * WIDTH, 3) uint8, wide enough for a pan."""
    blocks = random.integers(0, 256, (6, 12, 3))
    return np.kron(blocks, np.ones((HEIGHT // 6, 2 * WIDTH // 12 + 1, 1)))[:, : 2 * WIDTH].astype(np.uint8)


def render_shot(backdrop: np.ndarray, n_frames: int) -> np.ndarray:
    """A slow pan over a backdrop: (n_frames, HEIGHT, WIDTH, 3) uint8."""
    return np.stack([backdrop[:, offset : offset + WIDTH] for offset in range(n_frames)])


def write_video(path: str | Path, frames: np.ndarray) -> None:
    """Encode frames as H.264, the container chosen by the path's suffix."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"threads": "1", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    random = np.random.default_rng(snakemake.params.seed)
    labels = read_labels(snakemake.input.labels)
    clips = read_manifest(snakemake.input.clips)
    folder = Path(snakemake.output.clips)
    folder.mkdir(parents=True, exist_ok=True)
    n_frames = int(FPS * SECONDS)
    rows = []
    with progress(len(clips), "clip", "Rendering") as bar:
        for clip in clips:
            chosen = random.choice(labels, SHOTS, replace=False)
            write_video(folder / clip.path, np.concatenate([render_shot(paint_set(random), n_frames) for _ in chosen]))
            rows += [
                dict(zip(COLUMNS, (clip.clip_id, shot + 1, label, shot * n_frames, (shot + 1) * n_frames), strict=True))
                for shot, label in enumerate(chosen)
            ]
            bar.update()
    write_csv(snakemake.output.truth, COLUMNS, rows)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(snakemake)
