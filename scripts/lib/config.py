"""Validation of a run's configuration, with errors that name the key and the way out."""

from difflib import get_close_matches
from pathlib import Path

import yaml

from scripts.lib.errors import UserError, bullet_list

# Sections that a run needs which starts from clips.
FROM_CLIPS = ("clips", "shots", "taggers", "tagging", "dataset")
# Chapters that a run has which starts from released split files.
FROM_RELEASED = ("dataset", "verification", "report")
# What the taxonomy chapter needs where no list of labels replaces it.
TAXONOMY_KEYS = frozenset(
    "screenplays hvu_tags review compare_with encoder label_template min_scripts merge_threshold similar_threshold "
    "sample".split()
)


def load_schema(path: str | Path) -> dict:
    """The JSON schema of the configuration, from YAML."""
    return yaml.safe_load(Path(path).read_text(encoding="utf-8"))


def check_keys(path: str | Path) -> None:
    """Refuse a configuration file that gives a key twice: of two, YAML would take the last and not say so.

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
        # Snakemake has read it as JSON.
        return
    if problems:
        raise UserError(f"{path} gives keys twice; delete one of each:\n{bullet_list(problems)}")


def read_typed(value, schema: dict):
    """The configuration with each value of the type its key wants, as far as it can be read so, and keys in order.

    One setting has one spelling, since Snakemake compares a rule's parameters as they are written: 30
    for 30.0, or keys in another order, would run the rule again. Snakemake also reads
    `--config key='{a: 1}'` with every value inside as text, and `--config run=1984` as a number. Text
    that does not fit its key is read as YAML, a whole number that does not as text; what fits neither
    way stays as it is.
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
    """A number of the kind its key wants; a key that wants integer and number tells the two apart."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if not validator.is_valid(value):
        # A run may be called 1984.
        return str(value) if isinstance(value, int) and validator.is_valid(str(value)) else value
    kinds = _kinds(schema)
    if kinds == {"integer"}:
        return int(value)
    return float(value) if kinds == {"number"} else value


def _kinds(schema: dict) -> set[str]:
    """The kinds of number that a value may be, over all its alternatives."""
    named = (option.get("type", ()) for option in (schema, *schema.get("anyOf", [])))
    types = {kind for kinds in named for kind in ([kinds] if isinstance(kinds, str) else kinds)}
    return types & {"integer", "number"}


def check_config(config: dict, schema: dict) -> None:
    """Check a whole configuration against the closed schema and across its sections.

    Raises:
        UserError: lists every problem, each with its key and a way to mend it.
    """
    from jsonschema import Draft202012Validator

    errors = sorted(Draft202012Validator(schema).iter_errors(config), key=lambda error: list(map(str, error.path)))
    problems = list(dict.fromkeys(problem for error in errors for problem in _explain(error)))
    problems += _missing_sections(config)
    if not problems:
        problems = list(_check_across(config))
    if problems:
        raise UserError(f"the configuration has {len(problems)} problem(s):\n{bullet_list(problems)}")


def _missing_sections(config) -> list[str]:
    """Sections that a run needs unless it starts from released split files, or makes a taxonomy and nothing else."""
    if not isinstance(config, dict) or config.get("chapters") == ["taxonomy"]:
        return []
    dataset = config.get("dataset")
    if isinstance(dataset, dict) and dataset.get("released"):
        return []
    return [f"{section} is missing" for section in FROM_CLIPS if section not in config]


def _explain(error) -> list[str]:
    """One line a fault; an unknown key is answered with the nearest that exists."""
    place = ".".join(str(part) for part in error.absolute_path)
    if error.validator in ("additionalProperties", "anyOf") and isinstance(error.instance, dict):
        known = _known_keys(error.schema)
        unknown = [key for key in error.instance if key not in known]
        if known and unknown:
            return [_unknown_key(f"{place}.{key}".lstrip("."), str(key), known) for key in unknown]
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        return [f"{f'{place}.{key}'.lstrip('.')} is missing" for key in missing]
    description = " ".join(str(error.schema.get("description", "")).split())
    return [f"{place or 'the configuration'}: {error.message}" + (f" ({description})" if description else "")]


def _known_keys(schema: dict) -> dict[str, dict]:
    """The keys that an object may have, with their schemas, over all its alternatives."""
    options = (schema, *schema.get("anyOf", []))
    return {key: value for option in options for key, value in option.get("properties", {}).items()}


def _unknown_key(place: str, key: str, known: dict[str, dict]) -> str:
    near = get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
    return f"unknown key {place!r}; {hint}"


def _check_across(config: dict):
    if "dataset" in config:
        yield from _check_dataset(config)
    if "tagging" in config and not config["dataset"]["released"]:
        yield from _check_tagging(config)
    missing = sorted(TAXONOMY_KEYS - set(config["taxonomy"]))
    if not config["taxonomy"]["labels"] and missing:
        yield (
            "taxonomy: give labels, a text file with one label a line, or everything that a taxonomy is made of; "
            f"missing: {', '.join(missing)}"
        )


def _check_dataset(config: dict):
    dataset, chapters = config["dataset"], config["chapters"]
    if dataset["released"]:
        if not dataset["metadata"]:
            yield "dataset.metadata: released files need the folder of Condensed Movies' tables, which tell the movies"
        if not dataset["verified"]:
            yield "dataset.verified: released files need the file of human-verified shots"
        for chapter in chapters:
            if chapter not in FROM_RELEASED:
                yield f"chapters: {chapter!r} cannot be built from dataset.released; take it out"
    elif "verification" in chapters and not dataset["evaluation_set"]:
        yield "chapters: 'verification' needs dataset.evaluation_set or dataset.released"
    if not sum(dataset["fractions"]):
        yield "dataset.fractions: all three are 0; give train, val and test a share, such as [0.7, 0.2, 0.1]"


def _check_tagging(config: dict):
    tagger, taggers = config["tagging"]["tagger"], config["taggers"]
    if tagger not in taggers:
        near = get_close_matches(tagger, taggers, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"defined are: {', '.join(taggers)}"
        yield f"tagging.tagger: {tagger!r} is not among the taggers; {hint}"
    if not (config["clips"]["folder"] or config["clips"]["manifest"]):
        yield "clips: give a folder of videos (clips.folder) or a CSV (clips.manifest)"
    if config["clips"]["download"] and (config["clips"]["folder"] or not config["clips"]["root"]):
        yield "clips.download: downloaded clips are those of a manifest and need a place: set root, and folder to null"
    for name, settings in taggers.items():
        for template in settings["prompts"]:
            if "{label}" not in template:
                yield f"taggers.{name}.prompts: {template!r} has no {{label}} to fill in"
