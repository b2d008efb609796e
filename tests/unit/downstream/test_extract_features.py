"""A video's features are the mean over its windows, by any network up to its head, or by a frozen encoder."""

from types import SimpleNamespace

import h5py
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torchvision.transforms.v2 import functional

from scripts.downstream import extract_features
from scripts.downstream.features import read_video_features
from scripts.downstream.windows import windows_of
from scripts.lib.jobs.errors import UserError
from scripts.lib.networks.encoders import random_model, register_model
from scripts.lib.networks.image_networks import load_encoder
from scripts.lib.networks.video_models import build_network
from scripts.lib.records.clips import Clip
from tests.helpers import ROOT
from tests.helpers.trainings import TINY
from tests.unit.downstream.test_windows import make_cache

SMALL_CLIP = str(ROOT / "config/demo/clip_small.json")
ENCODER = {"model": SMALL_CLIP, "dtype": "fp32"}


@pytest.fixture(scope="module")
def cached(make_video, tmp_path_factory):
    """Two videos of three windows and one, and a missing one: folder and cache."""
    folder = tmp_path_factory.mktemp("cached")
    long = make_video([(1, 30), (2, 30), (3, 12)], clip_id="long", size=(128, 96)).clip
    short = make_video([(4, 12)], clip_id="short", size=(96, 128)).clip
    videos = [long, Clip("vanished", str(folder / "no.mp4")), short, Clip("gone", "gone.mp4")]
    return folder, make_cache(folder, videos, missing={"gone"}, count=3, seconds=1.0)


def extract(cached, output, settings, model=(), encoder=()):
    """Run the job; features (D,) by video id, and the open file's other content."""
    extract_features.main(
        SimpleNamespace(
            input=SimpleNamespace(
                found=cached[0] / "found.csv", cache=cached[0] / "cache.h5", model=list(model), encoder=list(encoder)
            ),
            output=[output],
            params=SimpleNamespace(precision="fp32", settings={"model": None, "encoder": None} | settings),
            wildcards=SimpleNamespace(task="mine", shard="00000", features="it"),
            config={
                "downstream": {
                    "common": {"clips": 3},
                    "tasks": {"mine": {}},
                    "extractors": {"it": {"model": "it"}},
                },
                "models": {"it": {"micro_batch": 2}},
                "tagging": {"batch_size": 5},
            },
            threads=2,
        )
    )
    return {name: rows[0] for name, rows in read_video_features([output], ["long", "short", "gone"]).items()}


def tiny_network(name, n_classes, path, seed=0):
    """A random network, and the file of its weights."""
    torch.manual_seed(seed)
    network = build_network(name, n_classes, **TINY[name]).eval()
    save_file({key: value.contiguous() for key, value in network.state_dict().items()}, path)
    return network


