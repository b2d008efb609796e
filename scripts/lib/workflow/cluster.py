"""Jobs on a cluster: what they ask for, and those that an earlier run left in the queue or that cannot start."""

import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from scripts.lib.jobs.errors import UserError, bullet_list

# Processors of a job that can use a whole machine, on a cluster, where Snakemake knows no number.
CLUSTER_CORES = 8
# Environment variable in which the submitting process tells its jobs the number of cores that it was given; it is
# empty on a cluster. A job sees the cores of its node, and would start more threads than it has asked for.
CORES = "MOVIECLIP_CORES"
# A job that ended for want of these is given more, attempt by attempt.
GROWING = ("mem_mb", "runtime")
PROFILE = "profiles/slurm/config.yaml"
WATCH_SECONDS = 30.0

# Why SLURM keeps a job waiting that will not start by itself, and what to edit; `squeue(1)` lists its reasons.
NODE_TOO_SMALL = "no node of its partition has that much: lower max-threads, or choose another slurm_partition"
STUCK = {
    "PartitionConfig": NODE_TOO_SMALL,
    "PartitionNodeLimit": NODE_TOO_SMALL,
    "MaxMemPerLimit": NODE_TOO_SMALL,
    "PartitionTimeLimit": "its partition allows less time: another slurm_partition, or less by set-resources",
    "BadConstraints": "no node has these features: correct constraint",
    "AccountNotAllowed": "the partition is not for this account: correct slurm_account or slurm_partition",
    "InvalidAccount": "SLURM does not know this account: correct slurm_account",
    "InvalidQOS": "this account may not use this quality of service: correct slurm-qos",
    "QOSNotAllowed": "this account may not use this quality of service: correct slurm-qos",
    "JobHeldUser": "it is held: scontrol release and its number let it start",
    "JobHeldAdmin": "an administrator holds it",
}
# Limits of one job, such as QOSMaxCpuPerJobLimit and AssocMaxWallDurationPerJobLimit.
PER_JOB = "PerJob"
JOB_TOO_LARGE = "one job may not have that much: lower max-threads, or give less by set-resources"

_REFUSAL = re.compile(r"sbatch: error: (?:Batch job submission failed: )?(.+?)(?= sbatch: error|'|\n|$)")


def is_for_cluster(workflow) -> bool:
    """Whether jobs will be submitted. While it parses, Snakemake has no executor yet, but a number of jobs."""
    return workflow.resource_settings.nodes is not None


def cores_given(workflow) -> int | None:
    """Cores of the one machine that all jobs share; None on a cluster."""
    if workflow.is_main_process:
        os.environ[CORES] = "" if is_for_cluster(workflow) else str(workflow.resource_settings.cores or "")
    given = os.environ.get(CORES, workflow.resource_settings.cores)
    return int(given) if given else None


def settle_rules(workflow) -> None:
    """Complete what rules say of their needs, once all are known.

    A rule without `threads` and `resources` is work of seconds: on a cluster it runs beside Snakemake, because a job
    of its own would take longer to start. Memory and time given as numbers are those of the first attempt.
    """
    for rule in workflow.rules:
        needs = rule.ruleinfo
        if rule.script and not (needs.threads or needs.resources):
            workflow.localrules(rule.name)
        for name in GROWING:
            first = rule.resources.get(name)
            if first.name and isinstance(first.raw, int) and not first.is_evaluable():
                rule.resources.update({name: _growing(first.raw)})
    _warn_of_lost_budgets(workflow)


def _growing(first: int) -> Callable:
    return lambda wildcards, attempt: first * attempt


def _warn_of_lost_budgets(workflow) -> None:
    from snakemake.logging import logger

    profile = Path(workflow.basedir, "profiles", "slurm" if is_for_cluster(workflow) else "default", "config.yaml")
    if workflow.is_main_process and (warning := lost_budgets(workflow.resource_settings.resources, profile)):
        logger.warning(warning)


def lost_budgets(given: Mapping, profile: Path) -> str:
    """A warning that --resources on the command line has replaced the profile's list; empty if nothing is missing.

    Args:
        given: Snakemake's resources with their limits.
        profile: the file whose limits should be among them.
    """
    limits = yaml.safe_load(profile.read_text(encoding="utf-8")).get("resources", {})
    lost = [name for name in limits if name not in given]
    if not lost:
        return ""
    kept = [f"{name}={getattr(value, 'raw', value)}" for name, value in given.items() if not name.startswith("_")]
    return (
        f"Warning: nothing limits the jobs that use {' or '.join(lost)}; all would start at once. Resources on the "
        f"command line replace the list of the profile {profile.parent.name}, so give all of them:\n"
        f"  --resources {' '.join([*kept, *(f'{name}={limits[name]}' for name in lost)])}"
    )


