"""Jobs that share a machine get a GPU each."""

import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest
import torch

from scripts.lib.jobs.gpu import leased_gpu, threads_per_gpu


@pytest.fixture(autouse=True)
def all_visible(monkeypatch):
    """As on a machine where every device may be used."""
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
        "from scripts.lib.jobs.gpu import leased_gpu as l\n"
        f"with l(2, {str(tmp_path)!r}) as g: print(g, flush=True); input()"
    )
    job = subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    held = int(job.stdout.readline())
    with leased_gpu(2, tmp_path) as other:
        assert other == 1 - held
        job.kill()
        job.communicate()
        with leased_gpu(2, tmp_path) as again:
            assert again == held


@pytest.mark.parametrize(("count", "visible"), [(0, ""), (1, None), (1, "3")])
def test_without_a_choice_nothing_is_leased(tmp_path, monkeypatch, count, visible):
    """One device, as in a job of a scheduler, or none: no lock, no waiting."""
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    with leased_gpu(count, tmp_path / "locks") as one, leased_gpu(count, tmp_path / "locks") as two:
        assert (one, two) == (None, None)
    assert not (tmp_path / "locks").exists()


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [("2,3", "2,3", 1), ("2,3", "3,2", 0), ("2, 3", "1,3", 0), ("GPU-a,GPU-b", "GPU-c,GPU-a", 0), (None, "0,1", 1)],
)
def test_what_is_leased_are_visible_devices_whatever_their_numbers(tmp_path, monkeypatch, first, second, expected):
    """The first job takes its device 0; the second's index is that of a device which is another one."""

    def see(devices):
        if devices:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", devices)

    see(first)
    with leased_gpu(2, tmp_path) as one:
        see(second)
        with leased_gpu(2, tmp_path) as two:
            assert (one, two) == (0, expected)


def test_devices_are_told_apart_by_what_the_driver_calls_them(tmp_path, monkeypatch):
    """Two containers of one machine may both number their devices 0 and 1."""

    def see(*names):
        monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: SimpleNamespace(uuid=names[index]))

    see("a", "b")
    with leased_gpu(2, tmp_path) as one:
        see("c", "a")
        with leased_gpu(2, tmp_path) as two:
            see("a", "b")
            with leased_gpu(2, tmp_path) as three:
                assert (one, two, three) == (0, 0, 1)


@pytest.mark.parametrize(("budget", "threads"), [(None, 8), (0, 8), (1, 8), (2, 4), (3, 2), (20, 1)])
def test_jobs_with_a_gpu_share_the_cores_of_a_machine(budget, threads):
    """On a cluster, where cores are not given, a job has those of its node for itself."""
    assert threads_per_gpu(8, SimpleNamespace(cores=8, resources={"gpu": budget})) == threads
    assert threads_per_gpu(8, SimpleNamespace(cores=None, resources={"gpu": budget})) == 8
