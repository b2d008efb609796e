"""The shots for pre-training: what is cached is what the tables say, and moves as they say."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from scripts.demo import render_motions
from scripts.demo.studio.camera import MOTIONS, SCALES
from scripts.lib.media.clip_cache import ClipCache
from scripts.lib.records.clips import shard_fingerprints

N_SETS, SHARD_SIZE, SPLITS = 8, 5, ("train", "val", "test")


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """The samples with their split, the table of the classes, and the cache of two shards."""
    folder = tmp_path_factory.mktemp("motion")
    paths = [folder / f"{shard:05d}.h5" for shard in range(2)]
    output = SimpleNamespace(
        cache=paths,
        samples=[folder / f"{split}.csv" for split in SPLITS],
        labels=folder / "labels.csv",
        clips=folder / "clips.csv",
    )
    params = SimpleNamespace(sets=N_SETS, seed=0, cache={"frames": 8, "short_side": 72, "quality": 90})
    config = {"clips": {"shard_size": SHARD_SIZE, "shard_minutes": 30}}
    render_motions.main(SimpleNamespace(output=output, params=params, config=config, threads=2))
    samples = pd.concat({split: pd.read_csv(folder / f"{split}.csv") for split in SPLITS}, names=["split"])
    return (
        samples.reset_index("split"),
        pd.read_csv(output.labels),
        ClipCache(paths, shard_fingerprints(output.clips, config)),
    )


def test_every_set_is_filmed_once_with_each_motion_and_is_in_one_split(rendered):
    samples, labels, cache = rendered
    assert len(samples) == N_SETS * len(MOTIONS) and samples["shot_id"].is_unique
    motions, scales = samples["labels"].str.split("|", expand=True).to_numpy().T
    assert (pd.Series(motions).groupby(samples["movie_id"].to_numpy()).agg(set) == set(MOTIONS)).all()
    assert set(scales) == set(SCALES)
    assert samples.groupby("movie_id")["split"].nunique().eq(1).all() and set(samples["split"]) == set(SPLITS)
    for label, *counts in labels[["label", *(f"n_{split}" for split in SPLITS)]].itertuples(index=False):
        of_label = samples.loc[(motions == label) | (scales == label), "split"]
        assert counts == [(of_label == split).sum() for split in SPLITS], label
    assert not cache.failures and [cache.n_frames(shot) for shot in samples["shot_id"]] == [8] * len(samples)


def shift(first: np.ndarray, last: np.ndarray, columns: slice) -> int:
    """How many pixels to the right these columns of the first frame, (H, W), are in the last."""
    shifts = range(-20, 21)
    errors = [np.abs(np.roll(last, -moved, axis=1)[:, columns] - first[:, columns]).mean() for moved in shifts]
    return shifts[int(np.argmin(errors))]


def test_cached_shots_move_as_they_are_labelled(rendered):
    """In a pan both sides of the picture move alike, in a zoom against each other, in other shots they hardly move."""
    samples, _, cache = rendered
    sides: dict[str, list[tuple[int, int]]] = {motion: [] for motion in MOTIONS}
    for shot, motion in zip(samples["shot_id"], samples["labels"].str.split("|").str[0], strict=True):
        first, last = cache.frames(shot, [0, 7]).astype(float).mean(axis=3)
        sides[motion].append((shift(first, last, slice(20, 50)), shift(first, last, slice(-50, -20))))
    left, right = (np.array([pair[side] for pair in sides["pan"]]) for side in (0, 1))
    assert np.median(np.abs(left)) >= 5 and (np.sign(left) == np.sign(right)).mean() >= 0.7
    left, right = (np.array([pair[side] for pair in sides["zoom"]]) for side in (0, 1))
    assert np.median(np.abs(left - right)) >= 5 and (np.sign(left) == -np.sign(right)).mean() >= 0.7
    assert np.median(np.abs([*sides["static"], *sides["shake"]])) <= 1
