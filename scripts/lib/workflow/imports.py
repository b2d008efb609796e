"""The project's modules that decide a script's result, from its text: importing them would take seconds."""

import re
from functools import cache
from pathlib import Path

# How a job runs, where its files are and what it prints: without effect on the result.
RUNNING = ("scripts.lib.jobs.", "scripts.lib.workflow.", "scripts.lib.files.atomic")
# How clips, rows and arrays are listed and stored. A shard's clips are a parameter, and readers refuse a file in
# another format, so an edit need not repeat days of decoding.
STORING = (
    "scripts.lib.files.hdf5",
    "scripts.lib.records.clips",
    "scripts.lib.tables.rows",
    "scripts.lib.tables.shards",
)

_IMPORT = re.compile(r"^[ \t]*(?:from (scripts[\w.]*) import (\([^)]*\)|.*)|import (scripts[\w.]*))", re.MULTILINE)


def modules_of(script: Path, root: Path, left_out: tuple[str, ...] = RUNNING) -> list[Path]:
    """The script and the modules of `root` that it imports directly or indirectly; sorted.

    Args:
        script: file below `root`.
        root: folder that holds the package `scripts`.
        left_out: prefixes of modules that are ignored, with what only they import.
    """
    found, todo = set(), [script]
    while todo:
        path = todo.pop()
        found.add(path)
        todo += [
            module for name, module in _imports(path, root) if not name.startswith(left_out) and module not in found
        ]
    return sorted(found)


@cache
def _imports(path: Path, root: Path) -> list[tuple[str, Path]]:
    """Name and file of each module that a file imports, also inside functions."""
    names = set()
    for package, members, module in _IMPORT.findall(path.read_text(encoding="utf-8")):
        names |= {package or module, *(f"{package}.{member}" for member in re.findall(r"\w+", members))}
    files = ((name, root / f"{name.replace('.', '/')}.py") for name in sorted(names))
    return [(name, file) for name, file in files if file.is_file()]
