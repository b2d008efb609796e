"""Losses for several labels per sample (paper section 5.2)."""

import math

import torch
from torch.nn.functional import binary_cross_entropy_with_logits


def multi_label_loss(
    logits: torch.Tensor, targets: torch.Tensor, pos_weight: torch.Tensor | None = None, rejected: float = 0.0
) -> torch.Tensor:
    """Binary cross entropy, averaged over samples and classes.

    Args:
        logits, targets: (B, C).
        pos_weight: (C,), factors of the positives' losses.
        rejected: share of the B·C losses that count as 0: the largest ones of negatives, which may be labels that
            nobody gave. Large-loss rejection of weak labels (LL-R of Kim et al., CVPR 2022) rejects a share that
            grows with the epochs, see `rejected_share`.
    """
    losses = binary_cross_entropy_with_logits(logits.float(), targets.float(), pos_weight=pos_weight, reduction="none")
    negative = targets == 0
    count = min(math.ceil(rejected * losses.numel()), int(negative.sum())) if rejected else 0
    if count:
        largest = losses.detach().where(negative, -1.0).flatten().topk(count).indices
        losses = losses.flatten().index_fill(0, largest, 0.0)
    return losses.mean()


def rejected_share(growth: float | None, epoch: int) -> float:
    """Share of the losses that large-loss rejection leaves out in an epoch (from 1): none in the first.

    Args:
        growth: by which it grows from epoch to epoch, as a fraction; None for no rejection.
    """
    return min((growth or 0.0) * (epoch - 1), 1.0)
