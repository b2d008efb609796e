"""One training, however it is cut: by kills, into micro-batches, or among processes."""

import numpy as np
import pytest
import torch

from scripts.lib.jobs.errors import UserError
from scripts.lib.networks.lstm import SequenceClassifier, classify
from scripts.lib.networks.processes import run_on
from scripts.lib.networks.training import Plan, checkpoint_of, make_optimiser, make_schedule, train
from tests.helpers.trainings import ADAMW, SGD, killed_training, loss_curves, tiny_training

LENGTHS = (3, 20, 1, 7, 20, 2)


@pytest.fixture(autouse=True)
def one_thread():
    """Processes that are forked must not inherit threads; tiny networks need none."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


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


@pytest.mark.parametrize("name", ["lstm", "i3d"])
def test_a_training_that_is_killed_three_times_ends_like_one_that_is_not(tmp_path, name):
    """Within an epoch twice, and once just after one; drop-out, batch statistics and moments go on, bit by bit."""
    for epoch, number in ((2, 1), (4, 0), (5, 2)):
        killed_training("cpu", name, tmp_path / "killed.pt", ADAMW, kill_in=(epoch, number), epochs=6)
    weights, history = tiny_training("cpu", name, tmp_path / "killed.pt", ADAMW, epochs=6)
    expected, whole = tiny_training("cpu", name, tmp_path / "whole.pt", ADAMW, epochs=6)
    assert history == whole
    assert len(history) == 6
    assert all(torch.equal(weights[key], expected[key]) for key in expected)


def test_two_processes_have_the_loss_curve_of_one(tmp_path):
    """The same batches of 8, 8 and 5 shots; in two processes they are cut into micro-batches of 3 as well."""
    names = ("lstm", "timesformer", "swin")
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one = loss_curves("cpu", names, tmp_path / "one", 8)
    two = run_on(["cpu", "cpu"], loss_curves, names, tmp_path / "two", 3)
    for name in names:
        assert one[name][0, 0] - one[name][-1, 0] > 1e-3, f"{name} must learn something"
        assert np.abs(one[name] - two[name]).max() < 1e-4, name


def test_micro_batches_add_up_to_the_batch(tmp_path):
    """Sums in another order only: without batch statistics the weights are those of the whole batch."""
    for name in ("lstm", "timesformer"):
        whole, _ = tiny_training("cpu", name, tmp_path / f"{name}_8.pt", SGD)
        parts, _ = tiny_training("cpu", name, tmp_path / f"{name}_3.pt", SGD, micro_batch=3)
        assert max(float((whole[key] - parts[key]).abs().max()) for key in whole) < 1e-5


def test_every_shot_is_seen_once_an_epoch_by_one_process():
    """Shares add up to each batch, and a process without a shot takes part with weight 0."""
    plan = Plan(n_samples=21, batch_size=5, epochs=1, patience=1, seed=0, micro_batch=2)
    by_rank = [plan.steps(2, rank, 3) for rank in range(3)]
    assert [len(steps) for steps in by_rank] == [plan.n_steps] * 3 == [5] * 3
    seen = [row for steps in by_rank for step in steps for rows, weight in step for row in rows if weight]
    assert sorted(seen) == list(range(21))
    for step in zip(*by_rank, strict=True):
        parts = [part for own in step for part in own]
        assert sum(weight for _, weight in parts) == pytest.approx(1)
        assert all(1 <= len(rows) <= 2 for rows, _ in parts)
    assert [weight for step in (steps[-1] for steps in by_rank) for _, weight in step] == [1, 0, 0]
    assert [rows.tolist() for rows, _ in plan.steps(1)[0]] != [rows.tolist() for rows, _ in plan.steps(2)[0]]


def test_the_weights_are_those_of_the_best_epoch(tmp_path):
    """Training stops when nothing gets better, and what came after the best epoch is dropped."""
    scores = [0.1, 0.3, 0.2, 0.3, 0.1, 0.9]
    network = torch.nn.Linear(2, 1)
    optimiser = make_optimiser(network, SGD)
    seen = []

    def score(network):
        seen.append(network.weight.detach().clone())
        return scores[len(seen) - 1]

    def loss(network, rows, epoch):
        return network(torch.ones(len(rows), 2)).mean()

    plan = Plan(n_samples=4, batch_size=2, epochs=6, patience=3, seed=0, micro_batch=2)
    schedule = make_schedule(optimiser, {"name": "step", "step_size": 2, "gamma": 0.5}, plan)
    history = train(network, optimiser, schedule, lambda _, parts: parts, loss, score, plan, tmp_path / "c.pt")
    assert [row["score"] for row in history] == scores[:5], "of equal scores the first counts"
    assert [row["learning_rate"] for row in history] == pytest.approx([0.05, 0.05, 0.025, 0.025, 0.0125])
    assert torch.equal(network.weight, seen[1])
    assert not torch.equal(seen[1], seen[4])


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"name": "constant"}, [1, 1, 1, 1, 1, 1, 1, 1]),
        ({"name": "constant", "warm_up_epochs": 1.5}, [1 / 3, 2 / 3, 1, 1, 1, 1, 1, 1]),
        ({"name": "step", "step_size": 2, "gamma": 0.1}, [1, 1, 1, 1, 0.1, 0.1, 0.1, 0.1]),
        ({"name": "milestones", "at": [1, 3], "gamma": 0.5}, [1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25]),
        ({"name": "cosine"}, [(1 + np.cos(np.pi * step / 8)) / 2 for step in range(8)]),
    ],
)
def test_the_learning_rate_follows_its_schedule(settings, expected):
    """Four epochs of two steps."""
    optimiser = make_optimiser(torch.nn.Linear(2, 1), ADAMW)
    plan = Plan(n_samples=4, batch_size=2, epochs=4, patience=4, seed=0, micro_batch=2)
    schedule, rates = make_schedule(optimiser, settings, plan), []
    for _ in range(plan.epochs * plan.n_steps):
        rates.append(optimiser.param_groups[0]["lr"] / ADAMW["learning_rate"])
        optimiser.step()
        schedule.step()
    assert rates == pytest.approx(expected)


def test_a_loss_that_is_no_number_ends_the_training(tmp_path):
    network = torch.nn.Linear(2, 1)
    optimiser = make_optimiser(network, SGD)
    plan = Plan(n_samples=4, batch_size=2, epochs=2, patience=2, seed=0, micro_batch=2)
    schedule = make_schedule(optimiser, {"name": "constant"}, plan)
    with pytest.raises(UserError, match=r"loss of epoch 1 is nan.*learning_rate"):
        train(
            network,
            optimiser,
            schedule,
            lambda _, parts: parts,
            lambda network, rows, epoch: network(torch.ones(1, 2)).sum() * torch.inf,
            lambda network: 0.0,
            plan,
            tmp_path / "c.pt",
        )
    assert not (tmp_path / "c.pt").exists()


def test_another_recipe_or_other_data_begin_anew(tmp_path):
    """The checkpoint's name changes with settings and with the content of inputs, not with their places."""
    (tmp_path / "a").write_text("data")
    (tmp_path / "b").write_text("data")
    (tmp_path / "c").write_text("other")
    name = checkpoint_of("x", {"seed": 0, "epochs": 1}, [tmp_path / "a"])
    assert name == checkpoint_of("x", {"epochs": 1, "seed": 0}, [tmp_path / "b"])
    assert name != checkpoint_of("x", {"epochs": 2, "seed": 0}, [tmp_path / "a"])
    assert name != checkpoint_of("x", {"epochs": 1, "seed": 0}, [tmp_path / "c"])
