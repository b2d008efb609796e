"""Render the training stills of the demo's CLIP model, separate from the films."""

from functools import partial

import cv2
import numpy as np
from PIL import Image

from scripts.demo.studio.draw import Draw
from scripts.demo.studio.film import pick_light, still
from scripts.demo.studio.people import cast_person
from scripts.demo.studio.sets import SETS
from scripts.lib.files.hdf5 import create_h5, write_array, write_strings
from scripts.lib.jobs.log import progress, run_job
from scripts.lib.jobs.parallel import map_in_threads

# Short side of the model's input; the long side is kept for random crops.
SIDE = 64
WIDE = (round(SIDE * 320 / 180), SIDE)


def render_label(label: str, seed: int, n_sets: int, views: int) -> tuple[np.ndarray, list[str]]:
    """Stills of a label, `views` framings of each of `n_sets` paintings, and their lights.

    Returns:
        (n_sets * views, SIDE, WIDE, 3) uint8, and as many lights.
    """
    number = list(SETS).index(label)
    pictures, lights = [], []
    for painting in range(n_sets):
        draw = Draw("still", seed, number, painting)
        light = pick_light(draw)
        lights += [light] * views
        backdrop = SETS[label](draw, light == "night").pixels
        for _ in range(views):
            frame = still(draw, backdrop, label, light, [cast_person(draw) for _ in range(3)])
            pictures.append(np.asarray(Image.fromarray(frame).resize(WIDE, Image.Resampling.BICUBIC)))
    return np.stack(pictures), lights


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    # Labels are worked on in parallel, so OpenCV need not be.
    cv2.setNumThreads(1)
    params = snakemake.params
    render = partial(render_label, seed=params.seed, n_sets=params.n_sets, views=params.views)
    labels = list(SETS)
    with (
        create_h5(snakemake.output[0], {"seed": params.seed}) as file,
        progress(len(labels), "label", "Rendering stills") as bar,
    ):
        write_strings(file, "labels", labels)
        of_lights = file.create_group("lights")
        rendered = map_in_threads(render, labels, snakemake.threads)
        for label, (pictures, lights) in zip(labels, rendered, strict=True):
            write_array(file, label, pictures)
            write_strings(of_lights, label, lights)
            bar.update()


if __name__ == "__main__":
    run_job(main, snakemake)
