"""The scores of a shot in the context of its clip: a clip has few places, so its other shots tell something of a shot.

Beyond the paper. The places of a shot's neighbours are a prior for the shot's own, and that is estimated together for
all shots of a clip (expectation-maximisation of a mixture, each shot without its own say).
"""

import numpy as np

MOST_STEPS = 30
CONVERGED = 1e-5


def in_context(scores: np.ndarray, prior_shots: float, neighbours: int) -> np.ndarray:
    """Probabilities (N, L) of the shots of a clip, given those of the shots around each.

    A shot's are proportional to its own scores times the prior: the sum of the neighbours' probabilities, and
    `prior_shots` in equal parts for all labels. A shot without neighbours keeps its scores.

    Args:
        scores: (N, L), in the order of time; each row adds up to 1.
        prior_shots: weight of the uniform prior, in shots. Lower trusts the neighbours more.
        neighbours: how many shots before and after a shot are its neighbours.
    """
    places = np.arange(len(scores))
    first, end = np.maximum(places - neighbours, 0), np.minimum(places + neighbours + 1, len(scores))
    found = scores.astype(float)
    for _ in range(MOST_STEPS):
        sums = np.concatenate([np.zeros((1, scores.shape[1])), found.cumsum(axis=0)])
        # Differences of sums may be a little below 0.
        prior = np.maximum(sums[end] - sums[first] - found, 0) + prior_shots / scores.shape[1]
        before, found = found, scores * prior
        found /= found.sum(axis=1, keepdims=True)
        if np.abs(found - before).max() < CONVERGED:
            break
    return found
