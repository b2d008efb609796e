"""docs/paper.md: each file that it names is made by the runs that it names."""

import re
import shlex

import pytest

from tests.helpers import ROOT
from tests.workflow.test_plans import write_given_files

LINES = re.findall(r"^\| (.*) \|$", (ROOT / "docs/paper.md").read_text(encoding="utf-8"), re.MULTILINE)
ROWS = [cells for line in LINES if len(cells := line.split(" | ")) == 3 and "---" not in line]
COMMANDS = {run.strip("`"): command.strip("`") for run, command, _ in ROWS if command.startswith("`uv run snakemake")}
ITEMS = [cells for cells in ROWS if cells[0].strip("`") not in {"run", "paper", *COMMANDS}]


def test_every_table_and_figure_has_a_file_or_a_reason():
    """And every run that makes a file is one whose command is given."""
    named = [re.match(r"(Table|Fig\.|Figs\.) (\w+)", item) for item, _, _ in ITEMS]
    found = [match[2] for match in named if match]
    assert found == ["1a", "1b", "1c", "2", "3", "4", "5", "6", "7", "11", "1", "2", "3", "4", "5", "6"]
    assert len(ITEMS) > 30 and len(COMMANDS) == 6
    for item, what, runs in ITEMS:
        assert re.search(r"`\w+/|not re|default\.yaml", what), item
        assert set(re.findall(r"`(\w+)`", runs)) <= COMMANDS.keys(), item
        assert runs != "–" or "not re" in what or "made by" in what or "default.yaml" in what, item


@pytest.mark.parametrize("run", COMMANDS)
def test_each_named_file_is_planned_by_its_run(workspace, run):
    named = [re.findall(r"`(\w+/[\w/]+\.\w+)`", what) for _, what, runs in ITEMS if f"`{run}`" in runs]
    files = {file for row in named for file in row}
    assert files
    write_given_files(workspace.path)
    labels = workspace.path / "resources/movieshots/v1_split_trailer.json"
    labels.parent.mkdir()
    labels.touch()
    # Without `uv run snakemake`, and with the cores that all runs of a workspace have.
    options = shlex.split(re.sub(r"--cores \w+", "", COMMANDS[run]))[3:]
    table = workspace.snakemake(*options, "--summary").stdout
    made = set(re.findall(r"^results/\w+/(\S+)\t", table, re.MULTILINE))
    assert files - made == set()
