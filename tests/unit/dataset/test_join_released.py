"""Published samples find their shots, or it is said why not."""

import pandas as pd
import pytest

from scripts.dataset.join_released import (
    NO_CLIP,
    NO_NUMBER,
    NO_OVERLAP,
    NO_TIMES,
    TWICE,
    UNREADABLE,
    best_overlap,
    count_joined,
    join_samples,
    own_clips,
)
from scripts.lib.records.clips import Clip
from scripts.lib.records.shots import Shot, shot_id

# The release's cut of a clip, in seconds, and here: the second cut is not found, the last comes late.
THEIRS = [(0, 2), (2, 6), (6, 7), (7, 10), (10, 20)]
OURS = [(0, 2), (2, 7), (7, 12.5), (12.5, 20)]


def shots_of(clip_id, times):
    return [Shot(clip_id, n, int(24 * a), int(24 * b), a, b) for n, (a, b) in enumerate(times, start=1)]


def published(*names):
    """Samples of train with these clips and numbers."""
    rows = [(shot_id(*name), name[0], "train") for name in names]
    return pd.DataFrame(rows, columns=["shot_id", "clip_id", "split"])


SAMPLES = published(*(("film", number) for number in range(1, 6)), ("gone", 1), ("broken", 2))
CLIPS = {"film": "2011-film", "broken": "broken"}
SHOTS = {"2011-film": shots_of("2011-film", OURS)}
FAILURES = {"broken": "the file is empty (0 bytes)"}


def test_by_number():
    """The fifth number does not exist here; that the others mean other shots cannot be seen from numbers."""
    joins = join_samples(SAMPLES, CLIPS, SHOTS, FAILURES)
    assert joins["published_id"].tolist() == SAMPLES["shot_id"].tolist()
    assert joins["shot_id"].tolist() == [shot_id("2011-film", number) for number in range(1, 5)] + [""] * 3
    assert joins["reason"].tolist()[4:] == [f"{NO_NUMBER}: 4", NO_CLIP, f"{UNREADABLE}: the file is empty (0 bytes)"]
    assert joins[["n_shots", "n_named"]].to_numpy().tolist() == [[4, 5]] * 5 + [["", 1], ["", 2]]


def test_by_times_in_a_clip_that_is_cut_differently():
    """2–6 s and 6–7 s are one shot here, which the longer one gets; 7–10 s lies in one that is nearly twice as long."""
    times = {shot_id("film", number): seconds for number, seconds in enumerate(THEIRS, start=1) if number != 1}
    times |= {shot_id("broken", 2): (0, 1)}
    joins = join_samples(SAMPLES, CLIPS, SHOTS, FAILURES, times).iloc[:5]
    assert joins["reason"].tolist() == [NO_TIMES, "", NO_OVERLAP, "", ""]
    assert joins["shot_id"].tolist() == ["", *(shot_id("2011-film", n) if n else "" for n in (2, 0, 3, 4))]
    assert joins["iou"].tolist() == ["", "0.800", "0.200", f"{3 / 5.5:.3f}", "0.750"]


def test_a_half_is_not_enough():
    """Two shots in place of one: neither is its counterpart."""
    shots = {"film": shots_of("film", [(0, 2), (2, 4)])}
    joins = join_samples(published(("film", 1)), {"film": "film"}, shots, {}, {shot_id("film", 1): (0, 4)})
    assert joins["reason"].tolist() == [NO_OVERLAP]


def test_intersection_over_union_is_that_of_single_frames():
    """Counted frame by frame, also without any overlap."""
    shots = shots_of("film", OURS)
    for start, end in ((0, 3), (6, 13), (12, 12.5), (19, 40), (25, 26)):
        frames = set(range(int(24 * start), int(24 * end)))
        own = [set(range(shot.start_frame, shot.end_frame)) for shot in shots]
        wanted = [len(frames & of) / len(frames | of) for of in own]
        shot, iou = best_overlap(shots, start, end)
        assert iou == pytest.approx(max(wanted))
        assert wanted[shot.number - 1] == max(wanted)


def test_no_shot_is_given_twice():
    """As it could be where two published names stand for one file."""
    samples = published(("film", 1), ("2011-film", 1))
    joins = join_samples(samples, {"film": "2011-film", "2011-film": "2011-film"}, SHOTS, {})
    assert joins["shot_id"].tolist() == ["2011-film-Scene-001", ""]
    assert joins["reason"].tolist()[1].startswith(TWICE)


def test_clips_are_found_by_their_video_and_a_window_is_no_whole_clip():
    """Scene numbers of a video count from its start."""
    films = ["aaaaaaaaaaa", "bbbbbbbbbbb", "ccccccccccc", "ddddddddddd", "v_aaaaaaaaaaa_seg_10_20"]
    clips = [
        Clip("v_aaaaaaaaaaa_seg_0_10", "2011/aaaaaaaaaaa.mkv", start_time=0.0, end_time=10.0),
        Clip("2011-aaaaaaaaaaa", "2011/aaaaaaaaaaa.mkv"),
        Clip("copy-aaaaaaaaaaa", "copy/aaaaaaaaaaa.mkv"),
        Clip("bbbbbbbbbbb", "my_name.mkv"),
        Clip("ccccccccccc_late", "ccccccccccc.mkv", start_time=5.0),
        Clip("v_ddddddddddd_seg_0_10", "v_ddddddddddd_seg_0_10.mp4"),
    ]
    assert own_clips(films, clips) == {"aaaaaaaaaaa": "2011-aaaaaaaaaaa", "bbbbbbbbbbb": "bbbbbbbbbbb"}


def test_counts_add_up():
    table = count_joined(join_samples(SAMPLES, CLIPS, SHOTS, FAILURES)).set_index(["part", "outcome"])["shots"]
    for part, n in (("train", 7), ("val", 0), ("all", 7)):
        counts = table[part]
        assert counts["published"] == n
        assert counts["joined"] + counts.filter(like="not joined").sum() == n
    assert table["all", f"not joined: {UNREADABLE}"] == 1
