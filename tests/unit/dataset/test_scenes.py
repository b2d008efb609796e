"""Scenes and transitions of clips made up by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.dataset.join_scenes import COLUMNS, Rule, join_scenes
from scripts.dataset.make_transitions import count_transitions, plot_transitions
from scripts.lib.pages.figures import save_figure

RULE = Rule(10, 0.4, frozenset({"black"}))


def clip_of(labels, scores=None, flags=None, seconds=None, **about):
    """Rows of `shots.parquet` of one clip, at 24 frames per second."""
    n = len(labels)
    ends = pd.Series(seconds or [3] * n).cumsum()
    starts = ends.shift(fill_value=0)
    columns = {
        "clip_id": "c", "movie_id": "m", "title": "T", "year": "1999", "shot": range(1, n + 1),
        "start_frame": starts * 24, "end_frame": ends * 24, "start_time": starts / 1, "end_time": ends / 1,
        "label_1": labels, "score_1": scores or [0.9] * n, "flags": flags or [""] * n,
    }  # fmt: skip
    return pd.DataFrame(columns | about)


def spans(shots, rule=RULE):
    table = join_scenes(shots, rule)
    return list(zip(table["label"], table["first_shot"], table["last_shot"], strict=True))


@pytest.mark.parametrize(
    ("labels", "scores", "expected"),
    [
        ("AAB", [0.9, 0.1, 0.9], [("A", 1, 2), ("B", 3, 3)]),
        # An unsure interruption is bridged, a sure one is another place.
        ("ABA", [0.9, 0.39, 0.9], [("A", 1, 3)]),
        ("ABA", [0.9, 0.4, 0.9], [("A", 1, 1), ("B", 2, 2), ("A", 3, 3)]),
        ("ABCA", [0.2, 0.2, 0.2, 0.2], [("A", 1, 4)]),
        ("ABCA", [0.9, 0.2, 0.8, 0.9], [("A", 1, 1), ("B", 2, 2), ("C", 3, 3), ("A", 4, 4)]),
        # Twelve seconds are too long; nothing is bridged at the end of a clip.
        ("ABBBBA", [0.1] * 6, [("A", 1, 1), ("B", 2, 5), ("A", 6, 6)]),
        ("AB", [0.9, 0.1], [("A", 1, 1), ("B", 2, 2)]),
        # The first place that recurs is the scene's.
        ("ABAB", [0.1] * 4, [("A", 1, 3), ("B", 4, 4)]),
    ],
)
def test_interruptions_are_bridged_by_the_rule(labels, scores, expected):
    assert spans(clip_of(list(labels), scores)) == expected


def test_a_flagged_shot_has_no_place():
    """It is bridged however sure it is, and alone it is no scene."""
    black = ["", "black|uniform", "", "black"]
    assert spans(clip_of(list("ABAB"), flags=black)) == [("A", 1, 3)]
    assert spans(clip_of(list("AAAA"), flags=black)) == [("A", 1, 3)]
    assert spans(clip_of(list("BAB"), flags=["black", "", "black"])) == [("A", 2, 2)]
    assert list(join_scenes(clip_of(["A"], flags=["black"]), RULE).columns) == list(COLUMNS)


def test_a_scene_is_described():
    row = join_scenes(clip_of(list("ABCA"), [0.5, 0.1, 0.2, 0.7], seconds=[2, 3, 4, 3600], movie_id=""), RULE).iloc[0]
    assert (row["film"], row["scene_number"], row["score"]) == ("c", 1, 0.6)
    assert (row["n_shots"], row["n_bridged"], row["bridged"]) == (4, 2, "B|C")
    assert (row["start_frame"], row["end_frame"], row["end_time"]) == (0, 3609 * 24, 3609)
    assert (row["start_code"], row["end_code"]) == ("00:00:00.000", "01:00:09.000")


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.floats(0, 1), st.sampled_from(["", "black"])), max_size=30))
def test_no_shot_is_in_two_scenes_and_none_with_a_place_is_in_none(rows):
    labels, scores, flags = map(list, zip(*rows, strict=True)) if rows else ([], [], [])
    inside = [shot for _, first, last in spans(clip_of(labels, scores, flags)) for shot in range(first, last + 1)]
    assert inside == sorted(set(inside))
    assert {number for number, flag in enumerate(flags, start=1) if not flag} <= set(inside)


def test_transitions_are_counted_within_clips(tmp_path):
    """From scene to scene, not from a clip's last to the next clip's first."""
    clips = [clip_of(list("ABAB")), clip_of(list("CAC"), clip_id="d"), clip_of(list("AB"), clip_id="e", movie_id="n")]
    scenes = join_scenes(pd.concat(clips), RULE)
    table = count_transitions(scenes)
    cells = {(row.film, row.from_label + row.to_label): (row.transitions, row.share) for row in table.itertuples()}
    assert cells == {
        ("m", "AB"): (2, 0.6667),
        ("m", "AC"): (1, 0.3333),
        ("m", "BA"): (1, 1.0),
        ("m", "CA"): (1, 1.0),
        ("n", "AB"): (1, 1.0),
    }
    assert table["film"].tolist() == ["m"] * 4 + ["n"]
    figure = plot_transitions(table)
    image, names = figure.axes[0].images[0], [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    assert image.cmap(image.norm(0)) == (1, 1, 1, 1)
    drawn = {(names[row], names[column]): share for (row, column), share in np.ndenumerate(image.get_array()) if share}
    assert drawn == {("A", "B"): 0.75, ("A", "C"): 0.25, ("B", "A"): 1, ("C", "A"): 1}
    assert sum(int(text.get_text()) for text in figure.axes[0].texts) == 6
    assert figure.axes[0].get_title("left") == "2 films: 6"
    # Both films have the same title.
    assert [ax.get_title("left") for ax in figure.axes[1:]] == ["T: 5", "T: 1"]
    save_figure(figure, [tmp_path / "a.png"])
    save_figure(plot_transitions(count_transitions(scenes.iloc[:1])), [tmp_path / "b.png"])