def central_clips(cache, video, n_frames, size):
    """The clips (B, T, S, S, 3) that a network sees in evaluation, of torchvision's own functions."""
    clips = []
    for name in windows_of(video, cache, 3):
        frames = cache.frames(name, [j * cache.n_frames(name) // n_frames for j in range(n_frames)])
        pictures = functional.resize(
            torch.from_numpy(frames).permute(0, 3, 1, 2), [round(size * 8 / 7)], antialias=True
        )
        clips.append(functional.center_crop(pictures, [size, size]).permute(0, 2, 3, 1))
    return torch.stack(clips)


def test_features_are_the_mean_of_what_the_head_sees(cached, tmp_path):
    network = tiny_network("swin", 5, tmp_path / "model.safetensors")
    settings = {"model": {"network": "swin", "arguments": TINY["swin"], "max_frames": None}}
    found = extract(cached, tmp_path / "features.h5", settings, [tmp_path / "model.safetensors"])
    assert found.keys() == {"long", "short"}
    for video, n_windows in (("long", 3), ("short", 1)):
        clips = central_clips(cached[1], video, TINY["swin"]["frames"], TINY["swin"]["size"])
        assert len(clips) == n_windows
        with torch.no_grad():
            features = network.features(clips)
            assert torch.allclose(network.head(features), network(clips))
        assert found[video].dtype == np.float32
        assert np.allclose(found[video], features.mean(dim=0).numpy(), atol=1e-5)
    with h5py.File(tmp_path / "features.h5") as file:
        assert file["n_clips"][:].tolist() == [3, 1]
        reasons = dict(zip(file["failures/video_id"].asstr(), file["failures/reason"].asstr(), strict=True))
    assert reasons["gone"] == "removed: "
    assert "does not exist" in reasons["vanished"]


def test_a_librarys_file_with_any_number_of_classes_gives_the_same_features(cached, tmp_path):
    """torchvision's names and 400 classes of Kinetics, in place of this workflow's names and 5 classes."""
    network = tiny_network("swin", 5, tmp_path / "own.safetensors")
    library = {
        key.removeprefix("backbone."): value for key, value in network.state_dict().items() if "head.1" not in key
    }
    library |= {"head.weight": torch.zeros(400, network.width), "head.bias": torch.zeros(400)}
    torch.save(library, tmp_path / "library.pth")
    settings = {"model": {"network": "swin", "arguments": TINY["swin"], "max_frames": None}}
    own, other = (
        extract(cached, tmp_path / f"{name}.h5", settings, [tmp_path / name])
        for name in ("own.safetensors", "library.pth")
    )
    assert all(np.array_equal(own[video], other[video]) for video in ("long", "short"))
    with pytest.raises(UserError, match="not of this architecture"):
        wrong = {"model": {"network": "i3d", "arguments": TINY["i3d"], "max_frames": None}}
        extract(cached, tmp_path / "wrong.h5", wrong, [tmp_path / "library.pth"])


@pytest.fixture(scope="module")
def encoder_weights(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("encoder") / "clip.safetensors"
    save_file(random_model(register_model(SMALL_CLIP)).state_dict(), path)
    return path


def frame_features(cache, weights, name, chosen):
    encoder = load_encoder(ENCODER, weights, "cpu")
    return encoder.encode_frames(np.stack([encoder.crop(frame) for frame in cache.frames(name, chosen)]))


def test_a_frozen_encoders_features_are_averaged(cached, encoder_weights, tmp_path):
    found = extract(cached, tmp_path / "features.h5", {"encoder": ENCODER}, encoder=[encoder_weights])
    for video in ("long", "short"):
        windows = [
            frame_features(cached[1], encoder_weights, name, range(8)) for name in windows_of(video, cached[1], 3)
        ]
        assert np.allclose(found[video], np.mean([rows.mean(axis=0) for rows in windows], axis=0), atol=1e-5)


def test_a_network_of_features_sees_those_of_its_encoder(cached, encoder_weights, tmp_path):
    """At most `max_frames` of a window, at equal distances."""
    width = load_encoder(ENCODER, encoder_weights, "cpu").encode_frames(np.zeros((1, 64, 64, 3), np.uint8)).shape[1]
    arguments = {"width": width, "hidden": 16, "layers": 2}
    torch.manual_seed(1)
    network = build_network("lstm", 3, **arguments).eval()
    save_file(network.state_dict(), tmp_path / "lstm.safetensors")
    settings = {"model": {"network": "lstm", "arguments": arguments, "max_frames": 4}, "encoder": ENCODER}
    found = extract(cached, tmp_path / "features.h5", settings, [tmp_path / "lstm.safetensors"], [encoder_weights])
    for video in ("long", "short"):
        states = []
        for name in windows_of(video, cached[1], 3):
            sequence = torch.from_numpy(frame_features(cached[1], encoder_weights, name, [0, 2, 4, 6]))[None]
            with torch.no_grad():
                _, (state, _) = network.backbone.lstm(sequence)
            states.append(state[-1, 0].numpy())
        assert np.allclose(found[video], np.mean(states, axis=0), atol=1e-5)
