"""What the README's first command leaves behind."""

import html
import json
import os
import re
import shutil

import h5py
import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.metrics import average_precision_score

from scripts.lib.records.truth import match_truth
from tests.helpers import ROOT
from tests.helpers.runs import PARTS, Workspace, unexplained


@pytest.fixture(scope="module")
def results(demo_run):
    return demo_run.path / "results/demo"


def test_second_call_has_nothing_to_do(demo_run):
    # A dry run tells the reason of what it would do.
    assert "Nothing to be done" in demo_run.snakemake("--dry-run").stdout


def test_shots_scores_and_matrices_tell_the_same(results):
    """Every shot's scores are the mean of its columns of S, and its labels their order (Eq. 4)."""
    shots = pd.read_parquet(results / "dataset/shots.parquet")
    with h5py.File(results / "dataset/shot_scores.h5") as file:
        scores = pd.DataFrame(file["scores"][:], index=file["shot_id"].asstr()[:], columns=file["labels"].asstr()[:])
    assert list(scores.index) == list(shots["shot_id"])
    assert np.allclose(scores.sum(axis=1), 1, atol=1e-5)
    for shard in sorted((results / "scores/demo_clip").glob("*.h5")):
        with h5py.File(shard) as file:
            for clip_id, group in file["clips"].items():
                for number in np.unique(group["shot"]):
                    mean = group["S"][:, group["shot"][:] == number].mean(axis=1, dtype=np.float64)
                    row = scores.loc[f"{clip_id}-Scene-{number:03d}"]
                    assert np.allclose(row, mean, atol=1e-3)
                    shot = shots.set_index("shot_id").loc[row.name]
                    assert shot["score_1"] == row.max()
                    assert row[shot["label_1"]] == row.max()
                    assert row[shot["label_5"]] == row.nlargest(5).iloc[-1]


def test_shots_cover_their_clips_without_gap(results):
    shots = pd.concat(map(pd.read_csv, sorted((results / "shots").glob("*.csv"))))
    clips = pd.concat(map(pd.read_csv, sorted((results / "clips").glob("*.csv")))).set_index("clip_id")
    assert set(shots["clip_id"]) == set(clips.index)
    for clip_id, rows in shots.groupby("clip_id"):
        assert rows["start_frame"].iloc[0] == 0
        assert rows["end_frame"].iloc[-1] == clips.loc[clip_id, "n_frames"]
        assert (rows["start_frame"].to_numpy()[1:] == rows["end_frame"].to_numpy()[:-1]).all()
        assert (rows["start_time"].to_numpy()[1:] == rows["end_time"].to_numpy()[:-1]).all()
        assert list(rows["shot"]) == list(range(1, len(rows) + 1))


def test_scenes_are_runs_of_shots_of_one_place(results):
    """They begin and end with a shot of their label, do not overlap, and bridge no sure shot."""
    shots = pd.read_parquet(results / "dataset/shots.parquet")
    scenes = pd.read_csv(results / "dataset/scenes.csv", keep_default_na=False)
    parts = dict(tuple(shots.groupby("clip_id")))
    for scene in scenes.itertuples():
        inside = parts[scene.clip_id].set_index("shot").loc[scene.first_shot : scene.last_shot]
        assert inside["label_1"].iloc[0] == inside["label_1"].iloc[-1] == scene.label
        others = inside[inside["label_1"] != scene.label]
        assert ((others["score_1"] < 0.4) | (others["flags"] != "")).all()
        assert (scene.start_frame, scene.end_time) == (inside["start_frame"].iloc[0], inside["end_time"].iloc[-1])
    following = scenes.groupby("clip_id")["start_frame"].shift(-1)
    assert (following.isna() | (following >= scenes["end_frame"])).all()
    transitions = pd.read_csv(results / "tables/transitions.csv")
    assert 0 < transitions["transitions"].sum() < len(scenes)


def test_release_json_holds_every_shot(results):
    shots = pd.read_parquet(results / "dataset/shots.parquet")
    release = json.loads((results / "dataset/movieclip.json").read_text())
    names = [name.removesuffix(".mp4") for clip in release.values() for name in clip]
    assert names == list(shots["shot_id"])
    first = release[shots["clip_id"][0]][f"{shots['shot_id'][0]}.mp4"]
    assert first["start_frame"] == shots["start_frame"][0]
    assert list(first["labels"]) == [shots[f"label_{rank}"][0] for rank in range(1, 6)]


