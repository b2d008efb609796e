"""Agreement of raters with the labels and with each other, with 95 % bootstrap intervals over shots (section 4.3)."""

from collections.abc import Iterator

import krippendorff
import numpy as np
from scipy.stats import binomtest

from scripts.lib.records.votes import CANNOT_TELL, NO_VOTE, OFFERED, Votes, accepted_labels, count_marks
from scripts.verification.dawid_skene import estimate_errors

COLUMNS = ("subject", "name", "metric", "value", "low", "high", "n")
# Raters that the error rates need on at least one shot.
_FEWEST_RATERS = 3


def measure_agreement(votes: Votes, samples: int, seed: int) -> list[dict]:
    """Rows with `COLUMNS`: of all shots, of each label, and of each rater.

    Args:
        votes: at least one.
        samples: number of bootstrap samples of shots.
        seed: of the bootstrap.
    """
    weights = draw_weights(len(votes.marks), samples, seed)
    return [*_of_all(votes.marks, weights), *_of_labels(votes), *_of_raters(votes, weights)]


def draw_weights(n_shots: int, samples: int, seed: int) -> np.ndarray:
    """How often each shot is in each bootstrap sample: (B, T)."""
    return np.random.default_rng(seed).multinomial(n_shots, np.full(n_shots, 1 / n_shots), samples)


def interval(values: np.ndarray) -> tuple[float, float]:
    """The 95 % percentile interval of the values from bootstrap samples, (B,); NaN are left out."""
    known = values[~np.isnan(values)]
    return tuple(np.quantile(known, [0.025, 0.975])) if len(known) else (np.nan, np.nan)


def shared_out(of: np.ndarray, among: np.ndarray, weights: np.ndarray) -> tuple[float, float, float, int]:
    """A share with its interval, and the number that it is a share of; NaN if that is 0.

    Args:
        of, among: (T,) numerator and denominator of each shot.
        weights: (B, T).
    """
    with np.errstate(invalid="ignore"):
        return of.sum() / among.sum(), *interval((weights @ of) / (weights @ among)), int(among.sum())


def binomial_share(of: int, among: int) -> tuple[float, float, float, int]:
    """The same for at most one case per shot, with Wilson's interval, which holds for few shots and for 0 and 1 too."""
    return of / among, *binomtest(of, among).proportion_ci(method="wilson"), among


def alpha(counts: np.ndarray) -> float:
    """Krippendorff's alpha for nominal data; NaN if it is not defined.

    Args:
        counts: (U, 2) votes of either kind on each offered label. Alpha is not defined unless two raters judged
            the same label and both kinds occur among such labels.
    """
    pairable = counts[counts.sum(axis=1) > 1]
    if not pairable.any(axis=0).all():
        return np.nan
    return float(krippendorff.alpha(value_counts=pairable, level_of_measurement="nominal"))


def _row(subject: str, name: str, metric: str, value: float, low: float, high: float, n: int) -> dict:
    numbers = (None if np.isnan(number) else round(float(number), 4) for number in (value, low, high))
    return dict(zip(COLUMNS, (subject, name, metric, *numbers, n), strict=True))


def _of_all(marks: np.ndarray, weights: np.ndarray) -> Iterator[dict]:
    counts, accepted = count_marks(marks), accepted_labels(marks)
    total = counts.sum(axis=2)
    votes, judgements = (marks != NO_VOTE).any(axis=1), (marks >= 0).any(axis=1)
    could_tell, n_judgements = judgements.any(axis=1), judgements.sum(axis=1)
    shares = {
        "top1_majority": (accepted[:, 0], could_tell),
        "top5_majority": (accepted.any(axis=1), could_tell),
        "accepted": (accepted.any(axis=1), votes.any(axis=1)),
        "top1_votes": (counts[:, 0, 1], n_judgements),
        "top5_votes": ((marks == 1).any(axis=1).sum(axis=1), n_judgements),
        "cannot_tell": (votes.sum(axis=1) - n_judgements, votes.sum(axis=1)),
        # Pairs of raters with the same mark, among all pairs.
        "percent_agreement": ((counts * (counts - 1)).sum(axis=(1, 2)) // 2, (total * (total - 1)).sum(axis=1) // 2),
    }
    for metric, (of, among) in shares.items():
        yield _row("all", "", metric, *shared_out(of, among, weights))
    drawn = np.array([alpha(np.repeat(counts, times, axis=0).reshape(-1, 2)) for times in weights])
    yield _row("all", "", "alpha", alpha(counts.reshape(-1, 2)), *interval(drawn), int((total > 1).sum()))


def _of_labels(votes: Votes) -> Iterator[dict]:
    judged, accepted = (votes.marks >= 0).any(axis=2), accepted_labels(votes.marks)
    offered = votes.tasks[OFFERED].to_numpy(object)
    for label in sorted(set(offered[judged])):
        of_label = judged & (offered == label)
        n_offered = int(of_label.sum())
        yield _row("label", label, "offered", n_offered, np.nan, np.nan, int(judged.any(axis=1).sum()))
        yield _row("label", label, "accepted", *binomial_share(int(accepted[of_label].sum()), n_offered))


def _of_raters(votes: Votes, weights: np.ndarray) -> Iterator[dict]:
    marks, judged = votes.marks, votes.marks >= 0
    others = count_marks(marks)[:, :, None, :] - np.stack([marks == 0, marks == 1], axis=3)
    decided = judged & (others[..., 0] != others[..., 1])
    same = decided & ((others[..., 1] > others[..., 0]) == (marks == 1))
    unsure, voted = ((table.any(axis=1).sum(axis=0)) for table in (marks == CANNOT_TELL, marks != NO_VOTE))
    errors = _error_rates(marks, weights)
    for rater, name in enumerate(votes.raters):
        n_shots = int(voted[rater])
        yield _row("rater", name, "shots", n_shots, np.nan, np.nan, n_shots)
        yield _row("rater", name, "seconds", np.nanmedian(votes.seconds[:, rater]), np.nan, np.nan, n_shots)
        yield _row("rater", name, "cannot_tell", *binomial_share(int(unsure[rater]), n_shots))
        agreeing = (table[:, :, rater].sum(axis=1) for table in (same, decided))
        yield _row("rater", name, "with_majority", *shared_out(*agreeing, weights))
        for metric, (values, drawn, n) in errors.items():
            yield _row("rater", name, metric, values[rater], *interval(drawn[:, rater]), round(n[rater]))


def _error_rates(marks: np.ndarray, weights: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """miss and false_alarm: values (R,), those of bootstrap samples (B, R), and the expected number of cases (R,)."""
    judged = marks >= 0
    if judged.any(axis=1).sum(axis=1).max() < _FEWEST_RATERS:
        return {}
    shot, rank = np.nonzero(judged.any(axis=2))
    # Labels with the same marks are one row with a weight: few raters have few patterns.
    patterns, pattern = np.unique(marks[shot, rank], axis=0, return_inverse=True)
    judged, ticked = (patterns >= 0).astype(float), (patterns == 1).astype(float)
    counts = np.bincount(pattern).astype(float)
    found = estimate_errors(ticked, judged, counts, ticked.sum(axis=1) / judged.sum(axis=1))
    drawn = [estimate_errors(ticked, judged, np.bincount(pattern, times[shot]), found.right) for times in weights]
    n_right, n_judged = (counts * found.right) @ judged, counts @ judged
    return {
        "miss": (found.miss, np.array([errors.miss for errors in drawn]), n_right),
        "false_alarm": (found.false_alarm, np.array([errors.false_alarm for errors in drawn]), n_judged - n_right),
    }
