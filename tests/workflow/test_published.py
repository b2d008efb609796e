"""The published run: the numbers of the authors' files, exactly, without a video."""

import json
import shutil

import pandas as pd
import pytest

from tests.helpers import ROOT
from tests.helpers.runs import make_workspace, unexplained

PUBLISHED = ("--configfile", "config/published.yaml", "--config")


@pytest.fixture(scope="module")
def published(shared_data, tmp_path_factory):
    """One run from a mirror; tests read it."""
    workspace = make_workspace(tmp_path_factory.mktemp("published run"))
    workspace.snakemake(*PUBLISHED, f"sources={json.dumps({'mirror': str(shared_data)})}")
    return workspace


@pytest.fixture(scope="module")
def results(published):
    return published.path / "results/published"


def statistics(results, name):
    """A table of statistics as text by statistic and part."""
    table = pd.read_csv(results / f"tables/{name}.csv", dtype=str, keep_default_na=False)
    return table.set_index(["statistic", "part"])


def test_a_second_call_has_nothing_to_do(published, shared_data):
    again = published.snakemake(*PUBLISHED, f"sources={json.dumps({'mirror': str(shared_data)})}")
    assert "Nothing to be done" in again.stdout


def test_splits_are_the_papers(results):
    ours = statistics(results, "dataset")["ours"]
    assert [ours["shots", part] for part in ("train", "val", "test", "all")] == ["73859", "23216", "10345", "107420"]
    assert [ours["videos", part] for part in ("train", "val", "test", "all")] == ["12989", "3940", "1777", "18706"]
    assert [ours["movies", part] for part in ("train", "val", "test", "all")] == ["2451", "697", "344", "3492"]
    assert ours["classes", "all"] == "150"
    assert ours["label instances", "all"] == "154206"
    assert ours["label instances", "train"] == "106006"
    assert ours["multi-label shots, %", "all"] == "38.42"
    assert [ours[f"shots with {n} label(s)", "all"] for n in range(1, 6)] == ["66150", "35876", "5273", "120", "1"]
    assert ours["largest class", "all"] == "cockpit (12426)"
    assert ours["smallest class", "all"] == "grassland (8)"
    assert ours["classes that are never the best label", "all"] == "19"


def test_table1_counts_the_samples_and_their_classes(results):
    table = pd.read_csv(results / "tables/table1.csv", dtype=str).query("row == 'MovieCLIP'").set_index("column")
    assert table.loc[["classes", "samples"], "ours"].tolist() == ["150", "107420"]
    assert table.loc["classes", "comparable"] == "no"


def test_leakage_is_found(results):
    ours = statistics(results, "leakage")["ours"]
    assert {ours[f"{name} in more than one split", "all"] for name in ("shots", "videos", "movies")} == {"0"}
    assert ours["verified shots", "all"] == "1883"
    assert ours["verified videos", "all"] == ours["verified videos whose movie is known", "all"] == "978"
    assert ours["verified shots whose video is in a split", "all"] == "0"
    assert ours["verified shots whose movie is in", "train"] == "1265"
    assert ours["verified videos whose movie is in", "train"] == "660"


def test_every_number_known_of_the_release_is_met(results):
    """Whatever stands in the release's column is what we count."""
    for name, least in (("dataset", 24), ("leakage", 7), ("release", 20)):
        table = statistics(results, name)
        known = table[table["release"] != ""]
        assert len(known) >= least
        assert (known["ours"] == known["release"]).all(), known[known["ours"] != known["release"]]


def test_the_checks_meet_the_published_numbers_exactly(results):
    """They know that these are the authors' files; the page says how many numbers are the same."""
    checks = pd.read_csv(results / "checks.csv").set_index("check")
    assert checks.loc["the published files have the published numbers", "n"] == 51
    assert (checks["result"] == "passed").all()
    assert "Of 51 numbers known" in (results / "index.html").read_text()


def test_fig5_is_the_papers(results):
    table = pd.read_csv(results / "tables/fig5.csv")
    best = {genre: list(part["label"][:2]) for genre, part in table.groupby("genre")}
    assert best["Western"] == ["shooting range", "desert"]
    assert best["Sport"] == ["locker room", "boxing ring"]
    assert best["Musical"] == ["ballroom", "stage"]
    assert best["War"] == ["cockpit", "battlefield"]
    assert (table["paper"] == "named").sum() == 8
    western = table[table["genre"] == "Western"]
    assert list(zip(western["label"], western["shots"], strict=True)) == [
        ("shooting range", 150),
        ("desert", 116),
        ("wagon", 46),
        ("funeral", 43),
        ("banquet", 39),
    ]


