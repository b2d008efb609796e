"""Metrics beside scikit-learn and SciPy, with absent classes, equal scores and rows without a correlation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import average_precision_score

from scripts.lib.evaluation.metrics import (
    average_precision,
    draw_weights,
    evaluate,
    random_average_precision,
    shot_average_precision,
)
from scripts.lib.jobs.errors import UserError


def random_case(n=60, classes=9, seed=3):
    """Logits of few values, so that many are equal; two classes are absent, and some rows have no correlation."""
    random = np.random.default_rng(seed)
    logits = random.integers(-4, 5, (n, classes)).astype(np.float32) / 2
    targets = random.random((n, classes)) < 0.2
    targets[:, [2, 7]] = False
    logits[5], targets[6] = 0.5, False
    return logits, targets, [f"s{number}" for number in range(n)]


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_average_precision_is_scikit_learns_for_any_ties_and_weights(data):
    n = data.draw(st.integers(1, 40))
    scores = data.draw(arrays(np.float32, n, elements=st.integers(-3, 3).map(float)))
    targets = data.draw(arrays(bool, n))
    weights = data.draw(arrays(np.float32, (n, 3), elements=st.integers(0, 4).map(float)))
    found = average_precision(scores, targets, weights)
    for value, column in zip(found, weights.T, strict=True):
        if not column[targets].any():
            assert np.isnan(value)
        else:
            assert value == pytest.approx(average_precision_score(targets, scores, sample_weight=column), abs=1e-12)


def test_measures_are_those_of_scikit_learn_and_scipy():
    logits, targets, names = random_case()
    found = evaluate(logits, targets, names, seed=0, samples=20)
    by_class = [average_precision_score(targets[:, k], logits[:, k]) if targets[:, k].any() else None for k in range(9)]
    assert found["class_ap"] == [None if value is None else pytest.approx(value, abs=1e-6) for value in by_class]
    assert (found["n_classes"], found["n_classes_with_positives"]) == (9, 7)
    assert found["mAP"]["value"] == pytest.approx(np.mean([value for value in by_class if value is not None]), abs=1e-6)
    usable = [row for row in range(60) if np.ptp(logits[row]) and 0 < targets[row].sum() < 9]
    assert found["n_correlated"] == len(usable) < 60
    for name, measure, scores in (("pearson", pearsonr, expit(logits.astype(float))), ("spearman", spearmanr, logits)):
        expected = np.mean([measure(scores[row], targets[row].astype(float)).statistic for row in usable])
        assert found[name]["value"] == pytest.approx(expected, abs=1e-6)
    perfect = [spearmanr(row + np.arange(9) / 100, row).statistic for row in targets if row.any()]
    assert found["best_spearman"] == pytest.approx(np.mean(perfect), abs=1e-6)
    hits = [targets[row, logits[row].argmax()] for row in range(60)]
    assert found["top1"]["value"] == pytest.approx(np.mean(hits), abs=1e-6)
    assert found["class_positives"] == targets.sum(axis=0).tolist()


def test_intervals_are_those_of_shots_drawn_again_and_again():
    """Each bootstrap sample by repeated rows, with scikit-learn; the seed alone decides."""
    logits, targets, names = random_case()
    found = evaluate(logits, targets, names, seed=5, samples=40)
    values = []
    for column in draw_weights(60, 40, seed=5).T[1:]:
        rows = np.repeat(np.arange(60), column.astype(int))
        assert len(rows) == 60
        present = np.flatnonzero(targets[rows].any(axis=0))
        values.append(np.mean([average_precision_score(targets[rows, k], logits[rows, k]) for k in present]))
    low, high = found["mAP"]["value"] + np.quantile(values, [0.025, 0.975]) - np.mean(values)
    assert (found["mAP"]["low"], found["mAP"]["high"]) == pytest.approx((low, high), abs=1e-6)
    assert found == evaluate(logits, targets, names, seed=5, samples=40)
    assert found["mAP"] != evaluate(logits, targets, names, seed=6, samples=40)["mAP"]


def test_an_interval_holds_the_expected_map_as_often_as_it_says():
    """Rare classes and random scores, whose expected average precision is known; plain quantiles hold 6 of 10."""
    random, held = np.random.default_rng(1), 0
    for seed in range(60):
        targets = np.zeros((100, 12), bool)
        for column in range(12):
            targets[random.choice(100, 4 + column % 3, replace=False), column] = True
        names = [str(number) for number in range(100)]
        found = evaluate(random.normal(size=(100, 12)), targets, names, seed=seed, samples=200)
        held += found["mAP"]["low"] <= found["random_mAP"] <= found["mAP"]["high"]
    assert held >= 53


@pytest.mark.parametrize(("n", "positives"), [(44, 3), (7, 7), (1, 1), (150, 40)])
def test_the_floor_is_what_shuffled_scores_reach(n, positives):
    random, targets = np.random.default_rng(2), np.arange(n) < positives
    # Where all are positive, no order differs from another.
    orders = 2000 if positives < n else 1
    shuffled = np.mean([average_precision_score(targets, random.permutation(n)) for _ in range(orders)])
    floor = random_average_precision(np.array([positives]), n)[0]
    assert floor == pytest.approx(shuffled, abs=0.006)
    assert floor >= positives / n - 1e-12


def test_the_floor_of_a_set_is_the_mean_over_its_classes():
    logits, targets, names = random_case()
    known = targets.sum(axis=0)[targets.any(axis=0)]
    found = evaluate(logits, targets, names, seed=0, samples=2)["random_mAP"]
    assert found == pytest.approx(random_average_precision(known, 60).mean(), abs=1e-6)


def test_precision_of_single_shots_is_that_of_their_rows():
    logits, targets, _ = random_case()
    found = shot_average_precision(logits, targets)
    empty = ~targets.any(axis=1)
    assert np.isnan(found[empty]).all()
    assert empty[6]
    expected = [average_precision_score(*rows) for rows in zip(targets[~empty], logits[~empty], strict=True)]
    assert found[~empty] == pytest.approx(expected)


def test_what_cannot_be_evaluated_is_named():
    logits, targets, names = random_case()
    with pytest.raises(UserError, match="no shot"):
        evaluate(logits[:0], targets[:0], [], seed=0, samples=2)
    logits[[3, 7], 1] = np.nan
    with pytest.raises(UserError, match=r"(?s)2 shot\(s\).*s3.*s7"):
        evaluate(logits, targets, names, seed=0, samples=2)
    with pytest.raises(UserError, match=r"more than once.*\n.*s0"):
        evaluate(logits, targets, ["s0", *names[:-1]], seed=0, samples=2)


def test_nothing_is_defined_without_positives():
    logits, targets, names = random_case()
    found = evaluate(logits, targets & False, names, seed=0, samples=3)
    nothing = {"value": None, "low": None, "high": None}
    assert [found[name] for name in ("mAP", "pearson", "spearman")] == [nothing] * 3
    assert (found["random_mAP"], found["n_correlated"], found["n_classes_with_positives"]) == (None, 0, 0)
    assert found["top1"]["value"] == 0
