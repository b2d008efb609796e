"""The modules that a script's result depends on, beside what Python's own parser finds in the shipped scripts."""

import ast
from pathlib import Path

import pytest

from scripts.lib.workflow.imports import RUNNING, STORING, modules_of
from tests.helpers import ROOT

SCRIPTS = sorted((ROOT / "scripts").rglob("*.py"))


def parsed_imports(script: Path) -> set[Path]:
    """The script and all that it imports of `scripts`, by itself or through others."""
    found, todo = set(), [script]
    while todo:
        path = todo.pop()
        found.add(path)
        names = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {name.name for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path} has a relative import"
                names |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        files = {ROOT / f"{name.replace('.', '/')}.py" for name in names if name.startswith("scripts.")}
        todo += [file for file in files if file.is_file() and file not in found]
    return found


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT / "scripts")))
def test_every_import_of_the_project_is_found(script):
    assert set(modules_of(script, ROOT, ())) == parsed_imports(script)


def test_what_is_left_out_exists_and_takes_what_it_alone_imports_with_it():
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in SCRIPTS}
    assert all(any(module.startswith(name) for module in modules) for name in RUNNING + STORING)
    found = {path.stem for path in modules_of(ROOT / "scripts/tagging/embed_frames.py", ROOT, RUNNING + STORING)}
    lib = {"encoders", "features", "frame_batches", "geometry", "image_networks", "sampling", "shots", "video"}
    assert found == {"embed_frames", *lib}


def test_all_ways_to_import_a_module(tmp_path):
    """Several names, over several lines, inside a function, and a cycle."""
    (tmp_path / "scripts").mkdir()
    for name in "abcde":
        (tmp_path / "scripts" / f"{name}.py").touch()
    script = tmp_path / "scripts/main.py"
    script.write_text(
        "from scripts import a as first, b\nfrom scripts.c import (\n    x,\n    y,\n)\nimport scripts.d\n"
        "def f():\n    from scripts.e import z\nfrom elsewhere.scripts import a\n"
    )
    (tmp_path / "scripts/a.py").write_text("import scripts.main\n")
    assert [path.stem for path in modules_of(script, tmp_path)] == ["a", "b", "c", "d", "e", "main"]
