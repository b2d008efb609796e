"""A contact sheet of the studio: every scene label, and every shot scale."""

import numpy as np
from matplotlib.figure import Figure

from scripts.demo.studio.camera import SCALES, PlannedShot, film_shot
from scripts.demo.studio.draw import Draw
from scripts.demo.studio.people import cast_person
from scripts.demo.studio.sets import SETS
from scripts.lib.jobs.log import run_job
from scripts.lib.pages.figures import new_figure, save_figure

COLUMNS = 6
# Sets that are shown in every shot scale, below the labels.
FRAMED = ("library", "street")


def photograph(label: str, scale: str, seed: int) -> np.ndarray:
    """One frame of a label as the films show it, (180, 320, 3) uint8."""
    draw = Draw("film", seed, list(SETS).index(label))
    backdrop = SETS[label](draw, False).pixels
    cast = [cast_person(draw) for _ in range(3)]
    return next(film_shot(draw, backdrop, cast, PlannedShot(label, scale, "static", "day", 1.0, False), 1))


def contact_sheet(seed: int) -> Figure:
    """A long shot of each label, then each scale of a few."""
    pictures = [(label, photograph(label, "LS", seed)) for label in SETS]
    pictures += [("", np.full((180, 320, 3), 255, np.uint8))] * (-len(pictures) % COLUMNS)
    for label in FRAMED:
        pictures += [(f"{label}, {scale}", photograph(label, scale, seed)) for scale in SCALES]
        pictures += [("", np.full((180, 320, 3), 255, np.uint8))] * (COLUMNS - len(SCALES))
    rows = len(pictures) // COLUMNS
    figure, axes = new_figure(2.1 * COLUMNS, 1.38 * rows, nrows=rows, ncols=COLUMNS)
    for place, (title, picture) in zip(axes.flat, pictures, strict=True):
        place.imshow(picture)
        place.set_axis_off()
        # With a place of its own the title is not moved out of the way of ticks, which takes a quarter of the time.
        place.set_title(title, size=8, pad=2, y=1)
    return figure


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    save_figure(contact_sheet(snakemake.params.seed), snakemake.output)


if __name__ == "__main__":
    run_job(main, snakemake)
