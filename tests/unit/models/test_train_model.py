"""The models of the configuration, and what a training takes in."""

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from scripts.lib.jobs.errors import UserError
from scripts.lib.networks.classifiers import leave_out
from scripts.lib.networks.image_networks import build_timm
from scripts.lib.networks.inputs import FeatureDataset, batches
from scripts.lib.networks.video_models import NETWORKS, build_network
from scripts.lib.workflow.config_checks import network_arguments
from tests.helpers import ROOT

TABLE_3 = ["lstm_places", "lstm_vit", "slowfast_r50", "r2plus1d_r34", "i3d_r50", "timesformer", "swin_b"]
BEYOND = ["clip_linear", "clip_lstm"]
DEFAULT, DEMO = (yaml.safe_load((ROOT / f"config/{name}.yaml").read_text()) for name in ("default", "demo"))


@pytest.mark.parametrize("name", TABLE_3 + BEYOND)
def test_every_model_of_the_configuration_can_be_built(name):
    """At full size without memory for the weights, and at the demo's, which have fewer parameters."""
    model, small = DEFAULT["models"][name], DEMO["models"][name]
    counts = []
    for arguments in (model["arguments"], model["arguments"] | small["arguments"]):
        with torch.device("meta"):
            network = build_network(model["network"], 150, **arguments)
        counts.append(sum(parameter.numel() for parameter in network.parameters()))
        assert (network.clip is None) == (model["encoder"] is not None)
        assert network.clip is None or network.clip.frames <= DEFAULT["cache"]["frames"]
    assert counts[1] < counts[0] / 3


def test_table_3_is_trained_and_heads_on_the_embeddings_that_tagging_stores():
    assert DEFAULT["training"]["models"] == TABLE_3 + BEYOND
    assert list(DEFAULT["models"]) == TABLE_3 + BEYOND
    for config in (DEFAULT, DEMO):
        tagger, *_ = config["tagging"]["taggers"]
        assert {config["models"][name]["encoder"] for name in BEYOND} == {config["taggers"][tagger]["encoder"]}


def test_the_last_layer_of_each_encoder_of_the_demo_has_the_width_of_its_models():
    for name in TABLE_3[:2]:
        model = DEMO["models"][name]
        encoder = DEMO["encoders"][model["encoder"]]
        assert build_timm(encoder["model"], 0).num_features == model["arguments"]["width"]


def test_the_text_of_the_registry_says_what_the_registry_is():
    """Snakemake reads it without importing torch."""
    known = network_arguments()
    assert list(known) == list(NETWORKS)
    assert known["lstm"] == ["width", "hidden", "layers"]


def test_batches_are_padded_and_in_order():
    random = np.random.default_rng(0)
    features = {f"a-Scene-{number:03d}": random.normal(size=(number, 4)).astype(np.float16) for number in (1, 2, 3)}
    targets = np.eye(3, dtype=bool)
    dataset = FeatureDataset(features, list(features), targets)
    (first, lengths, wanted), (second, *_) = batches(dataset, [np.array([2, 0]), np.array([1])], "cpu", 0)
    assert lengths.tolist() == [3, 1]
    assert np.array_equal(first[0], features["a-Scene-003"])
    assert not first[1, 1:].any()
    assert second.shape == (1, 2, 4)
    assert wanted.tolist() == [[False, False, True], [True, False, False]]


def test_shots_without_a_frame_are_refused_by_name():
    features = {"a-Scene-001": np.ones((2, 4)), "a-Scene-002": np.ones((0, 4)), "b-Scene-001": np.ones((0, 4))}
    with pytest.raises(UserError, match=r"(?s)2 shot\(s\) have no frame.*a-Scene-002.*b-Scene-001"):
        FeatureDataset(features, list(features), np.ones((3, 1)))


def test_shots_whose_clip_failed_are_left_out_and_a_split_without_any_is_refused():
    sets = {
        name: pd.DataFrame({"shot_id": [f"{name}-1", f"{name}-2"], "labels": "bar"})
        for name in ("train", "val", "test")
    }
    used = leave_out(sets, {"train-1", "val-1", "val-2"})
    assert {name: list(table["shot_id"]) for name, table in used.items()} == {
        "train": ["train-1"],
        "val": ["val-1", "val-2"],
    }
    with pytest.raises(UserError, match="split val has no sample with frames"):
        leave_out(sets, {"train-1", "test-1"})
