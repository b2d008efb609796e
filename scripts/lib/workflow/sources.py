"""Files that can be downloaded, and their paths."""

import re
from pathlib import Path

from scripts.lib.jobs.errors import UserError, bullet_list
from scripts.lib.records.clips import CLIP_LIST
from scripts.lib.tables.rows import read_csv
from scripts.lib.workflow.tasks import extractor_encoder, pretrained_of, task_settings

COLUMNS = ("path", "version", "url", "sha256", "licence", "how_to_get")
WEIGHT_SUFFIXES = (".safetensors", ".pt", ".pth", ".pth.tar", ".bin")
# The published files that a run on clips joins to its shots, of `release_files`.
JOINED = ("lines", "label_map", "clips", "movie_info")
_PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*", re.ASCII)
_HUB_FILE = re.compile(r"hf://(?P<repo_id>[\w.-]+/[\w.-]+)@(?P<revision>[0-9a-f]{40})/(?P<filename>.+)", re.ASCII)
_SHA256 = re.compile(r"(?:[0-9a-f]{64})?")


def read_sources(path: str | Path) -> dict[str, dict[str, str]]:
    """Rows of `config/sources.csv` by their path below `resources/` and below a mirror.

    Raises:
        UserError: the table cannot be read, lacks a column, or has invalid rows.
    """
    rows = read_csv(path, *COLUMNS)
    problems, sources = [], {}
    for row in rows:
        place = row["path"]
        if not _PATH.fullmatch(place) or {".", ".."} & {*place.split("/")}:
            problems.append(f"the path {place!r} is not one below resources/, of letters, digits, _ - and .")
        if place in sources:
            problems.append(f"the path {place!r} is repeated")
        if not (row["url"].startswith(("https://", "http://")) or hub_file(row["url"])):
            problems.append(f"{place}: the url {row['url']!r} is neither https://… nor hf://owner/name@commit/file")
        if not _SHA256.fullmatch(row["sha256"]):
            problems.append(f"{place}: the sha256 {row['sha256']!r} is neither 64 hexadecimal digits nor empty")
        sources[place] = row
    if problems:
        raise UserError(f"the table of sources {path} has {len(problems)} problem(s):\n{bullet_list(problems)}")
    return sources


def hub_file(url: str) -> dict[str, str] | None:
    """`repo_id`, `revision` and `filename` of a url `hf://owner/name@commit/file` (Hugging Face), else None."""
    match = _HUB_FILE.fullmatch(url)
    return match and match.groupdict()


def in_mirror(path: str | Path, mirror: str | None) -> Path | None:
    """The mirror's copy of a file or folder below `resources/`, or None."""
    path = Path(path)
    if not mirror or path.parts[:1] != ("resources",):
        return None
    copy = Path(mirror, *path.parts[1:])
    return copy if copy.exists() else None


def is_weights_file(pretrained: str) -> bool:
    """Whether `pretrained` names a file; otherwise it is a tag or a hub id."""
    return pretrained.endswith(WEIGHT_SUFFIXES)


def weights_file(encoder: dict) -> str:
    """The weights file of an encoder with these settings: the user's, or the path of the download."""
    if is_weights_file(encoder["pretrained"]):
        return encoder["pretrained"]
    return f"resources/weights/{_stem(encoder['model'])}/{encoder['pretrained'].replace('/', '--')}.safetensors"


def encoder_with(weights: str, encoders: dict[str, dict]) -> dict:
    """The settings of the encoder whose weights have this path below `resources/`.

    Raises:
        UserError: there is no such encoder.
    """
    fetched = {
        weights_file(encoder): encoder for encoder in encoders.values() if not is_weights_file(encoder["pretrained"])
    }
    if weights not in fetched:
        raise UserError(
            f"no encoder of this configuration uses the weights {weights}: add one to encoders whose model and "
            "pretrained give this path, or put the file there. Its encoders use:\n"
            f"{bullet_list(sorted(fetched) or ['no weights'])}"
        )
    return fetched[weights]


def needed_files(config: dict) -> list[str]:
    """The inputs of a run's chapters that are given or downloaded, in the order of use."""
    encoder = label_encoder_folder(config["taxonomy"]["encoder"])
    listed = [CLIP_LIST] if config["clips"]["manifest"] == CLIP_LIST else []
    return [*listed, *source_files(config), *([encoder] if "taxonomy" in config["chapters"] else [])]


