"""Splits: no movie in two, sizes as asked, labels in every split as far as any split could have them."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from scripts.dataset.split_samples import WORTH, split_movies, split_samples, split_sizes
from scripts.lib.records.samples import class_table, movie_table

FRACTIONS = [0.7, 0.2, 0.1]


def worth(splits, has):
    """What the splits reach, counted label by label."""
    return sum(WORTH[split] for split in range(3) for label in range(has.shape[1]) if has[splits == split, label].any())


@pytest.mark.parametrize(
    ("n", "sizes"),
    [(1, [1, 0, 0]), (2, [1, 1, 0]), (3, [1, 1, 1]), (10, [7, 2, 1]), (40, [28, 8, 4]), (3492, [2445, 698, 349])],
)
def test_sizes(n, sizes):
    assert sorted(split_sizes(n, FRACTIONS)) == sorted(sizes)
    assert split_sizes(n, FRACTIONS).tolist() == sizes


def test_sizes_of_other_fractions():
    """A split of no share stays empty; shares need not sum to one."""
    assert split_sizes(5, [1, 0, 0]).tolist() == [5, 0, 0]
    assert split_sizes(10, [7, 0, 3]).tolist() == [7, 0, 3]
    assert split_sizes(4, [2, 1, 1]).tolist() == [2, 1, 1]


@pytest.mark.parametrize(
    ("n", "fractions", "sizes"),
    [
        (1, [0.1, 0.2, 0.7], [1, 0, 0]),
        (2, [0.1, 0.2, 0.7], [1, 1, 0]),
        (2, [0.45, 0.1, 0.45], [1, 1, 0]),
        (1, [0, 0.3, 0.7], [0, 1, 0]),
        (2, [0.3, 0, 0.7], [1, 0, 1]),
        (3, [0.1, 0.1, 0.8], [1, 1, 1]),
        (0, [0.1, 0.2, 0.7], [0, 0, 0]),
    ],
)
def test_with_few_movies_train_comes_first_then_val(n, fractions, sizes):
    """Whatever the shares, of the splits that are to have any."""
    assert split_sizes(n, fractions).tolist() == sizes


@pytest.mark.parametrize("seed", range(30))
def test_no_other_split_of_a_small_collection_has_more_labels(seed):
    """Against trying every one of them."""
    random = np.random.default_rng(seed)
    n = int(random.integers(3, 8))
    has = random.random((n, int(random.integers(1, 7)))) < random.choice([0.2, 0.4, 0.7])
    sizes = split_sizes(n, FRACTIONS)
    found = split_movies(has, FRACTIONS, seed)
    assert np.bincount(found, minlength=3).tolist() == sizes.tolist()
    every = (np.array(splits) for splits in product(range(3), repeat=n))
    best = max(worth(splits, has) for splits in every if np.bincount(splits, minlength=3).tolist() == sizes.tolist())
    assert worth(found, has) == best


def test_every_label_in_every_split_of_a_large_collection():
    """Labels of three movies and more are in all splits, of two in train and another, of one in train."""
    random = np.random.default_rng(0)
    has = random.random((1500, 60)) < np.geomspace(0.002, 0.4, 60)
    has[:, :6] = False
    for label, n in enumerate((1, 1, 2, 2, 3, 3)):
        has[random.choice(1500, n, replace=False), label] = True
    splits = split_movies(has, FRACTIONS, 7)
    counts = np.stack([has[splits == split].sum(axis=0) for split in range(3)])
    assert (counts[0] > 0).all()
    assert ((counts > 0).sum(axis=0) == np.minimum(has.sum(axis=0), 3)).all()


def samples_of(movies, labels):
    """A kept shot for each movie and label list."""
    return pd.DataFrame(
        {
            "shot_id": [f"c{row}-Scene-001" for row in range(len(movies))],
            "clip_id": [f"c{row}" for row in range(len(movies))],
            "movie_id": movies,
            "labels": labels,
            "scores": "",
        }
    )


def test_the_same_seed_gives_the_same_splits_whatever_the_order():
    """And another seed others."""
    random = np.random.default_rng(1)
    samples = samples_of([f"m{movie}" for movie in random.integers(0, 60, 400)], random.choice(list("abcde"), 400))
    one, two, three = (
        split_samples(part, list("abcde"), FRACTIONS, seed).drop_duplicates("movie_id").set_index("movie_id")["split"]
        for part, seed in ((samples, 0), (samples.sample(frac=1, random_state=5), 0), (samples, 1))
    )
    assert one.sort_index().equals(two.sort_index())
    assert not one.sort_index().equals(three.sort_index())


def test_movies_stay_together():
    random = np.random.default_rng(2)
    samples = samples_of([f"m{movie}" for movie in random.integers(0, 30, 300)], random.choice(["a", "a|b", "c"], 300))
    split = split_samples(samples, ["a", "b", "c"], FRACTIONS, 0)
    assert sorted(split["shot_id"]) == sorted(samples["shot_id"])
    assert (split.groupby("movie_id")["split"].nunique() == 1).all()
    assert split["split"].drop_duplicates().tolist() == ["train", "val", "test"]


def test_one_movie_and_a_label_of_one_movie():
    """All in train; nothing falls out; the usual weight of a class without positives is not known."""
    alone = split_samples(samples_of(["m"] * 3, ["a", "b", "a"]), ["a", "b"], FRACTIONS, 0)
    assert set(alone["split"]) == {"train"}
    table = class_table(alone, ["a", "b"])
    assert table[["n_train", "n_val", "n_test"]].to_numpy().tolist() == [[2, 0, 0], [1, 0, 0]]
    moved = class_table(alone.assign(split="val"), ["a", "b"])
    assert moved["pos_weight_samples"].isna().all()
    movies = [f"m{n}" for n in range(12)]
    rare = split_samples(samples_of(movies, ["a"] * 11 + ["a|rare"]), ["a", "rare"], FRACTIONS, 3)
    assert rare.set_index("movie_id").at["m11", "split"] == "train"


def test_class_weights_by_hand():
    """Release: (instances - n) / (n + 1e-5); usual: (samples - n) / n; both of train alone."""
    samples = samples_of(["m1", "m1", "m1", "m2"], ["a|b", "a", "a", "b"]).assign(
        split=["train", "train", "train", "val"]
    )
    table = class_table(samples, ["b", "a"]).set_index("label")
    assert table["index"].to_dict() == {"b": 0, "a": 1}
    assert table.loc["a", "pos_weight"] == pytest.approx((4 - 3) / 3.00001, rel=1e-12)
    assert table.loc["b", "pos_weight"] == pytest.approx((4 - 1) / 1.00001, rel=1e-12)
    assert table.loc["a", "pos_weight_samples"] == 0
    assert table.loc["b", "pos_weight_samples"] == 2


def test_movies_are_counted_once_a_split():
    known = pd.DataFrame({"movie_id": ["m1", "m1"], "title": "Film", "year": "1999", "genres": "War"})
    samples = samples_of(["m1", "m1", "c2"], ["a"] * 3).assign(split=["train", "train", "test"])
    table = movie_table(samples, known)
    assert table.to_numpy().tolist() == [
        ["m1", "Film", "1999", "War", "train", 2, 2],
        ["c2", "", "", "", "test", 1, 1],
    ]


def test_a_movie_has_the_facts_of_most_of_its_clips():
    """Empty values do not count; of equally frequent ones the first is taken, each fact by itself."""
    rows = [("", "", "War"), ("Milk", "1986", ""), ("Milk", "1994", ""), ("", "1994", "Drama")]
    known = pd.DataFrame(rows, columns=["title", "year", "genres"]).assign(movie_id="m1")
    table = movie_table(samples_of(["m1"], ["a"]).assign(split="train"), known)
    assert table[["title", "year", "genres"]].to_numpy().tolist() == [["Milk", "1994", "War"]]
