"""Jobs that share a machine get a GPU each."""

import subprocess
import sys
import threading
import time

import pytest

from scripts.lib.gpu import leased_gpu


@pytest.fixture(autouse=True)
def no_scheduler(monkeypatch):
    """As on a machine without a scheduler."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_leases_differ_and_a_third_waits_for_a_release(tmp_path):
    """Two devices, three jobs: the third gets the device of whoever ends first."""
    got, waiting = [], threading.Event()

    def third():
        waiting.set()
        with leased_gpu(2, tmp_path) as gpu:
            got.append(gpu)

    with leased_gpu(2, tmp_path) as one:
        with leased_gpu(2, tmp_path) as two:
            assert {one, two} == {0, 1}
            job = threading.Thread(target=third, daemon=True)
            job.start()
            waiting.wait()
            time.sleep(0.2)
            assert got == []
        job.join(timeout=10)
        assert got == [two]


def test_a_lease_ends_with_its_process_however_it_ends(tmp_path):
    """A killed job gives its device back."""
    hold = (
        f"from scripts.lib.gpu import leased_gpu as l\nwith l(2, {str(tmp_path)!r}) as g: print(g, flush=True); input()"
    )
    job = subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    held = int(job.stdout.readline())
    with leased_gpu(2, tmp_path) as other:
        assert other == 1 - held
        job.kill()
        job.communicate()
        with leased_gpu(2, tmp_path) as again:
            assert again == held


@pytest.mark.parametrize("count", [0, 1])
def test_without_a_choice_nothing_is_leased(tmp_path, count):
    """One device or none: no lock, no waiting."""
    with leased_gpu(count, tmp_path / "locks") as one, leased_gpu(count, tmp_path / "locks") as two:
        assert (one, two) == (None, None)
    assert not (tmp_path / "locks").exists()


def test_a_scheduler_has_the_last_word(tmp_path, monkeypatch):
    """Where CUDA_VISIBLE_DEVICES is set, devices are given out already."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,4")
    with leased_gpu(2, tmp_path) as gpu:
        assert gpu is None
