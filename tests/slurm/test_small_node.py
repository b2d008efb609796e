"""A newcomer on a node of two processors and one GPU edits the lines of profiles/slurm that a site edits, no other."""

import json
import os
import shutil
import signal

import pandas as pd
import pytest

from tests.helpers.mini import Started, random_weights
from tests.slurm.conftest import started
from tests.slurm.scheduler import wait_for

CLIPS = ("skv_bikes.mp4", "cve_vid1.mp4", "tc_h265_video.mp4")


@pytest.fixture
def node(tmp_path_factory):
    """Its scheduler, which keeps no accounts."""
    with started(tmp_path_factory.mktemp("small"), cpus=2, memory=16000, gpus=1) as running:
        yield running


@pytest.mark.slow
def test_three_clips_are_tagged_once_the_lines_that_are_told_are_edited(node, workspace, shared_data, tmp_path):
    videos = tmp_path / "videos"
    videos.mkdir()
    for name in CLIPS:
        shutil.copy(shared_data / "videos" / name, videos)
    random_weights(tmp_path / "weights.safetensors")
    encoder = {"model": "config/demo/clip_small.json", "pretrained": str(tmp_path / "weights.safetensors")}
    values = {"clips": {"folder": str(videos)}, "sources": {"mirror": str(shared_data)}}
    values |= {"encoders": {"clip_vit_b32": encoder}}
    command = ("tag", "--workflow-profile", "profiles/slurm", "--configfile", "config/tag.yaml", "--config")
    command += tuple(f"{key}={json.dumps(value)}" for key, value in values.items())

    def edit(line: str, instead: str) -> None:
        profile = workspace.path / "profiles/slurm/config.yaml"
        site, end, rest = profile.read_text().partition("# ---- End of what a site edits. ----")
        assert site.count(f"\n{line}\n") == 1
        profile.write_text(site.replace(f"\n{line}\n", f"\n{instead}\n") + end + rest)

    def start() -> Started:
        return Started(workspace, *command, settings=(), **node.variables)

    run = start()
    assert run.end() != 0
    assert "accounting storage is disabled" in run.text() and "\n  slurm-status-command: squeue\n" in run.text()
    assert node.jobs() == []

    edit("# slurm-status-command: squeue", "slurm-status-command: squeue")
    run = start()
    # A processor for each of the three clips.
    wait_for(lambda: "cannot start" in run.text(), run.text, 200)
    assert "PartitionConfig" in run.text() and "lower max-threads" in run.text()
    os.kill(run.pid, signal.SIGINT)
    assert run.end() != 0
    wait_for(lambda: node.ask("squeue", "--noheader") == "", lambda: node.ask("squeue"), 60)

    edit("max-threads: 8", "max-threads: 2")
    start().finish()
    jobs = [job for job in node.jobs() if job["JobState"] != "CANCELLED"]
    assert {job["JobState"] for job in jobs} == {"COMPLETED"}
    assert {job["Rule"] for job in jobs} > {"detect_shots", "embed_frames", "make_thumbnails", "collect_shots"}
    shots = pd.read_parquet(workspace.path / "results/tag/dataset/shots.parquet")
    assert set(shots["clip_id"]) == {name.partition(".")[0] for name in CLIPS} and shots["label_1"].notna().all()
