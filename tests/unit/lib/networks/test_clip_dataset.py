"""Clips for training: what is random depends on seed, epoch and item alone, in whatever process."""

import multiprocessing
import pickle

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader
from torchvision.transforms.functional import center_crop, resize

from scripts.lib.jobs.errors import UserError
from scripts.lib.networks.clip_dataset import ClipDataset
from tests.helpers.caches import cut, make_cache, open_cache

SHOTS = ["clip-Scene-001", "clip-Scene-002", "clip-Scene-003"]


@pytest.fixture(scope="module")
def cache(make_video, tmp_path_factory):
    """A cache of three shots of 20, 1 and 9 frames, at most 12 of each."""
    clip = make_video([(1, 20), (2, 1), (3, 9)]).clip
    shots = {clip: cut(clip, 20, 21, 30)}
    return open_cache(make_cache(tmp_path_factory.mktemp("cache"), shots, SHOTS, frames=12, short_side=64), shots)


def dataset(cache, seed=None, **changes):
    return ClipDataset(cache, SHOTS, np.eye(3, dtype=np.float32), **{"n_frames": 8, "size": 56, "seed": seed} | changes)


def items(clips, epoch):
    clips.set_epoch(epoch)
    return [clip for clip, _ in clips]


def test_evaluation_sees_the_central_square_of_evenly_spread_frames(cache):
    clips = dataset(cache, size=28)
    for (clip, target), shot, chosen in zip(
        clips, SHOTS, ([0, 1, 3, 4, 6, 7, 9, 10], [0] * 8, [0, 1, 2, 3, 4, 5, 6, 7]), strict=True
    ):
        assert (clip.shape, clip.dtype) == ((8, 28, 28, 3), torch.uint8)
        frames = torch.from_numpy(cache.frames(shot, chosen)).permute(0, 3, 1, 2)
        expected = center_crop(resize(frames, 32, antialias=True), 28)
        assert (clip.permute(0, 3, 1, 2).int() - expected.int()).abs().max() <= 1
        assert target.argmax() == SHOTS.index(shot)


def test_augmentation_follows_seed_epoch_and_item(cache):
    """Frames of a clip are treated alike; torch's own generator neither matters nor moves."""
    clips = dataset(cache, seed=7)
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = items(clips, 0)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(frame, first[1][0]) for frame in first[1]), "one frame, repeated"
    torch.manual_seed(2)
    clips.set_epoch(0)
    assert torch.equal(clips[2][0], first[2]), "the other items are not read before"
    twice = ClipDataset(cache, [SHOTS[0]] * 2, np.eye(2), n_frames=8, size=56, seed=7)
    assert not torch.equal(twice[0][0], twice[1][0])
    for other in (items(clips, 1), items(dataset(cache, seed=8), 0)):
        assert not any(map(torch.equal, other, first))


@pytest.mark.timeout(60)
def test_worker_processes_read_the_same(cache):
    """Though this process has the file open; workers that stay see the next epoch. Sent as well as inherited."""
    clips = dataset(cache, seed=7)
    loader = DataLoader(
        clips, 2, num_workers=2, persistent_workers=True, multiprocessing_context=multiprocessing.get_context("fork")
    )
    for epoch in (0, 5):
        expected = torch.stack(items(clips, epoch))
        read = torch.cat([batch for batch, _ in loader])
        assert read.shape == (3, 8, 56, 56, 3)
        assert torch.equal(read, expected)
        assert torch.equal(torch.stack(items(pickle.loads(pickle.dumps(clips)), epoch)), expected)


def test_shots_without_frames_are_refused_by_name(cache):
    with pytest.raises(UserError, match="clip-Scene-009: not in the cache"):
        ClipDataset(cache, [*SHOTS, "clip-Scene-009"], np.zeros((4, 2)), n_frames=2, size=32)
