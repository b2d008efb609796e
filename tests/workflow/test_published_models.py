"""From published labels and a user's own clips to Table 3."""

import json
import shutil

import pandas as pd
import pytest
import yaml

from tests.helpers.runs import make_workspace, unexplained

NAME = "multi_label_thresh_0_4_0_1"
# Published scenes by split and video. Scene 25 of the trailer does not exist here.
SCENES = {
    "train": {"trailer0000": (2, 3, 10, 16, 25), "broken00000": (1,)},
    "val": {"bikes000000": (1, 2, 3, 4, 5)},
    "test": {"-bunny00000": (1, 2, 4), "missing0000": (7,), "notlisted00": (1,)},
}
FILES = {
    "trailer0000": "videos/sintel_trailer_threejs.mp4",
    "bikes000000": "videos/skv_bikes.mp4",
    "-bunny00000": "videos/mpy_big_buck_bunny_0_30.webm",
    "katna000000": "videos/katna_pos_video.mp4",
    "broken00000": "broken_videos/small_Mpeg4.mp4",
}
WINDOWS = {"v_katna000000_seg_0_10": (1, 2, 3, 4), "v_missing0000_seg_0_10": (1, 2)}
LABELS = ["bar", "cave", "desert"]


def write_release(folder, lines, labels, clips):
    """The published files: label lines by split, labels in their order, rows of Condensed Movies' table."""
    folder.mkdir()
    for split, text in lines.items():
        (folder / f"{split}_{NAME}_150_labels.txt").write_text(text)
    (folder / f"{NAME}_label_map.json").write_text(json.dumps({label: index for index, label in enumerate(labels)}))
    columns = {"clip_id": "videoid", "movie_id": "imdbid", "title": "title", "year": "year"}
    clips.rename(columns=columns).assign(upload_year="2011").to_csv(folder / "clips.csv", index=False)
    genres = clips.drop_duplicates("movie_id")
    rows = [{"imdbid": row.movie_id, "genre": str(row.genres.split("|"))} for row in genres.itertuples()]
    pd.DataFrame(rows).to_csv(folder / "movie_info.csv", index=False)
    return {"released": str(folder), "metadata": str(folder)}


def lines_of(scenes):
    """Label lines of these scenes, by clip; every second shot has two labels."""
    names = [(clip, number) for clip, numbers in scenes.items() for number in numbers]
    texts = (["0", "1 2"][row % 2] for row in range(len(names)))
    rows = zip(names, texts, strict=True)
    return "".join(f"{clip}/{clip}-Scene-{number:03d}.mp4 {text}\n" for (clip, number), text in rows)


@pytest.fixture(scope="module")
def results(shared_data, small_tagger, tmp_path_factory):
    """All chapters of the shipped configuration on real clips, one of them missing and one unreadable."""
    folder = tmp_path_factory.mktemp("own films")
    (folder / "2011").mkdir()
    for name, source in FILES.items():
        shutil.copyfile(shared_data / source, folder / f"2011/{name}.mkv")
    listed = [*FILES, "missing0000"]
    clips = pd.DataFrame({"clip_id": listed, "movie_id": [f"tt{place}" for place in range(len(listed))]})
    clips = clips.assign(title="A film", year="2008", genres="Drama|War")
    clips.assign(path="2011/" + clips["clip_id"] + ".mkv").to_csv(folder / "clips.csv", index=False)
    dataset = write_release(folder / "published", {split: lines_of(of) for split, of in SCENES.items()}, LABELS, clips)
    (folder / "verified.txt").write_text(lines_of(WINDOWS))
    model = {"encoder": "clip_vit_b32", "arguments": {"width": 128, "hidden": 16, "layers": 1}, "epochs": 2}
    own = {
        "clips": {"manifest": str(folder / "clips.csv"), "root": str(folder)},
        "dataset": {**dataset, "verified": str(folder / "verified.txt")},
        "models": {"lstm_vit": model},
        "training": {"models": ["lstm_vit"], "bootstrap": 20},
        "sources": {"mirror": str(shared_data)},
    }
    (folder / "own.yaml").write_text(yaml.safe_dump(own))
    workspace = make_workspace(tmp_path_factory.mktemp("published models"))
    configs = ("--configfile", "config/published_models.yaml", str(folder / "own.yaml"), "--config", small_tagger)
    workspace.snakemake(*configs)
    assert "Nothing to be done" in workspace.snakemake(*configs).stdout
    return workspace.path / "results/published_models"


