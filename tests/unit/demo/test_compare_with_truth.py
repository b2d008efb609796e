"""The comparison with the truth counts what it says."""

import numpy as np
import pandas as pd

from scripts.demo.compare_with_truth import (
    agreement,
    cut_rows,
    histogram,
    setting_rows,
    shuffled_agreement,
    threshold_rows,
)
from scripts.lib.records.truth import match_truth

TRUTH = pd.DataFrame(
    {
        "clip_id": ["a", "a", "a", "b"],
        "label": ["sea", "sea", "farm", "prison"],
        "scale": ["LS", "ECS", "LS", "MS"],
        "light": ["day", "night", "warm", "day"],
        "start_frame": [0, 40, 70, 0],
        "end_frame": [40, 70, 120, 50],
        "transition": ["start", "cut", "fade", "start"],
    }
)


def value(rows, subset, metric):
    return next(row["value"] for row in rows if row["subset"] == subset and row["metric"].startswith(metric))


def test_a_detected_shot_belongs_to_the_rendered_one_it_shares_most_with():
    shots = pd.DataFrame({"clip_id": ["a", "a", "b"], "start_frame": [0, 74, 0], "end_frame": [74, 120, 50]})
    matched = match_truth(shots, TRUTH)
    assert matched["label"].tolist() == ["sea", "farm", "prison"]
    assert matched["scale"].tolist() == ["LS", "LS", "MS"]
    assert matched["light"].tolist() == ["day", "warm", "day"]


def test_agreement_by_hand():
    labels = ["sea", "farm", "prison", "x", "y", "z"]
    scores = np.array([[0.9, 0.02, 0.02, 0.02, 0.02, 0.02], [0.1, 0.2, 0.3, 0.15, 0.13, 0.12]])
    truth = pd.DataFrame({"label": ["sea", "sea"], "scale": ["LS", "ECS"]})
    rows = agreement(scores, labels, truth, "clip")
    assert value(rows, "all", "top1") == 0.5
    assert value(rows, "LS", "top1") == 1.0
    assert value(rows, "ECS", "top1") == 0.0
    assert value(rows, "all", "top5") == 0.5, "sea is the last of six in the second shot"


def test_attributes_are_compared_by_hand():
    """Warm light is day; the label's group counts where it is inside or outside; the majority is of the truth."""
    truth = TRUTH[["label", "scale", "light"]]
    said = {"label_1": ["sea", "bar", "hotel", "sea"], "setting": ["outside"] * 4, "light": ["day"] * 4}
    groups = {"sea": "outside", "bar": "inside", "hotel": "either"}
    rows = setting_rows(pd.DataFrame(said), truth, groups)
    found = {(row["method"].partition(":")[0], row["subset"], row["metric"]): (row["value"], row["n"]) for row in rows}
    assert found["setting", "all", "accuracy"] == (0.75, 4)
    assert found["setting", "MS", "accuracy"] == (0, 1)
    assert found["setting", "all", "share of the majority"] == (0.75, 4)
    assert found["light", "all", "accuracy"] == (0.75, 4)
    assert found["light", "LS", "accuracy"] == (1, 2)
    group = "setting, by the group of the top-1 label"
    assert found[group, "all", "accuracy"] == (round(1 / 3, 4), 3)
    assert found[group, "all", "share of the majority"] == (round(2 / 3, 4), 3)
    assert found[group, "all", "share of the shots with a group of inside or outside"] == (0.75, 4)


def test_shuffled_labels_are_at_chance():
    labels = [str(number) for number in range(20)]
    scores = np.eye(20)[np.arange(400) % 20]
    truth = pd.DataFrame({"label": [labels[number % 20] for number in range(400)], "scale": "LS"})
    assert value(agreement(scores, labels, truth, "clip"), "all", "top1") == 1.0
    assert 0.01 < value(shuffled_agreement(scores, labels, truth, 0), "all", "top1") < 0.12


def test_thresholds_include_their_border():
    labels = ["a", "b", "c"]
    scores = np.array([[0.4, 0.35, 0.25], [0.39, 0.31, 0.3], [0.9, 0.1, 0.0]])
    truth = pd.DataFrame({"label": ["a", "b", "c"], "scale": "LS"})
    rows = threshold_rows(scores, labels, truth, 0.4, 0.1)
    assert value(rows, "all", "share") == round(2 / 3, 4)
    assert value(rows, "kept", "top1") == 0.5
    assert value(rows, "dropped", "top1") == 0.0
    assert value(rows, "kept", "multi-label") == 0.5, "0.1 itself is not above 0.1"


def test_cuts_count_on_exact_frames_and_fades_near_them():
    found = pd.DataFrame({"clip_id": ["a"] * 3 + ["b"], "start_frame": [0, 40, 73, 0], "end_frame": [40, 73, 120, 50]})
    rows = cut_rows(found, TRUTH)
    assert value(rows, "hard cuts", "recall") == 1.0
    assert value(rows, "detected cuts", "precision") == 1.0
    assert value(rows, "fades", "recall") == 1.0
    late = found.assign(start_frame=[0, 41, 90, 0])
    assert value(cut_rows(late, TRUTH), "hard cuts", "recall") == 0.0
    assert value(cut_rows(late, TRUTH), "detected cuts", "precision") == 0.0


def test_the_number_beside_the_precision_of_cuts_is_its_denominator():
    """Cuts at a fade are left out; a hard cut beside a fade counts on both sides of the fraction."""
    starts = [0, 40, 66, 74, 0, 9]
    found = pd.DataFrame({"clip_id": ["a"] * 4 + ["b"] * 2, "start_frame": starts})
    close = TRUTH.assign(start_frame=[0, 66, 70, 0])
    row = next(row for row in cut_rows(found, close) if row["metric"].startswith("precision"))
    assert (row["value"], row["n"]) == (round(1 / 3, 4), 3)


def test_histogram_of_known_colours():
    picture = np.zeros((1, 2, 2, 3), np.uint8)
    picture[0, 0, 0] = (255, 0, 0)
    bins = histogram(picture)
    assert bins.sum() == 1
    assert bins[0] == 0.75
    assert bins[7 * 64] == 0.25