def test_shares_count_each_film_once(results):
    """From the splits and movies by plain pandas; the rooms of a film of many shots do not outweigh other films."""
    table = pd.read_csv(results / "tables/label_shares.csv").set_index(["property", "property_value", "by", "cell"])
    splits = [pd.read_csv(results / f"dataset/splits/{name}.csv", dtype=str) for name in ("train", "val", "test")]
    movies = pd.read_csv(results / "dataset/movies.csv", dtype=str, keep_default_na=False).set_index("movie_id")
    samples = pd.concat(splits, ignore_index=True)
    groups = pd.read_csv(ROOT / "config/groups.csv").set_index("label")["group"]
    found = {
        ("label", "animal shelter"): samples["labels"].str.split("|").map(lambda names: "animal shelter" in names),
        ("label", "desert"): samples["labels"].str.split("|").map(lambda names: "desert" in names),
        ("group", "inside"): samples["labels"].str.partition("|")[0].map(groups) == "inside",
    }
    year, genres = (samples["movie_id"].map(movies[~movies.index.duplicated()][name]) for name in ("year", "genres"))
    cells = {
        ("all", "all films"): year.notna(),
        ("decade", "1940s"): year.str.startswith("194"),
        ("genre", "Western"): genres.str.split("|").map(lambda names: "Western" in names),
    }
    for key, has in found.items():
        for cell, chosen in cells.items():
            per_film = has[chosen].groupby(samples["movie_id"]).mean()
            row = table.loc[(*key, *cell)]
            assert row["share"] == pytest.approx(per_film.mean(), abs=1e-5)
            assert (row["cell_films"], row["cell_shots"]) == (len(per_film), chosen.sum())
            assert (row["films"], row["shots"]) == ((per_film > 0).sum(), has[chosen].sum())
    assert set(table.loc["group"].index.get_level_values(0)) == {"inside", "either", "outside"}
    assert len(table.loc["label"].index.get_level_values(0).unique()) == 150


def test_movies_have_the_facts_of_most_of_their_clips(results, shared_data):
    """Counted clip by clip; docs/fidelity.md tells how many shots the first clip alone would have misled."""
    rows = pd.read_csv(shared_data / "condensed_movies/clips.csv", dtype=str, keep_default_na=False)
    movies = pd.read_csv(results / "dataset/movies.csv", dtype=str, keep_default_na=False)
    shots = {"title": [], "year": []}
    for movie in movies.itertuples():
        clips = rows[rows["imdbid"] == movie.movie_id]
        years = [year.removesuffix(".0") for year in clips["year"]]
        for name, values in (("title", list(clips["title"])), ("year", ["" if y == "-1" else y for y in years])):
            known = [value for value in values if value]
            assert known.count(getattr(movie, name)) == max(map(known.count, known), default=0), movie
            if values[0] != getattr(movie, name):
                shots[name].append((movie.movie_id, int(movie.n_shots), values[0]))
    assert [(len(of), sum(n for _, n, _ in of)) for of in shots.values()] == [(9, 726), (12, 545)]
    assert sum(n for _, n, first in shots["year"] if not first) == 137
    assert len(dict.fromkeys(movie for of in shots.values() for movie, _, _ in of)) == 15


def test_class_weights_are_the_releases(results, shared_data):
    """(N - n) / (n + 1e-5), from counts taken here from the lines themselves."""
    table = pd.read_csv(results / "dataset/labels.csv")
    indices = json.loads((shared_data / "movieclip/multi_label_thresh_0_4_0_1_label_map.json").read_text())
    assert dict(zip(table["label"], table["index"], strict=True)) == indices
    lines = (shared_data / "movieclip/train_multi_label_thresh_0_4_0_1_150_labels.txt").read_text().splitlines()
    counts = pd.Series([int(index) for line in lines for index in line.split()[1:]]).value_counts().sort_index()
    assert table["n_train"].tolist() == counts.tolist()
    assert table["pos_weight"].tolist() == pytest.approx(((106006 - counts) / (counts + 1e-5)).tolist(), rel=1e-6)
    assert table["pos_weight"].tolist()[:2] == pytest.approx([48.65152202036757, 7570.851735105904], rel=1e-6)
    assert table["pos_weight_samples"].tolist() == pytest.approx(((73859 - counts) / counts).tolist())