def test_samples_are_joined_or_listed_with_the_reason(results):
    joins = pd.read_csv(results / "dataset/released_join.csv", keep_default_na=False).set_index("published_id")
    assert len(joins) == 16
    missing = joins[joins["shot_id"] == ""]["reason"].to_dict()
    assert missing.pop("trailer0000-Scene-025") == "the clip has fewer shots here: 17"
    assert "no video stream" in missing.pop("broken00000-Scene-001")
    assert missing.pop("notlisted00-Scene-001") == "the video is not among the clips"
    (reason,) = missing.values()
    assert reason.startswith("the clip is missing or could not be read: ")
    counts = pd.read_csv(results / "tables/released_join.csv").set_index(["part", "outcome"])["shots"]
    assert [counts[part, "joined"] for part in ("train", "val", "test", "all")] == [4, 5, 3, 12]


def test_what_is_missing_lowers_what_is_used_and_not_what_is_expected(results):
    metrics = json.loads((results / "models/lstm_vit/metrics.json").read_text())
    assert metrics["n_expected"] == {"train": 6, "val": 5, "test": 5, "verified": 6, "verified_disjoint": 6}
    assert metrics["n_used"] == {"train": 4, "val": 5, "test": 3, "verified": 3, "verified_disjoint": 3}
    assert metrics["sets"]["test"]["n_samples"] == 3
    text = (results / "tables/table3.md").read_text()
    verified, disjoint, test = text.split("\n## ")[1:]
    assert "3 of 6 shots" in verified and "3 of 6 shots" in disjoint and "3 of 5 shots" in test
    assert "trained on 4 of 6 shots of the split train and chosen by 5 of 5 shots of the split val" in text
    assert "CLIP itself" not in text


def test_verified_shots_are_those_of_their_windows(results):
    """Detected in the window's seconds: its third shot ends with it, and a fourth does not exist."""
    table = pd.read_csv(results / "verification/evaluation_set.csv")
    assert table["shot_id"].tolist() == [f"v_katna000000_seg_0_10-Scene-00{number}" for number in (1, 2, 3)]
    shots = pd.concat(map(pd.read_csv, (results / "shots").glob("*.csv")))
    whole = shots[shots["clip_id"] == "katna000000"]
    assert table["start_time"].tolist() == pytest.approx(whole["start_time"].tolist()[:3])
    assert table["end_time"].iloc[2] == pytest.approx(10, abs=0.05)


def test_every_file_and_column_is_explained(results):
    assert unexplained(results) == set()


@pytest.mark.parametrize("by", ["number", "time"])
def test_the_demos_splits_come_back_from_their_release(demo_run, tmp_path, by):
    """Exported, read as published, and joined to the demo's shots: the same training set, shot by shot."""
    demo, run = demo_run.path / "results/demo", f"read_by_{by}"
    splits = ("train", "val", "test")
    lines = {split: (demo / f"dataset/splits/{split}.txt").read_text() for split in splits}
    clips = pd.read_csv(demo / "manifest.csv", dtype=str, keep_default_na=False)
    labels = pd.read_csv(demo / "dataset/labels.csv")["label"].tolist()
    dataset = write_release(tmp_path / "published", lines, labels, clips)
    (tmp_path / "verified.txt").write_text(lines_of(WINDOWS))
    own = {
        "run": run,
        "chapters": ["shots", "dataset", "models"],
        "clips": {"reuse": "demo"},
        "dataset": {**dataset, "verified": str(tmp_path / "verified.txt")},
    }
    if by == "time":
        own["dataset"]["released_shots"] = "results/demo/dataset/movieclip.json"
        own["taxonomy"] = {"labels": "results/demo/taxonomy/labels.txt"}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(own))
    configs = ("--configfile", "config/demo.yaml", str(tmp_path / "own.yaml"))
    assert not {"detect_shots", "evaluate_tagger"} & demo_run.planned("models", *configs).keys()
    demo_run.snakemake(f"results/{run}/dataset/labels.csv", *configs)
    again = demo_run.path / f"results/{run}"
    for name in (*(f"splits/{split}.txt" for split in splits), "labels.csv", "movies.csv"):
        assert (again / "dataset" / name).read_bytes() == (demo / "dataset" / name).read_bytes()
    for split in splits:
        first, second = (pd.read_csv(of / f"dataset/splits/{split}.csv", dtype=str) for of in (demo, again))
        assert len(first) > 40
        pd.testing.assert_frame_equal(first.drop(columns="scores"), second.drop(columns="scores"))
