"""One embedding for each shot."""

import numpy as np
import pytest

from scripts.lib.files.hdf5 import CLIPS, create_h5, open_h5, read_attribute, read_strings
from scripts.lib.jobs.errors import UserError
from scripts.tagging.average_embeddings import average_shots, write_averages

SHOTS = {"b": [1, 1, 2], "a": [1, 2, 2, 2, 4]}


@pytest.fixture
def shards(tmp_path):
    """A file for each of the clips b and a, and a clip that failed; features of any length, in half precision."""
    random = np.random.default_rng(0)
    features = {clip: random.normal(size=(len(numbers), 8)).astype(np.float16) for clip, numbers in SHOTS.items()}
    for clip, numbers in SHOTS.items():
        with create_h5(tmp_path / f"{clip}.h5", {"fingerprint": clip, "encoder": "e", "weights_sha256": "w"}) as file:
            group = file.create_group(CLIPS).create_group(clip)
            group["features"], group["shot"] = features[clip], np.array(numbers, np.int32)
    return [(tmp_path / f"{clip}.h5", clip) for clip in SHOTS], features


def test_embeddings_are_in_the_order_of_the_shots(shards, tmp_path):
    """Against unit vectors averaged one by one."""
    paths, features = shards
    ids = ["b-Scene-001", "b-Scene-002", "a-Scene-001", "a-Scene-002", "a-Scene-004"]
    write_averages(tmp_path / "mean.h5", paths, ids, [name[0] for name in ids])
    expected = []
    for clip, numbers in SHOTS.items():
        for number in dict.fromkeys(numbers):
            frames = [row.astype(float) for row, own in zip(features[clip], numbers, strict=True) if own == number]
            mean = sum(row / np.sqrt(row @ row) for row in frames)
            expected.append(mean / np.sqrt(mean @ mean))
    with open_h5(tmp_path / "mean.h5") as file:
        assert read_strings(file["shot_id"]) == ids
        assert np.abs(file["embeddings"][:] - expected).max() < 1e-3
        assert read_attribute(file, "weights_sha256") == "w"


def test_a_shot_of_zeros_is_like_nothing():
    assert (average_shots(np.zeros((3, 4)), np.array([1, 1, 2])) == 0).all()


def test_a_shard_with_other_shots_is_refused(shards, tmp_path):
    paths, _ = shards
    with pytest.raises(UserError, match="other shots of a"):
        write_averages(tmp_path / "mean.h5", paths, ["b-1", "b-2", "a-1"], ["b", "b", "a"])
