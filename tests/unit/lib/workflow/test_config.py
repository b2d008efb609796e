"""The configuration: shipped files are valid, and every fault is told with the way out."""

import copy
import inspect

import pytest
import yaml

from scripts.lib.jobs.errors import UserError
from scripts.lib.workflow.config import check_config, load_schema, read_typed
from scripts.shots.detection import DETECTORS, TRANSNET
from tests.helpers import ROOT

DEFAULT = yaml.safe_load((ROOT / "config/default.yaml").read_text(encoding="utf-8"))
OVERLAYS = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "config").glob("*.yaml"))
    if path.stem not in ("schema", "default")
}


def united(base, overlay):
    """What Snakemake makes of two configurations: mappings are united, everything else is replaced."""
    if not (isinstance(base, dict) and isinstance(overlay, dict)):
        return copy.deepcopy(overlay)
    return {key: united(base.get(key), overlay.get(key, base.get(key))) for key in {**base, **overlay}}


def leaves(value, place=()):
    """Every key of a configuration that holds no mapping, with its value."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, (*place, key))
    else:
        yield place, value


@pytest.fixture
def schema():
    """The shipped schema."""
    return load_schema(ROOT / "config" / "schema.yaml")


@pytest.fixture
def config():
    """A valid configuration to spoil."""
    return united(DEFAULT, OVERLAYS["demo"])


def problems_of(config, schema):
    """The lines of the refusal."""
    with pytest.raises(UserError) as refusal:
        check_config(config, schema)
    headline, *lines = str(refusal.value).splitlines()
    assert f"has {len(lines)} problem(s)" in headline
    return [line.removeprefix("  - ") for line in lines]


def set_at(config, path, value):
    """Set a value deep inside a configuration."""
    for key in path[:-1]:
        config = config[key]
    config[path[-1]] = value


@pytest.mark.parametrize("name", OVERLAYS)
def test_shipped_configurations_are_valid(schema, name):
    """Every file a user may start from passes the check on top of the defaults."""
    assert check_config(united(DEFAULT, OVERLAYS[name]), schema) is None


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_overlay_holds_only_what_differs(name):
    """A value that the default has already would have to be kept equal by hand."""
    default = dict(leaves(DEFAULT))
    assert [place for place, value in leaves(OVERLAYS[name]) if default.get(place, ...) == value] == []


def test_the_overlays_of_users_are_short():
    assert max(len(list(leaves(OVERLAYS[name]))) for name in ("tag", "published", "taxonomy", "paper")) <= 15


def test_no_value_of_the_demo_reaches_another_run():
    """Its files, names and numbers stand in its own overlay alone."""
    demo = {value for place, value in leaves(OVERLAYS["demo"]) if isinstance(value, str) and "demo" in value}
    assert len(demo) > 5
    for name in OVERLAYS.keys() - {"demo"}:
        own = united(DEFAULT, OVERLAYS[name])
        assert own["demo"] is None
        assert not {value for _, value in leaves(own) if isinstance(value, str) and value in demo}


def test_five_lines_label_a_folder(schema):
    """The whole configuration of a user who has films."""
    own = """run: my_films
