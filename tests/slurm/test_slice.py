"""From clips to a trained model through SLURM, told by SLURM's own records."""

import re

import pytest

from tests.helpers.mini import differences
from tests.slurm.conftest import MODEL, RUN, completed
from tests.slurm.scheduler import wait_for

# Rules whose scripts compute on a GPU where there is one.
ON_GPU = {"embed_frames", "train_model"}
# What each asks for at first: processors, memory, time. embed_frames has two threads, for a shard of one clip.
EXPECTED = {
    "detect_shots": (1, "4000M", "01:00:00"),
    "embed_frames": (2, "8000M", "01:00:00"),
    "embed_labels": (2, "8000M", "00:30:00"),
    "score_shots": (1, "2000M", "01:00:00"),
    "collect_shots": (1, "4000M", "01:00:00"),
    "select_shots": (1, "4000M", "00:30:00"),
    "split_samples": (1, "4000M", "01:00:00"),
    "train_model": (8, "32000M", "2-00:00:00"),
}
SHARDED = {"detect_shots", "embed_frames", "score_shots"}


@pytest.mark.slow
def test_a_slice_of_the_workflow(submit, scheduler, trained):
    """Two jobs compute on two devices while the third waits for a GPU and for nothing else."""
    waiting = {f"embed_frames@{shard}": "wait" for shard in ("00000", "00001", "00002", "00003")}
    run = submit(f"{MODEL}/metrics.json", **waiting)

    def embedding(state: str) -> list[dict]:
        return [job for job in run.records() if job["Rule"] == "embed_frames" and job["JobState"] == state]

    wait_for(lambda: len(embedding("RUNNING")) == 2 and len(embedding("PENDING")) == 2, run.text, 400)
    one, two = embedding("RUNNING")
    assert {re.search(r"IDX:(\d)", job["GRES"])[1] for job in (one, two)} == {"0", "1"}
    wait_for(lambda: len(list((run.faults / "taken").iterdir())) == 2, "both jobs compute", 300)
    seen = dict(path.read_text().split()[1:] for path in (run.faults / "taken").iterdir())
    assert seen == {job["JobId"]: re.search(r"IDX:(\d)", job["GRES"])[1] for job in (one, two)}
    node = scheduler.node()
    third = embedding("PENDING")[0]
    assert third["Reason"] in ("Resources", "Priority")
    assert int(node["CPUTot"]) - int(node["CPUAlloc"]) >= int(third["NumCPUs"])
    assert int(node["RealMemory"]) - int(node["AllocMem"]) >= 8000
    run.go()
    run.finish()

    records = run.records()
    assert {job["Rule"] for job in records} == EXPECTED.keys()
    for job in records:
        asked = (int(job["NumCPUs"]), job["MinMemoryNode"], job["TimeLimit"])
        assert (job["JobState"], job["Restarts"], asked) == ("COMPLETED", "0", EXPECTED[job["Rule"]]), job
        assert job.get("TresPerJob", "").strip() == ("gres:gpu:1" if job["Rule"] in ON_GPU else ""), job
        assert job["NumNodes"] == "1"
    counts = {rule: sum(job["Rule"] == rule for job in records) for rule in EXPECTED}
    assert counts == {rule: 4 if rule in SHARDED else 1 for rule in EXPECTED}
    assert set(completed(records).values()) == {1}

    # It has the seconds of each epoch.
    assert differences(run.workspace.path / RUN, trained.path / RUN) == ["models/small/history.csv"]
