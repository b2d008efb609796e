import subprocess

import pytest
import yaml

from scripts.lib.jobs.errors import UserError
from scripts.lib.workflow import cluster
from scripts.lib.workflow.cluster import (
    QueuedJob,
    check_accounts,
    lost_budgets,
    queued_jobs,
    stuck_jobs,
    with_refusals,
)


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ({"gpu": 4, "youtube": 1}, None),
        ({"_cores": 8, "_nodes": 9, "mem_mb": 100}, "--resources mem_mb=100 gpu=1 youtube=1"),
        ({"gpu": 4}, "--resources gpu=4 youtube=1"),
    ],
)
def test_resources_that_the_profile_limits_and_the_command_line_does_not(tmp_path, given, remedy):
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"resources": {"gpu": 1, "youtube": 1}}))
    warning = lost_budgets(given, tmp_path / "config.yaml")
    assert warning.endswith(remedy) if remedy else warning == ""


def job(**values) -> QueuedJob:
    usual = {"number": "7", "state": "PENDING", "reason": "Resources", "rule": "embed_frames", "needs": "8 processors"}
    return QueuedJob(**{**usual, **values})


@pytest.mark.parametrize(
    "reason", ["Resources", "Priority", "None", "BeginTime", "QOSMaxJobsPerUserLimit", "Dependency"]
)
def test_a_job_that_has_to_wait_is_no_news(reason):
    assert stuck_jobs([job(reason=reason)]) == {}


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        ("PartitionConfig", "max-threads"),
        ("BadConstraints", "constraint"),
        ("InvalidAccount", "slurm_account"),
        ("QOSMaxCpuPerJobLimit", "max-threads"),
        ("AssocMaxWallDurationPerJobLimit", "set-resources"),
    ],
)
def test_a_job_that_cannot_start_is_told_with_the_line_to_edit(reason, line):
    told = stuck_jobs([job(reason=reason), job(number="8", state="RUNNING", reason=reason)])
    assert told.keys() == {"7"}
    assert all(part in told["7"] for part in (reason, line, "embed_frames", "8 processors", "profiles/slurm"))


def test_of_the_queue_the_jobs_of_this_folder_count(monkeypatch, tmp_path):
    rule = "rule_embed_frames_wildcards_clip_00001"
    needs = "2 processors, 8000M of memory, time 1:00:00, GPUs gres:gpu:1, partition main"
    lines = [
        f"11|PENDING|PartitionConfig|{tmp_path}|{needs}|{rule}",
        f"12|RUNNING|None|/elsewhere|{needs}|{rule}",
        f"13|RUNNING|None|{tmp_path}|{needs}|(null)",
    ]
    done = subprocess.CompletedProcess([], 0, stdout="\n".join(lines) + "\n")
    monkeypatch.setattr(cluster.subprocess, "run", lambda *_, **__: done)
    (found,) = queued_jobs(str(tmp_path))
    assert found == QueuedJob("11", "PENDING", "PartitionConfig", "embed_frames", needs)


def test_where_slurm_keeps_no_accounts_the_line_to_edit_is_told(monkeypatch):
    """Other failures of sacct, which pass, are no reason to stop."""
    said = ["Slurm accounting storage is disabled\n", "sacct: error: slurmdbd: Connection refused\n"]
    monkeypatch.setattr(cluster.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1, "", said.pop(0)))
    with pytest.raises(UserError, match="slurm-status-command: squeue"):
        check_accounts("sacct")
    check_accounts("sacct")
    check_accounts("squeue")


def test_a_refused_job_is_told_with_the_file_to_edit():
    """The words are those of a real SLURM."""
    reason = "sbatch: error: Memory specification can not be satisfied"
    more = "sbatch: error: Batch job submission failed: Requested node configuration is not available"
    failures = f"Failed:\n  - detect_shots. SLURM sbatch failed. The error message was '{reason} {more}'."
    advice = with_refusals(failures).removeprefix(failures)
    assert "- Memory specification can not be satisfied\n" in advice and "profiles/slurm/config.yaml" in advice
    assert "- Requested node configuration is not available\n" in advice
    assert with_refusals("Failed:\n  - detect_shots") == "Failed:\n  - detect_shots"
