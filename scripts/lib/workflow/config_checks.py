"""What a schema of the configuration cannot express: whether its sections fit each other."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from scripts.lib.jobs.errors import did_you_mean
from scripts.lib.workflow.tasks import task_settings

# Chapters of a run that starts from released split files, without clips and shots.
FROM_RELEASED = ("taxonomy", "dataset", "verification", "release", "report")
# Further ones if it has clips, to whose shots the released labels are joined.
ON_CLIPS = ("shots", "models")
# Chapters of a run that starts from released shots, without clips.
FROM_RELEASED_SHOTS = ("taxonomy", "tagging", "dataset", "verification", "release", "report")
# Chapters of a run without released split files that need clips.
NEED_CLIPS = ("shots", "tagging", "verification", "shot_scale", "models", "gallery")


def check_across(config: dict) -> Iterator[str]:
    """The problems of a configuration that fits the schema, each with its key and the remedy."""
    yield from _check_encoders(config)
    yield from _check_taggers(config)
    yield from _check_models(config)
    if "downstream" in config["chapters"]:
        yield from _check_downstream(config)
    yield from _check_clips(config)
    dataset = config["dataset"]
    if dataset["released"]:
        yield from _check_released(config)
    elif dataset["released_shots"]:
        yield from _check_released_shots(config)
    if "shot_scale" in config["chapters"] and ("verification" not in config["chapters"] or dataset["evaluation_set"]):
        yield "chapters: 'shot_scale' needs the study of 'verification'; add it, or remove 'shot_scale'"
    if "demo" in config["chapters"] and not config["demo"]:
        yield "chapters: 'demo' is for the demo only (config/demo.yaml); remove it"
    if not sum(dataset["fractions"]):
        yield "dataset.fractions: all three are 0; give train, val and test a share, such as [0.7, 0.2, 0.1]"


def _unknown(place: str, kind: str, name: str, known: Iterable[str]) -> str:
    return f"{place}: there is no {kind} {name!r}; {did_you_mean(name, known)}"


def _check_encoders(config: dict) -> Iterator[str]:
    """Settings that an encoder's library does not have, and an encoder of shot scale that cannot be used."""
    encoders, name = config["encoders"], config["shot_scale"]["encoder"]
    for encoder, settings in encoders.items():
        if "preprocessing" in settings and settings.get("library") != "places":
            yield f"encoders.{encoder}.preprocessing: only the library places has it; remove it"
    if name not in encoders:
        yield _unknown("shot_scale.encoder", "encoder", name, encoders)
    elif encoders[name]["frames"].endswith("per shot"):
        yield f"shot_scale.encoder: {name} samples {encoders[name]['frames']}; take one with `all` or `n fps`"


def _check_released(config: dict) -> Iterator[str]:
    """What a run from released splits needs, and what it cannot make or use."""
    dataset, has_clips = config["dataset"], config["clips"]["folder"] or config["clips"]["manifest"]
    if dataset["released_shots"] and not has_clips:
        yield "dataset: without clips, a run starts from released or from released_shots; set one of them to null"
    if dataset["released_shots"] and not config["taxonomy"]["labels"]:
        yield "dataset.released_shots: name the list of their labels as taxonomy.labels"
    if not dataset["verified"]:
        yield "dataset.verified: released files need the file of human-verified shots"
    if dataset["evaluation_set"]:
        yield "dataset.evaluation_set: a run from dataset.released makes its own; set it to null"
    for chapter in config["chapters"]:
        if chapter in ON_CLIPS and not has_clips:
            yield f"chapters: {chapter!r} of dataset.released needs clips; give clips.manifest or clips.folder"
        elif chapter not in FROM_RELEASED + ON_CLIPS:
            yield f"chapters: {chapter!r} cannot be made from dataset.released; remove it"


