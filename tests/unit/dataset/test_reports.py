"""Tables and figures of the dataset: counted again with plain loops, and drawn for any size."""

from collections import Counter
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from scripts.dataset.describe_release import describe_distribution, describe_hvu, describe_metadata
from scripts.dataset.describe_splits import describe_splits
from scripts.dataset.make_table1 import measure_shots, our_row, table1
from scripts.dataset.plot_cooccurrence import pair_table, plot_pairs, together
from scripts.dataset.plot_genre_labels import genre_labels, plot_genres
from scripts.dataset.plot_label_distribution import label_counts, plot_distribution
from scripts.dataset.plot_label_shares import label_shares, plot_labels, plot_properties, property_shares
from scripts.dataset.study_thresholds import judged_shots, plot_thresholds, study_thresholds, threshold_grid
from scripts.lib.pages.figures import save_figure
from scripts.lib.tables.rows import read_csv
from tests.helpers import ROOT

LABELS = ["bar", "beach", "cave", "desert", "room"]
PRINTED = [{"genre": "War", "label": "cave"}, {"genre": "Drama", "label": "bar"}]


@pytest.fixture
def samples():
    """Three hundred samples of twenty movies."""
    random = np.random.default_rng(4)
    movies = random.integers(0, 20, 300)
    return pd.DataFrame(
        {
            "shot_id": [f"s{n}" for n in range(300)],
            "clip_id": [f"c{movie}_{n % 3}" for n, movie in enumerate(movies)],
            "movie_id": [f"m{movie}" for movie in movies],
            "labels": ["|".join(random.permutation(LABELS)[: random.integers(1, 4)]) for _ in range(300)],
            "scores": "",
            "split": np.array(["train", "val", "test"])[movies % 3],
        }
    )


@pytest.fixture
def movies():
    """Genres and years of the twenty; some are not known."""
    genres = ["War|Drama", "Drama", "", "Western"]
    return pd.DataFrame(
        {
            "movie_id": [f"m{n}" for n in range(20)],
            "year": ["" if n % 7 == 0 else str(1960 + 3 * n) for n in range(20)],
            "genres": [genres[n % 4] for n in range(20)],
        }
    )


def test_statistics_are_what_counting_gives(samples):
    found = {(name, part): value for name, part, value in describe_splits(samples)}
    for part in ("train", "val", "test"):
        own = samples[samples["split"] == part]
        assert found["shots", part] == len(own)
        assert found["movies", part] == len(set(own["movie_id"]))
        assert found["label instances", part] == sum(len(names.split("|")) for names in own["labels"])
    lengths = Counter(len(names.split("|")) for names in samples["labels"])
    assert [found[f"shots with {n} label(s)", "all"] for n in range(1, 6)] == [lengths[n] for n in range(1, 6)]
    assert found["multi-label shots, %", "all"] == f"{100 * (300 - lengths[1]) / 300:.2f}"
    counts = Counter(name for names in samples["labels"] for name in names.split("|"))
    assert found["largest class", "all"].endswith(f"({max(counts.values())})")
    assert found["smallest class", "all"].endswith(f"({min(counts.values())})")
    assert found["classes that are never the best label", "all"] == 0
    suppressed = samples.assign(labels=["bar|cave"] * 300)
    assert {n: v for n, _, v in describe_splits(suppressed)}["classes that are never the best label"] == 1


def test_an_empty_split_is_counted_as_nothing(samples):
    found = {(name, part): value for name, part, value in describe_splits(samples[samples["split"] == "train"])}
    assert (found["shots", "test"], found["movies", "test"], found["classes", "test"]) == (0, 0, 0)


