"""Scores of frames and shots against torch, plain numpy and open_clip's zero-shot recipe."""

import h5py
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.tagging.embed_labels import ensemble
from scripts.tagging.score_shots import BLOCK, score_clip
from scripts.tagging.scores import SCORES, cosine, shot_sums


@pytest.fixture
def embeddings():
    """Frames of any length (T, D) and unit labels (L, D), of float16 like those on disk."""
    random = np.random.default_rng(0)
    frames = (random.normal(size=(50, 32)) * random.uniform(0.1, 30, (50, 1))).astype(np.float16)
    labels = random.normal(size=(9, 32)).astype(np.float32)
    return frames, labels / np.linalg.norm(labels, axis=1, keepdims=True)


@pytest.mark.parametrize("scale", [1.0, 14.3, 100.0])
def test_scores_equal_torchs(embeddings, scale):
    """Cosine, softmax and sigmoid as torch computes them."""
    frames, labels = (torch.from_numpy(part.astype(np.float64)) for part in embeddings)
    similarity = torch.nn.functional.cosine_similarity(frames[:, None], labels[None], dim=-1)
    references = {
        "cosine": similarity,
        "softmax": torch.softmax(scale * similarity, dim=1),
        "sigmoid": torch.sigmoid(scale * similarity - 10.0),
    }
    assert set(references) == set(SCORES)
    for name, reference in references.items():
        bias = -10.0 if name == "sigmoid" else 0.0
        ours = SCORES[name](*embeddings, scale, bias)
        assert ours.shape == (50, 9)
        assert np.allclose(ours, reference.numpy(), rtol=1e-4, atol=1e-6), name


def test_scores_of_black_frames_and_large_logits_are_finite():
    """An embedding of zeros is like nothing, and no scale overflows."""
    frames = np.zeros((1, 4), np.float16)
    labels = np.eye(4, dtype=np.float32)
    assert np.array_equal(cosine(frames, labels), np.zeros((1, 4)))
    assert np.allclose(SCORES["softmax"](frames, labels, 100.0, 0.0), 0.25)
    with np.errstate(over="raise"):
        sure = SCORES["softmax"](np.eye(4, dtype=np.float16), labels, 1e4, 0.0)
    assert np.array_equal(sure, np.eye(4))


@settings(deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.integers(1, 5))
def test_shot_sums_equal_a_loop(steps, n_labels):
    """Also for shots without a frame in the block."""
    rows = np.cumsum(steps)
    scores = np.random.default_rng(len(steps)).normal(size=(len(rows), n_labels)).astype(np.float32)
    n_shots = int(rows[-1]) + 3
    expected = np.zeros((n_shots, n_labels))
    for row, score in zip(rows, scores, strict=True):
        expected[row] += score
    assert np.allclose(shot_sums(scores, rows, n_shots), expected, atol=1e-6)


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("n_labels", [2, 11])
def test_shot_scores_are_means_of_frame_scores(tmp_path, score, n_labels):
    """Eq. 4 over more frames than are scored at a time, with shots across the border and odd numbers."""
    random = np.random.default_rng(1)
    n_frames = BLOCK + 904
    features = random.normal(size=(n_frames, 8)).astype(np.float16)
    labels = random.normal(size=(n_labels, 8)).astype(np.float32)
    labels /= np.linalg.norm(labels, axis=1, keepdims=True)
    attributes = {"light": labels[:2], "time": labels[::-1]}
    shot = np.repeat([1, 2, 5, 900], [1, BLOCK - 11, 20, 894]).astype(np.int32)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        source, target = file.create_group("source"), file.create_group("target")
        source["features"], source["shot"] = features, shot
        source["frame"] = np.arange(n_frames, dtype=np.int32) * 2
        score_clip(source, target, labels, score, 20.0, -1.0, attributes)
        matrix, means, numbers = (target[name][:] for name in ("S", "shot_scores", "shot_numbers"))
        found = {name: target["attributes"][name][:] for name in attributes}
        assert np.array_equal(target["frame"][:], source["frame"][:])
        assert np.array_equal(target["shot"][:], shot)
        assert (target["S"].dtype, target["shot_scores"].dtype) == (np.float16, np.float32)
    unit = features.astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    logits = 20.0 * unit @ labels.T - 1.0
    reference = {
        "cosine": unit @ labels.T,
        "softmax": np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True),
        "sigmoid": 1 / (1 + np.exp(-logits)),
    }[score]
    assert matrix.shape == (n_labels, n_frames)
    assert np.allclose(matrix.T, reference, rtol=2e-3, atol=1e-6)
    assert numbers.tolist() == [1, 2, 5, 900]
    for number, mean in zip(numbers, means, strict=True):
        # means are those of exact scores, not of the rounded matrix
        assert np.allclose(mean, reference[shot == number].mean(axis=0), rtol=1e-4, atol=1e-6)
    for name, values in attributes.items():
        # values exclude each other, also where labels do not
        logits = 20.0 * unit @ values.T - 1.0
        shares = unit @ values.T if score == "cosine" else np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        means = [shares[shot == number].mean(axis=0) for number in numbers]
        assert np.allclose(found[name], means, rtol=1e-4, atol=1e-6), name


def test_prompt_ensembles_follow_open_clips_zero_shot_recipe():
    """Mean over templates of unit embeddings, made unit again: open_clip's build_zero_shot_classifier."""
    embeddings = (
        torch.randn(3, 7, 16, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 9, 0.2])[:, None, None]
    )
    classes = embeddings.permute(1, 0, 2)
    weights = torch.nn.functional.normalize(classes, dim=-1).mean(dim=1)
    reference = weights / weights.norm(dim=1, keepdim=True)
    ours = ensemble(embeddings.numpy())
    assert np.allclose(ours, reference.numpy(), atol=1e-6)
    assert np.allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-6)
