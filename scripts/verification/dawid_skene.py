"""Error rates of raters without a known truth: the model of Dawid and Skene (Applied Statistics 28, 1979)."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

# Rates of 0 and 1 have no logarithm.
_LEAST = 1e-6
_TOLERANCE, _MOST_STEPS = 1e-6, 500


@dataclass(frozen=True)
class ErrorRates:
    """Estimates for R raters and U offered labels.

    Attributes:
        miss: (R,) probability that a rater does not tick a right label; NaN without a label to judge.
        false_alarm: (R,) probability that a rater ticks a wrong label; NaN likewise.
        right: (U,) probability that the label is right.
    """

    miss: np.ndarray
    false_alarm: np.ndarray
    right: np.ndarray


def estimate_errors(ticked: np.ndarray, judged: np.ndarray, weights: np.ndarray, right: np.ndarray) -> ErrorRates:
    """The most likely error rates, by expectation maximisation.

    Raters err independently of each other. Without a third rater there is no unique solution.

    Args:
        ticked, judged: (U, R) 0 or 1: whether the rater ticked the label, and could tell.
        weights: (U,) how often each offered label counts.
        right: (U,) probabilities to start from, such as the share of raters who ticked the label.
    """
    missed = judged - ticked
    for _ in range(_MOST_STEPS):
        with np.errstate(invalid="ignore"):
            miss, false_alarm = (
                (of @ wrongly) / (of @ judged)
                for of, wrongly in ((weights * right, missed), (weights * (1 - right), ticked))
            )
        rates = (miss, false_alarm, weights @ right / weights.sum())
        m, f, prior = (np.nan_to_num(rate, nan=0.5).clip(_LEAST, 1 - _LEAST) for rate in rates)
        before, right = right, expit(logit(prior) + ticked @ np.log((1 - m) / f) + missed @ np.log(m / (1 - f)))
        if np.abs(right - before).max() < _TOLERANCE:
            break
    return ErrorRates(miss, false_alarm, right)
