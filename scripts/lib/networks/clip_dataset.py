"""Clips of cached frames with their targets, as a torch dataset (paper section 5.2)."""

from collections.abc import Sequence

import numpy as np
import torch
from torch.utils.data import Dataset
from torchvision.transforms import v2

from scripts.lib.media.clip_cache import ClipCache
from scripts.lib.media.sampling import evenly_spread

# Evaluation takes the central 7/8 of the short side: 224 of 256, the usual test on Kinetics.
CENTRE = 7 / 8


class ClipDataset(Dataset):
    """Items: a clip, (T, S, S, 3) uint8 RGB, and its target, (L,).

    The paper does not state its augmentation. Ours is the usual one on Kinetics: in training a random
    part of the picture (8 to 100 % of its area, aspect ratio 3:4 to 4:3) and a flip of every second
    clip, the same for all of its frames; in evaluation the central square. What is random depends on
    the seed, the epoch and the item only, not on the process or on what was read before.

    Args:
        shot_ids: the samples.
        targets: (N, L), one row per sample.
        n_frames: T; taken at equal distances from a shot's cached frames, repeated if there are fewer.
        size: S in pixels.
        seed: of the random augmentation; None for evaluation.

    Raises:
        UserError: shots without a cached frame.
    """

    def __init__(
        self,
        cache: ClipCache,
        shot_ids: Sequence[str],
        targets: np.ndarray,
        n_frames: int,
        size: int,
        seed: int | None = None,
    ):
        cache.require(shot_ids)
        self._cache, self._shot_ids, self._n_frames, self._seed = cache, list(shot_ids), n_frames, seed
        self._targets = torch.as_tensor(targets)
        # Shared, so that a DataLoader's persistent workers see the epoch.
        self._epoch = torch.zeros((), dtype=torch.int64).share_memory_()
        if seed is None:
            steps = [v2.Resize(round(size / CENTRE), antialias=True), v2.CenterCrop(size)]
        else:
            steps = [v2.RandomResizedCrop(size, antialias=True), v2.RandomHorizontalFlip()]
        self._crop = v2.Compose(steps)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch's augmentation; call it before iterating over a DataLoader."""
        self._epoch.fill_(epoch)

    def __len__(self) -> int:
        return len(self._shot_ids)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        shot = self._shot_ids[index]
        chosen = evenly_spread(self._cache.n_frames(shot), self._n_frames)
        frames = torch.from_numpy(self._cache.frames(shot, chosen)).permute(0, 3, 1, 2)
        if self._seed is None:
            clip = self._crop(frames)
        else:
            with torch.random.fork_rng(devices=()):
                words = np.random.SeedSequence([self._seed, int(self._epoch), index]).generate_state(1, np.uint64)
                # Not torch.manual_seed, which would seed the GPU's generator as well.
                torch.default_generator.manual_seed(int(words[0]))
                clip = self._crop(frames)
        return clip.permute(0, 2, 3, 1).contiguous(), self._targets[index]
