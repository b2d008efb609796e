"""Shots in the context of their clip."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scripts.tagging.context import CONVERGED, MOST_STEPS, in_context


def one_by_one(scores, prior_shots, neighbours):
    """The same, shot by shot and label by label."""
    found = [list(row) for row in scores.tolist()]
    n_shots, n_labels = scores.shape
    for _ in range(MOST_STEPS):
        before, found = found, []
        for shot in range(n_shots):
            around = [before[other] for other in range(n_shots) if other != shot and abs(other - shot) <= neighbours]
            prior = [prior_shots / n_labels + sum(row[label] for row in around) for label in range(n_labels)]
            weighted = [float(score) * weight for score, weight in zip(scores[shot], prior, strict=True)]
            found.append([value / sum(weighted) for value in weighted])
        if np.abs(np.array(found) - before).max() < CONVERGED:
            break
    return np.array(found)


@given(
    st.integers(1, 9).flatmap(lambda n: arrays(float, (n, 4), elements=st.floats(0.01, 1))),
    st.floats(0.2, 10),
    st.integers(1, 12),
)
def test_each_shot_is_weighed_by_its_neighbours(values, prior_shots, neighbours):
    scores = values / values.sum(axis=1, keepdims=True)
    assert in_context(scores, prior_shots, neighbours) == pytest.approx(
        one_by_one(scores, prior_shots, neighbours), abs=1e-6
    )


def test_a_shot_alone_keeps_its_scores():
    """Of a clip with one shot, and, without neighbours, of any."""
    scores = np.random.default_rng(0).dirichlet(np.ones(179), 5)
    assert np.allclose(in_context(scores[:1], 2, 20), scores[:1])
    assert np.allclose(in_context(scores, 2, 0), scores)


def test_an_unsure_shot_takes_the_place_of_its_neighbours_and_a_sure_one_does_not():
    """A far place has no say: a long film changes places."""
    kitchen, beach, unsure = [0.9, 0.05, 0.05], [0.05, 0.9, 0.05], [0.3, 0.33, 0.37]
    scores = np.array([kitchen, unsure, kitchen, beach, kitchen, *[beach] * 30, unsure, beach])
    found = in_context(scores, 2, 3)
    assert found.argmax(axis=1).tolist() == [0, 0, 0, 1, 0, *[1] * 30, 1, 1]
    assert found.sum(axis=1) == pytest.approx(1)
