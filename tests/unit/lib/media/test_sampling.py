"""Sampling of frames in shots."""

from itertools import accumulate, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.lib.media.sampling import FrameSampler, expected_frames
from scripts.lib.records.shots import Shot


def sample(shots, frames, times):
    """(frame, shot) of every sampled frame."""
    sampler = FrameSampler(shots, frames)
    picked = ((index, sampler.shot_of(index, time)) for index, time in enumerate(times))
    return [(index, shot) for index, shot in picked if shot is not None]


def shots_between(edges, times, gaps=()):
    """Shots between consecutive edges, numbered from 1; those at the positions `gaps` are left out."""
    times = [*times, times[-1] + 1 / 24]
    spans = [span for position, span in enumerate(pairwise(edges)) if position not in gaps]
    return [Shot("c", number, a, b, times[a], times[b]) for number, (a, b) in enumerate(spans, start=1)]


@st.composite
def clips(draw):
    """Shots with gaps between them, and the clip's frame times, which need not be evenly spaced."""
    lengths = draw(st.lists(st.integers(1, 40), min_size=1, max_size=8))
    edges = list(accumulate(lengths, initial=draw(st.integers(0, 5))))
    n_frames = edges[-1] + draw(st.integers(0, 5))
    steps = draw(st.lists(st.sampled_from([0.02, 1 / 24, 0.3, 2.0]), min_size=n_frames, max_size=n_frames))
    times = list(accumulate(steps[:-1], initial=0.0)) if draw(st.booleans()) else [i / 25 for i in range(n_frames)]
    gaps = draw(st.sets(st.integers(1, max(1, len(lengths) - 1))))
    return shots_between(edges, times, gaps), times


methods = (
    st.sampled_from(["all"])
    | st.floats(0.1, 60).map("{:.3f} fps".format)
    | st.integers(1, 60).map("{} per shot".format)
)


@settings(max_examples=300, deadline=None)
@given(clips(), methods)
def test_every_shot_begins_with_its_first_frame_and_nothing_lies_outside(clip, frames):
    """The contract of all methods: no shot without a frame, no frame without its own shot."""
    shots, times = clip
    picked = sample(shots, frames, times)
    by_number = {shot.number: shot for shot in shots}
    assert all(by_number[number].start_frame <= index < by_number[number].end_frame for index, number in picked)
    first = {}
    for index, number in picked:
        first.setdefault(number, index)
    assert first == {shot.number: shot.start_frame for shot in shots}


@settings(max_examples=300, deadline=None)
@given(clips(), st.integers(1, 60))
def test_per_shot_spreads_evenly(clip, count):
    """Of n frames exactly min(k, n): those at floor(j n / k)."""
    shots, times = clip
    picked = sample(shots, f"{count} per shot", times)
    for shot in shots:
        length = shot.end_frame - shot.start_frame
        expected = sorted({shot.start_frame + j * length // count for j in range(count)})
        assert [index for index, number in picked if number == shot.number] == expected
        assert len(expected) == min(count, length)


def test_all_takes_every_frame_of_every_shot():
    """Frames in the gaps between listed shots are not looked at."""
    times = [i / 24 for i in range(30)]
    shots = [Shot("c", 1, 2, 5, 2 / 24, 5 / 24), Shot("c", 2, 9, 12, 9 / 24, 12 / 24)]
    assert sample(shots, "all", times) == [(2, 1), (3, 1), (4, 1), (9, 2), (10, 2), (11, 2)]


@pytest.mark.parametrize("rate", [24, 25, 30000 / 1001, 12.5])
@pytest.mark.parametrize("fps", [4, 1, 0.7, 8, 60])
def test_fps_on_a_constant_rate_takes_the_first_frame_after_each_tick(rate, fps):
    """A hand reference in exact frame positions, starting anew in each shot."""
    times = [i / rate for i in range(400)]
    shots = shots_between([0, 7, 150, 151, 400], times)
    expected = []
    for shot in shots:
        ticks = np.arange(0, (shot.end_frame - shot.start_frame) / rate, 1 / fps)
        offsets = np.unique(np.ceil(ticks * rate - 1e-4).astype(int))
        expected += [(int(o) + shot.start_frame, shot.number) for o in offsets if shot.start_frame + o < shot.end_frame]
    assert sample(shots, f"{fps} fps", times) == expected


def test_fps_does_not_drift_in_a_long_shot():
    """After two hours the ticks are still where they were meant to be."""
    times = np.arange(2 * 3600 * 24) / 24
    shots = [Shot("film", 1, 0, len(times), 0.0, 7200.0)]
    picked = [index for index, _ in sample(shots, "3 fps", times)]
    assert picked == list(range(0, len(times), 8))


def test_fps_over_a_gap_takes_one_frame_and_keeps_the_grid():
    """Where a variable rate leaves five seconds out, the next frame stands for them, once."""
    times = [0.0, 0.1, 0.2, 0.3, 5.05, 5.1, 5.2, 5.5, 5.55, 6.0]
    shots = [Shot("c", 1, 0, 10, 0.0, 6.1)]
    assert [index for index, _ in sample(shots, "2 fps", times)] == [0, 4, 7, 9]


@pytest.mark.parametrize("frames", ["all", "7 per shot", "4 fps"])
def test_the_expected_number_is_what_is_sampled(frames):
    """On a constant rate the progress bar ends at its end."""
    times = [index / 24 for index in range(204)]
    shots = shots_between([0, 6, 85, 204], times)
    assert expected_frames(shots, frames) == len(sample(shots, frames, times))