def test_the_dataset_is_what_the_shots_say(results):
    """Samples, labels and scores from shots.parquet by a plain loop, without the clips of raters; no movie twice."""
    record = json.loads((results / "provenance.json").read_text())["config"]
    config = record["dataset"]
    shots = pd.read_parquet(results / "dataset/shots.parquet").set_index("shot_id")
    parts = {name: pd.read_csv(results / f"dataset/splits/{name}.csv", dtype=str) for name in ("train", "val", "test")}
    samples = pd.concat(parts).set_index("shot_id")
    flags = shots["flags"].map(lambda flags: not set(flags.split("|")) & set(config["exclude_flags"]))
    judged = set(pd.read_csv(results / "verification/tasks.csv")["clip_id"])
    assert len(judged) == record["verification"]["sample"]["clips"]
    kept = shots[(shots["score_1"] >= np.float32(config["top1_threshold"])) & flags & ~shots["clip_id"].isin(judged)]
    assert set(samples.index) == set(kept.index)
    for shot in kept.itertuples():
        further = [rank for rank in range(2, 6) if getattr(shot, f"score_{rank}") > np.float32(0.1)]
        assert samples.at[shot.Index, "labels"] == "|".join(getattr(shot, f"label_{rank}") for rank in [1, *further])
        assert float(samples.at[shot.Index, "scores"].split("|")[0]) == pytest.approx(shot.score_1)
    movies = [set(part["movie_id"]) for part in parts.values()]
    n_movies = kept["movie_id"].nunique()
    assert len(set.union(*movies)) == sum(map(len, movies)) == n_movies
    assert [len(ids) / n_movies for ids in movies] == pytest.approx(config["fractions"], abs=0.03)
    labels = pd.read_csv(results / "dataset/labels.csv")
    assert (labels[["n_train", "n_val", "n_test"]] > 0).all(axis=None)
    lines = (results / "dataset/splits/val.txt").read_text().splitlines()
    assert len(lines) == len(parts["val"])
    first = parts["val"].iloc[0]
    numbers = [labels["label"].tolist()[int(index)] for index in lines[0].split()[1:]]
    assert (lines[0].split()[0], numbers) == (f"{first.clip_id}/{first.shot_id}.mp4", first.labels.split("|"))


def test_the_study_of_thresholds_agrees_with_the_truth(results):
    """At the run's threshold: shares of the candidates by the truth, and of the raters' shots by a count of votes."""
    study = pd.read_csv(results / "tables/thresholds.csv").set_index("threshold").loc[0.4]
    shots = pd.read_parquet(results / "dataset/shots.parquet")
    shots["right"] = shots["label_1"] == match_truth(shots, pd.read_csv(results / "demo/truth.csv"))["label"]
    tasks = pd.read_csv(results / "verification/tasks.csv")
    kept = shots[(shots["score_1"] >= np.float32(0.4)) & ~shots["clip_id"].isin(tasks["clip_id"])]
    assert (study["kept_shots"], study["n_judged"]) == (len(kept), len(kept))
    assert study["precision"] == pytest.approx(kept["right"].mean(), abs=1e-4)
    assert study["precision"] > 0.6
    assert study["multi_label_share"] == pytest.approx((kept["score_2"] > np.float32(0.1)).mean(), abs=1e-4)
    votes = pd.read_csv(results / "verification/votes.csv")
    above = tasks.loc[tasks["score_1"].astype(np.float32) >= np.float32(0.4), "shot_id"]
    means = votes[(votes["offered"] == 1) & votes["shot_id"].isin(above)].groupby("shot_id")["value"].mean().dropna()
    assert study["n_verified"] == len(means)
    assert study["precision_verified"] == pytest.approx((means > 0.5).mean(), abs=1e-4)


def test_simulated_raters_err_as_often_as_configured(results):
    """Their rates are within the 95 % intervals, of which one may miss; the page says what the raters are."""
    table = pd.read_csv(results / "verification/agreement.csv").set_index(["name", "metric"])
    raters = json.loads((results / "provenance.json").read_text())["config"]["demo"]["raters"]
    assert len(raters) == 3
    rows = [(table.loc[(rater["name"], rate)], rater[rate]) for rater in raters for rate in ("miss", "false_alarm")]
    # Of six intervals, two miss in 3 of 100 runs, three in 2 of 1000.
    assert sum(row["low"] <= rate <= row["high"] for row, rate in rows) >= 4
    assert "are no people" in (results / "tables/agreement.md").read_text()