def test_fig5_counts_best_labels_by_genre(samples, movies, tmp_path):
    """A shot counts for each genre; the paper's genres come first; ties in the order of the alphabet."""
    table = genre_labels(samples, movies, PRINTED)
    genres = dict(zip(movies["movie_id"], movies["genres"], strict=True))
    counts = Counter()
    for movie, names in zip(samples["movie_id"], samples["labels"], strict=True):
        for genre in filter(None, genres[movie].split("|")):
            counts[genre, names.split("|")[0]] += 1
    assert list(dict.fromkeys(table["genre"])) == ["War", "Drama", "Western"]
    for genre, part in table.groupby("genre"):
        expected = sorted(((-n, label) for (g, label), n in counts.items() if g == genre))[:5]
        assert list(zip(-part["shots"], part["label"], strict=True)) == expected
        assert part["genre_shots"].iloc[0] == sum(n for (g, _), n in counts.items() if g == genre)
    assert set(table.loc[table["paper"] == "named", "label"]) <= {"cave", "bar"}
    figure = plot_genres(table)
    first = table.iloc[0]
    assert figure.axes[0].texts[0].get_text() == f" {first['shots']} ({first['shots'] / first['genre_shots']:.1%})"
    assert len({bar.get_facecolor() for axes in figure.axes for bar in axes.patches}) == 2
    save_figure(figure, [tmp_path / "a.png"])
    nothing = genre_labels(samples, movies.assign(genres=""), PRINTED)
    assert len(nothing) == 0
    save_figure(plot_genres(nothing), [tmp_path / "b.png"])


