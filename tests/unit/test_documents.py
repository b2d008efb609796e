"""README and docs: no dead link, commands as a user types them, and messages as the code prints them."""

import ast
import re

import pytest

from tests.helpers import ROOT
from tests.helpers.documents import DOCUMENTS, anchors, commands, inline_code, links

# Snakemake's own messages are quoted under this heading.
FOREIGN = "## Snakemake's own"
LARGEST_PICTURE = 400_000


def name_of(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_no_link_is_dead(document):
    dead = []
    for link in links(document.read_text(encoding="utf-8")):
        if re.match(r"https?://|mailto:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (document.parent / file).resolve() if file else document
        if not target.is_relative_to(ROOT) or not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


def test_the_readme_leads_to_every_document():
    """In one step or two."""
    start = ROOT / "README.md"
    seen, todo = {start}, [start]
    for _ in range(2):
        reached = {
            (path.parent / link.partition("#")[0]).resolve()
            for path in todo
            for link in links(path.read_text(encoding="utf-8"))
            if link.partition("#")[0].endswith(".md") and "://" not in link
        }
        todo = sorted(reached - seen)
        seen |= reached
    assert set(DOCUMENTS) - seen <= {ROOT / "CHANGELOG.md", ROOT / "config/README.md"}


def test_pictures_are_small_and_shown():
    shown = {
        (document.parent / link).resolve()
        for document in DOCUMENTS
        for link in links(document.read_text(encoding="utf-8"))
        if re.search(r"\.(?:jpg|png|svg)$", link)
    }
    files = set((ROOT / "docs/images").iterdir())
    assert files == {path for path in shown if path.is_relative_to(ROOT / "docs/images")}
    assert [path.name for path in files if path.stat().st_size > LARGEST_PICTURE] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_commands_are_written_as_they_are_typed(document):
    """By uv, which has the environment: `snakemake …` alone is not found."""
    text = document.read_text(encoding="utf-8")
    typed = [part for line in commands(text) for part in re.split(r"&& |; |\| |\bdo ", line)]
    bare = re.compile(r"\$ |(?:snakemake|pytest|ruff|python3?(?! -m venv))(?: |$)")
    assert [line for line in (*typed, *inline_code(text)) if bare.match(line.strip()) and " " in line.strip()] == []


def printed_texts() -> list[str]:
    """Every text of the code, with `…` for what is filled in; texts that are joined without an operator are one."""
    texts = []
    for path in [*ROOT.glob("scripts/**/*.py"), *ROOT.glob("rules/*.smk")]:
        source = path.read_text(encoding="utf-8")
        if path.suffix == ".smk":
            texts.append(re.sub(r"\{[^{}]*\}", "…", re.sub(r'"\s*f?"', "", source)))
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.JoinedStr):
                texts.append("".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value)
    return texts


def test_quoted_messages_are_those_of_the_code():
    """The first column of docs/troubleshooting.md; between two `…` all words stand together in one text."""
    ours = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8").partition(FOREIGN)[0]
    cells = [line.split(" | ")[0] for line in ours.splitlines() if line.startswith("| `")]
    quoted = [message for cell in cells for message in re.findall(r"`([^`]+)`", cell)]
    assert len(quoted) >= 25
    texts = printed_texts()
    unknown = [
        message
        for message in quoted
        if not any(re.search(".{0,200}".join(map(re.escape, message.split("…"))), text, re.DOTALL) for text in texts)
    ]
    assert unknown == []


def test_every_local_program_of_the_documents_is_there():
    """Modules of `uv run python -m …` and paths of tests that are named in commands."""
    missing = []
    for document in DOCUMENTS:
        for line in commands(document.read_text(encoding="utf-8")):
            for module in re.findall(r"python -m ([\w.]+)", line):
                path = ROOT / module.replace(".", "/")
                if module != "venv" and not path.with_suffix(".py").is_file():
                    missing.append(line)
            missing += [line for path in re.findall(r"\b(tests/\S+\.py)", line) if not (ROOT / path).is_file()]
    assert missing == []
