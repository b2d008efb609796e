"""Validation of a run's configuration, with errors that name the key and the remedy."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from scripts.lib.jobs.errors import UserError, bullet_list, did_you_mean
from scripts.lib.workflow.config_checks import check_across

# Start of a path of the run's own files, whatever the run's name.
RUN_FOLDER = "results/{run}/"


def complete_config(config: dict, folder: str | Path, own: Sequence[str | Path], given: Iterable[str]) -> None:
    """Complete a merged configuration in place: convert values to their types, find paths, check everything.

    Args:
        config: the defaults merged with the user's values.
        folder: the workflow's.
        own: the user's configuration files.
        given: the user's top-level keys, from files or the command line.

    Raises:
        UserError: lists every problem with its key and the remedy.
    """
    for path in own:
        check_keys(path)
    if "clips" in given and not own:
        raise UserError(
            "clips are given without a configuration, and the demo has its own; to label your own videos add "
            "--configfile config/tag.yaml"
        )
    schema = load_schema(Path(folder, "config/schema.yaml"))
    config["query"] = _query_text(config["query"])
    typed = read_typed(config, schema)
    check_config(typed, schema)
    typed["attributes"] = {name: values for name, values in typed["attributes"].items() if values}
    config.clear()
    config.update(_found_from_here(typed, Path(folder), typed["run"]))


def _query_text(query):
    """A query as text: Snakemake reads `--config query='kitchen: night'` as YAML."""
    if isinstance(query, dict):
        return ", ".join(f"{key}: {value}" for key, value in query.items())
    return query if query is None else str(query)


def _found_from_here(value, folder: Path, run: str):
    """The configuration with paths of this repository's files relative to the working directory, and of this run's."""
    if isinstance(value, dict):
        return {key: _found_from_here(item, folder, run) for key, item in value.items()}
    if isinstance(value, str) and value.startswith(RUN_FOLDER):
        return value.replace(RUN_FOLDER, f"results/{run}/", 1)
    if isinstance(value, str) and value.startswith("config/") and not Path(value).exists():
        return os.path.relpath(folder / value) if (folder / value).exists() else value
    return value


def load_schema(path: str | Path) -> dict:
    """The JSON schema of the configuration, from YAML."""
    return yaml.safe_load(Path(path).read_text(encoding="utf-8"))


def check_keys(path: str | Path) -> None:
    """Refuse a configuration file with a repeated key, of which YAML would silently use the last.

    Raises:
        UserError: lists the keys with their lines.
    """
    problems, seen = [], set()

    def look_at(node: yaml.Node | None, place: str = "") -> None:
        if id(node) in seen:
            return
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            for item in node.value:
                look_at(item, place)
        elif isinstance(node, yaml.MappingNode):
            first_line = {}
            for key, value in node.value:
                name, line = f"{place}{key.value}", key.start_mark.line + 1
                if first_line.setdefault(name, line) != line:
                    problems.append(f"{name} is given on line {first_line[name]} and again on line {line}")
                look_at(value, f"{name}.")

    try:
        look_at(yaml.compose(Path(path).read_text(encoding="utf-8"), yaml.SafeLoader))
    except yaml.YAMLError:
        # Snakemake reads it as JSON.
        return
    if problems:
        raise UserError(f"{path} gives keys twice; delete one of each:\n{bullet_list(problems)}")


def read_typed(value, schema: dict):
    """The configuration with sorted keys, and each value converted to its key's type if possible.

    Snakemake compares a rule's parameters as written: 30 instead of 30.0, or another order of keys,
    would run the rule again. It also reads every value inside `--config key='{a: 1}'` as text, and
    `--config run=1984` as a number. Text that does not fit its key is read as YAML, an integer that
    does not fit as text; other values are unchanged.
    """
    from jsonschema import Draft202012Validator

    if isinstance(value, dict):
        known = _known_keys(schema)
        other = schema.get("additionalProperties")
        other = other if isinstance(other, dict) else {}
        return {
            key: read_typed(item, known.get(key, other))
            for key, item in sorted(value.items(), key=lambda item: str(item[0]))
        }
    if isinstance(value, list):
        return [read_typed(item, schema.get("items", {})) for item in value]
    validator = Draft202012Validator(schema)
    if not isinstance(value, str):
        return _read_number(value, schema, validator)
    if schema and value == "null" and validator.is_valid(None):
        return None
    if validator.is_valid(value):
        return value
    try:
        read = yaml.safe_load(value)
    except yaml.YAMLError:
        return value
    return _read_number(read, schema, validator) if validator.is_valid(read) else value


def _read_number(value, schema: dict, validator):
    """A number converted to its key's type, unless the key allows both integers and numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if not validator.is_valid(value):
        # The name of a run can be 1984.
        return str(value) if isinstance(value, int) and validator.is_valid(str(value)) else value
    kinds = _kinds(schema)
    if kinds == {"integer"}:
        return int(value)
    return float(value) if kinds == {"number"} else value


def _kinds(schema: dict) -> set[str]:
    """The numeric types that a value may have, over all alternatives."""
    named = (option.get("type", ()) for option in (schema, *schema.get("anyOf", [])))
    types = {kind for kinds in named for kind in ([kinds] if isinstance(kinds, str) else kinds)}
    return types & {"integer", "number"}


def check_config(config: dict, schema: dict) -> None:
    """Check a whole configuration against the closed schema and across its sections.

    Raises:
        UserError: lists every problem with its key and the remedy.
    """
    from jsonschema import Draft202012Validator

    errors = sorted(Draft202012Validator(schema).iter_errors(config), key=lambda error: list(map(str, error.path)))
    problems = list(dict.fromkeys(problem for error in errors for problem in _explain(error)))
    problems = problems or list(check_across(config))
    if problems:
        raise UserError(f"the configuration has {len(problems)} problem(s):\n{bullet_list(problems)}")


def _explain(error) -> list[str]:
    """One line per problem; for an unknown key with the most similar known one."""
    place = ".".join(str(part) for part in error.absolute_path)
    if error.validator in ("additionalProperties", "anyOf") and isinstance(error.instance, dict):
        known = _known_keys(error.schema)
        unknown = [key for key in error.instance if key not in known]
        if known and unknown:
            places = {str(key): f"{place}.{key}".lstrip(".") for key in unknown}
            return [f"unknown key {where!r}; {did_you_mean(key, known)}" for key, where in places.items()]
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        return [f"{f'{place}.{key}'.lstrip('.')} is missing" for key in missing]
    description = " ".join(str(error.schema.get("description", "")).split())
    return [f"{place or 'the configuration'}: {error.message}" + (f" ({description})" if description else "")]


def _known_keys(schema: dict) -> dict[str, dict]:
    """The known keys of an object with their schemas, over all alternatives."""
    options = (schema, *schema.get("anyOf", []))
    return {key: value for option in options for key, value in option.get("properties", {}).items()}
