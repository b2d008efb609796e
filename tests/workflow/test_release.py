"""The demo's bundle as others load it, and the demo's release JSON as the start of another run."""

import json
import os
import re
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from tests.helpers.runs import Workspace, unexplained

SPLITS = {"train": "train", "validation": "val", "test": "test"}
# What a bundle may have, by the first bytes of the file.
DATA = {".parquet": b"PAR1", ".h5": b"\x89HDF"}
TEXT = {".md", ".csv", ".json", ""}


@pytest.fixture(scope="module")
def results(demo_run):
    return demo_run.path / "results/demo"


@pytest.fixture(scope="module")
def bundle(results, tmp_path_factory):
    """A copy, as somebody else would have it."""
    return shutil.copytree(results / "release", tmp_path_factory.mktemp("loaded") / "bundle")


def sources(results):
    """First rows of the files that the record sets come from, by name, as values of Python."""
    shots = pd.read_parquet(results / "dataset/shots.parquet")
    first = {"shots": shots.iloc[0].to_dict()}
    times = shots.set_index("shot_id")[["start_frame", "end_frame", "start_time", "end_time"]]
    for name, split in SPLITS.items():
        row = pd.read_csv(results / f"dataset/splits/{split}.csv", dtype=str).iloc[0]
        lists = {"labels": row["labels"].split("|"), "scores": [float(score) for score in row["scores"].split("|")]}
        first[name] = row.to_dict() | times.loc[row["shot_id"]].to_dict() | lists
    tables = {"taxonomy": "taxonomy/taxonomy", "taxonomy_history": "taxonomy/merges", "classes": "dataset/labels"}
    tables |= {name: f"verification/{name}" for name in ("votes", "evaluation_set")}
    for name, path in tables.items():
        if (results / f"{path}.csv").exists():
            first[name] = pd.read_csv(results / f"{path}.csv").iloc[0].to_dict()
    return first


def same(found, expected):
    """Whether a loaded value is that of the source; text may be bytes, nothing may be empty."""
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(same, found, expected))
    found = found.decode("utf-8") if isinstance(found, bytes) else found
    if pd.isna(expected):
        return found == "" or pd.isna(found)
    return found == (pytest.approx(expected) if isinstance(expected, float) else expected)


def test_croissant_is_valid_and_each_record_set_is_its_source(bundle, results):
    import mlcroissant

    dataset = mlcroissant.Dataset(jsonld=str(bundle / "croissant.json"))
    assert not dataset.metadata.ctx.issues.errors
    expected = sources(results)
    assert {record_set.id for record_set in dataset.metadata.record_sets} == set(expected)
    for name, row in expected.items():
        record = {key.partition("/")[2]: value for key, value in next(iter(dataset.records(name))).items()}
        assert set(record) == set(row)
        assert {key: record[key] for key in row if not same(record[key], row[key])} == {}, name


LOAD = """
import json, sys, datasets
folder = sys.argv[1]
found = {}
for config in datasets.get_dataset_config_names(folder):
    for split, table in datasets.load_dataset(folder, config).items():
        found[split if config == "default" else config] = {"n": len(table), "first": table[0]}
print(json.dumps(found))
"""


def test_datasets_loads_every_configuration_offline(bundle, results, tmp_path):
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    command = [sys.executable, "-c", LOAD, str(bundle)]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found, expected = json.loads(done.stdout), sources(results)
    assert set(found) == set(expected)
    for name, row in expected.items():
        first = found[name]["first"]
        assert {key: first[key] for key in row if not same(first[key], row[key])} == {}, name
    for name, split in SPLITS.items():
        assert found[name]["n"] == len(pd.read_csv(results / f"dataset/splits/{split}.csv"))
    assert found["shots"]["n"] == len(pd.read_parquet(results / "dataset/shots.parquet"))


