"""Labelled shots are found, embedded as whole files and learnt; metrics and Fig. 6 count correctly."""

import json

import h5py
import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from scripts.lib.jobs.errors import UserError
from scripts.lib.media.frame_batches import Work
from scripts.lib.networks.encoders import load_clip, random_model, register_model
from scripts.lib.networks.features import embed_frames, read_features
from scripts.lib.records.scales import SCALES
from scripts.lib.records.shots import Shot
from scripts.shot_scale.embed_labelled import whole_files
from scripts.shot_scale.list_labelled import find_files, read_movieshots
from scripts.shot_scale.plot_scales import compare_scales, scale_counts
from scripts.shot_scale.train_scale import by_split, evaluate, train_scale

RECIPE = {
    **{"hidden": 16, "layers": 2, "batch_size": 16, "epochs": 30, "patience": 30, "seed": 0},
    **{"learning_rate": 0.01, "weight_decay": 0.001, "schedule": {"step_size": 15, "gamma": 0.5}},
}


def labels(**splits):
    return {
        s: {m: {k: {"scale": {"label": v}} for k, v in named.items()} for m, named in x.items()}
        for s, x in splits.items()
    }


def test_labelled_shots_are_found_under_both_names_and_the_others_are_listed(tmp_path):
    (tmp_path / "labels.json").write_text(
        json.dumps(labels(train={"tt1": {"0000": "ECS", "0001": "LS", "0002": "MS"}}, test={"tt2": {"0000": "FS"}}))
    )
    (tmp_path / "media/tt1").mkdir(parents=True)
    for name in ("shot_0000.mp4", "0001.mkv"):
        (tmp_path / "media/tt1" / name).touch()
    found, missing = find_files(read_movieshots(tmp_path / "labels.json"), tmp_path / "media")
    assert [(row["shot_id"], row["path"], row["split"], row["scale"]) for row in found] == [
        ("tt1-0000-Scene-001", "tt1/shot_0000.mp4", "train", "ECS"),
        ("tt1-0001-Scene-001", "tt1/0001.mkv", "train", "LS"),
    ]
    assert [row["clip_id"] for row in missing] == ["tt1-0002", "tt2-0000"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[1]", "has the form"),
        ("{", "has the form"),
        (json.dumps({"train": {"tt1": {"0": {"movement": {}}}}}), "has the form"),
        (json.dumps(labels(dev={"../x": {"0": "XS"}})), r"(?s)3 problem.*'dev' is none.*'XS' is none.*other than"),
    ],
)
def test_labels_of_another_form_are_refused_together(tmp_path, content, words):
    (tmp_path / "labels.json").write_text(content)
    with pytest.raises(UserError, match=words):
        read_movieshots(tmp_path / "labels.json")


def test_whole_files_give_the_features_of_a_shot_that_spans_the_clip(make_video, repository, tmp_path):
    """A file of unknown length is one shot; features come back in order, cut to the longest, without other shots."""
    torch.manual_seed(0)
    description = str(repository / "config/demo/clip_small.json")
    save_file(random_model(register_model(description)).state_dict(), tmp_path / "weights.safetensors")
    encoder = load_clip(description, tmp_path / "weights.safetensors", device="cpu")
    film = make_video([(1, 15), (2, 15)], clip_id="film").clip
    known = [Work(film, [Shot("film", 1, 0, 30, 0.0, 30 / 24)], 30)]
    for name, work in (("known", known), ("whole", whole_files([{"clip_id": "film", "path": film.path}]))):
        with h5py.File(tmp_path / f"{name}.h5", "w") as file:
            assert embed_frames(file, work, encoder, None, "6 fps", 8, 1) == {}
    wanted = ["film-Scene-001", "film-Scene-002", "gone-Scene-001"]
    known, whole = (read_features([tmp_path / f"{name}.h5"], wanted, 5) for name in ("known", "whole"))
    assert known.keys() == whole.keys() == {"film-Scene-001"}
    assert len(whole["film-Scene-001"]) == 5
    assert np.array_equal(known["film-Scene-001"], whole["film-Scene-001"])


def test_a_scale_that_shows_only_in_the_course_of_a_shot_is_learnt(tmp_path):
    """The class is the place of a step in the sequence, which no mean over frames tells."""
    random = np.random.default_rng(0)
    rows, features = [], {}
    for number in range(300):
        scale, length = number % 5, 6 + number % 7
        sequence = random.normal(scale=0.1, size=(length, 5))
        sequence[0, scale] += 1
        sequence[1 + scale % 2 :, (scale + 1) % 5] += 0.5
        split = "train" if number < 200 else "val" if number < 250 else "test"
        rows.append({"shot_id": str(number), "split": split, "scale": list(SCALES)[scale]})
        features[str(number)] = sequence.astype(np.float16)
    splits = by_split(pd.DataFrame(rows), features)
    network, history = train_scale(splits, RECIPE, tmp_path / "x.pt", "cpu")
    assert max(row["score"] for row in history) > 0.9
    again, _ = train_scale(splits, RECIPE, tmp_path / "y.pt", "cpu")
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), again.parameters(), strict=True))
    with pytest.raises(UserError, match="split val"):
        by_split(pd.DataFrame(rows).query("split != 'val'"), features)


def test_metrics_by_hand():
    targets, predicted = np.array([0, 0, 0, 1, 2, 3]), np.array([0, 0, 1, 1, 1, 3])
    metrics = evaluate(predicted, targets)
    assert (metrics["accuracy"], metrics["majority"], metrics["majority_scale"]) == (0.6667, 0.5, "ECS")
    assert metrics["macro_f1"] == pytest.approx((0.8 + 0.5 + 0 + 1 + 0) / 5, abs=1e-4)
    assert np.array(metrics["confusion"])[0].tolist() == [2, 1, 0, 0, 0]
    assert np.array(metrics["confusion"])[2].tolist() == [0, 1, 0, 0, 0]


def test_fig6_counts_the_discarded_shots_beside_the_accepted_ones():
    predictions = pd.DataFrame({"shot_id": list("abcdef"), "scale": ["ECS", "CS", "MS", "LS", "FS", "LS"]})
    counts = scale_counts(predictions, {"discarded": list("abcdx"), "accepted": list("ef")})
    assert counts["discarded"].to_dict() == {"ECS": 1, "CS": 1, "MS": 1, "FS": 0, "LS": 1}
    table = pd.DataFrame(compare_scales(counts, {"scales": "ECS|CS|MS", "share": "80", "shots": "510"}, "source"))
    together = table[table["row"] == "ECS or CS or MS"].set_index("column")
    ours = together.loc["share of the discarded shots, %"]
    assert (ours["paper"], ours["ours"], ours["delta"], ours["n_used"], ours["comparable"]) == (
        "80",
        "75.0",
        "-5",
        4,
        "no",
    )
    assert together.loc["share of the accepted shots, %", "paper"] == ""
    nobody = scale_counts(predictions, {"discarded": [], "accepted": []})
    assert {row["ours"] for row in compare_scales(nobody, {"scales": "MS", "share": "1", "shots": "1"}, "s")} == {""}
