"""Runs that are killed while they write, in both ways, and at any time; what is started again ends the same."""

import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from tests.helpers import ROOT
from tests.helpers.mini import RELEASED, RUN, WAYS, Started, copy_of, differences, files_of, remove, until

RANDOM_KILLS = 3


class Gate:
    """Holds the jobs of some rules back before their first file gets its final name."""

    def __init__(self, folder, *rules):
        self.folder = folder
        folder.mkdir()
        self.shut(rules)

    def shut(self, rules) -> None:
        (self.folder / "shut").write_text(" ".join(sorted(rules)))

    def held(self, run: Started) -> dict[int, str]:
        """The jobs of a run that wait here: rule by process."""
        waiting = {}
        for path in self.folder.glob("*.*"):
            rule, process = path.name.split(".")
            waiting[int(process)] = rule
        return {process: rule for process, rule in run.jobs().items() if process in waiting}


def nothing_but_held(run: Started, gate: Gate):
    """Rules held at the gate once no other job is at work or about to be; None before that."""
    assert run.code() is None, run.text()
    held = gate.held(run)
    if not held or set(run.jobs()) != set(held):
        return None
    time.sleep(0.7)
    return set(held.values()) if set(run.jobs()) == set(gate.held(run)) == set(held) else None


def unlock(workspace) -> None:
    """The documented way out of the lock that a killed Snakemake leaves."""
    Started(workspace, "--unlock", settings=("--configfile", "mini.yaml")).finish()


def kill(run: Started, group: bool) -> None:
    """Kill Snakemake alone or with its jobs; none is left, and the lock is taken away."""
    run.kill(group)
    # Those that still import their libraries end when they are through with that.
    until(lambda: not run.jobs(), seconds=60)
    unlock(run.workspace)


def test_a_run_killed_while_it_writes_ends_like_one_that_was_not(undisturbed, tmp_path):
    """At random times, and in each way of writing with the first file written but not named, both ways."""
    seed = int(os.environ.get("MOVIECLIP_KILL_SEED") or random.randrange(10**6))
    print(f"MOVIECLIP_KILL_SEED={seed}")
    chance = random.Random(seed)
    workspace, gate = copy_of(undisturbed, tmp_path / "run"), Gate(tmp_path / "gate")
    targets = [path for paths in WAYS.values() for path in paths]
    for path in targets:
        remove(workspace.path / path)
    for _ in range(RANDOM_KILLS):
        run = Started(workspace, *targets)
        time.sleep(chance.uniform(0.5, 8.0))
        kill(run, group=chance.random() < 0.5)
    for path in targets:
        remove(workspace.path / path)
    alive = set(WAYS)
    while alive:
        gate.shut(alive)
        for group in (False, True):
            run = Started(workspace, *targets, FAULTS_GATE=str(gate.folder))
            held = until(lambda run=run: nothing_but_held(run, gate))
            kill(run, group)
            assert not any((workspace.path / path).exists() for rule in held for path in WAYS[rule])
        alive -= held
    Started(workspace, *targets).finish()
    assert differences(workspace.path / RUN, undisturbed.path / RUN) == []
    assert not list(workspace.path.rglob("*.part*"))


def test_every_rule_gives_final_names_by_renaming(material, undisturbed):
    """None writes in place, where a kill would leave half a file; so each writes in one of the ways killed above."""
    notes = list((undisturbed.path / "kept").glob("*.txt"))
    assert len({note.name.partition(".")[0] for note in notes}) > 40
    renamed = {name for note in notes for name in note.read_text().splitlines()}
    # The list of clips is written by Snakemake's own process, before any job.
    made = {Path(run, name) for run in (RUN, RELEASED) for name in files_of(undisturbed.path / run) - {"manifest.csv"}}
    given, fetched = (files_of(workspace.path / "resources") for workspace in (material, undisturbed))
    made |= {Path("resources", name) for name in fetched - given}
    assert {str(path) for path in made if not {str(path), *map(str, path.parents)} & renamed} == set()


def start_and_kill(material, tmp_path, **variables):
    """A run with a job held in its middle, whose Snakemake is then killed alone: the run and its job."""
    workspace, gate = copy_of(material, tmp_path / "run"), Gate(tmp_path / "gate", "list_hvu_labels")
    run = Started(workspace, f"{RUN}/taxonomy/hvu_labels.csv", FAULTS_GATE=str(gate.folder), **variables)
    until(lambda: gate.held(run))
    run.kill(group=False)
    return workspace, run


