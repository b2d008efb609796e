"""Jobs and Snakemake are killed in every way that a cluster knows: the run completes, nothing whole is made twice."""

import re
import shutil

import pandas as pd
import pytest

from tests.helpers.mini import copy_of, differences
from tests.slurm.conftest import LOCAL, MODEL, RUN, SHARDS, SHOTS, completed
from tests.slurm.scheduler import wait_for

FAULTS = {"detect_shots@00000": "hold", "detect_shots@00001": "hold", "detect_shots@00002": "eat"}
LOST = {"detect_shots@00003": "hold"}
# A minute is the shortest time limit; one job has it. The memory is enough for a job and too little for what one eats.
MINUTES = "1 if wildcards.shard == '00001' and attempt == 1 else 60"
TIGHT = ("--set-resources", f"detect_shots:runtime={MINUTES}", "detect_shots:mem_mb=900", "--")
JOBS = {f"rule_detect_shots_wildcards_{shard}": 1 for shard in SHARDS}


@pytest.fixture(scope="module")
def undisturbed(clips, tmp_path_factory):
    """The same files, made on this machine alone."""
    workspace = copy_of(clips, tmp_path_factory.mktemp("undisturbed") / "run")
    workspace.snakemake(*LOCAL, *SHOTS)
    return workspace.path / RUN


def suffer(run, scheduler) -> None:
    """Cancel a job, and wait until others have ended for their time and their memory; then lose the node."""
    cancelled, _ = run.job_with("detect_shots@00000")
    scheduler.ask("scancel", cancelled)
    late, _ = run.job_with("detect_shots@00001")
    hungry, _ = run.job_with("detect_shots@00002")
    ends = {cancelled: "CANCELLED", late: "TIMEOUT", hungry: "OUT_OF_MEMORY|FAILED|CANCELLED"}

    def have_ended():
        states = {job["JobId"]: job["JobState"] for job in run.records()}
        return all(re.fullmatch(state, states[number]) for number, state in ends.items())

    wait_for(have_ended, run.records, 200)
    run.job_with("detect_shots@00003")
    scheduler.lose_node()
    wait_for(lambda: scheduler.node_state() == "DOWN", "the loss of the node is not noticed", 120)
    scheduler.start_node()


def test_jobs_that_are_cancelled_too_slow_too_large_or_lost_are_made_good(submit, scheduler, undisturbed):
    run = submit(*TIGHT, *SHOTS, **FAULTS, **LOST)
    suffer(run, scheduler)
    run.finish()
    records = run.records()
    assert completed(records) == JOBS
    assert differences(run.workspace.path / RUN, undisturbed) == []
    asked = {shard: [job for job in records if job["Comment"].strip().endswith(shard)] for shard in SHARDS}
    late, hungry = asked["00001"], asked["00002"]
    assert [job["TimeLimit"] for job in late][:2] == ["00:01:00", "01:00:00"]
    assert [job["MinMemoryNode"] for job in hungry][:2] == ["900M", "1800M"]


@pytest.mark.slow
def test_without_further_attempts_and_requeueing_the_same_faults_end_the_run(submit, scheduler, clips, tmp_path):
    """The control: it is these lines of the profile that make them good."""
    workspace = copy_of(clips, tmp_path / "unprotected")
    profile = workspace.path / "profiles/slurm/config.yaml"
    text = profile.read_text()
    for line, instead in (
        ("\nslurm-requeue: true\n", "\nslurm-no-requeue: true\n"),
        ("\nretries: 2\n", "\nretries: 0\n"),
    ):
        assert text.count(line) == 1
        text = text.replace(line, instead)
    profile.write_text(text)
    run = submit(*TIGHT, *SHOTS, workspace=workspace, **FAULTS, **LOST)
    suffer(run, scheduler)
    assert run.end() != 0
    failed = run.text().partition("Failed:")[2]
    assert all(f"shots/{shard}.csv" in failed for shard in SHARDS), run.text()


