"""Fixtures: real runs of the workflow, in copies of the repository whose path has a space in it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from filelock import FileLock

from scripts.lib.tables.rows import open_csv
from tests.helpers import ROOT

PARTS = ("Snakefile", "rules", "scripts", "config", "profiles", "envs", "docs")


class Starter:
    """The process that starts Snakemake, see `tests.helpers.starter`."""

    def __init__(self):
        self._process: subprocess.Popen | None = None

    def ask(self, **command):
        """The answer to a command; the process is started with the first."""
        if self._process is None:
            command_line = [sys.executable, "-m", "tests.helpers.starter"]
            self._process = subprocess.Popen(
                command_line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


STARTER = Starter()


@dataclass(frozen=True)
class Workspace:
    """A copy of the workflow to run things in."""

    path: Path

    def snakemake(self, *arguments: str, check: bool = True, **module: str) -> subprocess.CompletedProcess:
        """Run Snakemake (or the `module` around it) on two cores; stdout and stderr come as one text."""
        words = ["--cores", "2", *map(str, arguments)]
        environment = {**os.environ, "MPLCONFIGDIR": str(self.path / ".matplotlib")}
        environment.pop("PYTHONPATH", None)
        with tempfile.NamedTemporaryFile() as log:
            command = {"arguments": words, "folder": str(self.path), "variables": environment, "log": log.name}
            process = STARTER.ask(start={**command, **module})
            try:
                while (code := STARTER.ask(poll=process)) is None:
                    time.sleep(0.02)
            except BaseException:
                os.killpg(process, signal.SIGKILL)
                raise
            done = subprocess.CompletedProcess(words, code, Path(log.name).read_text(errors="replace"))
        assert not check or done.returncode == 0, done.stdout
        return done

    def planned(self, *arguments: str) -> dict[str, int]:
        """Jobs that a dry run announces, by rule; empty when nothing is to be done."""
        text = self.snakemake("--dry-run", *arguments).stdout
        jobs: dict[str, int] = {}
        for line in text.partition("Job stats:")[2].splitlines()[3:]:
            words = line.split()
            if len(words) != 2 or words[0] == "total":
                break
            jobs[words[0]] = int(words[1])
        return jobs


def make_workspace(folder: Path) -> Workspace:
    """Copy what a checkout holds into `folder`."""
    for part in PARTS:
        source = ROOT / part
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        ignore = {"ignore": shutil.ignore_patterns("__pycache__")} if source.is_dir() else {}
        copy(source, folder / part, **ignore)
    return Workspace(folder)


def header_of(path: Path) -> list[str]:
    """Names of a CSV's columns."""
    with open_csv(path) as reader:
        return list(reader.fieldnames or [])


def unexplained(results: Path) -> set[str]:
    """Columns of a run's tables, and names of its files, that results/README.md does not mention."""
    text = (ROOT / "results/README.md").read_text(encoding="utf-8")
    known = {word for span in re.findall(r"`([^`]+)`", text) for word in re.findall(r"\w+", span)}
    columns = {
        re.sub(r"_[2-4]$", "_1", name)
        for suffix, read in ((".csv", header_of), (".parquet", lambda path: pq.read_schema(path).names))
        for path in results.rglob(f"*{suffix}")
        for name in read(path)
    }
    files = {
        path.stem for part in ("tables", "dataset", "verification", "taxonomy") for path in results.glob(f"{part}/*.*")
    }
    return (columns | files) - known


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory, worker_id) -> Workspace:
    """The README's first command, run by the first worker that needs it; tests read it and do not change it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "full path with spaces"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            folder.mkdir()
            make_workspace(folder)
        # A run's last file: the other worker has made it, or failed to.
        if not (folder / "results/demo/index.html").exists():
            Workspace(folder).snakemake()
    return Workspace(folder)


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    """A fresh copy in which nothing has been run."""
    folder = tmp_path / "a copy"
    folder.mkdir()
    return make_workspace(folder)


@pytest.fixture(scope="session")
def small_tagger(demo_run) -> str:
    """`--config encoders=…` that puts the demo's small model in place of ViT-B/32."""
    weights = demo_run.path / "results/demo/demo/clip_small.safetensors"
    model = demo_run.path / "config/demo/clip_small.json"
    settings = {"clip_vit_b32": {"model": str(model), "pretrained": str(weights), "frames": "all"}}
    return f"encoders={json.dumps(settings)}"
