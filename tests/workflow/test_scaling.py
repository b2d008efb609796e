"""The plan of a run, and how near it comes to what the demo has taken."""

import csv
import re

import pytest

from scripts.lib.records.clips import read_manifest
from scripts.lib.workflow.plan import OTHERS, estimate, quantities, read_costs, sample_clips
from tests.helpers import ROOT


def test_the_plan_is_printed_for_the_configurations_chapters(workspace):
    """Clips that are not there count as the paper's: 1,000 of them are 34 hours, of 24 frames a second for ViT-B/32."""
    rows = "".join(f"c{number},{number}.mkv\n" for number in range(1000))
    (workspace.path / "clips.csv").write_text(f"clip_id,path\n{rows}")
    (workspace.path / "labels.txt").write_text("bar\nkitchen\n")
    settings = ("clips={manifest: clips.csv, folder: null}", "taxonomy={labels: labels.txt}")
    text = workspace.snakemake("plan", "--configfile", "config/tag.yaml", "--config", *settings).stdout
    assert "1,000 clips in 100 shards; 34.0 hours of video" in text
    jobs, hours = re.search(r"embed_frames +(\d+) +([\d.]+)", text).groups()
    frames = 34 * 3600 * 24
    cost = read_costs(ROOT / "docs/scaling.md")["embed_frames"]
    assert int(jobs) == 100
    assert float(hours) == pytest.approx((frames * cost.core_seconds + 100 * cost.job_seconds) / 3600, rel=0.01)


def test_the_demo_has_cost_what_was_planned(demo_run):
    """Processor seconds of all rules that record theirs, within a factor of 1.5."""
    run = demo_run.path / "results/demo"
    taken: dict[str, float] = {}
    jobs: dict[str, int] = {}
    for path in (run / "benchmarks").rglob("*.tsv"):
        with path.open() as stream:
            (row,) = csv.DictReader(stream, delimiter="\t")
        rule = path.relative_to(run / "benchmarks").parts[0].removesuffix(".tsv")
        taken[rule] = taken.get(rule, 0) + float(row["cpu_time"])
        jobs[rule] = jobs.get(rule, 0) + 1
    # Trainings of the demo's own tiny networks say nothing of the full ones.
    for rule in jobs.keys() & {"train_model", "pretrain_model"}:
        del jobs[rule], taken[rule]
    sizes = sample_clips(read_manifest(run / "manifest.csv"), str(run / "demo/clips"))
    assert sizes.known
    work = quantities(sizes, "all", 1)
    costs = read_costs(ROOT / "docs/scaling.md")
    rows = estimate(jobs, costs, work, {"run": 1, "shard": jobs["detect_shots"], "model": 1}, "clip_small")
    planned = 3600 * sum(row.core_hours for row in rows)
    assert 1 / 1.5 < planned / sum(taken.values()) < 1.5
    # The demo's films, stills and training would outweigh all else.
    for rule in ("detect_shots", "embed_frames", "make_thumbnails", "cache_clips"):
        if rule in taken:
            seconds = next(3600 * row.core_hours for row in rows if row.rule == rule)
            assert 1 / 1.5 < seconds / taken[rule] < 1.5, (rule, seconds, taken[rule])
    assert OTHERS in {row.rule for row in rows}