@dataclass(frozen=True)
class QueuedJob:
    """A job of this workflow in SLURM's queue. `needs` is what it asks for, in words."""

    number: str
    state: str
    reason: str
    rule: str
    needs: str


# squeue's fields: number, state, reason, folder, what it asks for, comment.
_FIELDS = "%i|%T|%r|%Z|%c processors, %m of memory, time %l, GPUs %b, partition %P|%k"


def queued_jobs(folder: str) -> list[QueuedJob]:
    """Jobs that the user's Snakemake processes in this folder have submitted and that have not ended."""
    command = ["squeue", "--me", "--noheader", f"--format={_FIELDS}"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    rows = [line.split("|", 5) for line in answer.splitlines() if line.count("|") >= 5]
    return [
        QueuedJob(number, state, reason, comment.partition("_wildcards_")[0].removeprefix("rule_"), needs)
        for number, state, reason, place, needs, comment in rows
        if place == folder and comment.startswith("rule_")
    ]


def stuck_jobs(jobs: Iterable[QueuedJob]) -> dict[str, str]:
    """What to tell about each job that waits for what will not come, by its number."""
    told = {}
    for job in jobs:
        remedy = STUCK.get(job.reason) or (JOB_TOO_LARGE if PER_JOB in job.reason else None)
        if job.state == "PENDING" and remedy:
            told[job.number] = (
                f"SLURM's job {job.number} (rule {job.rule}) cannot start, for {job.reason}: {remedy}. It asks for "
                f"{job.needs}. What a site edits is at the top of {PROFILE}. Stop this run with Ctrl-C, which cancels "
                "its jobs, edit, and give the same command again"
            )
    return told


def check_accounts(status_command: str | None) -> None:
    """See whether ended jobs will be noticed.

    Raises:
        UserError: `sacct` shall tell which have ended, and SLURM keeps no accounts: the run would wait for ever.
    """
    if status_command == "sacct":
        said = subprocess.run(["sacct", "--noheader"], capture_output=True, text=True, timeout=120).stderr
        if "accounting storage is disabled" in said:
            raise UserError(
                "SLURM keeps no accounts of ended jobs here, so that their end would not be noticed (sacct says "
                f"{said.strip()!r}). At the top of {PROFILE} take the # away from the line\n"
                "  slurm-status-command: squeue\nand give the same command again"
            )


def watch_queue(workflow) -> None:
    """Before the first job is submitted: see what is in SLURM's queue, and from then on tell which jobs cannot start.

    Raises:
        UserError: see `check_accounts`; or jobs of an earlier Snakemake process, which was killed, have not ended.
            Their results count; a second job for the same files would be wasted.
    """
    if not workflow.executor_plugin.name.endswith("slurm"):
        return
    check_accounts(workflow.executor_settings.status_command)
    folder = os.getcwd()
    if left := queued_jobs(folder):
        raise UserError(
            f"{len(left)} job(s) of an earlier run in this folder are still in SLURM's queue:\n"
            f"{bullet_list([f'{job.number} ({job.rule}): {job.state}' for job in left])}\n"
            "Wait until `squeue --me` no longer lists them, and give the same command again: what they finish is kept. "
            f"To end them instead: scancel {' '.join(job.number for job in left)}"
        )
    threading.Thread(target=_tell_stuck_jobs, args=(folder,), daemon=True).start()


def _tell_stuck_jobs(folder: str) -> None:
    from snakemake.logging import logger

    told: set[str] = set()
    pause = threading.Event()
    while not pause.wait(WATCH_SECONDS):
        try:
            stuck = stuck_jobs(queued_jobs(folder))
        except (OSError, subprocess.SubprocessError):
            # The scheduler is busy or restarts.
            continue
        for number in sorted(stuck.keys() - told):
            logger.error(stuck[number])
        told |= stuck.keys()


def with_refusals(failures: str) -> str:
    """What is told of failed jobs, with advice if SLURM has not accepted some of them."""
    reasons = {reason.strip() for reason in _REFUSAL.findall(failures)}
    if not reasons:
        return failures
    return (
        f"{failures}\nSLURM has refused jobs:\n{bullet_list(sorted(reasons))}\nNo node has what they ask for, or the "
        f"account, partition or constraint is wrong: edit the lines at the top of {PROFILE}, or give less by "
        "set-resources, such as gpu=0 where nodes have no GPU"
    )
