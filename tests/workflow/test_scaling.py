"""The plan of a run, and how near it comes to what the demo has taken."""

import re
import subprocess
import sys

import pytest

from scripts.lib.workflow.plan import OTHERS, read_costs
from tests.helpers import ROOT


def test_the_plan_is_printed_for_the_configurations_chapters(workspace):
    """Clips that are not there count as the paper's: 1,000 of them are 34 hours, two frames a second for ViT-B/32."""
    rows = "".join(f"c{number},{number}.mkv\n" for number in range(1000))
    (workspace.path / "clips.csv").write_text(f"clip_id,path\n{rows}")
    (workspace.path / "labels.txt").write_text("bar\nkitchen\n")
    settings = ("clips={manifest: clips.csv, folder: null}", "taxonomy={labels: labels.txt}")
    text = workspace.snakemake("plan", "--configfile", "config/tag.yaml", "--config", *settings).stdout
    assert "1,000 clips in 100 shards; 34.0 hours of video" in text
    jobs, hours = re.search(r"embed_frames +(\d+) +([\d.]+)", text).groups()
    frames = 34 * 3600 * 2
    cost = read_costs(ROOT / "docs/scaling.md")["embed_frames"]
    assert int(jobs) == 100
    assert float(hours) == pytest.approx((frames * cost.core_seconds + 100 * cost.job_seconds) / 3600, rel=0.01)


def test_what_has_to_be_done_before_the_plan_is_told(workspace):
    """The clips of Condensed Movies are not listed in a fresh checkout."""
    done = workspace.snakemake("plan", "--configfile", "config/published_models.yaml", check=False)
    assert done.returncode == 1
    assert "uv run snakemake retrieve --cores 1 --configfile config/published_models.yaml" in done.stdout


def test_the_plan_of_a_finished_run_beside_what_it_took(demo_run):
    """By the benchmark, whose ratio depends on the machine: each rule that records its time is there."""
    command = [sys.executable, "-m", "benchmarks.planned", "--run", str(demo_run.path / "results/demo")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    rows = dict(re.findall(r"^(\S+): planned ([\d.]+) s, taken [\d.]+ s", done.stdout, re.MULTILINE))
    assert {"detect_shots", "embed_frames", "make_thumbnails", "cache_clips", "train_head", OTHERS} <= rows.keys()
    assert re.search(r"ratio \d+\.\d\d$", done.stdout.strip())
