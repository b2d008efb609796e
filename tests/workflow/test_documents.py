"""Every command of README and docs is planned, and the picture of the chapters is that of the rules."""

import re
import shlex
from pathlib import Path

import pytest

from tests.helpers import ROOT
from tests.helpers.documents import DOCUMENTS, commands, fenced
from tests.workflow.test_plans import write_given_files

# What the documents put for a file of the reader's.
PLACEHOLDERS = {"FILE": "config/tag.yaml"}
# Commands that leave something out, and what needs a finished run.
OPEN = re.compile(r"…|<\w+>|--report")


def all_commands() -> list[str]:
    """Command lines that begin with `uv run snakemake`, each once, up to a pipe."""
    texts = [path.read_text(encoding="utf-8") for path in DOCUMENTS]
    lines = [line.split(" | ")[0] for text in texts for line in commands(text)]
    whole = [line for line in lines if line.startswith("uv run snakemake") and not OPEN.search(line)]
    return sorted({line.replace("/my films", "/my videos") for line in whole})


def write_named_files(folder: Path):
    """Files that the documents' commands name, with as little in them as can be planned."""
    write_given_files(folder)
    for films in ("videos", "my videos", "my scripts", "condensed_movies"):
        (folder / films).mkdir()
        (folder / films / ("film.txt" if "scripts" in films else "film.mp4")).touch()
    verified = folder / "results/published/verification"
    verified.mkdir(parents=True)
    for file in ("films.csv", "results/published/verification/windows.csv"):
        (folder / file).write_text("clip_id,path\na,a.mkv\n")
    labels = folder / "resources/movieshots/v1_split_trailer.json"
    labels.parent.mkdir()
    for file in (verified / "evaluation_set.csv", labels):
        file.touch()
    (own,) = fenced((ROOT / "docs/downstream.md").read_text(encoding="utf-8"), "yaml")[:1]
    (folder / "birds.yaml").write_text(own)
    (folder / "birds.csv").write_text("video_id,split,labels\na,train,wren\n")


@pytest.mark.parametrize("command", all_commands())
def test_each_command_is_planned(workspace, command):
    """A dry run in a fresh checkout, with absolute paths below it."""
    write_named_files(workspace.path)
    here = re.sub(r"(?<=[ :])/(?=\w)", f"{workspace.path}/", command)
    words = [PLACEHOLDERS.get(word, word) for word in shlex.split(here)[3:]]
    if "profiles/slurm" in words:
        pytest.importorskip("snakemake_executor_plugin_slurm", reason="its plugin is not installed")
    done = workspace.snakemake("--dry-run", *words)
    assert "Job stats:" in done.stdout or "--unlock" in words or "--rulegraph" in words


def test_the_documents_have_commands():
    """The search for them finds those that the README and two pages are about; each says how many cores."""
    found = all_commands()
    assert len(found) > 25
    assert {"uv run snakemake --cores 2", "uv run snakemake help --cores 1"} <= set(found)
    assert any("birds.yaml" in command for command in found)
    unasked = re.compile("--cores|profiles/slurm|--unlock|--rulegraph")
    assert [command for command in found if not unasked.search(command)] == []


def test_the_readmes_arrows_are_dependencies_of_the_rules(workspace):
    """Between chapters, in the demo; each chapter is there but those that only bring material."""
    (chart,) = fenced((ROOT / "README.md").read_text(encoding="utf-8"), "mermaid")
    drawn = set(re.findall(r"(\w+) --> (\w+)", chart))
    chapter_of = {
        rule: path.stem
        for path in (ROOT / "rules").glob("*.smk")
        for rule in re.findall(r"^ *(?:use )?rule (\w+)(?=.*:$)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    graph = workspace.snakemake("--rulegraph").stdout
    names = dict(re.findall(r'^\s*(\d+)\[label ?= ?"(\w+)', graph, re.MULTILINE))
    pairs = [(names[a], names[b]) for a, b in re.findall(r"^\s*(\d+) -> (\d+)", graph, re.MULTILINE)]
    real = {(chapter_of.get(a), chapter_of.get(b)) for a, b in pairs}
    assert drawn - real == set()
    chapters = {path.stem for path in (ROOT / "rules").glob("*.smk")} - {"common", "paths", "retrieve", "demo"}
    assert {chapter for pair in drawn for chapter in pair} == chapters
