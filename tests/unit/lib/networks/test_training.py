"""Padding does not show in an LSTM's logits, and an interruption not in its weights."""

import numpy as np
import pytest
import torch

from scripts.lib.networks.lstm import SequenceClassifier, classify, pad
from scripts.lib.networks.training import checkpoint_of, train

LENGTHS = (3, 20, 1, 7, 20, 2)


def test_padded_and_unsorted_batches_give_the_logits_of_single_sequences():
    """Against torch's own LSTM on each sequence alone, and its state at the last frame."""
    random = np.random.default_rng(0)
    sequences = [random.normal(size=(length, 16)).astype(np.float16) for length in LENGTHS]
    torch.manual_seed(0)
    network = SequenceClassifier(16, 24, 2, 5).eval()
    with torch.inference_mode():
        alone = [
            network.classifier(network.lstm(torch.tensor(s, dtype=torch.float32)[None])[0][:, -1]) for s in sequences
        ]
    for batch_size in (1, 4, 6):
        assert np.abs(classify(network, sequences, batch_size) - torch.cat(alone).numpy()).max() < 1e-6
    again = SequenceClassifier.of_weights(network.state_dict()).eval()
    assert np.array_equal(classify(again, sequences, 6), classify(network, sequences, 6))


class Interrupted(Exception):
    pass


def run(checkpoint, epochs=8, patience=8, stop_after=None):
    """Weights and history of a training on random sequences; with `stop_after`, interrupted in the epoch after it."""
    random = np.random.default_rng(1)
    sequences = [random.normal(size=(1 + row % 6, 8)).astype(np.float32) for row in range(40)]
    targets = torch.from_numpy(random.integers(0, 3, 40))
    torch.manual_seed(2)
    network = torch.nn.Sequential(SequenceClassifier(8, 16, 2, 3), torch.nn.Dropout(0.3))
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.StepLR(optimiser, 3, 0.5)

    def batches(epoch):
        for start, rows in enumerate(np.array_split(np.random.default_rng(epoch).permutation(32), 4)):
            if stop_after is not None and epoch > stop_after and start == 2:
                raise Interrupted
            yield rows

    def loss(network, rows):
        logits = network[1](network[0](*pad([sequences[row] for row in rows])))
        return torch.nn.functional.cross_entropy(logits, targets[rows])

    def score(network):
        return -torch.nn.functional.cross_entropy(
            torch.from_numpy(classify(network[0], sequences[32:], 8)), targets[32:]
        ).item()

    history = train(
        network, optimiser, schedule, batches, loss, score, epochs=epochs, patience=patience, checkpoint=checkpoint
    )
    return network.state_dict(), [{key: row[key] for key in row if key != "seconds"} for row in history]


def test_an_interrupted_training_ends_like_one_without_interruption(tmp_path):
    """Stopped within an epoch, twice: order of samples, dropout, optimiser and schedule go on as if nothing was."""
    expected, history = run(tmp_path / "whole.pt")
    assert len(history) == 8
    for stop_after in (2, 5):
        with pytest.raises(Interrupted):
            run(tmp_path / "stopped.pt", stop_after=stop_after)
    weights, resumed = run(tmp_path / "stopped.pt")
    assert resumed == history
    assert all(torch.equal(weights[name], expected[name]) for name in expected)


def test_the_weights_are_those_of_the_best_epoch(tmp_path):
    """Training stops when nothing gets better, and what came after the best epoch is dropped."""
    _, history = run(tmp_path / "all.pt", epochs=30, patience=30)
    best = max(history, key=lambda row: row["score"])["epoch"]
    assert best < 28, "the example must begin to overfit"
    weights, _ = run(tmp_path / "best.pt", epochs=best)
    patient, stopped = run(tmp_path / "patient.pt", epochs=30, patience=2)
    assert len(stopped) == next(n for n in range(3, 31) if best_of(history[:n]) == n - 2)
    whole, _ = run(tmp_path / "all.pt", epochs=30, patience=30)
    assert all(torch.equal(weights[name], whole[name]) for name in weights)
    assert patient.keys() == weights.keys()


def best_of(history):
    return max(history, key=lambda row: row["score"])["epoch"]


def test_another_recipe_or_other_data_begin_anew(tmp_path):
    """The checkpoint's name changes with settings and with the content of inputs, not with their places."""
    (tmp_path / "a").write_text("data")
    (tmp_path / "b").write_text("data")
    (tmp_path / "c").write_text("other")
    name = checkpoint_of("x", {"seed": 0, "epochs": 1}, [tmp_path / "a"])
    assert name == checkpoint_of("x", {"epochs": 1, "seed": 0}, [tmp_path / "b"])
    assert name != checkpoint_of("x", {"epochs": 2, "seed": 0}, [tmp_path / "a"])
    assert name != checkpoint_of("x", {"epochs": 1, "seed": 0}, [tmp_path / "c"])