chapters: [shots, tagging, gallery]
clips: {folder: /my videos}
taxonomy: {labels: my_labels.txt}
tagging: {batch_size: 64}
"""
    assert check_config(united(DEFAULT, yaml.safe_load(own)), schema) is None


def test_a_run_may_be_called_by_a_number(schema):
    """As `--config run=1984` gives it; a number of clips stays one."""
    typed = read_typed({"run": 1984, "clips": {"shard_size": 7}}, schema)
    assert typed == {"run": "1984", "clips": {"shard_size": 7}}


def test_a_setting_has_one_spelling(schema, config):
    """Rules compare their parameters as they are written: keys in any order, whole numbers with or without a point."""
    content = {"threshold": 30, "weights": [1, 1, 1, 0], "kernel_size": 5.0}
    config["shots"]["parameters"] = {"hash": {"size": 8.0}, "content": content}
    config["taggers"]["demo_clip"]["logit_scale"] = 100
    other = copy.deepcopy(config)
    content = {"kernel_size": 5, "weights": [1.0, 1, 1, 0.0], "threshold": "30.0"}
    other["shots"]["parameters"] = {"content": content, "hash": {"size": 8}}
    other["taggers"]["demo_clip"]["logit_scale"] = 100.0
    other["dataset"]["flags"] = dict(reversed(other["dataset"]["flags"].items()))
    first, second = (read_typed(given, schema) for given in (config, other))
    assert repr(first) == repr(second)
    assert repr(first["shots"]["parameters"]["content"]) == (
        "{'kernel_size': 5, 'threshold': 30.0, 'weights': [1.0, 1.0, 1.0, 0.0]}"
    )
    assert check_config(first, schema) is None


@pytest.mark.parametrize("length", [15, 15.0])
def test_a_length_in_frames_stays_one(schema, length):
    """`min_scene_len` without a point counts frames, with one seconds."""
    typed = read_typed({"shots": {"parameters": {"hash": {"min_scene_len": length}}}}, schema)
    assert repr(typed["shots"]["parameters"]["hash"]["min_scene_len"]) == repr(length)


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        (("rum",), "run"),
        (("sources", "miror"), "mirror"),
        (("clips", "shardsize"), "shard_size"),
        (("shots", "parameters", "content", "treshold"), "threshold"),
        (("shots", "parameters", "contnt"), "content"),
        (("encoders", "demo_clip", "modl"), "model"),
        (("taggers", "demo_clip", "promts"), "prompts"),
        (("tagging", "batchsize"), "batch_size"),
        (("dataset", "flags", "black_lum"), "black_luma"),
        (("demo", "sed"), "seed"),
    ],
    ids=lambda value: ".".join(value) if isinstance(value, tuple) else value,
)
def test_unknown_keys_are_named_with_the_nearest_that_exists(config, schema, path, nearest):
    """A typing error at any depth is answered with the place and what was probably meant."""
    set_at(config, path, 1)
    (problem,) = problems_of(config, schema)
    assert ".".join(path) in problem
    assert f"did you mean '{nearest}'?" in problem


def test_all_faults_are_listed_once(config, schema):
    """One run shows everything that is wrong, and nothing twice."""
    del config["run"], config["shots"], config["clips"]["root"]
    config["clips"]["shard_size"] = 0
    config["encoders"]["demo_clip"]["dtype"] = "fp8"
    config["extra"] = {}
    found = problems_of(config, schema)
    assert len(found) == len(set(found)) == 6
    for expected in (
        "run is missing",
        "shots is missing",
        "clips.root is missing",
        "clips.shard_size",
        "encoders.demo_clip.dtype",
    ):
        assert sum(expected in line for line in found) == 1
    # a value that is not allowed is answered with what the key means
    assert "Clips per job" in next(line for line in found if "shard_size" in line)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("run",), "../elsewhere"),
        (("chapters",), []),
        (("clips", "max_failed_fraction"), 1.5),
        (("encoders", "demo_clip", "frames"), "0 fps"),
        (("encoders", "demo_clip", "frames"), "0.0 fps"),
        (("encoders", "demo_clip", "frames"), "0 per shot"),
        (("encoders", "demo_clip", "frames"), "4"),
        (("taggers", "demo_clip", "logit_scale"), "learnt"),
        (("taggers",), {"a b": {}}),
        (("tagging", "taggers"), []),
        (("shots", "parameters", "content", "weights"), [1, 1, 1]),
        (("attributes", "title"), {"long": ["a"], "short": ["b"]}),  # a column of shots.parquet
        (("attributes", "light"), {"day": ["a"]}),
        (("attributes", "light", "day"), []),
    ],
)
def test_values_that_would_fail_later_are_refused_now(config, schema, path, value):
    """The schema is closed in values too."""
    set_at(config, path, value)
    assert any(path[0] in line for line in problems_of(config, schema))


@pytest.mark.parametrize(("key", "value"), [(1, {}), (True, 1)])
def test_keys_that_yaml_reads_as_numbers_or_truth_are_refused_in_words(config, schema, key, value):
    """`1:` and `on:` are no text to YAML; they are faults of the file and not of the check."""
    config["taggers"] = {**config["taggers"], key: value, "x": {}}
    assert any("taggers" in line for line in problems_of(config, schema))


def test_the_sections_must_fit_each_other(config, schema):
    """What no schema can say: taggers and encoders exist, prompts have a place for the label, there are clips."""
    prompts = ["a photo of a {label}", "a photo"]
    config["taggers"]["other"] = {**config["taggers"]["demo_clip"], "encoder": "demo_clp", "prompts": prompts}
    config["tagging"]["taggers"] = ["demo_clip", "othr"]
    config["clips"] |= {"folder": None, "manifest": None}
    found = problems_of(config, schema)
    assert len(found) == 4
    assert "tagging.taggers: 'othr' is not among the taggers; did you mean 'other'?" in found
    assert "taggers.other.encoder: there is no encoder 'demo_clp'; did you mean 'demo_clip'?" in found
    assert any("clips.folder" in line and "clips.manifest" in line for line in found)
    assert "taggers.other.prompts: 'a photo' has no {label} to fill in" in found


def test_a_context_needs_probabilities(config, schema):
    config["tagging"]["context"] = {"prior_shots": 2, "neighbours": 20}
    check_config(config, schema)
    first, *_ = config["tagging"]["taggers"]
    config["taggers"][first]["score"] = "cosine"
    (problem,) = problems_of(config, schema)
    assert problem.startswith("tagging.context needs probabilities")


def test_a_run_from_released_shots_needs_their_labels_and_has_no_clips(config, schema):
    config["demo"], config["chapters"] = None, ["tagging", "shots", "verification"]
    config["dataset"] |= {"released_shots": "movieclip.json", "exclude_flags": ["black"], "evaluation_set": "file"}
    config["taxonomy"]["labels"], config["clips"]["folder"] = None, "videos"
    found = problems_of(config, schema)
    for words in (
        "'shots' cannot be made",
        "taxonomy.labels",
        "dataset.exclude_flags",
        "needs dataset.verified",
        "dataset.evaluation_set",
        "clips.folder",
    ):
        assert sum(words in line for line in found) == 1
    config["dataset"] |= {"exclude_flags": [], "evaluation_set": None, "verified": "file"}
    config["taxonomy"]["labels"], config["clips"]["folder"] = "labels.txt", None
    config["chapters"] = ["tagging", "dataset", "verification", "release"]
    assert check_config(config, schema) is None
    config["dataset"]["released"], config["clips"]["manifest"] = "folder", None
    assert any("without clips, a run starts from released or" in line for line in problems_of(config, schema))


def test_released_splits_with_clips_have_models_and_no_tagging(config, schema):
    """The JSON of released shots tells times then, and there is no other evaluation set."""
    config["demo"], config["chapters"] = None, ["shots", "dataset", "verification", "models", "report"]
    config["dataset"] |= {"released": "folder", "released_shots": "movieclip.json", "verified": "file"}
    config["taxonomy"]["labels"] = "labels.txt"
    assert check_config(config, schema) is None
    config["taxonomy"]["labels"], config["dataset"]["evaluation_set"] = None, "file"
    config["chapters"].append("tagging")
    found = problems_of(config, schema)
    assert len(found) == 3
    for words in ("taxonomy.labels", "dataset.evaluation_set", "'tagging' cannot be made"):
        assert sum(words in line for line in found) == 1


def test_models_must_fit_their_networks_and_encoders(config, schema):
    """Names and arguments of networks are those of the registry, and each kind has its own input."""
    models = config["models"]
    config["training"]["models"] = ["lstm_vit", "swin_bb"]
    models["lstm_vit"] |= {"encoder": "demo_clp", "arguments": {"widht": 128}}
    models["swin_b"] |= {"encoder": "demo_clip", "schedule": {"name": "milestones", "gamma": 0.1}}
    models["i3d_r50"]["network"] = "i3"
    models["timesformer"]["frame_choice"] = "spread"
    models["lstm_places"] |= {"max_frames": None}
    del models["slowfast_r50"]["optimiser"]["momentum"]
    models["slowfast_r50"]["optimiser"]["name"] = "sgd"
    found = problems_of(config, schema)
    assert "training.models: 'swin_bb' is not among the models; did you mean 'swin_b'?" in found
    assert "models.lstm_vit.encoder: there is no encoder 'demo_clp'; did you mean 'demo_clip'?" in found
    assert "models.lstm_vit.arguments: lstm has no argument 'widht'; did you mean 'width'?" in found
    assert "models.swin_b: swin takes clips; set encoder and max_frames to null" in found
    assert "models.timesformer.frame_choice: timesformer takes clips, of spread frames; remove it" in found
    assert "models.swin_b.schedule: milestones needs at" in found
    assert "models.i3d_r50.network: there is no network 'i3'; did you mean 'i3d'?" in found
    assert "models.lstm_places: lstm takes features; give encoder and max_frames" in found
    assert "models.slowfast_r50.optimiser: sgd needs a momentum, such as 0.9" in found
    assert len(found) == 9


def test_heads_must_be_networks_of_features(config, schema):
    tasks = config["downstream"]["tasks"]
    tasks["hvu"]["head"] |= {"arguments": {"hiden": [8], "width": 1024}, "schedule": {"name": "step", "gamma": 0.5}}
    tasks["moviescope"]["head"] = {"network": "i3d"}
    found = problems_of(config, schema)
    assert "downstream.tasks.hvu.head.arguments: perceptron has no argument 'hiden'; did you mean 'hidden'?" in found
    assert "downstream.tasks.hvu.head.arguments: leave out width; it is that of the features" in found
    assert "downstream.tasks.hvu.head.schedule: step needs step_size" in found
    assert any(line.startswith("downstream.tasks.moviescope.head: i3d takes clips") for line in found)


def test_a_run_from_released_files_has_no_chapters_about_clips(config, schema):
    config["demo"], config["chapters"] = None, ["dataset", "tagging", "demo"]
    config["dataset"] |= {"released": "folder", "fractions": [0, 0, 0]}
    found = problems_of(config, schema)
    for words in (
        "dataset.verified",
        "'tagging' cannot be made",
        "'demo' is for the demo only",
        "dataset.fractions",
    ):
        assert sum(words in line for line in found) == 1
    config["dataset"] |= {"verified": "file", "fractions": [1, 0, 0]}
    config["chapters"] = ["dataset"]
    assert check_config(config, schema) is None


def test_what_is_no_mapping_is_refused(config, schema):
    """An empty file is a fault in words too."""
    assert problems_of(None, schema)
    assert problems_of({**config, "clips": "videos"}, schema)


def walk(node, place=""):
    """Every mapping below a node of the schema, with its place."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    if isinstance(node, dict):
        yield place, node
    for key, child in children:
        yield from walk(child, f"{place}.{key}")


