"""A SLURM of the tests' own, and what runs on it: four tiny clips, a shard each."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import yaml

from tests.helpers.mini import MINI, Started, copy_of, make_mini
from tests.helpers.runs import Workspace
from tests.slurm.scheduler import Scheduler, missing_packages, wait_for

RUN = "results/mini"
SHARDS = ("00000", "00001", "00002", "00003")
MODEL = f"{RUN}/models/small"
SHOTS = [f"{RUN}/shots/{shard}.csv" for shard in SHARDS]
# SLURM keeps no accounts here, and the tests ask it often.
SITE = ("--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "2")
PROFILE = ("--workflow-profile", "profiles/slurm", "--configfile", "slurm.yaml", *SITE)
PROFILE += ("--seconds-between-status-checks", "2", "--latency-wait", "10")
LOCAL = ("--configfile", "slurm.yaml", "--cores", "2")


@contextmanager
def started(folder, **node) -> Iterator[Scheduler]:
    """The daemons, with a node as `Scheduler` describes it."""
    pytest.importorskip(
        "snakemake_executor_plugin_slurm", reason="its plugin is not installed: uv sync --group cluster"
    )
    if missing := missing_packages():
        pytest.skip(f"SLURM is not installed: apt-get install {' '.join(missing)}")
    running = Scheduler(folder, **node)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def scheduler(tmp_path_factory):
    """What most tests of this folder share."""
    with started(tmp_path_factory.mktemp("slurm")) as running:
        yield running


@pytest.fixture(scope="session")
def clips(make_video, tmp_path_factory) -> Workspace:
    """A workspace in which nothing has been run; `slurm.yaml` is its configuration."""
    workspace = make_mini(tmp_path_factory.mktemp("a slurm run"), make_video)
    manifest = workspace.path / "material/clips.csv"
    header, *rows = manifest.read_text(encoding="utf-8").splitlines()
    manifest.write_text("\n".join([header, *rows, rows[0].replace("clip0", "clip3", 1)]) + "\n", encoding="utf-8")
    (workspace.path / "material/labels.txt").write_text("bar\nforest\nkitchen\n", encoding="utf-8")
    changes = {
        "chapters": ["shots", "tagging", "dataset", "models"],
        "clips": {"manifest": "material/clips.csv", "shard_size": 1},
        "taxonomy": {"labels": "material/labels.txt"},
        "dataset": {"top1_threshold": 0.0, "rank_threshold": 0.0, "top_k": 2},
        "models": {"small": NETWORK},
        "training": {"models": ["small"]},
    }
    (workspace.path / "slurm.yaml").write_text(yaml.safe_dump({**MINI, **changes}), encoding="utf-8")
    return workspace


NETWORK = {
    **{"network": "lstm", "arguments": {"width": 512}, "encoder": "clip_small", "max_frames": 4, "pretrained": None},
    **{"optimiser": {"name": "adam", "learning_rate": 0.01, "weight_decay": 0}, "schedule": {"name": "constant"}},
    **{"epochs": 3, "batch_size": 4, "micro_batch": 4},
}


@pytest.fixture(scope="session")
def trained(clips, tmp_path_factory) -> Workspace:
    """A workspace in which this machine alone has trained the model."""
    workspace = copy_of(clips, tmp_path_factory.mktemp("alone") / "run")
    workspace.snakemake(*LOCAL, f"{MODEL}/metrics.json")
    return workspace


class Submitted(Started):
    """A Snakemake process that submits to the tests' SLURM, and the faults of its jobs (see `FAULTS_ONCE`)."""

    def __init__(self, scheduler: Scheduler, workspace: Workspace, *arguments: str, **faults: str):
        self.scheduler = scheduler
        self.faults = workspace.path / "faults"
        (self.faults / "taken").mkdir(parents=True, exist_ok=True)
        for name, deed in faults.items():
            (self.faults / name).write_text(deed + "\n")
        variables = {**scheduler.variables, "FAULTS_ONCE": str(self.faults)}
        super().__init__(workspace, *PROFILE, *arguments, settings=(), **variables)

    def text(self) -> str:
        """What it has written so far."""
        return super().text() if (self.workspace.path / "snakemake.txt").exists() else ""

    def job_with(self, fault: str) -> tuple[str, str]:
        """SLURM's number of the job that suffers a fault, and the GPUs that it sees; waits for it."""
        file = self.faults / "taken" / fault
        words = wait_for(lambda: file.exists() and file.read_text().split()[1:], f"no job suffers {fault}", 300)
        return words[0], words[1]

    def go(self) -> None:
        """Let the jobs that wait go on."""
        (self.faults / "go").touch()

    def records(self) -> list[dict[str, str]]:
        """SLURM's records of all jobs of this workspace."""
        return [record for record in self.scheduler.jobs() if record["WorkDir"] == str(self.workspace.path)]


def completed(records: list[dict[str, str]]) -> dict[str, int]:
    """How many jobs were completed for each rule and wildcards."""
    names = [record["Comment"].strip() for record in records if record["JobState"] == "COMPLETED"]
    return {name: names.count(name) for name in names}


@pytest.fixture
def submit(scheduler, clips, tmp_path):
    """Starts Snakemake in a fresh copy of the workspace, or again in a given one; cancels what is left at the end."""
    started = []

    def start(*arguments: str, workspace: Workspace | None = None, **faults: str) -> Submitted:
        copy = workspace or copy_of(clips, tmp_path / f"run {len(started)}")
        started.append(Submitted(scheduler, copy, *arguments, **faults))
        return started[-1]

    yield start
    for run in started:
        if run.code() is None:
            run.kill(group=True)
        left = [record["JobId"] for record in run.records() if record["JobState"] in ("PENDING", "RUNNING")]
        if left:
            scheduler.ask("scancel", *left, check=False)
