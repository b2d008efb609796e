"""Render the demo's films, and record the true values of every shot."""

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np

from scripts.demo.studio.camera import SIZE
from scripts.demo.studio.draw import Draw
from scripts.demo.studio.film import FPS, plan_shots, render_clip
from scripts.demo.studio.sets import SETS
from scripts.lib.files.atomic import atomic_folder
from scripts.lib.jobs.log import progress, run_job
from scripts.lib.jobs.parallel import map_in_threads
from scripts.lib.records.clips import Clip, read_manifest
from scripts.lib.tables.rows import read_csv, write_csv

SECONDS = (13.0, 17.0)
# Weight of every scene in every film; the table's weights of favoured scenes are 3 to 9.
BASE_WEIGHT = 0.4
# Share of the frames that are left out for a variable frame rate.
DROPPED = 0.25
TICK = Fraction(1, 90_000)
COLUMNS = ("clip_id", "shot", "label", "scale", "motion", "light", "start_frame", "end_frame", "transition")


def genre_weights(genres: str, table: list[dict[str, str]]) -> dict[str, float]:
    """Weight of each scene in a film of these genres (`|`-separated): a base weight plus the table's."""
    weights = dict.fromkeys(SETS, BASE_WEIGHT)
    for row in table:
        if row["genre"] in genres.split("|"):
            weights[row["label"]] += float(row["weight"])
    return weights


def render(
    clip: Clip, path: Path, seed: int, number: int, scenes: list[dict[str, str]], form: dict[str, str]
) -> list[dict]:
    """Write one clip's file; return the truth, one row per shot with `COLUMNS` (frames are decode indices).

    Args:
        number: of the clip in the manifest; with the seed it determines the clip.
        scenes: the scenes that each genre favours.
        form: codec and options of the container, and whether its frame rate varies.
    """
    draw = Draw("film", seed, number)
    plan = plan_shots(draw, genre_weights(clip.genres, scenes), draw.uniform(*SECONDS))
    frames = _with_times(draw, render_clip(draw, plan), form["variable"] == "yes")
    counts = encode(path, frames, form, len(plan))
    starts = np.concatenate([[0], np.cumsum(counts)])
    return [
        {
            "clip_id": clip.clip_id,
            "shot": shot + 1,
            "label": planned.label,
            "scale": planned.scale,
            "motion": planned.motion,
            "light": planned.light,
            "start_frame": int(starts[shot]),
            "end_frame": int(starts[shot + 1]),
            "transition": "start" if shot == 0 else "fade" if planned.fade else "cut",
        }
        for shot, (_, planned) in enumerate(plan)
    ]


def _with_times(
    draw: Draw, frames: Iterator[tuple[int, np.ndarray]], variable: bool
) -> Iterator[tuple[int, int, np.ndarray]]:
    """Shot, time in ticks and pixels; with a variable rate frames are left out, but never a shot's first."""
    before = None
    for index, (shot, pixels) in enumerate(frames):
        if variable and shot == before and draw.chance(DROPPED):
            continue
        before = shot
        yield shot, round(index / FPS / TICK), pixels


def encode(path: Path, frames: Iterator[tuple[int, int, np.ndarray]], form: dict[str, str], n_shots: int) -> list[int]:
    """Encode a clip and return its number of frames per shot."""
    counts = [0] * n_shots
    options = dict(option.split("=", 1) for option in form["options"].split())
    with av.open(str(path), "w") as container:
        stream = container.add_stream(form["codec"], rate=FPS, options=options)
        # With more threads an encoder is not deterministic.
        stream.codec_context.thread_count = 1
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        time_base = TICK if form["variable"] == "yes" else Fraction(1, FPS)
        stream.codec_context.time_base = time_base
        ticks_per_unit = float(time_base / TICK)
        for shot, ticks, pixels in frames:
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.time_base = time_base
            frame.pts = round(ticks / ticks_per_unit)
            container.mux(stream.encode(frame))
            counts[shot] += 1
        container.mux(stream.encode(None))
    return counts


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    # Clips are worked on in parallel, so OpenCV need not be.
    cv2.setNumThreads(1)
    clips = read_manifest(snakemake.input.clips)
    scenes = read_csv(snakemake.input.scenes)
    forms = {row["suffix"]: row for row in read_csv(snakemake.input.formats)}
    truth = []
    with atomic_folder(snakemake.output.clips) as folder, progress(len(clips), "clip", "Rendering films") as bar:
        render_one = partial(_render_numbered, folder=folder, seed=snakemake.params.seed, scenes=scenes, forms=forms)
        for rows in map_in_threads(render_one, list(enumerate(clips)), snakemake.threads):
            truth += rows
            bar.update()
    write_csv(snakemake.output.truth, COLUMNS, truth)


def _render_numbered(numbered: tuple[int, Clip], folder: Path, seed: int, scenes, forms) -> list[dict]:
    number, clip = numbered
    path = folder / clip.path
    return render(clip, path, seed, number, scenes, forms[path.suffix])


if __name__ == "__main__":
    run_job(main, snakemake)