def test_every_key_is_described_and_every_section_closed(schema):
    """The schema is the manual: no key without a sentence, none that slips through unnamed."""
    objects = [(place, node) for place, node in walk(schema) if isinstance(node.get("properties"), dict)]
    keys = [(f"{place}.{key}", value) for place, node in objects for key, value in node["properties"].items()]
    assert len(keys) > 50
    assert [place for place, value in keys if len(value.get("description", "")) < 10] == []
    assert [place for place, node in objects if node.get("additionalProperties") is not False] == []


def test_detector_parameters_are_those_of_the_detectors(schema):
    """The schema offers what the detectors take: no parameter is missing, none is invented."""
    parameters = schema["properties"]["shots"]["properties"]["parameters"]["properties"]
    offered = {name: set(settings["properties"]) for name, settings in parameters.items()}
    taken = {name: set(inspect.signature(detector).parameters) for name, detector in DETECTORS.items()}
    assert offered == taken | {TRANSNET: {"threshold"}}
    assert set(schema["properties"]["shots"]["properties"]["detector"]["enum"]) == {*DETECTORS, TRANSNET}


def as_text(value):
    """What Snakemake makes of the values in --config key='{…}'."""
    if isinstance(value, dict):
        return {key: as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_text(item) for item in value]
    return "null" if value is None else str(value)


@pytest.mark.parametrize("name", OVERLAYS)
def test_text_from_the_command_line_gets_the_type_of_its_key(schema, name):
    """A whole configuration given as text is the one in the file, which itself is left as it is."""
    config = united(DEFAULT, OVERLAYS[name])
    assert read_typed(as_text(config), schema) == config
    assert read_typed(config, schema) == config


def test_text_that_is_meant_as_text_stays_text(schema):
    """Folders and runs may be called like numbers, and what fits nowhere is left for the check to refuse."""
    given = {
        "run": "2024",
        "clips": {"folder": "1999", "shard_size": "ten"},
        "tagging": {"taggers": "[a, b]"},
        "x": "1",
    }
    typed = read_typed(given, schema)
    assert typed == {**given, "tagging": {"taggers": ["a", "b"]}}
    assert read_typed({"taggers": {"a": {"logit_scale": "model", "prompts": ["1"]}}}, schema)["taggers"]["a"] == {
        "logit_scale": "model",
        "prompts": ["1"],
    }


def test_spoiling_does_not_leak(config, schema):
    """The check changes nothing in the configuration that it is given."""
    before = copy.deepcopy(config)
    check_config(config, schema)
    assert config == before
