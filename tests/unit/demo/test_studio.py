"""The demo's studio: what is drawn is repeatable, and stills and films are drawn from different ranges."""

import itertools

import numpy as np
import pytest

from scripts.demo.studio.camera import MOTIONS, SCALES, PlannedShot, film_shot
from scripts.demo.studio.canvas import HEIGHT, WIDTH
from scripts.demo.studio.draw import Draw
from scripts.demo.studio.film import FPS, plan_shots, render_clip
from scripts.demo.studio.people import cast_person
from scripts.demo.studio.sets import SETS


def test_pools_never_draw_the_same_number():
    """The strata of a range belong to one pool each."""
    drawn = {pool: [Draw(pool, seed).uniform(2, 10) for seed in range(400)] for pool in ("still", "film")}
    strata = {pool: {int((value - 2) / 8 * 8) for value in values} for pool, values in drawn.items()}
    assert strata == {"still": {0, 2, 4, 6}, "film": {1, 3, 5, 7}}
    options = list(range(6))
    chosen = {pool: {Draw(pool, seed).choice(options) for seed in range(100)} for pool in ("still", "film")}
    assert chosen == {"still": {0, 2, 4}, "film": {1, 3, 5}}


@pytest.mark.parametrize("label", SETS)
def test_a_set_is_repeatable_varied_and_fills_the_picture(label):
    """The same seed paints the same picture, another seed another one, by day and by night."""
    for night in (False, True):
        pictures = [SETS[label](Draw("film", seed), night).pixels for seed in (1, 1, 2)]
        assert pictures[0].shape == (HEIGHT, WIDTH, 3)
        assert np.array_equal(pictures[0], pictures[1])
        assert np.abs(pictures[0].astype(int) - pictures[2]).mean() > 4
        blocks = pictures[0].reshape(6, HEIGHT // 6, 6, WIDTH // 6, 3)
        assert (blocks[:5].std(axis=(1, 3)).max(axis=2) == 0).sum() <= 1, "parts of the picture are left blank"


def coverage(scale: str, seed: int) -> float:
    """Share of the frame that people cover: what is not the magenta of the set."""
    backdrop = np.full((HEIGHT, WIDTH, 3), (255, 0, 255), np.uint8)
    draw = Draw("film", seed)
    cast = [cast_person(draw) for _ in range(3)]
    frame = next(film_shot(draw, backdrop, cast, PlannedShot("x", scale, "static", "day", 1.0, False), 1))
    red, green, blue = frame.transpose(2, 0, 1)
    return float(1 - ((red > 180) & (green < 60) & (blue > 180)).mean())


def test_closer_shots_hide_more_of_the_set():
    mean = [np.mean([coverage(scale, seed) for seed in range(12)]) for scale in SCALES]
    assert all(near > far for far, near in itertools.pairwise(mean)), dict(zip(SCALES, mean, strict=True))


def test_the_camera_moves_as_planned():
    """A static shot differs between its ends by grain and sway alone; the others by more."""
    backdrop = SETS["library"](Draw("film", 3), False).pixels
    moved = {}
    for motion in MOTIONS:
        frames = list(
            film_shot(Draw("film", 5), backdrop, [], PlannedShot("x", "LS", motion, "day", 2.0, False), 2 * FPS)
        )
        assert len(frames) == 2 * FPS
        moved[motion] = max(np.abs(frame.astype(int) - frames[0]).mean() for frame in frames)
    assert all(moved[motion] > 1.5 * moved["static"] for motion in ("pan", "zoom", "shake")), moved


def test_plans_follow_genres_and_length():
    """Favoured labels come more often; clips are about as long as asked; a place never keeps its framing."""
    weights = {"desert": 10.0, **dict.fromkeys(["church", "prison", "stage", "sea"], 1.0)}
    plans = [plan_shots(Draw("film", seed), weights, 15.0) for seed in range(60)]
    first = [plan[0][1].label for plan in plans]
    assert first.count("desert") > len(first) / 3
    assert all(13 < sum(shot.seconds for _, shot in plan) < 17.5 for plan in plans)
    for plan in plans:
        for (place, shot), (next_place, following) in itertools.pairwise(plan):
            assert place != next_place or shot.scale != following.scale


def test_a_clip_is_rendered_as_planned_and_repeatably():
    plan = plan_shots(Draw("film", 7), dict.fromkeys(SETS, 1.0), 5.0)
    first, second = (list(render_clip(Draw("film", 8), plan)) for _ in range(2))
    assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(first, second, strict=True))
    shots = [number for number, _ in first]
    assert [shots.count(number) for number in range(len(plan))] == [round(shot.seconds * FPS) for _, shot in plan]
