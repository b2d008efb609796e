"""Render short shots labelled with their scale, in the form of MovieShots: trailers of other movies than the films."""

import json
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from scripts.demo.render_clips import TICK, encode
from scripts.demo.studio.camera import MOTIONS, SCALES, PlannedShot, film_shot
from scripts.demo.studio.draw import Draw
from scripts.demo.studio.film import pick_light
from scripts.demo.studio.people import cast_person
from scripts.demo.studio.sets import SETS
from scripts.lib.files.atomic import atomic_folder, atomic_path
from scripts.lib.jobs.log import progress, run_job
from scripts.lib.jobs.parallel import map_in_threads

PLACES, SHOTS_PER_PLACE = 3, 4
FRAMES, FPS = 3, 6
FORM = {"codec": "mpeg4", "options": "qscale=2", "variable": "no"}
# Of the movies, up to the end of train and of val.
ENDS = {"train": 0.7, "val": 0.8, "test": 1.0}


def render_movie(number: int, folder: Path, seed: int) -> dict[str, dict]:
    """Write `<folder>/<shot>.mp4` of each shot of a movie; return MovieShots' labels of these shots.

    Args:
        number: of the movie, from 1; with the seed it determines the movie.
    """
    draw = Draw("film", seed, 1, number)
    folder.mkdir()
    labels = {}
    for _ in range(PLACES):
        place, light = any_of(draw, SETS), pick_light(draw)
        backdrop = SETS[place](draw, light == "night").pixels
        for _ in range(SHOTS_PER_PLACE):
            scale = any_of(draw, SCALES)
            shot = PlannedShot(place, scale, any_of(draw, MOTIONS), light, FRAMES / FPS, False)
            # People of their own in each shot, which teaches more than the cast of a film.
            cast = [cast_person(draw) for _ in range(3)]
            pictures = enumerate(film_shot(draw, backdrop, cast, shot, FRAMES))
            name = f"{len(labels):04d}"
            encode(folder / f"shot_{name}.mp4", ((0, round(at / FPS / TICK), rgb) for at, rgb in pictures), FORM, 1)
            labels[name] = {"scale": {"label": scale}}
    return labels


def any_of(draw: Draw, names: Iterable[str]) -> str:
    """One of all names; `Draw.choice` would leave every other one out."""
    return list(names)[draw.integer(0, len(list(names)) - 1)]


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    numbers = range(1, snakemake.params.movies + 1)
    splits: dict[str, dict] = {split: {} for split in ENDS}
    with (
        atomic_folder(snakemake.output.trailers) as folder,
        progress(len(numbers), "movie", "Rendering trailers") as bar,
    ):
        render = partial(_render_numbered, folder=folder, seed=snakemake.params.seed)
        for number, labels in zip(numbers, map_in_threads(render, numbers, snakemake.threads), strict=True):
            split = next(split for split, end in ENDS.items() if number <= end * len(numbers))
            splits[split][_name(number)] = labels
            bar.update()
    with atomic_path(snakemake.output.labels) as temporary:
        temporary.write_text(json.dumps(splits, indent=1) + "\n", encoding="utf-8")


def _name(number: int) -> str:
    return f"tr{number:04d}"


def _render_numbered(number: int, folder: Path, seed: int) -> dict[str, dict]:
    return render_movie(number, folder / _name(number), seed)


if __name__ == "__main__":
    run_job(main, snakemake)