def test_jobs_end_with_snakemake_and_the_lock_is_explained(material, tmp_path):
    """However Snakemake ends; the next call names the way out of the lock, after which it goes on."""
    workspace, run = start_and_kill(material, tmp_path)
    until(lambda: not run.jobs(), seconds=2)
    again = Started(workspace, f"{RUN}/taxonomy/hvu_labels.csv")
    assert again.end() != 0
    assert "--unlock" in again.text()
    assert not (workspace.path / RUN / "taxonomy/hvu_labels.csv").exists()
    unlock(workspace)
    # As a job would leave it that writes in place: Snakemake knows that it was not finished.
    (workspace.path / RUN / "taxonomy/hvu_labels.csv").write_text("label\nhalf a")
    # control: without the profile that the project brings, somebody has to decide
    undecided = Started(workspace, "--workflow-profile", "none", f"{RUN}/taxonomy/hvu_labels.csv")
    assert undecided.end() != 0 and "seem to be incomplete" in undecided.text()
    Started(workspace, f"{RUN}/taxonomy/hvu_labels.csv").finish()
    assert "half a" not in (workspace.path / RUN / "taxonomy/hvu_labels.csv").read_text()
    assert [path.name for path in (workspace.path / RUN / "taxonomy").iterdir()] == ["hvu_labels.csv"]


@pytest.mark.xfail(strict=True, raises=AssertionError, reason="control: a job that does not know whose it is lives on")
def test_jobs_would_live_on_without_watching(material, tmp_path):
    """The same with the protection switched off."""
    _, run = start_and_kill(material, tmp_path, FAULTS_ORPHANS="yes")
    try:
        until(lambda: not run.jobs(), seconds=3)
    finally:
        for process in run.jobs():
            os.kill(process, signal.SIGKILL)


OWNER = """
import os, socket, sys
socket.gethostname = lambda: sys.argv[1]
from scripts.lib.workflow.processes import OWNER, prepare_for_jobs
prepare_for_jobs(os.getcwd())
print(f"{OWNER}={os.environ[OWNER]}", end="")
"""
JOB = """
import time
from scripts.lib.workflow.processes import end_with_owner
end_with_owner(); time.sleep(2); print('alive')
"""


@pytest.mark.parametrize(("host", "outcome"), [(socket.gethostname(), ""), ("another-host", "alive\n")])
def test_process_numbers_of_another_host_say_nothing_here(host, outcome):
    """The first space of process numbers has one name on every Linux host; the owner there runs on."""
    run = partial(subprocess.run, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    # As good as on another host: by now the number is nobody's here.
    owner = run([sys.executable, "-c", OWNER, host]).stdout
    assert run(["env", owner, sys.executable, "-c", JOB]).stdout == outcome


WRITER = """
import os, sys, time
from pathlib import Path
from scripts.lib.files.atomic import atomic_folder, atomic_path
final, kind = Path(sys.argv[1]), sys.argv[2]
with (atomic_path if kind == "file" else atomic_folder)(final) as place:
    if kind == "folder":
        (place / "first").write_text("x")
    else:
        place.write_text("half")
    print("now", flush=True)
    time.sleep(60)
"""


def killed_writer(final, kind) -> None:
    """A process that is killed while it writes `final`."""
    command = [sys.executable, "-c", WRITER, str(final), kind]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout.readline() == "now\n"
        writer.kill()


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_killed_writer_leaves_no_final_name(tmp_path, kind):
    """What it leaves is taken away by the next writer of the same file."""
    final = tmp_path / "result"
    killed_writer(final, kind)
    assert not final.exists()
    left = list(tmp_path.iterdir())
    assert len(left) == 1 and re.fullmatch(r"\.result\.[0-9a-f]{8}-\d+-[0-9a-f]{8}\.part", left[0].name)
    from scripts.lib.files.atomic import atomic_folder, atomic_path

    with atomic_path(final) if kind == "file" else atomic_folder(final) as place:
        (place if kind == "file" else place / "x").write_text("whole")
    assert list(tmp_path.iterdir()) == [final]


def test_what_living_processes_write_is_left_alone(tmp_path):
    """A second writer of a file does not take the first one's work for a leftover."""
    final = tmp_path / "result"
    command = [sys.executable, "-c", WRITER, str(final), "file"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        writer.stdout.readline()
        from scripts.lib.files.atomic import atomic_path

        with atomic_path(final) as place:
            place.write_text("mine")
        assert len(list(tmp_path.iterdir())) == 2
        writer.kill()


def test_a_second_snakemake_is_refused(material, tmp_path):
    """In the same checkout by Snakemake's lock, and from another one on the same results by the run's."""
    workspace, gate = copy_of(material, tmp_path / "run"), Gate(tmp_path / "gate", "list_hvu_labels")
    other = copy_of(material, tmp_path / "other")
    (workspace.path / "results").mkdir()
    (other.path / "results").symlink_to(workspace.path / "results")
    target = f"{RUN}/taxonomy/hvu_labels.csv"
    first = Started(workspace, target, FAULTS_GATE=str(gate.folder))
    until(lambda: gate.held(first))
    second = Started(workspace, target)
    assert second.end() != 0 and "cannot be locked" in second.text()
    third = Started(other, target)
    assert third.end() != 0
    assert f"in use by another Snakemake process (process {first.pid} on" in third.text()
    assert "Traceback" not in third.text()
    first.kill(group=True)
    # The system gave the lock back; nothing is to be unlocked for it.
    until(lambda: not first.jobs(), seconds=5)
    Started(other, target).finish()