def test_pairs_are_what_counting_gives(samples, tmp_path):
    counts, labels = together(samples)
    table = pair_table(counts, labels, len(samples))
    pairs = Counter(pair for names in samples["labels"] for pair in combinations(sorted(names.split("|")), 2))
    own = Counter(name for names in samples["labels"] for name in names.split("|"))
    assert {(row.label, row.other): row.shots for row in table.itertuples()} == dict(pairs)
    for row in table.itertuples():
        assert (row.label_shots, row.other_shots) == (own[row.label], own[row.other])
        assert row.lift == pytest.approx(row.shots * 300 / (own[row.label] * own[row.other]), abs=0.005)
    figure = plot_pairs(counts, labels, table)
    image, names = figure.axes[0].images[0], [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    drawn = image.get_array()
    assert image.cmap(image.norm(0)) == (1, 1, 1, 1)
    cells = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    for row, column in np.argwhere(drawn):
        both = pairs[tuple(sorted((names[row], names[column])))]
        assert cells[column, row] == str(both)
        assert drawn[row, column] == pytest.approx(100 * both / own[names[row]])
    assert len(cells) == np.count_nonzero(drawn) == 20
    assert figure.axes[0].get_yticklabels()[0].get_text() == f"{names[0]}  ({own[names[0]]})"
    assert drawn.max() == pytest.approx(
        100 * max(max(row.shots / row.label_shots, row.shots / row.other_shots) for row in table.itertuples())
    )
    save_figure(figure, [tmp_path / "a.png"])
    single = samples.assign(labels="bar")
    counts, labels = together(single)
    save_figure(plot_pairs(counts, labels, pair_table(counts, labels, 300)), [tmp_path / "b.png"])


def mean_over_films(rows, films, holds):
    """The share of a film's rows for which `holds`, its mean over these films; and how often, in how many films."""
    counts = {film: [holds(row) for row in rows if row["movie_id"] == film] for film in films}
    counts = {film: hits for film, hits in counts.items() if hits}
    share = sum(sum(hits) / len(hits) for hits in counts.values()) / len(counts)
    return share, sum(map(sum, counts.values())), sum(map(any, counts.values())), len(counts)


def test_shares_by_decade_and_genre_count_each_film_once(samples, movies, tmp_path):
    about = movies.set_index("movie_id")
    cells = {
        ("all", "all films"): set(about.index),
        ("decade", "1980s"): set(about.index[about["year"].str.startswith("198")]),
        ("genre", "Drama"): set(about.index[about["genres"].str.contains("Drama")]),
    }
    groups = {"bar": "inside", "room": "inside", "beach": "outside", "cave": "either"}
    shots = samples.assign(label=samples["labels"].str.partition("|")[0], light="day")
    shots.loc[::3, "light"] = "night"
    table = pd.concat([label_shares(samples, movies), property_shares(shots, movies, groups, ["light"])])
    found = table.set_index(["property", "property_value", "by", "cell"])
    assert found.index.is_unique
    rows = shots.to_dict("records")
    tests = {
        ("label", "cave"): lambda row: "cave" in row["labels"].split("|"),
        ("group", "inside"): lambda row: groups.get(row["label"]) == "inside",
        ("group", "unknown"): lambda row: row["label"] == "desert",
        ("light", "night"): lambda row: row["light"] == "night",
    }
    for key, holds in tests.items():
        for cell, films in cells.items():
            share, shots_with, films_with, n_films = mean_over_films(rows, films, holds)
            row = found.loc[(*key, *cell)]
            assert row["share"] == pytest.approx(share, abs=1e-5), (key, cell)
            assert (row["shots"], row["films"], row["cell_films"]) == (shots_with, films_with, n_films)
            assert row["cell_shots"] == sum(row["movie_id"] in films for row in rows)
    by_cell = table[table["property"] == "group"].groupby(["by", "cell"])["share"].sum()
    assert np.allclose(by_cell, 1, atol=1e-4)
    few = movies.assign(genres=["War"] + [""] * 19, year="")
    for number, (facts, of) in enumerate([(movies, groups), (few, groups), (few.assign(genres=""), {})]):
        save_figure(plot_labels(label_shares(samples, facts)), [tmp_path / f"{number}.png"])
        save_figure(plot_properties(property_shares(shots, facts, of, ["light"])), [tmp_path / f"{number}.svg"])
    save_figure(plot_properties(property_shares(shots, movies, {}, [])), [tmp_path / "nothing.png"])


def test_a_film_of_many_shots_is_one_film(samples, movies):
    """34 shots of one film among five of three: a third of the films, not most of the shots."""
    films = [("m1", "bar")] * 34 + [("m2", "room")] * 3 + [("m3", "room")] * 2
    shots = pd.DataFrame(films, columns=["movie_id", "label"])
    table = property_shares(shots, movies, {"bar": "inside", "room": "either"}, []).set_index(["property_value", "by"])
    assert table.loc[("inside", "all"), "share"] == pytest.approx(1 / 3, abs=1e-5)


@pytest.mark.parametrize("n", [1, 50, 51, 179])
def test_distributions_of_any_length_are_drawn(n, tmp_path):
    samples = pd.DataFrame({"labels": [f"label {k}" for k in range(n)] * 2, "scores": ""})
    samples = samples.assign(shot_id=[str(k) for k in range(2 * n)], movie_id="m")
    table = label_counts(samples)
    assert table["samples"].tolist() == table["best"].tolist() == [2] * n
    save_figure(plot_distribution(table), [tmp_path / "a.png"])


def test_thresholds_are_studied_as_the_run_selects(tmp_path):
    """Kept shots fall, precision is that of the best label among judged shots, and that of the raters' own shots."""
    label_index = np.array([[0, 1, 2, 3, 4], [1, 0, 2, 3, 4], [2, 1, 0, 3, 4], [3, 1, 2, 0, 4]])
    scores = np.array(
        [[0.8, 0.15, 0, 0, 0], [0.6, 0.05, 0, 0, 0], [0.4, 0.3, 0, 0, 0], [0.2, 0.2, 0, 0, 0]], np.float32
    )
    settings = {"rank_threshold": 0.1, "top_k": 5, "min_samples": None}
    truth = np.array([0, 2, 2, -1])
    verified = pd.DataFrame({"score": np.array([0.4, 0.75, 0.8], np.float32), "accepted": [False, False, True]})
    grid = np.array([0, 0.4, 0.7, 0.9], np.float32)
    table = study_thresholds(label_index, scores, np.arange(5), settings, truth, verified, grid)
    assert table["kept_shots"].tolist() == [4, 3, 1, 0]
    assert table["labels"].tolist() == [4, 3, 2, 0]
    assert table["precision"].tolist()[:3] == [0.66667, 0.66667, 1.0]
    assert table["n_judged"].tolist() == [3, 3, 1, 0]
    assert table["multi_label_share"].tolist()[:3] == [0.75, 0.66667, 1.0]
    assert table["precision"].iloc[3] == ""
    assert table["n_verified"].tolist() == [3, 3, 2, 0]
    assert table["precision_verified"].tolist() == [0.33333, 0.33333, 0.5, ""]
    save_figure(plot_thresholds(table, 0.4), [tmp_path / "a.png"])
    nothing = judged_shots([], [])
    untold = study_thresholds(label_index, scores, np.arange(5), settings, None, nothing, grid[1:2])
    columns = ["precision", "n_judged", "precision_verified", "n_verified"]
    assert untold[columns].to_numpy().tolist() == [["", 0, "", 0]]


def test_the_grid_fits_the_kind_of_score():
    """Twentieths for probabilities; the range of the scores for cosines; always the run's own."""
    assert threshold_grid(np.array([0.05, 0.99], np.float32), 0.37).tolist() == pytest.approx(
        sorted([n / 20 for n in range(20)] + [0.37])
    )
    cosines = threshold_grid(np.array([0.18, 0.31], np.float32), 0.2)
    assert (cosines.min(), cosines.max(), len(cosines)) == (pytest.approx(0.18), pytest.approx(0.31), 21)


def test_published_tables_around_the_splits():
    """Small tables by hand: years, genres, chance of a like split, HVU's tags, the published counts."""
    clips = pd.DataFrame(
        {"videoid": ["-a", "b", "c"], "imdbid": ["t1", "t1", "t2"], "year": ["-1.0", "1999.0", "1091.0"]}
    )
    splits = pd.DataFrame({"imdbid": ["t1", "t2"], "split": ["train", "test"]})
    samples = pd.DataFrame(
        {"clip_id": ["b", "c", "x"], "movie_id": ["t1", "t2", "x"], "split": ["train", "val", "val"]}
    )
    rows = {n: v for n, _, v in describe_metadata(clips, pd.DataFrame({"imdbid": ["t1"]}), splits, samples)}
    assert list(rows.values()) == [3, 2, 1, 1, 1, 1, "50.0", "25.0"]
    tags = pd.DataFrame({"Tag": ["bar", "hot_spring", "run"], "Category": ["scene", "scene", "action"]})
    validation = pd.DataFrame({"Tags": ["run|bar", "run", "hot_spring"]})
    hvu = [value for _, _, value in describe_hvu(tags, validation, ["bar", "hot spring", "run"])]
    assert hvu == [2, 1, 2, 3, 2]
    named = samples.assign(labels=["bar|cave", "bar", "bar"], scores="")
    listed = pd.DataFrame({"label": ["bar", "cave", "room"], "count": ["3", "2", "0"]})
    assert describe_distribution(named, listed)[0][2] == 1


def test_table_1_counts_shots_of_either_source(tmp_path):
    """shots.parquet tells how long shots last; split tables do not."""
    pd.DataFrame({"start_time": [0.0, 1.0], "end_time": [1.0, 4.0]}).to_parquet(tmp_path / "shots.parquet")
    assert measure_shots([str(tmp_path / "shots.parquet")]) == (2, 2.0)
    for name, n in (("a", 2), ("b", 3)):
        pd.DataFrame({"shot_id": range(n)}).to_csv(tmp_path / f"{name}.csv", index=False)
    assert measure_shots([str(tmp_path / "a.csv"), str(tmp_path / "b.csv")]) == (5, None)
    assert our_row(5, 179, None)["unit"] == "Shot"
    assert our_row(2, 179, 2.0)["unit"] == "Shot (2.00s)"


@pytest.mark.parametrize(("n_shots", "comparable"), [(1124638, "yes"), (107420, "no"), (1130001, "no")])
def test_table_1_is_comparable_only_with_the_papers_shots(n_shots, comparable):
    """In all of its columns, whether the values are the same or not."""
    printed = read_csv(ROOT / "config/paper/table1.csv")
    rows = [row for row in table1(printed, our_row(n_shots, 150, 3.54), "shots.parquet") if row["ours"]]
    assert len(rows) == 5 and {row["row"] for row in rows} == {"MovieCLIP"}
    assert {row["comparable"] for row in rows} == {comparable}
