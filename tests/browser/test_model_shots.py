"""The page of the shots on which models are best and worst, in a browser, from disk."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from scripts.lib.evaluation.predictions import Predictions
from scripts.lib.pages.build import write_page
from scripts.models.make_shot_page import extreme_shots, page_data
from tests.helpers import ROOT
from tests.helpers.galleries import make_shots

CLASSES = [f"place {number}" for number in range(12)]
PARTS = [
    ROOT / f"scripts/lib/pages/{part}"
    for part in ("frame.html", "base.css", "base.js", "shots.css", "shots.js", "models.html", "models.css", "models.js")
]


@pytest.fixture(scope="module")
def models():
    """Two models on sixty shots; one shot has no label."""
    shots = make_shots(60)
    found = {}
    for seed, name in enumerate(("lstm", "swin")):
        random = np.random.default_rng(seed)
        targets = np.random.default_rng(9).random((60, 12)) < 0.15
        targets[4] = False
        found[name] = Predictions(list(shots["shot_id"]), random.normal(size=(60, 12)) + targets, targets)
    return shots, found


def test_the_most_extreme_shots_come_first(models):
    _, found = models
    part = found["lstm"]
    table = extreme_shots(part, CLASSES, shown=7)
    rows = [row for row in range(60) if part.targets[row].any()]
    expected = np.sort([average_precision_score(part.targets[row], part.logits[row]) for row in rows])
    assert table.loc[table["kind"] == "worst", "precision"].to_numpy() == pytest.approx(expected[:7])
    assert table.loc[table["kind"] == "best", "precision"].to_numpy() == pytest.approx(expected[::-1][:7])
    first = table.iloc[0]
    row = part.ids.index(first["shot_id"])
    assert first["targets"] == "|".join(np.array(CLASSES)[part.targets[row]])
    assert first["label_1"] == CLASSES[part.logits[row].argmax()]
    assert first["score_1"] == pytest.approx(1 / (1 + np.exp(-part.logits[row].max())))


def test_few_classes_leave_ranks_empty(models):
    _, found = models
    few = Predictions(*(part[:, :3] if index else part for index, part in enumerate(found["lstm"])))
    table = extreme_shots(few, CLASSES[:3])
    assert table["label_3"].notna().all()
    assert table[["label_4", "score_5"]].isna().all(axis=None)


def test_a_person_chooses_a_model_and_sees_where_it_is_wrong(models, open_gallery, tmp_path):
    shots, found = models
    tables = [extreme_shots(part, CLASSES).assign(model=name, set="verified") for name, part in found.items()]
    table = pd.concat(tables)
    write_page(tmp_path / "shots.html", page_data(table, shots, {}, "trial"), PARTS)
    page = open_gallery(tmp_path / "shots.html")
    for model in ("swin", "lstm"):
        for kind in ("best", "worst"):
            page.page.select_option("#model", model)
            page.page.select_option("#kind", kind)
            part = table[(table["model"] == model) & (table["kind"] == kind)]
            assert page.shown() == list(part["shot_id"])
            assert page.count() == len(part) == 30
    worst, card = part.iloc[0], page.page.locator(".card").first
    assert card.locator(".targets").inner_text() == f"Labels: {worst['targets'].replace('|', ', ')}"
    right = [name for name in worst[[f"label_{rank}" for rank in range(1, 6)]] if name in worst["targets"].split("|")]
    assert card.locator(".right .name").all_inner_texts() == right
    page.open(tmp_path / "shots.html", "#model=swin&set=verified&kind=best")
    part = table[(table["model"] == "swin") & (table["kind"] == "best")]
    assert page.shown() == list(part["shot_id"])
