"""The demo's stand-ins for published encoders: trained on a few stills, read like any weights of timm."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from scripts.demo.render_stills import render_label
from scripts.demo.train_encoder import HELD_OUT, train_encoder, write_encoder
from scripts.lib.networks.image_networks import load_encoder

LABELS = ("desert", "library", "stage", "battlefield", "locker room")
SETS, VIEWS = 16, 3


@pytest.fixture(scope="module")
def stills():
    return {label: render_label(label, 3, SETS, VIEWS)[0] for label in LABELS}


@pytest.mark.parametrize(("model", "head", "epochs"), [("test_vit", "head", 20), ("test_resnet", "fc", 8)])
def test_an_encoder_read_by_its_name_sees_what_its_training_saw(stills, tmp_path, model, head, epochs):
    """With the classifier that is in its file it names the stills of other paintings as often as its history says."""
    recipe = {"epochs": epochs, "learning_rate": 0.002}
    network, history = train_encoder(model, stills, VIEWS, recipe, 0, tmp_path / "checkpoint.pt")
    write_encoder(tmp_path / "encoder.safetensors", network, 64)
    settings = {"library": "timm", "model": model, "dtype": "fp32", "frames": "4 fps"}
    encoder = load_encoder(settings, tmp_path / "encoder.safetensors", "cpu")
    pictures = np.concatenate([pictures[-HELD_OUT * VIEWS :] for pictures in stills.values()])
    features = encoder.encode_frames(np.stack([encoder.crop(picture) for picture in pictures]))
    weights = load_file(tmp_path / "encoder.safetensors")
    logits = torch.from_numpy(features) @ weights[f"{head}.weight"].T + weights[f"{head}.bias"]
    accuracy = (logits.argmax(1).numpy() == np.repeat(np.arange(len(LABELS)), HELD_OUT * VIEWS)).mean()
    assert accuracy == pytest.approx(max(row["score"] for row in history))
    assert accuracy >= 0.6, "chance is 0.2"
