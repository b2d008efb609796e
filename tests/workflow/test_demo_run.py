"""What the README's first command leaves behind."""

import json

import h5py
import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="module")
def results(demo_run):
    return demo_run.path / "results/demo"


def test_second_call_has_nothing_to_do(demo_run):
    assert "Nothing to be done" in demo_run.snakemake().stdout


def test_shots_scores_and_matrices_tell_the_same(results):
    """Every shot's scores are the mean of its columns of S, and its labels their order (Eq. 4)."""
    shots = pd.read_parquet(results / "dataset/shots.parquet")
    with h5py.File(results / "dataset/shot_scores.h5") as file:
        scores = pd.DataFrame(file["scores"][:], index=file["shot_id"].asstr()[:], columns=file["labels"].asstr()[:])
    assert list(scores.index) == list(shots["shot_id"])
    assert np.allclose(scores.sum(axis=1), 1, atol=1e-5)
    for shard in sorted((results / "scores").rglob("*.h5")):
        with h5py.File(shard) as file:
            for clip_id in file.keys() - {"labels", "prompts"}:
                group = file[clip_id]
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


def test_release_json_holds_every_shot(results):
    shots = pd.read_parquet(results / "dataset/shots.parquet")
    release = json.loads((results / "dataset/movieclip.json").read_text())
    names = [name.removesuffix(".mp4") for clip in release.values() for name in clip]
    assert names == list(shots["shot_id"])
    first = release[shots["clip_id"][0]][f"{shots['shot_id'][0]}.mp4"]
    assert first["start_frame"] == shots["start_frame"][0]
    assert list(first["labels"]) == [shots[f"label_{rank}"][0] for rank in range(1, 6)]


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


def test_no_temporary_file_is_left(results):
    assert not list(results.rglob("*.part*"))


def test_batch_size_and_an_unrelated_key_run_nothing_again(demo_run):
    assert demo_run.planned("--config", "tagging={batch_size: 7}") == {"all": 1, "write_provenance": 1}
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
    tagger = json.loads((demo_run.path / "results/demo/provenance.json").read_text())["config"]["tagging"]["tagger"]
    jobs = demo_run.planned("--config", f"taggers={{{tagger}: {{prompts: ['a film still of a {{label}}']}}}}")
    assert {"embed_labels", "score_shots"} <= set(jobs)
    assert not {"detect_shots", "embed_frames"} & set(jobs)
