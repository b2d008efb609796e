"""Scenes: consecutive shots of one place, joined over short interruptions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import pandas as pd

from scripts.lib.jobs.log import run_job
from scripts.lib.records.samples import SEPARATOR
from scripts.lib.records.timecodes import clock
from scripts.lib.tables.frames import read_parquet, write_frame

COLUMNS = (
    "film title year clip_id scene_number label score n_shots n_bridged bridged first_shot last_shot "
    "start_frame end_frame start_time end_time start_code end_code".split()
)
# Of `dataset/shots.parquet`.
READ = "clip_id movie_id title year shot start_frame end_frame start_time end_time label_1 score_1 flags".split()


@dataclass(frozen=True)
class Rule:
    """What bridges an interruption of a scene.

    Attributes:
        bridge_seconds: how long it may last.
        sure: top-1 score from which on a shot of another label shows another place.
        excluded: flags of shots whose labels do not count.
    """

    bridge_seconds: float
    sure: float
    excluded: frozenset[str]

    def label_of(self, shot) -> str | None:
        """The label of a shot, a row of `dataset/shots.parquet`; None if it does not count."""
        return None if self.excluded & set((shot.flags or "").split(SEPARATOR)) else shot.label_1


def scenes_of_clip(shots: Sequence, rule: Rule) -> Iterator[list]:
    """The scenes of a clip: lists of consecutive shots, of which the first and the last have the scene's label.

    Args:
        shots: rows of the clip's shots, in order.
    """
    labels = list(map(rule.label_of, shots))
    start = 0
    while start < len(shots):
        if labels[start] is None:
            start += 1
            continue
        last = start
        for index in range(start + 1, len(shots)):
            if shots[index].start_time - shots[last].end_time > rule.bridge_seconds:
                break
            if labels[index] == labels[start]:
                last = index
            elif labels[index] is not None and shots[index].score_1 >= rule.sure:
                break
        yield shots[start : last + 1]
        start = last + 1


def join_scenes(shots: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """The scenes of all clips, one row each with `COLUMNS`.

    Args:
        shots: rows of `dataset/shots.parquet`, those of a clip in order.
    """
    rows = []
    for clip_id, of_clip in groupby(shots.itertuples(index=False), key=lambda shot: shot.clip_id):
        for number, scene in enumerate(scenes_of_clip(list(of_clip), rule), start=1):
            first, last = scene[0], scene[-1]
            own, others = [], []
            for shot in scene:
                (own if rule.label_of(shot) == first.label_1 else others).append(shot)
            rows.append(
                {
                    "film": first.movie_id or clip_id,
                    "title": first.title,
                    "year": first.year,
                    "clip_id": clip_id,
                    "scene_number": number,
                    "label": first.label_1,
                    "score": round(sum(shot.score_1 for shot in own) / len(own), 4),
                    "n_shots": len(scene),
                    "n_bridged": len(others),
                    "bridged": SEPARATOR.join(dict.fromkeys(shot.label_1 for shot in others)),
                    "first_shot": first.shot,
                    "last_shot": last.shot,
                    "start_frame": first.start_frame,
                    "end_frame": last.end_frame,
                    "start_time": first.start_time,
                    "end_time": last.end_time,
                    "start_code": clock(first.start_time),
                    "end_code": clock(last.end_time),
                }
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    params = snakemake.params
    shots = read_parquet(snakemake.input.shots, columns=READ)
    rule = Rule(params.bridge_seconds, params.sure, frozenset(params.exclude_flags))
    scenes = join_scenes(shots, rule)
    write_frame(scenes, snakemake.output[0])
    return f"{len(scenes)} scene(s) of {len(shots)} shot(s)"


if __name__ == "__main__":
    run_job(main, snakemake)
