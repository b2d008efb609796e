"""What can be fetched, and where it is put."""

import csv
from pathlib import Path

# The list of Condensed Movies' clips that `retrieve` makes.
CLIP_LIST = "resources/clips.csv"
WEIGHT_SUFFIXES = (".safetensors", ".pt", ".pth", ".bin")


def read_sources(path: str | Path) -> dict[str, dict[str, str]]:
    """Rows of `config/sources.csv` by their path below `resources/` and below a mirror."""
    with open(path, encoding="utf-8", newline="") as stream:
        return {row["path"]: row for row in csv.DictReader(stream)}


def own_or_mirrored(folder: str, mirror: str | None) -> str:
    """A folder of the user's, or the mirror's of the same place below `resources/` where the former is missing."""
    mirrored = Path(mirror or "", folder.removeprefix("resources/"))
    if mirror and folder.startswith("resources/") and not Path(folder).is_dir() and mirrored.is_dir():
        return str(mirrored)
    return folder


def is_weights_file(pretrained: str) -> bool:
    """Whether `pretrained` names a file; otherwise it is an open_clip tag or a hub id."""
    return pretrained.endswith(WEIGHT_SUFFIXES)


def weights_file(model: str, pretrained: str) -> str:
    """The file of weights of a tagger: the user's own, or where `retrieve` puts it."""
    if is_weights_file(pretrained):
        return pretrained
    return f"resources/weights/{_stem(model)}/{pretrained.replace('/', '--')}.safetensors"


def encoder_name(model: str, pretrained: str) -> str:
    """Folder name of an encoder's embeddings, shared by taggers that differ in prompts alone."""
    weights = Path(pretrained).stem if is_weights_file(pretrained) else pretrained.replace("/", "--")
    return f"{_stem(model)}__{weights}"


def label_encoder_folder(name: str) -> str:
    """The folder of a sentence-transformers model: the user's own, or where `retrieve` puts a hub id's."""
    return name if Path(name).is_dir() else f"resources/encoders/{name.replace('/', '--')}"


def _stem(model: str) -> str:
    """A model's name: open_clip's own, or that of its JSON description."""
    return Path(model).stem if model.endswith(".json") else model.replace("/", "-").replace(":", "-")
