"""Settings of downstream tasks and of the extractors of their features, see `downstream` in config/schema.yaml."""

from scripts.lib.jobs.errors import UserError

# Of a model, what decides its features beside its weights.
_MODEL = ("arguments", "max_frames", "network")
_ENCODER = ("dtype", "library", "model", "preprocessing")


def task_settings(config: dict, task: str) -> dict:
    """A task's settings: those of `downstream.common`, overlaid by the task's own; mappings are merged."""
    return _overlaid(config["downstream"]["common"], config["downstream"]["tasks"][task])


def _overlaid(common, own):
    if not (isinstance(common, dict) and isinstance(own, dict)):
        return own
    return {key: _overlaid(common.get(key), own[key]) if key in own else common[key] for key in sorted({*common, *own})}


def shard_names(config: dict, task: str) -> list[str]:
    """Names of the shards of a task's videos: 00000, 00001, …"""
    return [f"{number:05d}" for number in range(task_settings(config, task)["shards"])]


def extractor_encoder(config: dict, name: str) -> str | None:
    """The encoder of an extractor: its own, or that of its model if this is a network of features."""
    extractor = config["downstream"]["extractors"][name]
    return config["models"][extractor["model"]]["encoder"] if "model" in extractor else extractor["encoder"]


def extractor_settings(config: dict, name: str) -> dict:
    """What decides the features of an extractor beside weights: `model`, `encoder`, of which one may be None."""
    extractor, encoder = config["downstream"]["extractors"][name], extractor_encoder(config, name)
    return {
        "encoder": _some(config["encoders"][encoder], _ENCODER) if encoder else None,
        "model": _some(config["models"][extractor["model"]], _MODEL) if "model" in extractor else None,
    }


def _some(settings: dict, keys: tuple[str, ...]) -> dict:
    return {key: settings[key] for key in keys if key in settings}


def pretrained_of(config: dict, name: str) -> str:
    """The file of pretrained weights of an extractor.

    Raises:
        UserError: its model has none.
    """
    model = config["downstream"]["extractors"][name]["model"]
    if path := config["models"][model]["pretrained"]:
        return path
    raise UserError(
        f"downstream.extractors.{name}: {model} has no pretrained weights; name their file as models.{model}.pretrained"
    )