def test_attributes_are_recognised_far_above_the_majority(results):
    """Inside or outside and day or night, by shots.parquet and truth.csv; the table tells the same."""
    shots, truth = pd.read_parquet(results / "dataset/shots.parquet"), pd.read_csv(results / "demo/truth.csv")
    matched = match_truth(shots, truth)
    outdoors = "desert forest beach sea mountain waterfall street battlefield farm stadium graveyard".split()
    true = {
        "light": np.where(matched["light"] == "night", "night", "day"),
        "setting": np.where(matched["label"].isin([*outdoors, "shooting range"]), "outside", "inside"),
    }
    table = pd.read_csv(results / "tables/demo_truth.csv").set_index(["subset", "metric"])
    for name, values in true.items():
        right = (shots[name] == values).mean()
        majority = pd.Series(values).value_counts(normalize=True).max()
        assert right > majority + (1 - majority) / 3, name
        of_name = table[table["method"].str.startswith(f"{name}:")]["value"]
        assert of_name["all", "accuracy"] == pytest.approx(right, abs=1e-4)
        assert of_name["all", "share of the majority"] == pytest.approx(majority, abs=1e-4)
    shares = pd.read_csv(results / "tables/label_shares.csv").set_index(["property", "property_value", "by"])
    flags = shots["flags"].map(lambda flags: not set(flags.split("|")) & {"black", "uniform", "short"})
    nights = (shots["light"] == "night")[flags].groupby(shots["movie_id"]).mean()
    assert shares.loc[("light", "night", "all"), "share"].item() == pytest.approx(nights.mean(), abs=1e-4)


def test_labels_are_right_as_often_as_they_are_trusted(results):
    """At least 0.1 more often at each level than at the one below, by trust.csv and the truth; the table agrees."""
    shots, truth = pd.read_parquet(results / "dataset/shots.parquet"), pd.read_csv(results / "demo/truth.csv")
    trust = pd.read_csv(results / "dataset/trust.csv").set_index("shot_id")["trust"].loc[shots["shot_id"]].to_numpy()
    right = (shots["label_1"] == match_truth(shots, truth)["label"]).groupby(trust).mean()
    assert right["high"] - 0.1 > right["medium"] > right["low"] + 0.1
    table = pd.read_csv(results / "tables/trust.csv").set_index("kind").loc["level"].set_index("name")["accuracy"]
    assert table.to_dict() == pytest.approx(right.to_dict(), abs=1e-4)


def test_fig5_of_the_demo_shows_what_its_films_are_made_of(results):
    """Westerns go to the desert, war films to the battlefield or the cockpit: as the studio casts them."""
    table = pd.read_csv(results / "tables/fig5.csv")
    best = {genre: set(part["label"][:3]) for genre, part in table.groupby("genre")}
    for genre, places in {
        "Western": {"desert", "shooting range"},
        "Sport": {"locker room", "boxing ring"},
        "Musical": {"ballroom", "stage"},
        "War": {"cockpit", "battlefield"},
    }.items():
        assert best[genre] & places, genre


def test_shot_scale_is_recognised_in_other_movies_and_in_the_films(results):
    """At least 0.25 above the most frequent scale, on the labelled shots of test and on what raters see."""
    metrics = json.loads((results / "shot_scale/metrics.json").read_text())
    assert metrics["accuracy"] >= metrics["majority"] + 0.25
    assert np.trace(metrics["confusion"]) == round(metrics["accuracy"] * metrics["n_test"])
    labelled = pd.read_csv(results / "shot_scale/labelled.csv")
    assert labelled.groupby("movie_id")["split"].nunique().max() == 1
    shots, truth = (
        pd.read_parquet(results / "dataset/shots.parquet"),
        pd.read_csv(results / "demo/truth.csv"),
    )
    true = match_truth(shots, truth)["scale"].set_axis(shots["shot_id"])
    predicted = pd.read_csv(results / "shot_scale/predictions.csv").set_index("shot_id")["scale"]
    judged = true[predicted.index]
    assert (predicted == judged).mean() >= judged.value_counts(normalize=True).max() + 0.25


