"""Verified shots are found among released ones, and their agreement is counted."""

import pandas as pd
import pytest

from scripts.lib.records.release_lines import LabelLine
from scripts.verification.compare_verified import BY_ID, BY_WINDOW, NO_SHOT, NO_VIDEO, agreement, join_shots

CLASSES = ["bar", "cave", "room"]
WINDOW = "v_abc_seg_10_20"


def shots_of(clip_id, *shots):
    """Rows of shots.parquet from (start, end, labels)."""
    return pd.DataFrame(
        [
            (f"{clip_id}-Scene-{number:03d}", clip_id, start, end, *labels, *[None] * (5 - len(labels)))
            for number, (start, end, labels) in enumerate(shots, start=1)
        ],
        columns=["shot_id", "clip_id", "start_time", "end_time", *(f"label_{rank}" for rank in range(1, 6))],
    )


def verified(clip_id, scene, *indices):
    return LabelLine(clip_id, f"{clip_id}-Scene-{scene:03d}", indices)


@pytest.fixture
def joined():
    """Verified shots of a video of five shots, of a window among the shots, and of a video that is not there."""
    whole = shots_of(
        "abc",
        (0.0, 9.0, ["cave"]),
        # Reaches 0.5 s into the window, too little for a shot of its own.
        (9.0, 10.5, ["cave"]),
        (10.5, 14.0, ["bar", "cave"]),
        (14.0, 19.9, ["interrogation room", "cave"]),
        (19.9, 25.0, ["cave", "bar"]),
    )
    shots = pd.concat([whole.iloc[::-1], shots_of("v_w_seg_0_10", (0.0, 4.0, ["bar"]))])
    lines = [
        verified(WINDOW, 1, 0),
        verified(WINDOW, 2, 2, 0),
        verified(WINDOW, 3, 0),
        verified(WINDOW, 4, 0),
        verified("v_w_seg_0_10", 1, 1),
        verified("v_w_seg_0_10", 2, 1),
        verified("v_gone_seg_0_10", 1, 1),
    ]
    return lines, join_shots(lines, shots)


def test_scenes_of_a_window_are_the_shots_in_its_seconds(joined):
    _, table = joined
    assert table["outcome"].tolist() == [BY_WINDOW] * 3 + [NO_SHOT, BY_ID, NO_VIDEO, NO_VIDEO]
    assert table["label_1"].tolist()[:3] == ["bar", "interrogation room", "cave"]


def test_a_shot_that_reaches_far_enough_into_the_window_is_its_first():
    shots = shots_of("abc", (0.0, 10.6, ["cave"]), (10.6, 12.0, ["bar"]))
    assert join_shots([verified(WINDOW, 1, 0)], shots)["label_1"].tolist() == ["cave"]
    alone = shots_of("abc", (0.0, 10.1, ["cave"]))
    assert join_shots([verified(WINDOW, 1, 0)], alone)["label_1"].tolist() == ["cave"]


def test_agreement_by_hand(joined):
    """Merged labels count as what they are merged into; shots that are not joined do not count."""
    rows = {(name, part): value for name, part, value in agreement(*joined, CLASSES, {"interrogation room": "room"})}
    assert rows["verified shots", "all"] == 7
    assert [rows[outcome, "all"] for outcome in (BY_ID, BY_WINDOW, NO_VIDEO, NO_SHOT)] == [1, 3, 2, 1]
    assert (rows["top-1 agreement, %", "joined shots"], rows["top-5 agreement, %", "joined shots"]) == ("50.0", "75.0")
    assert (rows["top-1 agreement, %", BY_WINDOW], rows["top-5 agreement, %", BY_WINDOW]) == ("66.7", "100.0")
    assert rows["top-1 agreement, %", BY_ID] == "0.0"
