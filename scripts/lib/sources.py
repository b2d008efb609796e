"""What can be fetched, and where it is put."""

import re
from pathlib import Path

from scripts.lib.errors import UserError, bullet_list
from scripts.lib.tables import read_csv

# The list of Condensed Movies' clips that `retrieve` makes.
CLIP_LIST = "resources/clips.csv"
COLUMNS = ("path", "version", "url", "sha256", "licence", "how_to_get")
WEIGHT_SUFFIXES = (".safetensors", ".pt", ".pth", ".bin")
_PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*", re.ASCII)
_SHA256 = re.compile(r"(?:[0-9a-f]{64})?")


def read_sources(path: str | Path) -> dict[str, dict[str, str]]:
    """Rows of `config/sources.csv` by their path below `resources/` and below a mirror.

    Raises:
        UserError: the table cannot be read, lacks a column, or has rows that cannot be used.
    """
    rows = read_csv(path, *COLUMNS)
    problems, sources = [], {}
    for row in rows:
        place = row["path"]
        if not _PATH.fullmatch(place) or {".", ".."} & {*place.split("/")}:
            problems.append(f"the path {place!r} is not one below resources/, of letters, digits, _ - and .")
        if place in sources:
            problems.append(f"the path {place!r} is there twice")
        if not row["url"].startswith(("https://", "http://")):
            problems.append(f"{place}: the url {row['url']!r} does not begin with https://")
        if not _SHA256.fullmatch(row["sha256"]):
            problems.append(f"{place}: the sha256 {row['sha256']!r} is not 64 hexadecimal digits, nor left out")
        sources[place] = row
    if problems:
        raise UserError(f"the table of sources {path} has {len(problems)} problem(s):\n{bullet_list(problems)}")
    return sources


def in_mirror(path: str | Path, mirror: str | None) -> Path | None:
    """The mirror's copy of a file or folder below `resources/`, None where it has none."""
    path = Path(path)
    if not mirror or path.parts[:1] != ("resources",):
        return None
    copy = Path(mirror, *path.parts[1:])
    return copy if copy.exists() else None


def is_weights_file(pretrained: str) -> bool:
    """Whether `pretrained` names a file; otherwise it is an open_clip tag or a hub id."""
    return pretrained.endswith(WEIGHT_SUFFIXES)


def weights_file(model: str, pretrained: str) -> str:
    """The file of weights of a tagger: the user's own, or where `retrieve` puts it."""
    if is_weights_file(pretrained):
        return pretrained
    return f"resources/weights/{_stem(model)}/{pretrained.replace('/', '--')}.safetensors"


def tagger_with(weights: str, taggers: dict[str, dict]) -> dict:
    """The settings of the tagger whose weights are put at this path below `resources/`.

    Raises:
        UserError: no tagger has its weights there.
    """
    fetched = {
        weights_file(tagger["model"], tagger["pretrained"]): tagger
        for tagger in taggers.values()
        if not is_weights_file(tagger["pretrained"])
    }
    if weights not in fetched:
        raise UserError(
            f"no tagger of this configuration fetches the weights {weights}: add one to taggers whose model and "
            "pretrained make this path, or put the file there. Its taggers fetch:\n"
            f"{bullet_list(sorted(fetched) or ['no weights'])}"
        )
    return fetched[weights]


def encoder_name(model: str, pretrained: str) -> str:
    """Folder name of an encoder's embeddings, shared by taggers that differ in prompts alone."""
    weights = Path(pretrained).stem if is_weights_file(pretrained) else pretrained.replace("/", "--")
    return f"{_stem(model)}__{weights}"


def label_encoder_folder(name: str) -> str:
    """The folder of a sentence-transformers model: the user's own, or where `retrieve` puts a hub id's."""
    return name if Path(name).is_dir() else f"resources/encoders/{name.replace('/', '--')}"


def check_label_encoder(folder: str, name: str | None) -> str:
    """The configured sentence encoder, which must be the one that belongs into `folder`.

    Raises:
        UserError: it is another, or there is none.
    """
    if not name or label_encoder_folder(name) != folder:
        raise UserError(
            f"the encoder of this configuration does not belong into {folder}: taxonomy.encoder is "
            f"{name or 'not given'}; name the one that you want there"
        )
    return name


def _stem(model: str) -> str:
    """A model's name: open_clip's own, or that of its JSON description."""
    return Path(model).stem if model.endswith(".json") else model.replace("/", "-").replace(":", "-")
