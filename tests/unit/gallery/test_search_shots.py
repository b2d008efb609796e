"""Shots by their likeness to a query."""

import numpy as np
import pytest
from PIL import Image

from benchmarks.weights import write_random_weights
from scripts.gallery import search_shots
from scripts.gallery.search_shots import embed_query, similarities
from scripts.lib.files.atomic import sha256_of
from scripts.lib.files.hdf5 import create_h5, open_h5
from scripts.lib.jobs.errors import UserError
from scripts.lib.networks.encoders import load_clip
from tests.helpers import ROOT

MODEL = str(ROOT / "config/demo/clip_small.json")
IDS = ["a-Scene-001", "a-Scene-002"]


@pytest.mark.parametrize("block", [7, 20, 100])
def test_cosines_in_blocks_are_those_of_brute_force(monkeypatch, block):
    monkeypatch.setattr(search_shots, "BLOCK", block)
    random = np.random.default_rng(0)
    vectors = random.normal(size=(100, 16))
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)
    wanted = 5 * random.normal(size=16)
    expected = [float(row @ wanted) / np.linalg.norm(wanted) for row in unit.astype(float)]
    assert np.abs(similarities(unit, wanted) - expected).max() < 1e-6


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """Embeddings of two shots, and the weights by which they are said to be made."""
    folder = tmp_path_factory.mktemp("search")
    write_random_weights(MODEL, folder / "random.safetensors")
    attributes = {"encoder": "clip_small", "weights_sha256": sha256_of(folder / "random.safetensors")}
    with create_h5(folder / "mean.h5", attributes) as file:
        file["embeddings"] = np.eye(2, 128, dtype=np.float16)
    return folder


def test_a_query_is_a_shot_a_picture_or_a_text(searched):
    """By plain open_clip for the last two."""
    weights = searched / "random.safetensors"
    encoder = load_clip(MODEL, weights, "fp32", device="cpu")
    picture = Image.fromarray(np.random.default_rng(1).integers(0, 256, (90, 160, 3), np.uint8))
    picture.save(searched / "still.png")
    with open_h5(searched / "mean.h5") as file:
        kind, found = embed_query(IDS[1], file, IDS, MODEL, weights)
        assert (kind, found.argmax()) == ("shot", 1)
        kind, found = embed_query("a kitchen: night", file, IDS, MODEL, weights)
        assert kind == "text"
        assert np.allclose(found, encoder.encode_prompts(["a kitchen: night"])[0])
        kind, found = embed_query(str(searched / "still.png"), file, IDS, MODEL, weights)
        assert kind == "picture"
        assert np.allclose(found, encoder.encode_frames(encoder.crop(np.array(picture))[None])[0])


def test_embeddings_by_other_weights_are_refused(searched, tmp_path):
    (tmp_path / "other.safetensors").write_bytes(b"other")
    with open_h5(searched / "mean.h5") as file, pytest.raises(UserError, match="other weights"):
        embed_query("a kitchen", file, IDS, MODEL, tmp_path / "other.safetensors")
