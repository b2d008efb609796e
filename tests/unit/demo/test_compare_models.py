"""The demo's comparison of models with the truth, on made-up predictions."""

import numpy as np
import pandas as pd
import pytest

from scripts.demo.compare_models_with_truth import COLUMNS, compare_models, held_out
from scripts.lib.evaluation.predictions import Predictions


def predictions(names, seed=0):
    logits = np.random.default_rng(seed).normal(size=(len(names), 3)).astype(np.float32)
    return Predictions(names, logits, np.zeros((len(names), 3), bool))


def test_only_shots_that_all_models_know_and_none_has_seen_count():
    shots = pd.DataFrame({"shot_id": list("abcdef"), "movie_id": ["m1", "m1", "m2", "m3", "m3", "m3"]})
    models = {
        "one": {"test": predictions(list("abd")), "verified": predictions(list("ce"))},
        "two": {"test": predictions(list("abcdef"))},
    }
    assert list(held_out(models, shots, {"m2"})["shot_id"]) == ["a", "b", "d", "e"]


def test_a_model_that_knows_the_truth_stands_far_above_the_floor():
    names = [f"s{number}" for number in range(60)]
    truth = np.eye(3, dtype=bool)[np.arange(60) % 3]
    knows = Predictions(names[::-1], truth[::-1].astype(np.float32), truth)
    models = {"knows": {"test": knows}, "guesses": {"test": predictions(names, seed=1)}}
    table = compare_models(models, pd.DataFrame({"shot_id": names}), truth, {"samples": 50, "seed": 0})
    assert list(table) == list(COLUMNS)
    best, guess = table.to_dict("records")
    assert (best["mAP"], best["top1"], best["n_shots"], best["n_classes"]) == (1, 1, 60, 3)
    assert best["ratio"] == pytest.approx(1 / best["random_mAP"], abs=0.001)
    assert guess["low"] <= guess["random_mAP"] <= guess["high"]
