"""Tables and figures say what the shots say."""

import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from scripts.lib.pages.figures import save_figure
from scripts.lib.records.clips import Clip
from scripts.lib.tables.comparisons import delta, markdown_table
from scripts.tagging.make_table2 import shot_statistics, table2
from scripts.tagging.plot_score_matrix import choose_clip, plot_score_matrix
from scripts.tagging.plot_timelines import plot_timelines


def shots_of(clip_id, n_shots, labels, title=""):
    """Rows of shots.parquet, a second and a half each."""
    return pd.DataFrame(
        {
            "clip_id": clip_id,
            "title": title,
            "shot": range(1, n_shots + 1),
            "start_time": np.arange(n_shots) * 1.5,
            "end_time": np.arange(1, n_shots + 1) * 1.5,
            "label_1": [labels[index % len(labels)] for index in range(n_shots)],
        }
    )


@pytest.mark.parametrize(
    ("paper", "ours", "expected"),
    [
        ("32484", "32000", "-484"),
        ("34.66", "35.1", "+0.44"),
        ("3.8", "3.8", "+0.0"),
        ("3574", "", ""),
        ("1930-2019", "1951-1988", ""),
        ("0.1", "0.25", "+0.1"),
    ],
)
def test_differences_have_the_papers_decimals(paper, ours, expected):
    """Numbers are compared as printed; years and unknown values are not numbers."""
    assert delta(paper, ours) == expected


def test_a_bar_in_a_cell_does_not_end_it():
    assert markdown_table(["a", "b"], [["x|y", ""]]) == "| a | b |\n| --- | --- |\n| x\\|y |  |"


def test_shot_statistics_by_hand():
    """Movies and years that the manifest does not tell are not counted."""
    shots = pd.DataFrame(
        {
            "clip_id": ["a", "a", "a", "b", "c"],
            "movie_id": ["m1", "m1", "m1", "m1", ""],
            "year": ["1951", "1951", "1951", "1988.0", ""],
            "start_time": [0, 1, 3, 0, 0],
            "end_time": [1, 3, 6.5, 2, 1.5],
        }
    )
    assert shot_statistics(shots) == {
        "# movies": "1",
        "Years": "1951-1988",
        "# clips": "3",
        "# shots": "5",
        "Avg shots/clip": "1.67",
        "Avg Duration (s)": "2.00",
    }
    unknown = shot_statistics(shots.assign(movie_id="", year=""))
    assert (unknown["# movies"], unknown["Years"]) == ("", "")


def test_table_2_is_comparable_only_with_the_papers_number_of_clips():
    """Ours stands beside the paper's with its difference, marked when it describes another collection."""
    shots = shots_of("a", 4, ["bar"]).assign(movie_id="m", year="1999")
    printed = [{"column": "# clips", "paper": "2"}, {"column": "# shots", "paper": "10"}]
    one, two = (table2(shots, printed, [Clip(str(i), "x") for i in range(n)], "shots.parquet") for n in (1, 2))
    assert {row["comparable"] for row in one} == {"no"}
    assert {row["comparable"] for row in two} == {"yes"}
    assert [(row["ours"], row["delta"], row["n_used"], row["n_expected"]) for row in one] == [
        ("1", "-1", "1", "2"),
        ("4", "-6", "1", "2"),
    ]


@pytest.mark.parametrize(("n_shots", "n_labels", "per_shot"), [(1, 1, 1), (1, 1, 30), (5, 3, 8), (200, 60, 2)])
def test_score_matrices_of_any_size_are_drawn(tmp_path, n_shots, n_labels, per_shot):
    """From one shot, label and frame to two hundred shots: a figure that can be saved."""
    labels = [f"label {index}" for index in range(n_labels)]
    shots = shots_of("clip", n_shots, labels)
    times = np.arange(n_shots * per_shot) * 1.5 / per_shot
    matrix = np.random.default_rng(0).random((n_labels, len(times))).astype(np.float16)
    figure = plot_score_matrix(matrix, labels, times, shots)
    assert isinstance(figure, Figure)
    assert len(figure.axes[1].get_yticklabels()) == min(20, n_labels)
    assert f"{n_shots} shot(s)" in figure.axes[0].get_title(loc="left")
    save_figure(figure, [tmp_path / "x.png"])
    assert (tmp_path / "x.png").stat().st_size > 1000


@pytest.mark.parametrize(("n_clips", "n_shots"), [(1, 1), (3, 7), (60, 2), (1, 200)])
def test_timelines_of_any_number_are_drawn(n_clips, n_shots):
    """At most 24 strips, one segment a shot, and the title says how many clips are left out."""
    parts = [shots_of(f"clip_{index}", n_shots, ["bar", "beach"]) for index in range(n_clips)]
    figure = plot_timelines(pd.concat(parts, ignore_index=True))
    axes = figure.axes[0]
    assert len(axes.get_yticklabels()) == min(24, n_clips)
    assert len(axes.patches) == min(24, n_clips) * n_shots
    assert ("the first 24 of 60 clips" in axes.get_title(loc="left")) == (n_clips == 60)
    save_figure(figure, [])


def test_titles_are_text_and_no_formulas(tmp_path):
    """Dollar signs, and letters of any script, in a film's title do not stop the run's last job."""
    titles = ["Ca$h and Ke$ha", "from $5 {up to $10", "50% _ ^ {", "キル・ビル", "tab\tline\nbreak"]
    shots = pd.concat([shots_of(f"clip_{n}", 2, ["bar"], title) for n, title in enumerate(titles)], ignore_index=True)
    with pytest.warns(UserWarning, match="missing from font"):
        save_figure(plot_timelines(shots), [tmp_path / "x.png", tmp_path / "x.svg"])
    drawn = re.sub("<!--.*?-->", "", (tmp_path / "x.svg").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert all(title in drawn for title in titles[:-1])


def test_figures_are_the_same_every_time(tmp_path):
    """No date, no random ids: a figure changes only when its data do."""
    for name in ("a", "b"):
        save_figure(plot_timelines(shots_of("clip", 3, ["bar", "beach"])), [tmp_path / f"{name}.svg"])
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_the_clip_shown_is_the_most_varied_of_the_short_ones():
    """A clip of hundreds of shots is only chosen where all are that long."""
    varied = shots_of("varied", 30, [f"label {n}" for n in range(9)])
    long = shots_of("long", 300, [f"label {n}" for n in range(50)])
    dull = shots_of("dull", 5, ["bar"])
    assert choose_clip(pd.concat([dull, long, varied])) == "varied"
    assert choose_clip(long) == "long"