def source_files(config: dict) -> list[str]:
    """The files that decide a run's results: given by the user or downloaded."""
    taxonomy, dataset, chapters = config["taxonomy"], config["dataset"], set(config["chapters"])
    if taxonomy["labels"]:
        files = [taxonomy["labels"]]
        files += [taxonomy["hvu_tags"], taxonomy["compare_with"]] if "taxonomy" in chapters else []
    else:
        review = taxonomy["review"]
        answers = [review] if review and Path(review).exists() else []
        files = [taxonomy["hvu_tags"], *answers, taxonomy["compare_with"]]
    if dataset["released"]:
        has_clips = config["clips"]["folder"] or config["clips"]["manifest"]
        for name, paths in release_files(dataset).items():
            if name in JOINED or not has_clips:
                files += [paths] if isinstance(paths, str) else paths
        files.append(dataset["released_shots"])
    elif dataset["released_shots"]:
        files += [dataset["released_shots"], *([release_files(dataset)["label_map"]] if dataset["verified"] else [])]
    elif "tagging" in chapters:
        used = [config["encoders"][config["taggers"][name]["encoder"]] for name in config["tagging"]["taggers"]]
        files += [weights_file(encoder) for encoder in used]
        files += [encoder["model"] for encoder in used if encoder["model"].endswith(".json")]
    if "shot_scale" in chapters:
        shot_scale = config["shot_scale"]
        files += [weights_file(config["encoders"][shot_scale["encoder"]]), shot_scale["movieshots"]["labels"]]
    if "models" in chapters:
        for model in map(config["models"].get, config["training"]["models"]):
            encoder = model["encoder"]
            files += [weights_file(config["encoders"][encoder]) if encoder else None, model["pretrained"]]
    if "downstream" in chapters:
        files += downstream_files(config)
    files += [config["shots"]["list"], dataset["verified"], dataset["evaluation_set"]]
    return list(dict.fromkeys(path for path in files if path))


def downstream_files(config: dict) -> list[str]:
    """The lists of videos of a run's downstream tasks, and the weights that it does not train itself."""
    files = []
    for task in config["downstream"]["run"]:
        videos = task_settings(config, task)["videos"]
        files += videos.values() if isinstance(videos, dict) else [videos]
    for name in config["downstream"]["features"]:
        if encoder := extractor_encoder(config, name):
            files.append(weights_file(config["encoders"][encoder]))
        if config["downstream"]["extractors"][name].get("weights") == "pretrained":
            files.append(pretrained_of(config, name))
    return files


def release_files(dataset: dict) -> dict[str, str | list[str]]:
    """The authors' published files and related tables, by content.

    Args:
        dataset: the configuration's section of that name; `released` and `metadata` are folders. Without the
            first, the files are beside `verified`.
    """
    released, metadata = Path(dataset["released"] or Path(dataset["verified"] or "").parent), Path(dataset["metadata"])
    name = "multi_label_thresh_0_4_0_1"
    return {
        "lines": [str(released / f"{split}_{name}_150_labels.txt") for split in ("train", "val", "test")],
        "label_map": str(released / f"{name}_label_map.json"),
        "distribution": str(released / f"label_distribution_{name}_150.csv"),
        "clips": str(metadata / "clips.csv"),
        "movie_info": str(metadata / "movie_info.csv"),
        "movie_splits": str(metadata / "split.csv"),
        "hvu": ["resources/hvu/HVU_Tags_Categories_V1.0.csv", "resources/hvu/HVU_Val_V1.0.csv"],
    }


def label_encoder_folder(name: str) -> str:
    """The folder of a sentence-transformers model: the user's, or that of the download."""
    return name if Path(name).is_dir() else f"resources/encoders/{name.replace('/', '--')}"


def check_label_encoder(folder: str, name: str) -> str:
    """The configured sentence encoder, which must be that of `folder`.

    Raises:
        UserError: it is another one.
    """
    if label_encoder_folder(name) != folder:
        raise UserError(
            f"{folder} is not for the encoder of this configuration: taxonomy.encoder is {name}; set it to the one "
            "that you want"
        )
    return name


def _stem(model: str) -> str:
    """A model's name: open_clip's own, or that of its JSON description."""
    return Path(model).stem if model.endswith(".json") else model.replace("/", "-").replace(":", "-")
