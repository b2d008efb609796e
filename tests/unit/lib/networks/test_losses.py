"""The loss of several labels, its weights, and the rejection of labels that were forgotten."""

import numpy as np
import pandas as pd
import pytest
import torch

from scripts.lib.networks.classifiers import pos_weight_of
from scripts.lib.networks.losses import multi_label_loss, rejected_share
from scripts.lib.records.samples import class_table


def by_hand(logits, targets, weights):
    """Binary cross entropy in float64, written out."""
    chances = 1 / (1 + np.exp(-logits))
    return -(weights * targets * np.log(chances) + (1 - targets) * np.log(1 - chances))


@pytest.mark.parametrize("kind", ["release", "usual", "none"])
def test_positives_have_the_weights_of_the_dataset(kind):
    """Train has 4 samples with 6 label instances; `never` is in val only and has no usual weight."""
    labels = ["bar", "bar|desert", "desert", "bar|desert", "never"]
    samples = pd.DataFrame({"labels": labels, "scores": "", "split": ["train"] * 4 + ["val"]})
    table = class_table(samples, ["bar", "desert", "never"]).astype(str).replace("nan", "")
    weights = pos_weight_of(table, kind)
    by_kind = {"release": [(6 - 3) / (3 + 1e-5)] * 2 + [6 / 1e-5], "usual": [1 / 3, 1 / 3, 1]}
    assert weights is None if kind == "none" else weights == pytest.approx(by_kind[kind])
    random = np.random.default_rng(0)
    logits, targets = random.normal(size=(8, 3)), random.integers(0, 2, (8, 3))
    targets[:, 2] = 0
    given = None if weights is None else torch.tensor(weights)
    loss = multi_label_loss(torch.tensor(logits), torch.tensor(targets), given)
    factors = np.ones(3) if weights is None else weights
    assert loss.item() == pytest.approx(by_hand(logits, targets, factors).mean(), rel=1e-5)


def test_the_largest_losses_of_negatives_are_left_out():
    """A quarter of 8 losses: the two negatives with the highest logits, although a positive's loss is larger."""
    logits = torch.tensor([[-9.0, 3.0, -1.0, 0.0], [1.0, 2.0, 5.0, -2.0]], requires_grad=True)
    targets = torch.tensor([[1, 0, 0, 0], [0, 0, 1, 0]], dtype=torch.bool)
    loss = multi_label_loss(logits, targets, rejected=0.25)
    losses = by_hand(logits.detach().double().numpy(), targets.numpy(), 1.0)
    losses[[0, 1], [1, 1]] = 0
    assert loss.item() == pytest.approx(losses.mean(), rel=1e-5)
    loss.backward()
    assert (logits.grad == 0).nonzero().tolist() == [[0, 1], [1, 1]]
    assert multi_label_loss(logits, targets, rejected=1.0).item() == pytest.approx(losses[targets.numpy()].sum() / 8)
    assert [rejected_share(0.2, epoch) for epoch in (1, 2, 3, 9)] == pytest.approx([0, 0.2, 0.4, 1])
    assert rejected_share(None, 5) == 0


def test_rejection_finds_forgotten_labels():
    """Linear model, a third of the labels forgotten: with rejection it is nearer to the labels that were true."""
    random = torch.Generator().manual_seed(0)
    samples, directions = torch.randn(400, 20, generator=random), torch.randn(20, 6, generator=random)
    true = samples @ directions > 4
    given = true & (torch.rand(true.shape, generator=random) > 0.33)

    def learnt(growth):
        weights = torch.zeros(20, 6, requires_grad=True)
        optimiser = torch.optim.Adam([weights], lr=0.05)
        for epoch in range(1, 61):
            optimiser.zero_grad()
            multi_label_loss(samples @ weights - 2, given, rejected=min(rejected_share(growth, epoch), 0.08)).backward()
            optimiser.step()
        forgotten = true & ~given
        return (samples @ weights - 2).sigmoid()[forgotten].mean().item()

    assert learnt(0.004) > learnt(None) + 0.1