def test_table2_is_computed_from_the_shots(results):
    shots = pd.read_parquet(results / "dataset/shots.parquet")
    table = pd.read_csv(results / "tables/table2.csv", dtype=str).set_index("column")["ours"]
    assert int(table["# shots"]) == len(shots)
    assert int(table["# movies"]) == shots["movie_id"].nunique()
    assert float(table["Avg Duration (s)"]) == pytest.approx(
        (shots["end_time"] - shots["start_time"]).mean(), abs=0.005
    )


def test_hdf5_files_say_what_made_them(results):
    for path in (results / "embeddings").rglob("0*.h5"):
        with h5py.File(path) as file:
            assert len(file.attrs["weights_sha256"]) == 64
            assert {"encoder", "preprocessing", "dtype", "frames", "fingerprint", "version_torch"} <= set(file.attrs)


def test_provenance_records_config_inputs_and_times(results):
    record = json.loads((results / "provenance.json").read_text())
    assert record["config"]["run"] == "demo"
    assert record["versions"]["snakemake"]
    assert all(len(digest) == 64 for digest in record["inputs_sha256"].values())
    assert record["wall_times"]["embed_frames"]["jobs"] == len(list((results / "clips").glob("*.csv")))


def test_the_page_comes_last(results):
    """The record has the time of every rule that is timed; nothing of the run is newer than the page."""
    record = json.loads((results / "provenance.json").read_text())
    assert set(record["wall_times"]) == {path.stem for path in (results / "benchmarks").iterdir()}
    made = [path for path in results.rglob("*") if path.is_file() and path.relative_to(results).parts[0] != "logs"]
    assert max(made, key=lambda path: path.stat().st_mtime).name == "index.html"


def test_the_page_shows_every_table_and_figure(results):
    """And nothing that is not there; chapters are the paper's sections."""
    page = (results / "index.html").read_text()
    links = {html.unescape(link) for link in re.findall(r'href="([^"#]+)"', page)}
    assert {
        path.relative_to(results).as_posix() for part in ("tables", "figures") for path in (results / part).iterdir()
    } <= links
    assert [link for link in links if not (results / link).exists()] == []
    assert {"gallery/index.html", "verification/annotate.html", "models/shots.html"} <= links
    assert "Table 3: models of visual scenes" in page and "section 5.2 of the paper" in page
    assert len(pd.read_csv(results / "checks.csv")) >= 23


def test_a_damaged_result_ends_the_run(demo_run, tmp_path):
    """The message names check, file and shot; no list of checks is left that says otherwise."""
    copy = Workspace(tmp_path / "copy")
    shutil.copytree(demo_run.path, copy.path, symlinks=True)
    table = copy.path / "results/demo/dataset/shots.parquet"
    shots = pd.read_parquet(table)
    shots.loc[5, "score_1"] = 1.2
    shots.to_parquet(table, index=False)
    done = copy.snakemake("results/demo/checks.csv", "--allowed-rules", "verify_results", check=False)
    assert done.returncode != 0
    assert "best labels are labels: results/demo/dataset/shots.parquet" in done.stdout
    assert f"{shots['shot_id'][5]} has a score that is not in 0 to 1" in done.stdout
    assert not (copy.path / "results/demo/checks.csv").exists() and "Traceback" not in done.stdout


@pytest.fixture(scope="module")
def moved(demo_run, tmp_path_factory):
    """The finished demo in another folder, its code newer than its results as in a fresh clone."""
    copy = Workspace(tmp_path_factory.mktemp("moved") / "elsewhere")
    shutil.copytree(demo_run.path, copy.path, symlinks=True)
    for part in PARTS:
        for path in [copy.path / part, *(copy.path / part).rglob("*")]:
            path.touch()
    return copy


def test_a_finished_run_can_be_moved(moved):
    assert "Nothing to be done" in moved.snakemake("--dry-run").stdout