def requeue_in_training(submit, scheduler, workspace) -> float:
    """SLURM takes the training's job away after its first epoch and starts it again; seconds of that epoch at the end.

    The checkpoint says `MARK`.
    """
    import torch

    shutil.rmtree(workspace.path / MODEL)
    # Before the state after the second epoch replaces the first's.
    run = submit(f"{MODEL}/metrics.json", workspace=workspace, **{"train_model@.pt@again": "hold"})
    number, _ = run.job_with("train_model@.pt@again")
    (checkpoint,) = (workspace.path / MODEL / "checkpoints").glob("[!.]*.pt")
    state = torch.load(checkpoint, weights_only=True)
    (epoch,) = state["history"]
    epoch["seconds"] = MARK
    torch.save(state, checkpoint)
    scheduler.ask("scontrol", "requeue", number)
    run.finish()
    (job,) = run.records()
    assert (job["JobId"], job["JobState"], job["Restarts"]) == (number, "COMPLETED", "1")
    return pd.read_csv(workspace.path / MODEL / "history.csv")["seconds"][0]


MARK = 1234.5


def test_a_training_that_is_requeued_continues_from_its_checkpoint(submit, scheduler, trained, tmp_path):
    """Its weights, and all else but the seconds, are those of a training without interruption."""
    workspace = copy_of(trained, tmp_path / "requeued")
    assert requeue_in_training(submit, scheduler, workspace) == MARK
    assert differences(workspace.path / RUN, trained.path / RUN) == ["models/small/history.csv"]


@pytest.mark.slow
def test_without_its_checkpoint_a_training_begins_again(submit, scheduler, trained, tmp_path):
    """The control of the test above."""
    workspace = copy_of(trained, tmp_path / "forgetful")
    module = workspace.path / "scripts/lib/networks/training.py"
    text = module.read_text()
    assert text.count("if not Path(checkpoint).exists():") == 1
    module.write_text(text.replace("if not Path(checkpoint).exists():", "if True:"))
    assert requeue_in_training(submit, scheduler, workspace) != MARK


def killed(submit):
    """A run whose Snakemake was killed while two of its jobs worked, and unlocked."""
    waiting = {f"detect_shots@{shard}": "wait" for shard in SHARDS[:2]}
    run = submit(*SHOTS[:2], **waiting)
    for fault in waiting:
        run.job_with(fault)
    run.kill(group=False)
    assert {job["JobState"] for job in run.records()} == {"RUNNING"}
    run.workspace.snakemake(*LOCAL, "--unlock")
    return run


def test_snakemake_is_killed_and_started_again(submit, undisturbed):
    """It does not submit again what is still being made, and takes what was made without it."""
    run = killed(submit)
    again = submit(*SHOTS, workspace=run.workspace)
    assert again.end() != 0
    told = again.text()
    assert "still in SLURM's queue" in told and all(job["JobId"] in told for job in run.records())
    assert len(run.records()) == 2
    run.go()
    wait_for(lambda: {job["JobState"] for job in run.records()} == {"COMPLETED"}, run.records, 200)
    submit(*SHOTS, workspace=run.workspace).finish()
    assert completed(run.records()) == JOBS and len(run.records()) == len(SHARDS)
    assert differences(run.workspace.path / RUN, undisturbed) == []


@pytest.mark.slow
def test_without_a_look_into_the_queue_work_is_done_twice(submit):
    """The control of the test above."""
    run = killed(submit)
    rules = run.workspace.path / "rules/common.smk"
    text = rules.read_text()
    assert text.count("explained(cluster.watch_queue, workflow)") == 1
    rules.write_text(text.replace("explained(cluster.watch_queue, workflow)", "pass"))
    submit(*SHOTS[:2], workspace=run.workspace)
    wait_for(lambda: len(run.records()) == 4, "nothing was submitted again", 200)


def test_a_job_that_cannot_start_is_told_with_the_line_to_edit(submit):
    """More processors than the node has, which SLURM accepts; more memory, which it refuses."""
    run = submit("--set-threads", "detect_shots=16", "--max-threads", "16", "--", SHOTS[0])
    wait_for(lambda: "cannot start" in run.text(), run.text, 200)
    told = run.text()
    assert "PartitionConfig" in told and "max-threads" in told and "profiles/slurm/config.yaml" in told
    run.kill(group=True)
    refused = submit("--set-resources", "detect_shots:mem_mb=999999", "--retries", "0", "--", SHOTS[0])
    assert refused.end() != 0
    last = refused.text()[refused.text().index("Failed:") :]
    assert "Memory specification can not be satisfied" in last and "profiles/slurm/config.yaml" in last
