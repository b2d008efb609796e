"""Render short shots labelled with their scale, in the form of MovieShots: trailers of other movies than the films.

Each movie has one or two genres, which favour some places, so that its trailer tells of them.
"""

import json
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from scripts.demo.render_clips import TICK, encode, genre_weights
from scripts.demo.studio.camera import MOTIONS, SCALES, PlannedShot, film_shot
from scripts.demo.studio.draw import Draw
from scripts.demo.studio.film import pick_light
from scripts.demo.studio.people import cast_person
from scripts.demo.studio.sets import SETS
from scripts.lib.files.atomic import atomic_folder, write_text
from scripts.lib.jobs.log import progress, run_job
from scripts.lib.jobs.parallel import map_in_threads
from scripts.lib.records.samples import SEPARATOR
from scripts.lib.tables.rows import read_csv, write_csv

# Share of the movies that have a second genre.
SECOND_GENRE = 0.4
COLUMNS = ("movie_id", "genres", "shot", "label", "scale", "motion", "light")

PLACES, SHOTS_PER_PLACE = 3, 4
FRAMES, FPS = 3, 6
FORM = {"codec": "mpeg4", "options": "qscale=2", "variable": "no"}
# Of the movies, up to the end of train and of val.
ENDS = {"train": 0.7, "val": 0.8, "test": 1.0}


def render_movie(number: int, folder: Path, seed: int, scenes: list[dict[str, str]]) -> list[dict]:
    """Write `<folder>/shot_<shot>.mp4` of each shot of a movie; return the truth, one row per shot with `COLUMNS`.

    Args:
        number: of the movie, from 1; with the seed it determines the movie.
        scenes: the places that each genre favours.
    """
    draw = Draw("film", seed, 1, number)
    folder.mkdir()
    known = list(dict.fromkeys(row["genre"] for row in scenes))
    chosen = draw.random.choice(known, 2 if draw.chance(SECOND_GENRE) else 1, replace=False)
    genres = SEPARATOR.join(sorted(chosen))
    weights = genre_weights(genres, scenes)
    shares = np.array(list(weights.values())) / sum(weights.values())
    truth = []
    for place in map(str, draw.random.choice(list(weights), PLACES, replace=False, p=shares)):
        light = pick_light(draw)
        backdrop = SETS[place](draw, light == "night").pixels
        for _ in range(SHOTS_PER_PLACE):
            shot = PlannedShot(place, any_of(draw, SCALES), any_of(draw, MOTIONS), light, FRAMES / FPS, False)
            # People of their own in each shot, which teaches more than the cast of a film.
            cast = [cast_person(draw) for _ in range(3)]
            pictures = enumerate(film_shot(draw, backdrop, cast, shot, FRAMES))
            name = f"{len(truth):04d}"
            encode(folder / f"shot_{name}.mp4", ((0, round(at / FPS / TICK), rgb) for at, rgb in pictures), FORM, 1)
            facts = (folder.name, genres, name, place, shot.scale, shot.motion, light)
            truth.append(dict(zip(COLUMNS, facts, strict=True)))
    return truth


def any_of(draw: Draw, names: Iterable[str]) -> str:
    """One of all names; `Draw.choice` would leave every other one out."""
    return list(names)[draw.integer(0, len(list(names)) - 1)]


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    # Movies are worked on in parallel, so OpenCV need not be.
    cv2.setNumThreads(1)
    numbers = range(1, snakemake.params.movies + 1)
    scenes = read_csv(snakemake.input.scenes, "genre", "label", "weight")
    splits: dict[str, dict] = {split: {} for split in ENDS}
    truth = []
    with (
        atomic_folder(snakemake.output.trailers) as folder,
        progress(len(numbers), "movie", "Rendering trailers") as bar,
    ):
        render = partial(_render_numbered, folder=folder, seed=snakemake.params.seed, scenes=scenes)
        for number, shots in zip(numbers, map_in_threads(render, numbers, snakemake.threads), strict=True):
            split = next(split for split, end in ENDS.items() if number <= end * len(numbers))
            splits[split][_name(number)] = {row["shot"]: {"scale": {"label": row["scale"]}} for row in shots}
            truth += shots
            bar.update()
    write_text(snakemake.output.labels, json.dumps(splits, indent=1) + "\n")
    write_csv(snakemake.output.truth, COLUMNS, truth)


def _name(number: int) -> str:
    return f"tr{number:04d}"


def _render_numbered(number: int, folder: Path, seed: int, scenes: list[dict[str, str]]) -> list[dict]:
    return render_movie(number, folder / _name(number), seed, scenes)


if __name__ == "__main__":
    run_job(main, snakemake)
