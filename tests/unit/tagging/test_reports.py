"""Tables and figures say what the shots say."""

import os
import re
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from scripts.lib.pages.figures import save_figure
from scripts.lib.records.clips import Clip
from scripts.lib.tables.comparisons import delta, markdown_table
from scripts.tagging.make_table2 import shot_statistics, table2
from scripts.tagging.plot_score_matrix import average_frames, choose_clip, labels_that_matter, plot_score_matrix
from scripts.tagging.plot_timelines import plot_timelines
from scripts.tagging.strips import label_runs
from tests.helpers import ROOT


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


def segments_of(figure):
    """The colours of the segments of each strip of a figure, in their order."""
    strips = [strip for axes in figure.axes for strip in axes.collections if isinstance(strip, PolyCollection)]
    return [strip.get_facecolors() for strip in strips]


@pytest.mark.parametrize(("n_clips", "n_shots"), [(1, 1), (3, 7), (60, 2), (1, 200)])
def test_timelines_of_any_number_are_drawn(n_clips, n_shots):
    """At most 24 strips, one segment a run of a label, and the title says how many clips are left out."""
    parts = [shots_of(f"clip_{index}", n_shots, ["bar", "bar", "beach"]) for index in range(n_clips)]
    figure = plot_timelines(pd.concat(parts, ignore_index=True))
    axes = figure.axes[0]
    assert len(axes.get_yticklabels()) == min(24, n_clips)
    n_runs = 2 * (n_shots // 3) + (n_shots % 3 > 0)
    assert [len(colours) for colours in segments_of(figure)] == [n_runs] * min(24, n_clips)
    assert ("the 24 of 60 clips whose label changes most often" in axes.get_title(loc="left")) == (n_clips == 60)
    save_figure(figure, [])


def test_runs_of_labels_end_with_the_label_and_with_the_clip():
    shots = pd.concat([shots_of("a", 5, ["bar", "bar", "bar", "sea", "bar"]), shots_of("b", 2, ["bar"])])
    assert label_runs(shots).to_numpy().tolist() == [
        ["a", "bar", 0.0, 4.5],
        ["a", "sea", 4.5, 6.0],
        ["a", "bar", 6.0, 7.5],
        ["b", "bar", 0.0, 3.0],
    ]


def test_the_clips_shown_are_those_that_change_most_in_the_runs_order():
    dull, lively = shots_of("dull", 90, ["bar"]), [shots_of(f"clip_{n}", 6, ["bar", "sea"]) for n in range(24)]
    figure = plot_timelines(pd.concat([lively[0], dull, *lively[1:]], ignore_index=True))
    names = [tick.get_text().split()[0] for tick in figure.axes[0].get_yticklabels()]
    assert names == [f"clip_{n}" for n in range(24)]


def feature_film():
    """100 minutes, 1,500 shots, 30 labels, of which the first ones are frequent."""
    random = np.random.default_rng(0)
    ends = np.cumsum(random.exponential(1, 1500) + 0.1)
    ends *= 6000 / ends[-1]
    share = 1 / np.arange(1, 31)
    labels = np.repeat(random.choice(30, 300, p=share / share.sum()), 5)
    return pd.DataFrame(
        {
            "clip_id": "film",
            "title": "A Feature Film",
            "shot": np.arange(1, 1501),
            "start_time": np.append(0, ends[:-1]),
            "end_time": ends,
            "label_1": [f"label {label:02d}" for label in labels],
        }
    )


def test_a_feature_film_is_readable_at_a_glance(tmp_path):
    """One strip in minutes, far fewer segments than shots, fourteen colours and grey, and files of some 100 kB."""
    film = feature_film()
    figure = plot_timelines(film)
    axes = figure.axes[0]
    assert (axes.get_xlabel(), round(axes.get_xlim()[1])) == ("minutes", 100)
    assert axes.get_yticklabels()[0].get_text() == "A Feature Film  1:40:00"
    (colours,) = segments_of(figure)
    assert len(colours) == len(label_runs(film)) < 300
    assert len(np.unique(colours, axis=0)) == 15
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    footage = (film["end_time"] - film["start_time"]).groupby(film["label_1"]).sum()
    assert legend == [*footage.nlargest(14).index, f"{len(footage) - 14} other label(s)"]
    save_figure(figure, [tmp_path / f"film.{suffix}" for suffix in ("png", "svg", "pdf")])
    assert max(path.stat().st_size for path in tmp_path.iterdir()) < 200_000


def test_a_feature_films_scores_are_averaged_into_columns(tmp_path):
    """Two frames a second: columns of 20 frames, the labels that are high somewhere, and no line for 1,500 shots."""
    film, times = feature_film(), np.arange(0, 6000, 0.5)
    names = [f"label {n:02d}" for n in range(30)] + [f"never {n}" for n in range(30)]
    shot = np.searchsorted(film["end_time"], times, side="right").clip(max=1499)
    best = film["label_1"].str[-2:].astype(int).to_numpy()[shot]
    matrix = np.full((60, len(times)), 0.001, np.float16)
    matrix[best, np.arange(len(times))] = 0.9
    columns, edges = average_frames(matrix, np.append(times, 6000))
    assert columns.shape == (60, 600) and edges.tolist() == list(range(0, 6010, 10))
    assert columns[:, 7] == pytest.approx(matrix[:, 140:160].astype(float).mean(axis=1), abs=1e-4)
    figure = plot_score_matrix(matrix, names, times, film)
    axes = figure.axes[1]
    assert (axes.get_xlabel(), round(axes.get_xlim()[1])) == ("minutes", 100)
    assert {tick.get_text()[:5] for tick in axes.get_yticklabels()} == {"label"}
    assert len(axes.get_yticklabels()) == 20 and len(axes.collections) == 1
    save_figure(figure, [tmp_path / f"film.{suffix}" for suffix in ("png", "svg", "pdf")])
    assert max(path.stat().st_size for path in tmp_path.iterdir()) < 300_000


def test_the_labels_that_matter_are_among_the_three_highest_somewhere():
    columns = np.array([[0.1, 0.1], [0.5, 0.6], [0.0, 0.0], [0.3, 0.2], [0.1, 0.05], [0.0, 0.05]])
    assert labels_that_matter(columns).tolist() == [1, 3, 0]
    assert labels_that_matter(np.ones((2, 4))).tolist() == [0, 1]


def test_titles_are_text_and_no_formulas(tmp_path):
    """Dollar signs, and letters of any script, in a film's title do not stop the run's last job."""
    titles = ["Ca$h and Ke$ha", "from $5 {up to $10", "50% _ ^ {", "キル・ビル", "tab\tline\nbreak"]
    shots = pd.concat([shots_of(f"clip_{n}", 2, ["bar"], title) for n, title in enumerate(titles)], ignore_index=True)
    with pytest.warns(UserWarning, match="missing from font"):
        save_figure(plot_timelines(shots), [tmp_path / "x.png", tmp_path / "x.pdf", tmp_path / "x.svg"])
    drawn = re.sub("<!--.*?-->", "", (tmp_path / "x.svg").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert all(title in drawn for title in titles[:-1])


def test_figures_are_the_same_every_time(tmp_path):
    """No date, no random ids, also in another process: a figure changes only when its data do."""
    drawing = (
        "import sys, pandas as pd; from scripts.lib.pages.figures import save_figure; "
        "from scripts.tagging.plot_timelines import plot_timelines; "
        "save_figure(plot_timelines(pd.read_json(sys.argv[1])), sys.argv[2:])"
    )
    shots_of("clip", 3, ["bar", "beach"], "a title").to_json(tmp_path / "shots.json")
    for seed in ("1", "2"):
        figures = [tmp_path / f"{seed}.{suffix}" for suffix in ("svg", "pdf")]
        command = [sys.executable, "-c", drawing, tmp_path / "shots.json", *figures]
        subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed})
        time.sleep(1)
    for suffix in ("svg", "pdf"):
        first, second = ((tmp_path / f"{seed}.{suffix}").read_bytes() for seed in ("1", "2"))
        assert first == second, suffix


def test_the_clip_shown_is_the_most_varied_of_the_short_ones():
    """A clip of hundreds of shots is only chosen where all are that long."""
    varied = shots_of("varied", 30, [f"label {n}" for n in range(9)])
    long = shots_of("long", 300, [f"label {n}" for n in range(50)])
    dull = shots_of("dull", 5, ["bar"])
    assert choose_clip(pd.concat([dull, long, varied])) == "varied"
    assert choose_clip(long) == "long"
