"""Render short shots labelled with the camera's motion and framing, from sets of their own: the demo's Kinetics.

They are cached at once, in the form in which models are trained on the films' shots.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import pandas as pd

from scripts.demo.render_clips import TICK, encode
from scripts.demo.render_scales import FORM, any_of
from scripts.demo.studio.camera import MOTIONS, SCALES, PlannedShot, film_shot
from scripts.demo.studio.draw import Draw
from scripts.demo.studio.film import FPS, pick_light
from scripts.demo.studio.people import cast_person
from scripts.demo.studio.sets import SETS
from scripts.lib.files.hdf5 import create_h5
from scripts.lib.jobs.log import progress, run_job
from scripts.lib.jobs.parallel import map_in_threads
from scripts.lib.media.cache_writer import PACKAGES, write_cache
from scripts.lib.media.frame_batches import Work
from scripts.lib.records.clips import Clip, cut_shards, fingerprint, write_manifest
from scripts.lib.records.samples import SAMPLE_COLUMNS, SEPARATOR, class_table
from scripts.lib.records.shots import Shot
from scripts.lib.tables.frames import write_frame

CLASSES = (*MOTIONS, *SCALES)
# Movement is spread over a shot's frames, so that few show as much of it as many.
FRAMES = 8
# Of the sets, up to the end of train, val and test.
ENDS = {"train": 0.7, "val": 0.85, "test": 1.0}


def render_set(number: int, folder: Path, seed: int) -> tuple[Work, list[str]]:
    """Write `<folder>/<clip_id>.mp4`, one shot of each of `MOTIONS` on one set.

    Returns:
        The clip with its shots, and the scale of each shot.

    Args:
        number: of the set, from 1; with the seed it determines the clip.
    """
    clip_id = f"mo{number:04d}"
    clip = Clip(clip_id, f"{clip_id}.mp4", movie_id=clip_id)
    borders = range(0, FRAMES * len(MOTIONS) + 1, FRAMES)
    shots = [Shot(clip_id, at + 1, *ends, *(end / FPS for end in ends)) for at, ends in enumerate(pairwise(borders))]
    draw = Draw("film", seed, 2, number)
    scales = [any_of(draw, SCALES) for _ in MOTIONS]
    pictures = enumerate(_film_set(draw, scales))
    encode(folder / clip.path, ((0, round(at / FPS / TICK), rgb) for at, rgb in pictures), FORM, 1)
    return Work(clip, shots, borders[-1]), scales


def _film_set(draw: Draw, scales: Sequence[str]) -> Iterator[np.ndarray]:
    """The frames of all shots of a set."""
    place, light = any_of(draw, SETS), pick_light(draw)
    backdrop = SETS[place](draw, light == "night").pixels
    for motion, scale in zip(MOTIONS, scales, strict=True):
        shot = PlannedShot(place, scale, motion, light, FRAMES / FPS, False)
        yield from film_shot(draw, backdrop, [cast_person(draw) for _ in range(3)], shot, FRAMES)


def list_samples(rendered: Sequence[tuple[Work, list[str]]]) -> pd.DataFrame:
    """A row for each shot: `SAMPLE_COLUMNS` and split; all shots of a set are in one split.

    Args:
        rendered: see `render_set`.
    """
    ends = np.array(list(ENDS.values())) * len(rendered)
    splits = [list(ENDS)[place] for place in np.searchsorted(ends, np.arange(1, len(rendered) + 1))]
    rows = [
        (shot.shot_id, shot.clip_id, item.clip.movie_id, SEPARATOR.join((motion, scale)), "1|1", split)
        for (item, scales), split in zip(rendered, splits, strict=True)
        for shot, motion, scale in zip(item.shots, MOTIONS, scales, strict=True)
    ]
    return pd.DataFrame(rows, columns=[*SAMPLE_COLUMNS, "split"])


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    # Sets are worked on in parallel, so OpenCV need not be.
    cv2.setNumThreads(1)
    output, params, numbers = snakemake.output, snakemake.params, range(1, snakemake.params.sets + 1)
    with TemporaryDirectory() as folder:
        render = partial(render_set, folder=Path(folder), seed=params.seed)
        with progress(len(numbers), "set", "Rendering camera motions") as bar:
            rendered = []
            for found in map_in_threads(render, numbers, snakemake.threads):
                rendered.append(found)
                bar.update()
        work = [item for item, _ in rendered]
        shards = cut_shards([item.clip for item in work], snakemake.config["clips"])
        for path, clips in zip(output.cache, shards.values(), strict=True):
            with create_h5(path, {**params.cache, "fingerprint": fingerprint(clips)}, PACKAGES) as file:
                part = [item for item in work if item.clip in clips]
                write_cache(file, part, folder, params.cache, snakemake.threads)
    samples = list_samples(rendered)
    for split, path in zip(ENDS, output.samples, strict=True):
        write_frame(samples.loc[samples["split"] == split, list(SAMPLE_COLUMNS)], path)
    write_frame(class_table(samples, CLASSES), output.labels)
    write_manifest([item.clip for item in work], output.clips)
    return f"{len(samples)} shots of {len(work)} sets"


if __name__ == "__main__":
    run_job(main, snakemake)