def test_a_kitchen_is_found_by_words(moved):
    """Of the twenty most similar shots sixteen at least show one; a colon in a query is text; nothing else is made."""
    folders = moved.path / "results/demo/search"
    moved.snakemake("search", "--config", "query=a kitchen: a room")
    (folder,) = folders.iterdir()
    assert folder.name.startswith("a-kitchen-a-room-")
    assert '"query":"a kitchen: a room"' in (folder / "index.html").read_text(encoding="utf-8")
    query = "search", "--config", "query=a kitchen"
    assert moved.planned(*query) == {"search": 1, "search_shots": 1}
    moved.snakemake(*query)
    (folder,) = folders.glob("a-kitchen-??????")
    hits = pd.read_csv(folder / "shots.csv")
    assert hits["similarity"].is_monotonic_decreasing
    shots = pd.read_parquet(moved.path / "results/demo/dataset/shots.parquet").set_index("shot_id", drop=False)
    truth = pd.read_csv(moved.path / "results/demo/demo/truth.csv")
    assert (match_truth(shots.loc[hits["shot_id"][:20]], truth)["label"] == "kitchen").mean() >= 0.8
    assert moved.planned() == {}


def test_other_first_weights_train_that_model_again_and_nothing_before_it(moved):
    path = moved.path / "results/demo/pretrained/swin_b/model.safetensors"
    before, times = path.read_bytes(), path.stat()
    path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    jobs = moved.planned("models")
    path.write_bytes(before)
    # Of a file of this size Snakemake compares the time only.
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert jobs == dict.fromkeys(["models", "train_model", "make_table3", "plot_class_ap", "make_shot_page"], 1)


