"""Checks of finished results: a run made up here passes, and each damage is found and told."""

import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import h5py
import numpy as np
import pandas as pd
import pytest

from scripts.lib.evaluation.predictions import Predictions, read_predictions, write_predictions
from scripts.lib.files.hdf5 import create_h5, write_array, write_strings
from scripts.lib.jobs.errors import UserError
from scripts.lib.records.samples import SPLITS, target_matrix, write_dataset
from scripts.report.checks import results, tagging
from scripts.report.checks.results import CHECKS, Results
from scripts.report.verify_results import are_published, run_checks
from tests.helpers.galleries import make_shots

LABELS = tuple(f"label {index:03d}" for index in range(7))
SCALES = ["ECS", "CS", "MS", "FS", "LS"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Results of a run of 400 shots of four movies, of which the last is for raters."""
    folder = tmp_path_factory.mktemp("run")
    for part in ("dataset/splits", "verification", "models/lstm", "scores/clip", "tables", "shot_scale", "taxonomy"):
        (folder / part).mkdir(parents=True)
    (folder / "downstream/hvu/swin/features").mkdir(parents=True)
    shots = make_shots(400, n_labels=len(LABELS))
    random = np.random.default_rng(1)
    best = [f"label_{rank}" for rank in range(1, 6)]
    scores = np.zeros((len(shots), len(LABELS)), np.float32)
    for rank, column in enumerate(best, start=1):
        scores[np.arange(len(shots)), shots[column].map(LABELS.index)] = shots[f"score_{rank}"]
    rest = scores == 0
    scores[rest] = np.repeat((1 - scores.sum(axis=1)) / 2, 2)
    shots.to_parquet(folder / "dataset/shots.parquet", index=False)
    with create_h5(folder / "dataset/shot_scores.h5", {"score": "softmax"}) as file:
        write_strings(file, "labels", list(LABELS))
        write_strings(file, "shot_id", list(shots["shot_id"]))
        write_array(file, "scores", scores)
    with create_h5(folder / "scores/clip/00000.h5", {"score": "softmax"}) as file:
        write_strings(file, "labels", list(LABELS))
        matrix = random.dirichlet(np.ones(len(LABELS)), 6).T
        group = file.create_group("clips/a")
        values = {"S": matrix, "frame": range(6), "shot": [1, 1, 1, 2, 2, 2], "shot_numbers": [1, 2]}
        values["shot_scores"] = np.stack([matrix[:, :3].mean(axis=1), matrix[:, 3:].mean(axis=1)])
        for name, value in values.items():
            write_array(group, name, np.asarray(value))
    clips = list(dict.fromkeys(shots["clip_id"]))
    (folder / "dataset/failures.csv").write_text("clip_id,path,step,reason\nbroken,b.mp4,detect_shots,empty\n")
    trust = pd.DataFrame({"shot_id": shots["shot_id"], "trust": "high", "reasons": ""})
    trust.to_csv(folder / "dataset/trust.csv", index=False)
    scenes = [(clip, n + 1, 10 * n + 1, 10 * n + 10) for clip in clips for n in range(2)]
    scenes = pd.DataFrame(scenes, columns=["clip_id", "scene_number", "first_shot", "last_shot"])
    scenes.to_csv(folder / "dataset/scenes.csv", index=False)
    counts = f"# shots,400\n# clips,{len(clips)}\n"
    (folder / "tables/table2.csv").write_text(f"column,ours\n{counts}")

    kept = shots[shots["movie_id"] != "tt0000003"]
    split = dict(zip(sorted(set(kept["movie_id"])), SPLITS, strict=True))
    samples = kept.assign(
        labels=kept["label_1"] + "|" + kept["label_2"],
        scores=kept["score_1"].astype(str) + "|" + kept["score_2"].astype(str),
        split=kept["movie_id"].map(split),
    ).sort_values("split", key=lambda part: part.map(SPLITS.index), kind="stable")
    made = SimpleNamespace(labels=folder / "dataset/labels.csv", movies=folder / "dataset/movies.csv")
    made.tables = [folder / f"dataset/splits/{name}.csv" for name in SPLITS]
    made.lines = [folder / f"dataset/splits/{name}.txt" for name in SPLITS]
    write_dataset(samples, LABELS, kept, made)
    rows = [f"shots,{name},,,{(samples['split'] == name).sum()}" for name in SPLITS]
    (folder / "tables/dataset.csv").write_text("\n".join(["statistic,part,paper,release,ours", *rows, ""]))
    for name in ("leakage", "release"):
        (folder / f"tables/{name}.csv").write_text("statistic,part,paper,release,ours\n")

    judged = shots[shots["movie_id"] == "tt0000003"].head(20)
    judged.to_csv(folder / "verification/tasks.csv", index=False)
    votes = [
        (shot.shot_id, rater, shot.label_1, int(number % 4 != 0))
        for number, shot in enumerate(judged.itertuples())
        for rater in "abc"
    ]
    votes = pd.DataFrame(votes, columns=["shot_id", "rater", "label", "value"])
    votes.to_csv(folder / "verification/votes.csv", index=False)
    evaluated = judged.assign(video_id=judged["clip_id"], labels=judged["label_1"], movie_disjoint="yes")
    right = np.arange(20) % 4 != 0
    evaluated[right].to_csv(folder / "verification/evaluation_set.csv", index=False)
    evaluated[~right].to_csv(folder / "verification/discarded.csv", index=False)
    scale = random.dirichlet(np.ones(5), 20).round(4)
    table = pd.DataFrame(scale, columns=SCALES).assign(shot_id=list(judged["shot_id"]))
    table["scale"] = np.array(SCALES)[scale.argmax(axis=1)]
    table.to_csv(folder / "shot_scale/predictions.csv", index=False)

    test = samples[samples["split"] == "test"]
    targets = target_matrix(test["labels"], LABELS)
    logits = random.normal(size=targets.shape).astype(np.float32)
    write_predictions(
        folder / "models/lstm/predictions.h5", {"test": Predictions(list(test["shot_id"]), logits, targets)}, {}
    )
    hit = float(targets[np.arange(len(targets)), logits.argmax(axis=1)].mean())
    (folder / "models/lstm/metrics.json").write_text(json.dumps({"sets": {"test": {"top1": {"value": round(hit, 6)}}}}))

    videos = [f"v{number}" for number in range(9)]
    pd.DataFrame({"video_id": videos, "split": "test"}).to_csv(folder / "downstream/hvu/videos.csv", index=False)
    with create_h5(folder / "downstream/hvu/swin/features/00000.h5", {}) as file:
        write_strings(file, "video_id", videos)
        write_array(file, "features", random.normal(size=(9, 4)))
    taxonomy = {"label_id": range(len(LABELS)), "label": LABELS, "cluster": 0, "exemplar": LABELS[2]}
    pd.DataFrame(taxonomy).to_csv(folder / "taxonomy/taxonomy.csv", index=False)
    files = frozenset(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return Results(folder, files, LABELS, (*clips, "broken"), score="softmax")


def test_a_finished_run_passes_every_check(finished, monkeypatch):
    rows = run_checks(finished)
    assert {row["check"] for row in rows} == set(CHECKS)
    assert all(row["n"] for row in rows if "published" not in row["check"])
    # Blocks of any size tell the same.
    for module in (results, tagging):
        monkeypatch.setattr(module, "BLOCK", 7)
    assert run_checks(replace(finished)) == rows


def test_only_what_the_run_makes_is_checked(finished):
    """A file that is left from an earlier run does not count."""
    few = replace(finished, files=frozenset({"taxonomy/taxonomy.csv", "dataset/shots.parquet"}))
    assert len(run_checks(few)) == 4


def of_table(name, change):
    """A damage of a CSV or Parquet file: `change` gets the table and gives another."""

    def damage(folder):
        path = folder / name
        if path.suffix == ".parquet":
            change(pd.read_parquet(path)).to_parquet(path, index=False)
        else:
            change(pd.read_csv(path, dtype=str, keep_default_na=False)).to_csv(path, index=False)

    return damage


def of_h5(name, dataset, change):
    """A damage of an array, in place."""

    def damage(folder):
        with h5py.File(folder / name, "r+") as file:
            values = file[dataset][:]
            change(values)
            file[dataset][:] = values

    return damage


def of_predictions(change):
    def damage(folder):
        path = folder / "models/lstm/predictions.h5"
        write_predictions(path, {"test": change(read_predictions(path)["test"])}, {})

    return damage


def put(column, row, value):
    def change(table):
        table[column] = table[column].astype(object)
        table.loc[row, column] = value
        return table.infer_objects()

    return change


def swap(values, first=3, second=4):
    values[[first, second]] = values[[second, first]]


def put_number(place, value):
    def change(values):
        values[place] = value

    return change


def in_another_split(folder):
    """The first movie of test is in train as well."""
    movie = pd.read_csv(folder / "dataset/splits/test.csv")["movie_id"][0]
    of_table("dataset/splits/train.csv", put("movie_id", 5, movie))(folder)


def in_train(folder):
    movie = pd.read_csv(folder / "dataset/splits/train.csv")["movie_id"][0]
    of_table("verification/evaluation_set.csv", put("movie_id", 2, movie))(folder)


FIRST = "clip_0000-Scene-001"
PARQUET, SCORES, TRAIN = "dataset/shots.parquet", "dataset/shot_scores.h5", "dataset/splits/train.csv"
DAMAGES = {
    "two rows of scores": (of_h5(SCORES, "scores", swap), "all scores belong", "clip_0000-Scene-004 has another best"),
    "two names of scores": (of_h5(SCORES, "shot_id", swap), "all scores belong", "has another name here"),
    "a score of 1.2": (of_h5(SCORES, "scores", put_number((0, 0), 1.2)), "all scores belong", f"{FIRST} has a score"),
    "no score": (of_h5(SCORES, "scores", put_number((0, 0), np.nan)), "all scores belong", f"{FIRST} has a score"),
    "a sum": (of_h5(SCORES, "scores", put_number((0, 0), 0.0)), "all scores belong", "do not sum to 1"),
    "a best score": (of_table(PARQUET, put("score_1", 0, 1.2)), "best labels are labels", f"{FIRST} has a score"),
    "an order of scores": (of_table(PARQUET, put("score_5", 0, 0.999)), "best labels are labels", "do not descend"),
    "a label": (of_table(PARQUET, put("label_1", 0, "moon")), "best labels are labels", f"{FIRST} has a label that"),
    "a label twice": (
        of_table(PARQUET, lambda t: t.assign(label_3=t["label_1"])),
        "best labels are labels",
        f"{FIRST} has a label twice",
    ),
    "a missing shot": (of_table(PARQUET, lambda t: t.drop(7)), "samples are shots", "clip_0000-Scene-008: there is no"),
    "a doubled shot": (of_table(PARQUET, lambda t: pd.concat([t, t[7:8]])), "shots are named", "-008 is there more"),
    "a shot's name": (
        of_table(PARQUET, put("shot", 0, 2)),
        "shots are named",
        f"clip_0000-Scene-002 is called {FIRST}",
    ),
    "frames": (of_table(PARQUET, put("start_frame", 1, 0)), "shots follow", "clip_0000-Scene-002: its start_frame"),
    "times": (of_table(PARQUET, put("end_time", 0, -1.0)), "shots follow", f"{FIRST}: its end_time is not after"),
    "a matrix": (
        of_h5("scores/clip/00000.h5", "clips/a/S", put_number((0, 0), 3)),
        "score matrices",
        "a frame has a score",
    ),
    "a mean": (
        of_h5("scores/clip/00000.h5", "clips/a/shot_scores", lambda v: swap(v, 0, 1)),
        "score matrices",
        "not the mean",
    ),
    "a clip": (of_table("dataset/failures.csv", lambda t: t.drop(0)), "every clip", "broken has neither"),
    "trust": (
        of_table("dataset/trust.csv", put("trust", 2, "some")),
        "trust is said",
        "clip_0000-Scene-003: its trust",
    ),
    "no trust": (
        of_table("dataset/trust.csv", lambda t: t.drop(2)),
        "trust is said",
        "clip_0000-Scene-003 has no line",
    ),
    "scenes": (
        of_table("dataset/scenes.csv", put("first_shot", 1, "9")),
        "scenes are runs",
        "clip_0000, scene 2 overlaps",
    ),
    "a scene's shot": (
        of_table("dataset/scenes.csv", put("last_shot", 1, "99")),
        "scenes are runs",
        "last_shot does not exist",
    ),
    "table 2": (of_table("tables/table2.csv", put("ours", 0, "399")), "table 2 counts", "# shots is 399, not 400"),
    "a movie in two splits": (in_another_split, "splits share nothing", "is in train and test"),
    "a doubled sample": (
        of_table(TRAIN, lambda t: pd.concat([t, t[:1]])),
        "splits share nothing",
        f"{FIRST} is there more",
    ),
    "a sample's label": (of_table(TRAIN, put("labels", 0, "moon")), "samples have classes", f"{FIRST}: its labels"),
    "a sample's scores": (of_table(TRAIN, put("scores", 0, "0.1|0.4")), "samples have classes", f"{FIRST}: its scores"),
    "two lines": (
        of_table(TRAIN, lambda t: t.iloc[[1, 0, *range(2, len(t))]]),
        "lines tell the same",
        f"{FIRST}: train.txt",
    ),
    "a weight": (
        of_table("dataset/labels.csv", put("pos_weight", 1, "3.5")),
        "classes are counted",
        "label 001: pos_weight is",
    ),
    "a count": (
        of_table("dataset/labels.csv", put("n_val", 1, "0")),
        "classes are counted",
        "label 001: n_val is 0, not",
    ),
    "a movie's shots": (
        of_table("dataset/movies.csv", put("n_shots", 0, "1")),
        "movies are counted",
        "in train: 1 shots",
    ),
    "a verified clip": (
        of_table("verification/evaluation_set.csv", put("video_id", 2, "clip_0000")),
        "verified shots are no",
        "is in a split",
    ),
    "a verified movie": (in_train, "verified shots are no samples", "its movie is in train"),
    "a judged clip": (
        of_table("verification/tasks.csv", put("clip_id", 2, "clip_0000")),
        "judged clips are no",
        "is in a split",
    ),
    "a vote": (
        of_table("verification/votes.csv", lambda t: t.assign(value="1")),
        "votes lead to",
        "its raters accept label",
    ),
    "a scale": (of_table("shot_scale/predictions.csv", put("ECS", 2, "0.9")), "scales are probable", "do not sum to 1"),
    "targets": (
        of_predictions(lambda p: p._replace(targets=np.roll(p.targets, 1, 1))),
        "predictions are of",
        "its targets are not",
    ),
    "logits": (of_predictions(lambda p: p._replace(logits=p.logits * np.nan)), "predictions are of", "not finite"),
    "top-1": (of_predictions(lambda p: p._replace(logits=p.targets * 1.0)), "predictions are of", "states a top-1 hit"),
    "features": (
        of_h5("downstream/hvu/swin/features/00000.h5", "features", put_number((1, 1), np.inf)),
        "features are of",
        "v1 has features",
    ),
    "a video": (of_table("downstream/hvu/videos.csv", put("video_id", 3, "v2")), "features are of", "v3 is not listed"),
    "an exemplar": (
        of_table("taxonomy/taxonomy.csv", put("cluster", 2, "1")),
        "the taxonomy is",
        "exemplar is in another",
    ),
    "a taxonomy": (of_table("taxonomy/taxonomy.csv", lambda t: t.drop(6)), "the taxonomy is", "not those that shots"),
    "a statistic": (of_table("tables/dataset.csv", put("ours", 0, "7")), "the table counts", "shots of train: 7, not"),
    "a table": (
        lambda folder: (folder / "tables/leakage.csv").write_text("a,b\n1\n"),
        "tables are complete",
        "line 2 has 1 values",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damage_is_found_and_told(finished, tmp_path, name):
    """The message names the check, the file and the first of what is wrong."""
    damage, check, words = DAMAGES[name]
    folder = tmp_path / "copy"
    shutil.copytree(finished.folder, folder)
    damage(folder)
    with pytest.raises(UserError) as refusal:
        run_checks(replace(finished, folder=folder))
    told = str(refusal.value)
    assert words in told
    assert any(line.startswith(check) and str(folder) in line for line in told.splitlines()), told


def test_verified_shots_may_be_samples_where_nothing_keeps_them_apart(finished, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(finished.folder, folder)
    DAMAGES["a verified clip"][0](folder)
    run_checks(replace(finished, folder=folder, apart=False))


def test_every_check_has_failed_once():
    checks = [check for _, check, _ in DAMAGES.values()]
    untried = {name for name in CHECKS if not any(name.startswith(check) for check in checks)}
    assert untried == {"the published files have the published numbers"}


def test_the_published_numbers_must_be_met_exactly(finished):
    """Only by the published files: others have other numbers."""
    n = pd.read_csv(finished.folder / "tables/dataset.csv")["ours"][0]
    row = {"statistic": "shots", "part": "train", "release": str(n)}
    run_checks(replace(finished, released=True, printed=(row,)))
    other = (row | {"release": str(n + 1)},)
    run_checks(replace(finished, printed=other))
    with pytest.raises(UserError, match=rf"shots \(train\): {n}, not {n + 1}"):
        run_checks(replace(finished, released=True, printed=other))


def test_files_are_the_published_ones_by_their_checksums(tmp_path):
    (tmp_path / "a.txt").write_text("")
    sources, empty = tmp_path / "sources.csv", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    sources.write_text(f"path,sha256\nmovieclip/a.txt,{empty}\nmovieclip/b.txt,\n")
    assert are_published([str(tmp_path / "a.txt")], sources)
    (tmp_path / "a.txt").write_text("x")
    assert not are_published([str(tmp_path / "a.txt")], sources)
    assert not are_published([], sources)
