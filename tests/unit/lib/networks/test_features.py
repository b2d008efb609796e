"""Features are read shot by shot, all or some of a shot's frames."""

import h5py
import numpy as np
import pytest

from scripts.lib.files.hdf5 import CLIPS
from scripts.lib.networks.features import read_features

LENGTHS = {("a", 1): 50, ("a", 2): 7, ("a", 10): 20, ("b", 1): 23}


@pytest.fixture
def stored(tmp_path):
    """Features of the shots in `LENGTHS`, and the file that has them in the order of a clip's frames."""
    random = np.random.default_rng(0)
    features = {key: random.normal(size=(length, 4)).astype(np.float16) for key, length in LENGTHS.items()}
    with h5py.File(tmp_path / "features.h5", "w") as file:
        for clip in "ab":
            numbers = [number for name, number in LENGTHS if name == clip]
            group = file.create_group(f"{CLIPS}/{clip}")
            group["features"] = np.concatenate([features[clip, number] for number in numbers])
            group["shot"] = np.repeat(numbers, [LENGTHS[clip, number] for number in numbers])
    return {f"{clip}-Scene-{number:03d}": values for (clip, number), values in features.items()}, tmp_path


@pytest.mark.parametrize("longest", [1, 7, 20])
def test_frames_are_the_first_or_spread_over_the_shot(stored, longest):
    features, folder = stored
    wanted = ["a-Scene-001", "a-Scene-002", "a-Scene-010", "b-Scene-001", "b-Scene-002", "c-Scene-001"]
    first, spread = (read_features([folder / "features.h5"], wanted, longest, choice) for choice in ("first", "spread"))
    assert first.keys() == spread.keys() == features.keys()
    for name, values in features.items():
        assert np.array_equal(first[name], values[:longest])
        count = min(longest, len(values))
        expected = values[np.floor(np.linspace(0, len(values), count, endpoint=False) + 1e-9).astype(int)]
        assert np.array_equal(spread[name], expected)
        assert spread[name].base is None, "the clip's other frames stay in memory"
