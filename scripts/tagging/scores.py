"""From frame and label embeddings to scores (paper Eq. 3 and 4)."""

from collections.abc import Callable

import numpy as np


def cosine(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Eq. 3: cosine similarity of each frame and label.

    Args:
        features: (T, D), any length; a frame of zeros has similarity 0 to all.
        labels: (L, D), unit length.

    Returns:
        (T, L) float32.
    """
    features = features.astype(np.float32)
    norms = np.linalg.norm(features, axis=1, keepdims=True)
    return (features / np.maximum(norms, np.finfo(np.float32).tiny)) @ labels.T


def softmax(features: np.ndarray, labels: np.ndarray, scale: float, bias: float = 0.0) -> np.ndarray:
    """Probability of each label per frame, over all labels, as in the authors' release: (T, L)."""
    logits = scale * cosine(features, labels) + bias
    logits -= logits.max(axis=1, keepdims=True)
    odds = np.exp(logits, out=logits)
    return odds / odds.sum(axis=1, keepdims=True)


def sigmoid(features: np.ndarray, labels: np.ndarray, scale: float, bias: float) -> np.ndarray:
    """Independent probability of each label per frame (SigLIP): (T, L)."""
    logits = scale * cosine(features, labels) + bias
    return 1 / (1 + np.exp(-logits))


SCORES: dict[str, Callable[[np.ndarray, np.ndarray, float, float], np.ndarray]] = {
    "softmax": softmax,
    "cosine": lambda features, labels, scale, bias: cosine(features, labels),
    "sigmoid": sigmoid,
}


def shot_sums(scores: np.ndarray, rows: np.ndarray, n_shots: int) -> np.ndarray:
    """Sum of frame scores per shot.

    Args:
        scores: (T, L).
        rows: (T,) 0-based index of each frame's shot, non-decreasing.

    Returns:
        (n_shots, L) float64.
    """
    sums = np.zeros((n_shots, scores.shape[1]))
    present, starts = np.unique(rows, return_index=True)
    sums[present] = np.add.reduceat(scores, starts, axis=0, dtype=np.float64)
    return sums