def test_checksums_are_those_of_all_files(bundle):
    done = subprocess.run(["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=bundle, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    files = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}
    summed = {line[66:] for line in (bundle / "SHA256SUMS").read_text().splitlines()}
    assert files - summed - {".snakemake_timestamp"} == {"SHA256SUMS"}
    described = json.loads((bundle / "croissant.json").read_text())["distribution"]
    assert {file["contentUrl"] for file in described} == {
        path for path in summed if not path.endswith((".md", ".json"))
    }
    assert all(file["contentSize"] == f"{(bundle / file['@id']).stat().st_size} B" for file in described)


def test_there_is_no_picture_and_no_name_of_a_rater(bundle):
    """Every file is a table, a matrix of numbers or text; binary columns and embedded data would be seen."""
    for path in bundle.rglob("*"):
        if path.is_file() and path.name != ".snakemake_timestamp":
            content = path.read_bytes()
            if path.suffix in DATA:
                assert content.startswith(DATA[path.suffix]), path
            else:
                assert path.suffix in TEXT and "data:" not in content.decode("utf-8"), path
    for path in bundle.rglob("*.parquet"):
        kinds = {str(kind) for kind in pq.read_schema(path).types}
        assert kinds <= {"string", "int32", "int64", "float", "double", "list<element: string>", "list<element: float>"}
    with h5py.File(bundle / "shot_scores.h5") as file:
        assert set(file) == {"labels", "scores", "shot_id"} and file["scores"].dtype == "float32"
    raters = set(pd.read_csv(bundle / "votes.csv", dtype=str)["rater"])
    assert raters and all(re.fullmatch(r"[0-9a-f]{12}|simulated_\w+", rater) for rater in raters)
    assert f"{len(raters)} simulated rater(s) voted" in (bundle / "datasheet.md").read_text()


def test_the_datasheet_has_the_runs_numbers(bundle, results):
    text = (bundle / "datasheet.md").read_text()
    shots = pd.read_parquet(results / "dataset/shots.parquet")
    parts = [pd.read_csv(results / f"dataset/splits/{split}.csv") for split in SPLITS.values()]
    samples = pd.concat(parts)
    several = samples["labels"].str.contains("|", regex=False).mean()
    for statistic, value in (
        ("shots", f"{len(shots)} of {shots['clip_id'].nunique()} clips"),
        ("samples in train", f"{len(parts[0])} of {parts[0]['movie_id'].nunique()} movies"),
        ("samples", str(len(samples))),
        ("samples with several labels", f"{100 * several:.1f} %"),
    ):
        assert f"| {statistic} | {value} |" in text
    headings = re.findall("^## (.+)", text, re.M)
    assert headings == [
        "Motivation", "Composition", "Collection process", "Preprocessing, cleaning and labelling", "Uses",
        "Bias and misuse", "Distribution", "Maintenance",
    ]  # fmt: skip
    assert "$" not in text


@pytest.fixture(scope="module")
def again(demo_run, tmp_path_factory):
    """Another folder in which the demo's JSON is read back, and another run of the bundle."""
    workspace = Workspace(tmp_path_factory.mktemp("read back") / "workflow")
    shutil.copytree(demo_run.path, workspace.path, symlinks=True)
    config = {
        "run": "back",
        "chapters": ["tagging", "dataset"],
        "clips": {"manifest": "results/demo/manifest.csv"},
        "taxonomy": {"labels": "results/demo/taxonomy/labels.txt"},
        "dataset": {"released_shots": "results/demo/dataset/movieclip.json"},
    }
    (workspace.path / "back.yaml").write_text(yaml.safe_dump(config))
    workspace.snakemake("tagging", "dataset", "results/back/dataset/movieclip.json", "--configfile", "back.yaml")
    return workspace


def test_the_demos_json_read_back_gives_its_tables(again):
    demo, back = (again.path / f"results/{run}" for run in ("demo", "back"))
    ours, theirs = (pd.read_csv(run / "tables/table2.csv", dtype=str)["ours"].tolist() for run in (back, demo))
    assert ours == theirs
    counts = [
        pd.read_parquet(run / "dataset/shots.parquet")["label_1"].value_counts().sort_index() for run in (back, demo)
    ]
    assert counts[0].equals(counts[1])
    assert (back / "dataset/movieclip.json").read_bytes() == (demo / "dataset/movieclip.json").read_bytes()
    scores = pd.read_parquet(demo / "dataset/shots.parquet")["score_1"].to_numpy()
    study = pd.read_csv(back / "tables/thresholds.csv")
    kept = [int((scores >= np.float32(threshold)).sum()) for threshold in study["threshold"]]
    assert study["kept_shots"].tolist() == kept
    splits = [pd.read_csv(back / f"dataset/splits/{split}.csv") for split in SPLITS.values()]
    assert sum(map(len, splits)) == int((scores >= np.float32(0.4)).sum())


def test_fig5_of_released_shots_counts_all_of_them(again):
    """Also those that are no samples: every shot whose top-1 score is 0.4 or more."""
    shots = pd.read_parquet(again.path / "results/back/dataset/shots.parquet")
    sure = shots[shots["score_1"] >= 0.4]
    table = pd.read_csv(again.path / "results/back/tables/fig5.csv")
    for genre, part in table.groupby("genre"):
        of_genre = sure[sure["genres"].str.split("|").map(lambda genres, genre=genre: genre in genres)]
        assert part["genre_shots"].iloc[0] == len(of_genre)
        counts = of_genre["label_1"].value_counts()
        assert part["shots"].tolist() == counts.iloc[: len(part)].tolist()


def test_agreement_with_verified_shots(again):
    """Of six verified shots the best label is right for three, and one of the five for five."""
    shots = pd.read_parquet(again.path / "results/demo/dataset/shots.parquet").iloc[:6]
    labels = (again.path / "results/demo/taxonomy/labels.txt").read_text().splitlines()
    top5 = [[row[f"label_{rank}"] for rank in range(1, 6)] for _, row in shots.iterrows()]
    other = next(label for label in labels if label not in top5[5])
    right = [row[rank] for row, rank in zip(top5[:5], (0, 0, 0, 1, 4), strict=True)] + [other]
    lines = zip(shots["clip_id"], shots["shot_id"], right, strict=True)
    folder = again.path / "judged"
    folder.mkdir()
    (folder / "verified.txt").write_text("".join(f"{c}/{s}.mp4 {labels.index(name)}\n" for c, s, name in lines))
    indices = {label: index for index, label in enumerate(labels)}
    (folder / "multi_label_thresh_0_4_0_1_label_map.json").write_text(json.dumps(indices))
    own = {"released_shots": "results/demo/dataset/movieclip.json", "verified": "judged/verified.txt"}
    settings = (f"dataset={json.dumps(own)}", "run=judged", "chapters=[verification]")
    again.snakemake("--configfile", "back.yaml", "--config", *settings)
    table = pd.read_csv(again.path / "results/judged/tables/verified_agreement.csv", dtype=str)
    ours = table.set_index(["statistic", "part"])["ours"]
    assert ours["joined by id", "all"] == "6"
    assert ours["top-1 agreement, %", "joined shots"] == "50.0"
    assert ours["top-5 agreement, %", "joined shots"] == "83.3"
    assert unexplained(again.path / "results/judged") == unexplained(again.path / "results/back") == set()


def test_the_bundle_is_the_same_when_made_again(again):
    """No date, no path and no order of a set is in it."""
    folder = again.path / "results/demo/release"
    before = (folder / "SHA256SUMS").read_bytes()
    again.snakemake("--allowed-rules", "make_bundle", "--forcerun", "make_bundle", "--", "results/demo/release")
    assert (folder / "SHA256SUMS").read_bytes() == before
