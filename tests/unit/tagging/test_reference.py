"""Tagging against the plain recipe: one frame at a time through open_clip, in fp32, on a real clip."""

import h5py
import numpy as np
import pytest

from scripts.lib.files.hdf5 import create_h5
from scripts.lib.media.frame_batches import Work
from scripts.lib.networks.encoders import load_clip
from scripts.lib.networks.features import embed_frames
from scripts.lib.records.clips import Clip
from scripts.lib.records.labels import fill_prompts
from scripts.shots.detect_shots import detect_shots
from scripts.tagging.embed_labels import ensemble
from scripts.tagging.score_shots import score_clip

LABELS = ["street", "forest", "kitchen", "prison", "boxing ring", "cockpit", "library", "sea"]
PROMPT = "A photo of a {label}, a type of background location"


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    import open_clip
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "random.safetensors"
    save_file(open_clip.create_model("ViT-B-32-quickgelu").state_dict(), path)
    return path


@pytest.fixture(scope="module")
def encoded(shared_data, weights, tmp_path_factory):
    """A clip of two shots by both: our file of embeddings and labels' vectors, and the plain recipe's cosines."""
    path = str(shared_data / "videos/skv_bikes.mp4")
    clip = Clip("bikes", path, start_time=0.8, end_time=1.6)
    _, shots = detect_shots([clip], None, "content", {"threshold": 30, "min_scene_len": 0.1})
    assert [(shot.start_frame, shot.end_frame) for shot in shots] == [(0, 10), (10, 20)]
    encoder = load_clip("ViT-B-32-quickgelu", weights, device="cpu")
    labels = ensemble(np.stack([encoder.encode_prompts(prompts) for prompts in fill_prompts(LABELS, [PROMPT])]))
    embeddings = tmp_path_factory.mktemp("encoded") / "embeddings.h5"
    with create_h5(embeddings, {}) as file:
        assert embed_frames(file, [Work(clip, shots, 20)], encoder, None, "all", 8, 2) == {}
    return embeddings, labels, plain_cosines(path, range(20, 40), weights)


@pytest.mark.parametrize("score", ["softmax", "cosine"])
def test_shot_scores_equal_the_plain_recipe(encoded, tmp_path, score):
    """Within 1e-3, over a cut: decode, prepare, embed, store, score and average."""
    embeddings, labels, cosines = encoded
    with h5py.File(embeddings) as source, h5py.File(tmp_path / "scores.h5", "w") as target:
        score_clip(source["clips/bikes"], target.create_group("bikes"), labels, score, 100.0, 0.0, {})
        ours, matrix = target["bikes/shot_scores"][:], target["bikes/S"][:]
    exponentials = np.exp(100 * (cosines - cosines.max(axis=1, keepdims=True)))
    expected = exponentials / exponentials.sum(axis=1, keepdims=True) if score == "softmax" else cosines
    assert np.abs(matrix.T - expected).max() < 1e-3
    assert np.abs(ours - [expected[:10].mean(axis=0), expected[10:].mean(axis=0)]).max() < 1e-3


def plain_cosines(path, frames, weights):
    """Of each frame with each label, (T, L), with nothing of this project: OpenCV, PIL and open_clip."""
    import cv2
    import open_clip
    import torch
    from PIL import Image

    model, _, preprocess = open_clip.create_model_and_transforms("ViT-B-32-quickgelu", pretrained=str(weights))
    model.eval()
    tokens = open_clip.get_tokenizer("ViT-B-32-quickgelu")([PROMPT.format(label=label) for label in LABELS])
    capture, rows = cv2.VideoCapture(path), []
    with torch.inference_mode():
        texts = torch.nn.functional.normalize(model.encode_text(tokens), dim=-1)
        for index in range(frames.stop):
            picture = cv2.cvtColor(capture.read()[1], cv2.COLOR_BGR2RGB)
            if index not in frames:
                continue
            image = model.encode_image(preprocess(Image.fromarray(picture))[None])
            rows.append(torch.nn.functional.normalize(image, dim=-1) @ texts.T)
    return torch.cat(rows).numpy()
