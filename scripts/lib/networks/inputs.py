"""Samples with their targets, and their batches: features of frames, or cached clips (paper section 5.2)."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, default_collate

from scripts.lib.jobs.errors import UserError, bullet_list
from scripts.lib.networks.lstm import pad


class FeatureDataset(Dataset):
    """Items: the features of a shot's frames, (T, D), and its target, (C,).

    Args:
        features: by shot id.
        shot_ids: the samples.
        targets: (N, C), one row per sample.

    Raises:
        UserError: shots without a frame.
    """

    def __init__(self, features: dict[str, np.ndarray], shot_ids: Sequence[str], targets: np.ndarray):
        if empty := [name for name in shot_ids if not len(features[name])]:
            raise UserError(
                f"{len(empty)} shot(s) have no frame, so that nothing can be learnt from them:\n{bullet_list(empty)}\n"
                "Embed their frames again, or take them out of the samples"
            )
        self._sequences, self._targets = [features[name] for name in shot_ids], torch.as_tensor(targets)

    def __len__(self) -> int:
        return len(self._sequences)

    def __getitem__(self, index: int) -> tuple[np.ndarray, torch.Tensor]:
        return self._sequences[index], self._targets[index]

    @staticmethod
    def collate(items: list[tuple[np.ndarray, torch.Tensor]]) -> tuple[torch.Tensor, ...]:
        """Features (B, longest T, D) float32, lengths (B,) and targets (B, C) of items."""
        sequences, targets = zip(*items, strict=True)
        return *pad(sequences), torch.stack(targets)


def batches(dataset: Dataset, parts: list[np.ndarray], device: str, workers: int) -> Iterator[tuple[torch.Tensor, ...]]:
    """The network's inputs and the targets of a dataset's items, by their rows, on a device.

    Args:
        workers: processes that read ahead; 0 for none.
    """
    loader = DataLoader(
        dataset,
        batch_sampler=parts,
        num_workers=workers,
        collate_fn=getattr(dataset, "collate", default_collate),
        pin_memory=device.startswith("cuda"),
    )
    for batch in loader:
        yield tuple(tensor.to(device, non_blocking=True) for tensor in batch)
