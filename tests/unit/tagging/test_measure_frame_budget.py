"""Labels from fewer frames are those that the encoder's setting would give."""

import numpy as np
import pytest

from scripts.lib.media.sampling import FrameSampler
from scripts.lib.records.shots import Shot
from scripts.tagging.measure_frame_budget import (
    budget_table,
    cheaper_settings,
    chosen_clips,
    count_clip,
    plot_budget,
    sampled,
)


def test_only_settings_whose_frames_are_stored_are_tried():
    assert cheaper_settings("6 fps")[:5] == ["3 fps", "2 fps", "1 fps", "0.5 fps", "0.25 fps"]
    assert "12 fps" in cheaper_settings("all") and "16 per shot" in cheaper_settings("all")
    assert cheaper_settings("3 per shot") == ["1 per shot", "2 per shot"]
    assert cheaper_settings("1 per shot") == []


@pytest.mark.parametrize("setting", ["3 fps", "2 fps", "1 fps", "0.5 fps"])
def test_a_rate_takes_the_frames_that_it_would_take_of_the_film(setting):
    """A film of a variable frame rate, once sampled at the rate, and once at 6 a second and these sampled again."""
    random = np.random.default_rng(0)
    times = np.cumsum(random.choice([0.02, 0.04, 0.3], size=900)) - 0.02
    edges = [0, 11, 12, 300, 640, 900]
    ends = [*times[edges[1:-1]], times[-1] + 0.04]
    shots = [
        Shot("c", number, start, end, float(times[start]), float(until))
        for number, (start, end, until) in enumerate(zip(edges[:-1], edges[1:], ends, strict=True), 1)
    ]

    def taken(frames):
        sampler = FrameSampler(shots, frames)
        return {row: number for row, time in enumerate(times.tolist()) if (number := sampler.shot_of(row, time))}

    stored = taken("6 fps")
    rows, numbers = np.array(list(stored)), np.array(list(stored.values()))
    assert rows[sampled(times[rows], numbers, setting)].tolist() == list(taken(setting))
    assert len(taken(setting)) < len(stored) < len(times)


def test_frames_per_shot_are_spread_over_the_stored_ones():
    numbers = np.array([1] * 7 + [2] + [5] * 4)
    kept = sampled(np.arange(12) / 6, numbers, "2 per shot")
    assert np.flatnonzero(kept).tolist() == [0, 3, 7, 8, 10]


def test_labels_are_counted_by_plain_means():
    """Shot by shot: the label with the highest mean of the frames that are taken, beside that of all frames."""
    random = np.random.default_rng(4)
    numbers = np.repeat([1, 2, 3, 4, 5, 6, 9], [1, 5, 8, 13, 2, 9, 6])
    times, scores = np.arange(len(numbers)) / 6, random.random((len(numbers), 4)).astype(np.float32)
    same, frames = 0, 0
    for number in np.unique(numbers):
        own = scores[numbers == number]
        third = own[::3]
        same += own.mean(axis=0).argmax() == third.mean(axis=0).argmax()
        frames += len(third)
    assert 0 < same < 7
    counts = count_clip(scores, times, numbers, ["2 fps", "16 per shot"])
    assert counts.tolist() == [[frames, same], [len(numbers), 7]]


def test_the_cheapest_setting_keeps_99_per_cent():
    counts = np.array([[400, 99], [210, 100], [180, 99], [100, 98]])
    table = budget_table(counts, ["3 fps", "2 fps", "2 per shot", "1 per shot"], "6 fps", 800, 100)
    assert table["setting"].tolist() == ["6 fps", "3 fps", "2 fps", "2 per shot", "1 per shot"]
    assert table.loc[table["cheapest"] == "yes", "setting"].tolist() == ["2 per shot"]
    assert table["agreement"].tolist() == [1, 0.99, 1, 0.99, 0.98]
    assert table["frames_per_shot"].tolist() == [8, 4, 2.1, 1.8, 1]
    assert plot_budget(table).axes[0].get_title(loc="left").startswith("2 per shot keeps 99 %")


def test_many_shots_are_measured_on_clips_spread_over_the_run():
    ids = [f"clip{number}" for number in range(50) for _ in range(4)]
    assert chosen_clips(ids, 1000) == set(ids)
    assert chosen_clips(ids, 40) == {f"clip{number}" for number in range(0, 50, 5)}
