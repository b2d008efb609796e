"""Files about the project: citation, changelog, version, workflow catalog, descriptions of configurations."""

import re
import tomllib

import pytest
import yaml
from jsonschema import Draft202012Validator

from scripts.lib.workflow.config import check_keys
from scripts.report.provenance import VERSION, package_versions
from tests.helpers import ROOT

TEXT = {"type": "string", "minLength": 1}
DATE = {"type": "string", "pattern": r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"}
NUMBER = {"type": ["string", "number"]}


def closed(required=(), **properties):
    """An object of these properties and no other."""
    return {"type": "object", "additionalProperties": False, "required": [*required], "properties": properties}


ENTITY = closed(["name"], **dict.fromkeys(("name", "alias", "location", "city"), TEXT), website=TEXT)
PERSON = closed(
    **dict.fromkeys(("family-names", "given-names", "name-particle", "alias", "affiliation", "orcid"), TEXT)
)
AUTHORS = {"type": "array", "minItems": 1, "items": {"anyOf": [PERSON, ENTITY]}}
SOME = {"title": TEXT, "authors": AUTHORS, "license": TEXT, "version": NUMBER, "date-released": DATE, "url": TEXT}
# What the guide of the Citation File Format 1.2.0 (https://citation-file-format.github.io) says about the keys that a
# file such as ours may have, written down from it; the format has many more.
CITATION = closed(
    ("authors", "cff-version", "message", "title"),
    **SOME,
    **{
        "cff-version": {"const": "1.2.0"},
        "message": TEXT,
        "abstract": TEXT,
        "doi": TEXT,
        "type": {"enum": ["software", "dataset"]},
        "keywords": {"type": "array", "minItems": 1, "items": TEXT},
        "repository-code": TEXT,
        "preferred-citation": closed(
            ("authors", "title", "type"),
            **SOME,
            **{
                "conference": ENTITY,
                "doi": TEXT,
                "start": NUMBER,
                "end": NUMBER,
                "year": {"type": ["integer", "string"]},
            },
            type={"enum": ["article", "book", "conference", "conference-paper", "generic", "proceedings", "report"]},
        ),
    },
)


def citation():
    """CITATION.cff with its dates as text, as the format's own schema takes them."""
    return yaml.load((ROOT / "CITATION.cff").read_text(), yaml.BaseLoader)


def test_the_citation_is_in_the_citation_file_format():
    assert [error.message for error in Draft202012Validator(CITATION).iter_errors(citation())] == []


def test_there_is_one_version():
    """In the package, the citation, the newest numbered heading of the changelog, and the record of each run."""
    changelog = (ROOT / "CHANGELOG.md").read_text()
    headings = re.findall(r"^## (.+)$", changelog, re.MULTILINE)
    assert headings[0] == "Unreleased"
    version, date = headings[1].split(" - ")
    cited = citation()
    assert {cited["version"], VERSION, package_versions(())["movieclip-workflow"]} == {version}
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == version
    assert date == cited["date-released"]
    kinds = set(re.findall(r"^### (.+)$", changelog, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_workflow_catalog_is_told_how_to_run_this():
    """By the keys that the catalog reads, and with a configuration that exists."""
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert set(usage) == {"mandatory-flags", "software-stack-deployment", "report"}
    assert set(usage["mandatory-flags"]) == {"desc", "flags"}
    option, path = usage["mandatory-flags"]["flags"].split()
    assert option == "--configfile" and (ROOT / path).is_file()
    assert usage["software-stack-deployment"] == {"conda": True} and usage["report"] is True


def test_each_configuration_is_described_with_its_command():
    text = (ROOT / "config/README.md").read_text()
    told = set(re.findall(r"`(config/\w+\.yaml)`", text))
    there = {f"config/{path.name}" for path in (ROOT / "config").glob("*.yaml")}
    assert told == there - {"config/demo.yaml"}  # which runs without being named
    for row in re.findall(r"^\| .*config/.* \|$", text, re.MULTILINE):
        _, _, copied, _, command, _ = row.split("|")
        assert f"--configfile {copied.strip().strip('`')}" in command
    for target in re.findall(r"\]\((?!http)([^)#]+)", text):
        assert (ROOT / "config" / target).is_file()


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda path: path.stem)
def test_no_configuration_gives_a_key_twice(path):
    """Of a key that merged branches have both added, YAML would use the last."""
    check_keys(path)
