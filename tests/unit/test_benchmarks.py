"""The commands of docs/benchmarks.md run, here on next to nothing, and print what they measure."""

import json
import re
import shutil
import subprocess
import sys

import pytest

from tests.helpers import ROOT
from tests.slurm.scheduler import missing_packages


@pytest.mark.parametrize(
    ("arguments", "measured"),
    [
        (
            ("dataset", "--clips", "120", "--shots", "900", "--movies", "12"),
            r"collect_shots: .* s, .* MB.*split_samples: .* s, .* MB.*900 shots, 179 labels: .*; [1-9]\d* samples",
        ),
        (
            ("memory", "--minutes", "0.04", "0.04"),
            r"detect: .* MB.*detect by transnetv2: .* MB.*embed: .* MB.*score: .* MB for 0.04 min, ratio",
        ),
        (
            ("tagging", "--clip", "{clip}", "--model", "config/demo/clip_small.json", "--rounds", "1"),
            r"our tagging: .* frames/s.*our tagging / one frame at a time: \d",
        ),
        (
            ("feeding", "--clip", "{clip}", "--model", "config/demo/clip_small.json", "--rounds", "1"),
            r"this code, +decoding: .* core .*to RGB: .* core .*feeding: .* frames/s and core",
        ),
        (("detection", "--clip", "{clip}", "--rounds", "1"), r"ratio: .*, the same \d+ cuts"),
        (
            ("detectors", "--cuts", "{cuts}"),
            r"content, as configured: .* 0 of 1 hard.*transnetv2, as configured: .* 0 of 0 gradual, .* frames per sec",
        ),
        (
            ("loading", "--clip", "{clip}", "--frames", "2", "--size", "32", "--seconds", "0.1"),
            r"JPEG by OpenCV: .* kB per frame.*cache: 1 shots, 12 frames.*clips/s and core.*clips/s with 2 worker",
        ),
        (
            ("search", "--shots", "500", "--width", "16", "--rounds", "1"),
            r"s of processor, .* MB at most.*the first 50 are those of brute force: True",
        ),
        (("training", "--clip", "{clip}", "--models", "clip_linear", "--samples", "8"), r"clip_linear: .* samples/s"),
        (
            ("dry_run", "--metadata", "{table}", "--clips", "2", "--rounds", "1"),
            r"2 clips in shards of 100: .* s .*, .* MB.*a job's start: .* s of processor time, .* s of it for",
        ),
        pytest.param(
            ("gallery", "--clips", "120", "--shots", "900", "--movies", "12", "--rounds", "1"),
            r"reading shots.parquet .* s, .* MB.*make_gallery: .* s.*opening: .* s.*choosing sort: .* s",
            marks=pytest.mark.skipif(not shutil.which("chromium"), reason="Debian's package chromium is absent"),
        ),
        pytest.param(
            ("arrays", "--clip", "{clip}", "--jobs", "2"),
            r"2 jobs one by one: 2 submissions, .*2 jobs as an array: 1 submissions, ",
            marks=[pytest.mark.slow, pytest.mark.skipif(bool(missing_packages()), reason="SLURM is not installed")],
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_benchmark(make_video, tmp_path, arguments, measured):
    table = tmp_path / "clips.csv"
    table.write_text("videoid,imdbid,title,year\n-a,tt1,A,1999.0\nb,tt2,B,-1.0\n")
    files = {"clip": make_video([(1, 12)]).path, "table": table, "cuts": tmp_path / "cuts.json"}
    files["cuts"].write_text(json.dumps({"note": "", files["clip"]: {"hard": [9]}}))
    command = [sys.executable, "-m", f"benchmarks.{arguments[0]}", *(part.format(**files) for part in arguments[1:])]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert re.search(measured, done.stdout, re.DOTALL), done.stdout
