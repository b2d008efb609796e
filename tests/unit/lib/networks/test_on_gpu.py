"""What a GPU computes is what the CPU computes, up to rounding."""

import numpy as np
import pytest
import torch

from benchmarks.weights import write_random_weights
from scripts.lib.networks.encoders import load_clip
from tests.helpers.trainings import ADAMW, SGD, killed_training, loss_curves, tiny_training

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
NAMES = ("lstm", "i3d", "timesformer", "swin")


def test_a_training_has_the_loss_curve_of_the_cpu(tmp_path):
    for device in ("cpu", "cuda"):
        (tmp_path / device).mkdir()
    expected = loss_curves("cpu", NAMES, tmp_path / "cpu", 8)
    found = loss_curves("cuda", NAMES, tmp_path / "cuda", 3)
    for name in set(NAMES) - {"i3d"}:
        assert np.abs(found[name] - expected[name]).max() < 1e-3, name
    # Micro-batches change what its batch normalisation and its drop-out draw from.
    assert found["i3d"][-1, 0] < found["i3d"][0, 0]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_mixed_precision_follows_single_precision(tmp_path, dtype):
    for name in ("lstm", "timesformer", "swin"):
        _, exact = tiny_training("cuda", name, tmp_path / f"{name}.pt", SGD)
        weights, mixed = tiny_training("cuda", name, tmp_path / f"{name}_{dtype}.pt", SGD, dtype=dtype)
        assert all(value.isfinite().all() for value in weights.values())
        assert mixed != exact
        assert max(abs(one["loss"] - two["loss"]) for one, two in zip(mixed, exact, strict=True)) < 1e-2, name


def test_a_training_that_is_killed_ends_like_one_that_is_not(tmp_path):
    """Mixed precision, whose loss scale goes on as well."""
    options = {"epochs": 4, "dtype": "float16"}
    killed_training("cuda", "lstm", tmp_path / "killed.pt", ADAMW, kill_in=(3, 1), **options)
    weights, history = tiny_training("cuda", "lstm", tmp_path / "killed.pt", ADAMW, **options)
    expected, whole = tiny_training("cuda", "lstm", tmp_path / "whole.pt", ADAMW, **options)
    assert [row["epoch"] for row in history] == [row["epoch"] for row in whole] == [1, 2, 3, 4]
    assert max(float((weights[key] - expected[key]).abs().max()) for key in expected) < 1e-3


def test_half_precision_gives_the_embeddings_of_the_cpu(tmp_path):
    """ViT-B/32 with random weights, on pictures of coloured blocks."""
    write_random_weights("ViT-B-32-quickgelu", tmp_path / "random.safetensors")
    blocks = np.random.default_rng(0).integers(0, 256, (16, 7, 7, 3), np.uint8)
    pictures = blocks.repeat(32, axis=1).repeat(32, axis=2)
    exact, half = (
        load_clip("ViT-B-32-quickgelu", tmp_path / "random.safetensors", dtype, device).encode_frames(pictures)
        for dtype, device in (("fp32", "cpu"), ("fp16", "cuda"))
    )
    cosine = (exact * half).sum(axis=1) / np.linalg.norm(exact, axis=1) / np.linalg.norm(half, axis=1)
    assert cosine.min() > 0.999