def test_settings_in_another_spelling_run_nothing_again(moved):
    """Keys in another order, and whole numbers with a point or without."""
    config = yaml.safe_load((moved.path / "config/demo.yaml").read_text())
    content = {"filter_mode": "suppress", "threshold": 30.0, "min_scene_len": {"seconds_in_whole_frames": 0.60}}
    config["shots"] = {"parameters": {"content": content}}
    (moved.path / "other.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    assert moved.planned("--configfile", "other.yaml") == {}


@pytest.mark.parametrize(
    ("module", "planned", "spared"),
    [
        (
            "lib/tables/comparisons",
            {"make_table1", "make_table2", "describe_splits"},
            {"collect_shots", "make_gallery"},
        ),
        ("lib/records/truth", {"compare_with_truth", "study_thresholds", "compare_taggers"}, {"select_shots"}),
        ("lib/tables/shards", {"list_failures", "collect_shots"}, {"detect_shots", "embed_frames", "make_thumbnails"}),
        ("tagging/embed_frames", {"embed_frames", "score_shots"}, {"detect_shots", "make_thumbnails"}),
        ("lib/jobs/storage", set(), {"all"}),
    ],
)
def test_edited_code_runs_what_it_decides_and_nothing_else(moved, module, planned, spared):
    """Also through other modules; what runs for days is spared an edit of how files are stored."""
    path = moved.path / f"scripts/{module}.py"
    text = path.read_text()
    path.write_text(f"{text}\nEDITED = True\n")
    jobs = moved.planned().keys()
    path.write_text(text)
    assert planned <= jobs
    assert not spared & jobs


def test_another_file_of_votes_changes_the_statistics_alone(moved):
    """A person's file joins the others; the splits stay, and nothing is decoded, scored or split again."""
    results = moved.path / "results/demo"
    votes = (results / "demo/votes/votes-simulated_1.csv").read_text().replace("simulated_1", "Anna Example")
    (results / "demo/votes/votes-anna.csv").write_text(votes)
    jobs = moved.planned("verification", "dataset")
    assert jobs.keys() == {"verification", "dataset", "read_votes", "measure_agreement", "study_thresholds"}
    before = pd.read_csv(results / "verification/agreement.csv")
    # Trust, too, depends on the votes.
    moved.snakemake("verification", "tagging")
    after = pd.read_csv(results / "verification/agreement.csv")
    # The fourth rater agrees with the first in everything.
    assert after.loc[after["subject"] == "rater", "name"].nunique() == 4
    assert after.set_index("metric").at["alpha", "value"] > before.set_index("metric").at["alpha", "value"]
    assert not [
        path for path in results.rglob("*.*") if b"Anna Example" in path.read_bytes() and path.parent.name != "votes"
    ]


def test_every_file_and_column_is_explained(results):
    assert unexplained(results) == set()


def test_no_temporary_file_is_left(results):
    assert not list(results.rglob("*.part*"))


def test_batch_size_and_an_unrelated_key_run_nothing_again(demo_run):
    jobs = demo_run.planned("--config", "tagging={batch_size: 7}")
    assert jobs == {"all": 1, "write_provenance": 1, "write_index": 1}
    flags = demo_run.planned("--config", "dataset={flags: {short_seconds: 0.4}}")
    assert "collect_shots" in flags and not {"detect_shots", "embed_frames", "score_shots"} & set(flags)


def test_an_edited_label_list_scores_again_and_decodes_nothing(demo_run, tmp_path):
    labels = (demo_run.path / "config/demo/labels.txt").read_text()
    edited = tmp_path / "labels.txt"
    edited.write_text(labels + "lighthouse\n")
    jobs = demo_run.planned("--config", f"taxonomy={{labels: '{edited}'}}")
    assert {"embed_labels", "score_shots", "collect_shots"} <= set(jobs)
    assert not {"detect_shots", "embed_frames"} & set(jobs)


def test_another_prompt_scores_again_and_decodes_nothing(demo_run):
    jobs = demo_run.planned("--config", "taggers={demo_clip: {prompts: ['a film still of a {label}']}}")
    assert {"embed_labels", "score_shots"} <= set(jobs)
    assert not {"detect_shots", "embed_frames"} & set(jobs)


def test_a_second_tagger_is_scored_beside_the_first(moved):
    """With entries in the configuration alone; of the same encoder it decodes nothing."""
    both = (
        "taggers={cosine: {encoder: demo_clip, prompts: ['{label}'], score: cosine, logit_scale: 1}}",
        "tagging={taggers: [demo_clip, cosine]}",
    )
    jobs = moved.planned("tagging", "--config", *both)
    assert jobs == {"tagging": 1, "embed_labels": 1, "score_shots": 2, "compare_taggers": 1}
    moved.snakemake("tagging", "--config", *both)
    folders = [moved.path / f"results/demo/scores/{tagger}" for tagger in ("demo_clip", "cosine")]
    for first, second in zip(*(sorted(folder.glob("*.h5")) for folder in folders), strict=True):
        with h5py.File(first) as one, h5py.File(second) as other:
            assert set(one["clips"]) == set(other["clips"])
            assert (one.attrs["score"], other.attrs["score"]) == (b"softmax", b"cosine")


def test_taggers_and_numbers_of_frames_are_compared(results):
    """The first tagger's row is what the comparison with the truth says; all stored frames give all labels."""
    table = pd.read_csv(results / "tables/taggers.csv").set_index(["tagger", "measure"])["value"]
    truth = pd.read_csv(results / "tables/demo_truth.csv").set_index(["method", "subset", "metric"])["value"]
    for measure, metric in (("top-1", "top1"), ("top-5", "top5")):
        assert table["demo_clip", measure] == pytest.approx(truth["CLIP", "all", metric], abs=1e-4)
        assert table["demo_captions", measure] > 0.5
    assert 0.5 < table["demo_clip", "same top-1 as demo_captions"] < 1
    assert table["demo_clip", "CPU seconds per 1,000 frames"] > 0
    budget = pd.read_csv(results / "tables/frame_budget.csv").set_index("setting")
    n_frames = 0
    for shard in (results / "embeddings/demo_clip").glob("*.h5"):
        with h5py.File(shard) as file:
            n_frames += sum(len(clip["frame"]) for clip in file["clips"].values())
    shots = len(pd.read_parquet(results / "dataset/shots.parquet"))
    assert budget.loc["6 fps", "agreement"] == 1
    assert budget.loc["6 fps", "frames_per_shot"] == pytest.approx(n_frames / shots, abs=1e-3)
    assert 0.8 < budget.loc["1 per shot", "agreement"] < budget.loc["3 fps", "agreement"]
    assert (budget["cheapest"] == "yes").sum() == 1


def test_table3_has_every_model_and_scikit_learns_map(results):
    """The trained models and the tagger, on the test split."""
    test = pd.read_csv(results / "dataset/splits/test.csv")
    table = pd.read_csv(results / "tables/table3.csv").set_index(["row", "column"])["ours"]
    models = json.loads((results / "provenance.json").read_text())["config"]["training"]["models"]
    for model in (*models, "clip"):
        with h5py.File(results / f"models/{model}/predictions.h5") as file:
            assert list(file["test/shot_id"].asstr()) == list(test["shot_id"])
            logits, targets = file["test/logits"][:], file["test/targets"][:]
        known = targets.any(axis=0)
        wanted = average_precision_score(targets[:, known], logits[:, known])
        assert float(table[model, "mAP, %, test"]) == pytest.approx(100 * wanted, abs=0.01)


def test_models_recognise_the_scenes_of_other_films(results):
    """By the studio's truth, against random scores; networks of features and CNNs do well, transformers are above."""
    table = pd.read_csv(results / "tables/demo_models.csv").set_index("model")
    assert (table["n_shots"] >= 150).all()
    assert (table.loc[["lstm_places", "lstm_vit", "clip_linear", "clip_lstm"], "ratio"] >= 4).all()
    assert (table.loc[["slowfast_r50", "r2plus1d_r34", "i3d_r50"], "ratio"] >= 2).all()
    assert (table.loc[["timesformer", "swin_b"], "low"] > table.loc[["timesformer", "swin_b"], "random_mAP"]).all()


def test_pretraining_is_evaluated_and_used(results):
    """Above chance on sets that it was not trained on; its weights are the first ones of the training on films."""
    config = json.loads((results / "provenance.json").read_text())["config"]
    assert config["demo"]["motion"]["epochs"]
    for model in config["demo"]["motion"]["epochs"]:
        measures = json.loads((results / f"pretrained/{model}/metrics.json").read_text())["sets"]["test"]
        assert measures["mAP"]["low"] > measures["random_mAP"], model
        weights = f"results/demo/pretrained/{model}/model.safetensors"
        assert config["models"][model]["pretrained"] == weights
        assert f"{weights}: the head stays as initialised" in (results / f"logs/train_model/{model}.log").read_text()


def test_tables_4_to_6_have_the_papers_cells(results):
    """Every row and column that is printed, ours beside the paper's for each of our own rows."""
    paper = ROOT / "config/paper"
    table4, table5, table6 = (pd.read_csv(results / f"tables/table{number}.csv") for number in (4, 5, 6))
    assert list(table4["row"]) == list(pd.read_csv(paper / "table4.csv")["row"])
    printed = pd.read_csv(paper / "table5.csv").set_index("row").drop(columns=["quoted_from", "videos"])
    assert set(zip(table5["row"], table5["column"], strict=True)) >= {
        (row, column) for row in printed.index for column in printed.columns
    }
    assert len(table6) >= len(pd.read_csv(paper / "table6.csv"))
    ours = pd.concat([table4[table4["row"] == "M_scene"], table5[table5["row"] == "M_trailer"], table6])
    assert ours["ours"].notna().all()
    # The paper has no fusion with a chosen weight.
    printed = ours[ours["paper"].notna()]
    assert (printed["n_used"] <= printed["n_expected"].replace("16k", 16200).astype(float)).all()
    predictions = h5py.File(results / "downstream/hvu/swin_b/predictions.h5")
    targets, seeds = predictions["test/targets"][:], predictions["test/logits"][:]
    known = targets.any(axis=0)
    wanted = [average_precision_score(targets[:, known], logits[:, known]) for logits in seeds]
    assert len(wanted) == 3
    mine = table4.set_index("row").loc["M_scene"]
    assert mine["ours"] == pytest.approx(100 * np.mean(wanted), abs=0.01)
    assert mine["deviation"] == pytest.approx(100 * np.std(wanted, ddof=1), abs=0.01)


def test_another_head_runs_only_what_depends_on_it(demo_run):
    jobs = demo_run.planned("downstream", "--config", "downstream={tasks: {hvu: {head: {epochs: 41}}}}")
    once = ["downstream", "fuse_heads", "make_table4", "make_table6", "plot_fig11", "make_downstream_table"]
    assert jobs == {"train_head": 2, **dict.fromkeys(once, 1)}


def test_another_run_over_the_same_clips_decodes_nothing(demo_run, tmp_path):
    """With labels of its own; both runs keep their results. The demo's encoder is named, which is not this run's."""
    weights = "results/demo/demo/clip_small.safetensors"
    (tmp_path / "labels.txt").write_text("bar\nkitchen\n")
    jobs = demo_run.planned(
        "tagging",
        "--config",
        "run=other",
        f"taxonomy={{labels: '{tmp_path / 'labels.txt'}'}}",
        "clips={reuse: demo, root: results/demo/demo/clips}",
        f"encoders={{demo_clip: {{pretrained: {weights}}}}}",
        "--configfile",
        "config/demo.yaml",
    )
    assert {"embed_labels", "score_shots", "collect_shots"} <= jobs.keys()
    assert not {"detect_shots", "embed_frames"} & jobs.keys()
