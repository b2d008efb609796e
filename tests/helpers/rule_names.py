"""What rules give to their scripts by name, and what the scripts take, read from the text of both."""

import ast
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

PARTS = ("input", "output", "params")
_RULE = re.compile(
    r"^(?P<indent> *)(?:use rule (?P<base>\w+) as (?P<copy>\w+) with|rule (?P<name>\w+)):\n"
    r"(?P<body>(?:(?P=indent) {4}.*\n|\n)+)",
    re.MULTILINE,
)


def given_names(rule_files: list[Path]) -> dict[str, tuple[str, dict[str, set[str]]]]:
    """Script and names of each part, by rule; a copy of a rule has those that it does not give itself.

    `**` stands for the unknown names of a mapping.
    """
    found: dict[str, tuple[str, dict[str, set[str]]]] = {}
    for path in rule_files:
        for match in _RULE.finditer(path.read_text()):
            body = textwrap.dedent(match["body"])
            script, names = found.get(match["base"], ("", {}))
            names = names | {
                part: set(re.findall(r"^    (\w+|\*\*)(?:=|\w)", section[1], re.MULTILINE))
                for part in PARTS
                if (section := re.search(rf"^{part}:\n((?: +.*\n|\n)+)", body, re.MULTILINE))
            }
            own = re.search(r'"\.\./(scripts/[\w/]+\.py)"', body)
            if own or script:
                found[match["name"] or match["copy"]] = own[1] if own else script, names
    return found


def taken_names(script: Path) -> Iterator[tuple[str, str]]:
    """Part and name of all that a script takes: `snakemake.input.clips`, also by a variable for `snakemake.input`."""
    tree, variables = ast.parse(script.read_text()), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            targets, values = node.targets[0], node.value
            are_several = isinstance(targets, ast.Tuple) and isinstance(values, ast.Tuple)
            pairs = zip(targets.elts, values.elts, strict=True) if are_several else [(targets, values)]
            variables |= {target.id: part for target, value in pairs if (part := _part(value))}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Attribute, ast.Subscript)):
            part = _part(node.value) or variables.get(getattr(node.value, "id", None))
            name = node.attr if isinstance(node, ast.Attribute) else getattr(node.slice, "value", None)
            if part and isinstance(name, str) and name not in ("get", "items", "keys", "values"):
                yield part, name


def _part(node: ast.AST) -> str | None:
    is_one = isinstance(node, ast.Attribute) and node.attr in PARTS and getattr(node.value, "id", None) == "snakemake"
    return node.attr if is_one else None
