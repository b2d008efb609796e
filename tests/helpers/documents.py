"""The documents that people read: their links, headings, commands and code."""

import re
from pathlib import Path

from tests.helpers import ROOT

DOCUMENTS = [
    path
    for pattern in ("README.md", "CHANGELOG.md", "results/README.md", "config/README.md", "docs/**/*.md")
    for path in sorted(ROOT.glob(pattern))
]

_FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def fenced(text: str, language: str) -> list[str]:
    """The blocks of code of a language."""
    return [block for _, name, block in _FENCED.findall(text) if name == language]


def inline_code(text: str) -> list[str]:
    """What stands in single backticks, on one line each."""
    return [" ".join(code.split()) for code in _CODE.findall(_FENCED.sub("", text))]


def links(text: str) -> list[str]:
    """Targets of the links and pictures, without those of code."""
    return _LINK.findall(_CODE.sub("", _FENCED.sub("", text)))


def anchors(path: Path) -> set[str]:
    """Anchors of a document's headings, as GitHub makes them."""
    found: set[str] = set()
    for heading in _HEADING.findall(_FENCED.sub("", path.read_text(encoding="utf-8"))):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-")
        number = sum(re.fullmatch(rf"{re.escape(slug)}(-\d+)?", other) is not None for other in found)
        found.add(f"{slug}-{number}" if number else slug)
    return found


def commands(text: str) -> list[str]:
    """Command lines of the blocks of bash, and those in the text that begin with `uv run`; without comments."""
    lines = [line for block in fenced(text, "bash") for line in block.replace("\\\n", " ").splitlines()]
    lines += [code for code in inline_code(text) if code.startswith("uv run ")]
    return [" ".join(re.sub(r"\s#.*", "", line).split()) for line in lines if line.strip()]
