"""From a genre to the frames of a clip: a plan of shots, and its pictures."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scripts.demo.studio.camera import LIGHTS, MOTIONS, SCALES, PlannedShot, film_shot
from scripts.demo.studio.draw import Draw
from scripts.demo.studio.people import Person, cast_person
from scripts.demo.studio.sets import SETS

FPS = 24
SHOT_SECONDS = (1.2, 4.8)
FADE_FRAMES = 8

# Shares of shot scales, movements and lights.
SCALE_SHARES = dict(zip(SCALES, (0.24, 0.19, 0.22, 0.2, 0.15), strict=True))
MOTION_SHARES = dict(zip(MOTIONS, (0.4, 0.25, 0.2, 0.15), strict=True))
LIGHT_SHARES = dict(zip(LIGHTS, (0.58, 0.16, 0.1, 0.08, 0.04, 0.04), strict=True))
FADE_SHARE = 0.06
# How often the next shot stays in the place of the one before.
STAY_SHARE = 0.35


@dataclass(frozen=True)
class Place:
    """A set of a clip: the same painting and light whenever the film returns to it."""

    label: str
    light: str
    backdrop: np.ndarray


def plan_shots(draw: Draw, weights: dict[str, float], seconds: float) -> list[tuple[int, PlannedShot]]:
    """Shots of a clip of about that length, each with the number of its place (0, 1, …).

    Args:
        weights: how readily each label is chosen; two to four places are.
    """
    places = [(label, _pick(draw, LIGHT_SHARES)) for label in _sample(draw, weights, draw.integer(2, 4))]
    shots: list[tuple[int, PlannedShot]] = []
    left = seconds
    while left > SHOT_SECONDS[0] / 2:
        length = min(draw.uniform(*SHOT_SECONDS), max(left, SHOT_SECONDS[0]))
        before = shots[-1] if shots else None
        place = before[0] if before and draw.chance(STAY_SHARE) else len(shots) % len(places)
        scale = _pick(draw, SCALE_SHARES)
        while before and place == before[0] and scale == before[1].scale:
            scale = _pick(draw, SCALE_SHARES)
        fade = bool(shots) and draw.chance(FADE_SHARE)
        label, light = places[place]
        shots.append((place, PlannedShot(label, scale, _pick(draw, MOTION_SHARES), light, length, fade)))
        left -= length
    return shots


def render_clip(draw: Draw, plan: list[tuple[int, PlannedShot]]) -> Iterator[tuple[int, np.ndarray]]:
    """Frames of a plan at `FPS`, each with the number of its shot in the plan (0, 1, …)."""
    places: dict[int, Place] = {}
    cast = [cast_person(draw) for _ in range(3)]
    for number, (place, shot) in enumerate(plan):
        if place not in places:
            places[place] = Place(shot.label, shot.light, SETS[shot.label](draw, shot.light == "night").pixels)
        n_frames = round(shot.seconds * FPS)
        fades_out = number + 1 < len(plan) and plan[number + 1][1].fade
        for index, frame in enumerate(film_shot(draw, places[place].backdrop, cast, shot, n_frames)):
            brightness = 1.0
            if shot.fade:
                brightness = min(brightness, (index + 1) / FADE_FRAMES)
            if fades_out:
                brightness = min(brightness, (n_frames - index - 1) / FADE_FRAMES)
            yield number, frame if brightness == 1.0 else (frame * brightness).astype(np.uint8)


def still(draw: Draw, backdrop: np.ndarray, label: str, light: str, cast: list[Person]) -> np.ndarray:
    """One frame of a set, framed at random, (180, 320, 3) uint8."""
    shot = PlannedShot(label, _pick(draw, SCALE_SHARES), "static", light, 0.0, False)
    return next(film_shot(draw, backdrop, cast, shot, 1))


def pick_light(draw: Draw) -> str:
    """A light, as often as films have it."""
    return _pick(draw, LIGHT_SHARES)


def _pick(draw: Draw, shares: dict[str, float]) -> str:
    names = list(shares)
    return names[draw.random.choice(len(names), p=np.array(list(shares.values())) / sum(shares.values()))]


def _sample(draw: Draw, weights: dict[str, float], count: int) -> list[str]:
    """Different labels, the heavier the likelier."""
    names, values = list(weights), np.array(list(weights.values()))
    return [names[index] for index in draw.random.choice(len(names), count, replace=False, p=values / values.sum())]
