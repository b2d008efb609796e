"""How good the heads of a task are: over several seeds, with intervals over videos (paper section 5.3)."""

from collections.abc import Sequence

import numpy as np

from scripts.lib.evaluation.metrics import (
    average_precision,
    draw_weights,
    evaluate,
    mean_of_known,
    rounded,
    with_interval,
)
from scripts.lib.evaluation.predictions import Predictions

# The column, or array, that names a video.
ID = "video_id"
# What does not depend on the seed, of the measures of `evaluate`.
SHARED = ("n_samples", "n_classes", "n_classes_with_positives", "random_mAP", "class_positives")


def drawn_class_ap(found: Predictions, bootstrap: dict) -> np.ndarray:
    """Average precision of each class, the mean over seeds: (C, 1 + B), NaN without positives.

    The first column is of all videos, each other one of a bootstrap sample of them. The same videos give the same
    samples, so that the columns of two models can be compared in pairs.

    Args:
        found: of several seeds.
        bootstrap: `samples` (B) and `seed`.
    """
    weights = draw_weights(len(found.targets), bootstrap["samples"], bootstrap["seed"])
    return np.stack(
        [
            np.mean([average_precision(scores, wanted, weights) for scores in by_seed], axis=0)
            for by_seed, wanted in zip(np.moveaxis(found.logits, -1, 0), found.targets.T, strict=True)
        ]
    )


def measure(found: Predictions, drawn: np.ndarray) -> dict:
    """Measures of one set of videos, as JSON can hold them.

    Args:
        found: of several seeds.
        drawn: see `drawn_class_ap`.

    Returns:
        `SHARED`; `mAP`, the mean over classes with positives and over seeds: `value`, `low` and `high` (95 % interval
        over videos), `deviation` (see there); `mAP_by_seed`; the same for each class in the lists class_ap, class_low,
        class_high and class_deviation. None stands for what is not defined.

    Raises:
        UserError: see `evaluate`.
    """
    runs = [evaluate(logits, found.targets, found.ids, seed=0, samples=0) for logits in found.logits]
    by_seed = [run["mAP"]["value"] for run in runs]
    classes = [with_interval(values) for values in drawn]
    return {
        **{key: runs[0][key] for key in SHARED},
        "mAP": {**with_interval(mean_of_known(drawn)), "deviation": deviation(by_seed)},
        "mAP_by_seed": by_seed,
        "class_ap": [one["value"] for one in classes],
        "class_low": [one["low"] for one in classes],
        "class_high": [one["high"] for one in classes],
        "class_deviation": [deviation(values) for values in zip(*(run["class_ap"] for run in runs), strict=True)],
    }


def deviation(values: Sequence[float | None]) -> float | None:
    """Standard deviation over seeds (of the sample); None for one seed, or if a value is not defined."""
    return rounded(np.std(values, ddof=1)) if len(values) > 1 and None not in values else None