def _check_released_shots(config: dict) -> Iterator[str]:
    """What a run from released shots needs, and what it cannot make or use."""
    dataset, clips = config["dataset"], config["clips"]
    for chapter in config["chapters"]:
        if chapter not in FROM_RELEASED_SHOTS:
            yield f"chapters: {chapter!r} cannot be made from dataset.released_shots; remove it"
    if not config["taxonomy"]["labels"]:
        yield "dataset.released_shots: name the list of their labels as taxonomy.labels"
    if dataset["exclude_flags"]:
        yield "dataset.exclude_flags: released shots have no flags; set it to []"
    if "verification" in config["chapters"] and not dataset["verified"]:
        yield "chapters: 'verification' of released shots needs dataset.verified"
    if dataset["evaluation_set"]:
        yield "dataset.evaluation_set: is for a run on clips; released shots are compared with dataset.verified"
    for key in ("folder", "reuse"):
        if clips[key]:
            yield f"clips.{key}: a run from dataset.released_shots has no clips; set it to null"


def _check_taggers(config: dict) -> Iterator[str]:
    """Taggers and encoders that are used but not defined, prompts without {label}, and scores without context."""
    first, *_ = config["tagging"]["taggers"]
    for name in config["tagging"]["taggers"]:
        if name not in config["taggers"]:
            yield f"tagging.taggers: {name!r} is not among the taggers; {did_you_mean(name, config['taggers'])}"
    if config["tagging"]["context"] and config["taggers"].get(first, {}).get("score", "softmax") != "softmax":
        yield f"tagging.context needs probabilities: set it to null, or taggers.{first}.score to softmax"
    for name, settings in config["taggers"].items():
        encoder, encoders = settings["encoder"], config["encoders"]
        if encoder not in encoders:
            yield _unknown(f"taggers.{name}.encoder", "encoder", encoder, encoders)
        elif encoders[encoder].get("library", "open_clip") != "open_clip":
            yield f"taggers.{name}.encoder: {encoder} has no text tower; take an encoder of open_clip"
        for template in settings["prompts"]:
            if "{label}" not in template:
                yield f"taggers.{name}.prompts: {template!r} has no {{label}} to fill in"


def _check_models(config: dict) -> Iterator[str]:
    """Models that are trained but not defined, and settings that a model's network or encoder does not have."""
    models, encoders, networks = config["models"], config["encoders"], network_arguments()
    for name in config["training"]["models"]:
        if name not in models:
            yield f"training.models: {name!r} is not among the models; {did_you_mean(name, models)}"
    for name, settings in models.items():
        place, network, encoder = f"models.{name}", settings["network"], settings["encoder"]
        yield from _check_training(place, settings, networks)
        if network not in networks:
            continue
        takes_clips = "frames" in networks[network]
        if takes_clips and (encoder or settings["max_frames"]):
            yield f"{place}: {network} takes clips; set encoder and max_frames to null"
        elif takes_clips and "frame_choice" in settings:
            yield f"{place}.frame_choice: {network} takes clips, of spread frames; remove it"
        elif not takes_clips and not (encoder and settings["max_frames"]):
            yield f"{place}: {network} takes features; give encoder and max_frames"
        elif encoder and encoder not in encoders:
            yield _unknown(f"{place}.encoder", "encoder", encoder, encoders)


def _check_training(place: str, settings: dict, networks: dict[str, list[str]]) -> Iterator[str]:
    """The network of a model or head, its arguments, and what its optimiser and schedule need."""
    network = settings["network"]
    if network not in networks:
        yield _unknown(f"{place}.network", "network", network, networks)
        return
    for argument in settings["arguments"]:
        if argument not in networks[network]:
            yield (
                f"{place}.arguments: {network} has no argument {argument!r}; "
                f"{did_you_mean(str(argument), networks[network])}"
            )
    if settings["optimiser"]["name"] == "sgd" and "momentum" not in settings["optimiser"]:
        yield f"{place}.optimiser: sgd needs a momentum, such as 0.9"
    schedule, needed = settings["schedule"], {"step": ["step_size", "gamma"], "milestones": ["at", "gamma"]}
    if missing := [key for key in needed.get(schedule["name"], ()) if key not in schedule]:
        yield f"{place}.schedule: {schedule['name']} needs {' and '.join(missing)}"


