"""Features of networks without a text tower are those of plain timm and torchvision programs."""

import json

import numpy as np
import pytest
import timm
import torch
import torchvision
from PIL import Image
from safetensors.torch import save_file
from timm.data import create_transform, resolve_model_data_config
from torchvision.transforms import CenterCrop, Compose, Normalize, Resize, ToTensor

from scripts.lib.jobs.errors import UserError
from scripts.lib.media.video import Video
from scripts.lib.networks.image_networks import load_encoder
from scripts.lib.records.clips import Clip
from scripts.lib.workflow.sources import weights_file
from scripts.retrieve.retrieve_weights import retrieve_weights

VIT = {"library": "timm", "model": "vit_base_patch16_224", "dtype": "fp16", "frames": "4 fps"}
PLACES = {"library": "places", "model": "resnet18", "dtype": "fp16", "frames": "4 fps"}


@pytest.fixture(scope="module")
def frames(shared_data):
    """Frames of a real clip, (H, W, 3) uint8 RGB each."""
    with Video(Clip("clip", str(shared_data / "videos" / "sintel_trailer_threejs.mp4"))) as video:
        return [frame.rgb() for frame in video if frame.index in (100, 400, 700)]


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A random Places365 ResNet-18, and its file in the layout of the official one."""
    torch.manual_seed(1)
    network = torchvision.models.resnet18(num_classes=365).eval()
    path = tmp_path_factory.mktemp("places") / "resnet18_places365.pth.tar"
    state = {f"module.{name}": value for name, value in network.state_dict().items()}
    torch.save({"epoch": 90, "arch": "resnet18", "state_dict": state, "best_prec1": 54.0}, path)
    return network, path


def plain_places(network, transform, pictures):
    """The features before the classifier, of one picture at a time."""
    body = torch.nn.Sequential(*list(network.children())[:-1])
    with torch.inference_mode():
        return np.concatenate([body(transform(Image.fromarray(rgb))[None]).flatten(1).numpy() for rgb in pictures])


def embed(encoder, pictures):
    return encoder.encode_frames(np.stack([encoder.crop(rgb) for rgb in pictures]))


def distance(ours, theirs):
    """Largest difference in units of the features' standard deviation."""
    return np.abs(ours - theirs).max() / theirs.std()


def places_transform(size):
    normalize = Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    return Compose([Resize(size), CenterCrop(224), ToTensor(), normalize])


@pytest.mark.parametrize("with_head", [True, False])
def test_vit_features_are_those_of_timm(frames, tmp_path, with_head):
    """The CLS token of ViT-B/16, 768-d, with timm's own preprocessing; a classifier in the file changes nothing."""
    torch.manual_seed(0)
    network = timm.create_model("vit_base_patch16_224", num_classes=1000).eval()
    state = network.state_dict()
    save_file({k: v for k, v in state.items() if with_head or not k.startswith("head.")}, tmp_path / "vit.safetensors")
    encoder = load_encoder(VIT, tmp_path / "vit.safetensors", "cpu")
    transform = create_transform(**resolve_model_data_config(network), is_training=False)
    with torch.inference_mode():
        theirs = [network.forward_features(transform(Image.fromarray(rgb))[None])[:, 0].numpy() for rgb in frames]
    ours = embed(encoder, frames)
    assert ours.shape == (len(frames), 768)
    assert encoder.dtype == "float32"
    assert distance(ours, np.concatenate(theirs)) < 1e-3


def test_places_features_are_those_of_torchvision(frames, places):
    """512-d before the classifier, from the official checkpoint's layout and with its program's preprocessing."""
    network, path = places
    ours = embed(load_encoder(PLACES, path, "cpu"), frames)
    assert ours.shape == (len(frames), 512)
    assert distance(ours, plain_places(network, places_transform(256), frames)) < 1e-3


def test_the_release_squashes_frames_and_takes_blue_for_red(frames, places):
    """The switch gives what a program gets that hands OpenCV's BGR to PIL and resizes to a square."""
    network, path = places
    encoder = load_encoder(PLACES | {"preprocessing": "release"}, path, "cpu")
    as_bgr = [np.ascontiguousarray(rgb[..., ::-1]) for rgb in frames]
    theirs = plain_places(network, places_transform((256, 256)), as_bgr)
    assert distance(embed(encoder, frames), theirs) < 1e-3
    official = load_encoder(PLACES | {"preprocessing": "official"}, path, "cpu")
    assert distance(embed(official, frames), theirs) > 0.1
    assert official.preprocessing != encoder.preprocessing


def test_weights_of_timm_are_fetched_with_their_preprocessing(frames, tmp_path, monkeypatch):
    """From the repository of a tag: the same features as timm's network has with the settings of that repository."""
    network = timm.create_model("vit_tiny_patch16_224").eval()
    settings = {"mean": [0.4, 0.5, 0.6], "std": [0.2, 0.2, 0.3], "interpolation": "bilinear", "crop_pct": 1.0}
    hub = tmp_path / "timm/vit_tiny_patch16_224.some_tag"
    hub.mkdir(parents=True)
    (hub / "config.json").write_text(json.dumps({"pretrained_cfg": settings | {"first_conv": "x"}}))
    save_file(network.state_dict(), hub / "model.safetensors")
    monkeypatch.setattr("huggingface_hub.hf_hub_download", lambda repository, name: str(tmp_path / repository / name))
    monkeypatch.chdir(tmp_path)
    path = weights_file({"model": "vit_tiny_patch16_224", "pretrained": "some_tag"})
    retrieve_weights("vit_tiny_patch16_224", "some_tag", path, library="timm")
    encoder = load_encoder(VIT | {"model": "vit_tiny_patch16_224"}, path, "cpu")
    transform = create_transform(**resolve_model_data_config(network) | settings)
    with torch.inference_mode():
        theirs = [network.forward_features(transform(Image.fromarray(rgb))[None])[:, 0].numpy() for rgb in frames]
    assert distance(embed(encoder, frames), np.concatenate(theirs)) < 1e-3


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (VIT | {"model": "vit_bass_patch16_224"}, "vit_base_patch16_224"),
        (PLACES | {"model": "alexnet"}, "alexnet"),
        (PLACES | {"model": "resnet34"}, "cannot be used for resnet34"),
    ],
)
def test_unknown_models_and_weights_of_another_are_refused(places, settings, words):
    with pytest.raises(UserError, match=words):
        load_encoder(settings, places[1], "cpu")