def test_the_authors_lines_come_back_byte_for_byte(results, shared_data):
    for split in ("train", "val", "test"):
        theirs = shared_data / f"movieclip/{split}_multi_label_thresh_0_4_0_1_150_labels.txt"
        assert (results / f"dataset/splits/{split}.txt").read_bytes() == theirs.read_bytes()


def test_the_evaluation_set_and_its_windows(results):
    evaluation = pd.read_csv(results / "verification/evaluation_set.csv", keep_default_na=False)
    windows = pd.read_csv(results / "verification/windows.csv", keep_default_na=False)
    assert len(evaluation) == 1883
    assert len(windows) == 1024
    assert set(windows["clip_id"]) == set(evaluation["clip_id"])
    assert (windows["end_time"] - windows["start_time"] == 10).all()
    assert (evaluation["movie_disjoint"] == "no").sum() == 1265


def test_the_windows_are_a_manifest_to_run(published):
    """A run on them plans to join: the command of docs/fidelity.md."""
    folder = published.path / "results/published/verification"
    clips = json.dumps({"folder": None, "manifest": str(folder / "windows.csv"), "root": "/videos"})
    jobs = published.planned(
        "verification",
        *("--configfile", "config/tag.yaml", "--config", "run=verified", f"clips={clips}"),
        f"dataset={json.dumps({'evaluation_set': str(folder / 'evaluation_set.csv')})}",
    )
    assert jobs == {"find_clips": 103, "detect_shots": 103, "join_verified": 1, "verification": 1}


def test_every_file_and_column_is_explained(results):
    assert unexplained(results) == set()


@pytest.fixture
def released(shared_data, tmp_path):
    """A copy of the published files to change."""
    folder = tmp_path / "released"
    shutil.copytree(shared_data / "movieclip", folder, copy_function=shutil.copyfile)
    folder.chmod(0o755)
    return folder


def test_a_missing_line_changes_the_counts(published, shared_data, released):
    """The numbers come from the files: one shot less is one less, and a sure one is missed in Fig. 5."""
    workspace, folder = published, released
    name = folder / "val_multi_label_thresh_0_4_0_1_150_labels.txt"
    lines = name.read_text().splitlines(keepends=True)
    gone = lines.pop(0)
    name.write_text("".join(lines))
    verified = folder / "test_shots_human_verified_multi_labels_v1_complete.txt"
    own = json.dumps({"released": str(folder), "verified": str(verified)})
    targets = [f"results/edited/tables/{table}.csv" for table in ("dataset", "release")]
    workspace.snakemake(
        *targets, *PUBLISHED, "run=edited", f"dataset={own}", f"sources={json.dumps({'mirror': str(shared_data)})}"
    )
    ours = statistics(workspace.path / "results/edited", "dataset")["ours"]
    assert ours["shots", "val"] == "23215"
    assert ours["shots", "all"] == "107419"
    assert ours["label instances", "all"] == str(154206 - len(gone.split()[1:]))
    release = statistics(workspace.path / "results/edited", "release")["ours"]
    different = release["classes whose count differs from the published list", "all"]
    assert different == str(len(gone.split()[1:]))


def test_what_cannot_be_read_is_told_by_file_and_line(published, shared_data, released):
    workspace, folder = published, released
    name = folder / "test_multi_label_thresh_0_4_0_1_150_labels.txt"
    lines = name.read_text().splitlines(keepends=True)
    lines[6] = lines[6].rstrip() + " 150\n"
    name.write_text("".join(lines))
    done = workspace.snakemake(
        "results/spoilt/dataset/labels.csv",
        *PUBLISHED,
        "run=spoilt",
        f"dataset={json.dumps({'released': str(folder)})}",
        f"sources={json.dumps({'mirror': str(shared_data)})}",
        check=False,
    )
    assert done.returncode != 0
    assert "line 7: label 150 does not exist; there are 150" in done.stdout
    assert "Traceback" not in done.stdout