def _check_downstream(config: dict) -> Iterator[str]:
    """Tasks and extractors that are used but not defined, and settings without which they cannot be used."""
    downstream, place = config["downstream"], "downstream"
    for name in downstream["run"]:
        if name not in downstream["tasks"]:
            yield _unknown(f"{place}.run", "task", name, downstream["tasks"])
            continue
        task, key = task_settings(config, name), f"{place}.tasks.{name}"
        files = task["videos"] if isinstance(task["videos"], dict) else {}
        needed = {"hvu": ["train", "test", "tags"], "moviescope": ["train", "val", "test"]}.get(task["format"], [])
        if missing := [part for part in needed if part not in files]:
            yield f"{key}.videos: the format {task['format']} needs the file(s) {', '.join(missing)}"
        if task["format"] == "table" and not isinstance(task["videos"], str):
            yield f"{key}.videos: name the CSV that lists the videos (docs/downstream.md)"
        if task["format"] == "moviescope" and not task["labels"]:
            yield f"{key}.labels: the pickles do not name the genres; list them in the order of their vector"
        if task["download"] and not task["root"]:
            yield f"{key}.download: set root, the folder that videos are downloaded to"
        head, networks = task["head"], network_arguments()
        yield from _check_training(f"{key}.head", head, networks)
        if "frames" in networks.get(head["network"], ()):
            yield f"{key}.head: {head['network']} takes clips; take a network of features, such as perceptron"
        if "width" in head["arguments"]:
            yield f"{key}.head.arguments: leave out width; it is that of the features"
    for key in ("scene", "motion"):
        if downstream[key] not in downstream["features"]:
            yield f"{place}.{key}: {downstream[key]!r} is not among downstream.features; add it, or name one of these"
    for name in downstream["features"]:
        if name not in downstream["extractors"]:
            yield _unknown(f"{place}.features", "extractor", name, downstream["extractors"])
        else:
            yield from _check_extractor(config, name)


def _check_extractor(config: dict, name: str) -> Iterator[str]:
    extractor, key = config["downstream"]["extractors"][name], f"downstream.extractors.{name}"
    if extractor.keys() not in ({"model", "weights"}, {"encoder"}):
        yield f"{key}: give model and weights, or encoder"
        return
    for kind in extractor.keys() & {"model", "encoder"}:
        chosen, known = extractor[kind], config[f"{kind}s"]
        if chosen not in known:
            yield _unknown(f"{key}.{kind}", kind, chosen, known)
        elif extractor.get("weights") == "pretrained" and not known[chosen]["pretrained"]:
            yield f"{key}: {chosen} has no pretrained weights; name their file as models.{chosen}.pretrained"


def network_arguments() -> dict[str, list[str]]:
    """The arguments of each network in `NETWORKS`, from its text: importing it would take seconds."""
    tree = ast.parse(Path(__file__).parents[1].joinpath("networks/video_models.py").read_text(encoding="utf-8"))
    functions = {node.name: node.args for node in tree.body if isinstance(node, ast.FunctionDef)}
    (table,) = (node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "NETWORKS")
    return {
        key.value: [argument.arg for argument in functions[value.id].kwonlyargs]
        for key, value in zip(table.keys, table.values, strict=True)
    }


def _check_clips(config: dict) -> Iterator[str]:
    clips, dataset = config["clips"], config["dataset"]
    of_clips = [chapter for chapter in config["chapters"] if chapter in NEED_CLIPS]
    if of_clips and not (clips["folder"] or clips["manifest"] or dataset["released"] or dataset["released_shots"]):
        yield "clips: give a folder of videos (clips.folder) or a CSV (clips.manifest)"
    if clips["download"] and (clips["folder"] or not clips["root"]):
        yield "clips.download: only a manifest's clips can be downloaded, to clips.root: set root, and folder to null"
