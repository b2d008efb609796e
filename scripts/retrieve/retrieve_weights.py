"""Download the weights of any open_clip model by tag or hub id, and store them as safetensors."""

import json
import shutil
from pathlib import Path

from scripts.lib.files.atomic import atomic_path
from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.log import logger, run_job
from scripts.lib.networks.encoders import PREPROCESS_KEY, register_model
from scripts.lib.workflow.sources import in_mirror
from scripts.retrieve.checksums import check_or_record

PREPROCESS_KEYS = ("mean", "std", "interpolation", "resize_mode")


def retrieve_weights(model: str, pretrained: str, destination: str | Path, mirror: str | None = None) -> None:
    """Write a state dict with the model's preprocessing in its metadata.

    Args:
        model: open_clip model name.
        pretrained: a tag that open_clip has for it, or a hub id (`owner/name`).
        destination: file below `resources/`.
        mirror: folder that is searched first, with the layout of `resources/`, for the finished file.

    Raises:
        UserError: the weights do not exist, cannot be downloaded, or differ from the first copy.
    """
    if copy := in_mirror(destination, mirror):
        check_or_record(copy, str(Path(*Path(destination).parts[1:])), str(copy))
        with atomic_path(destination) as temporary:
            shutil.copyfile(copy, temporary)
        return
    import open_clip
    from safetensors.torch import save_file

    name = register_model(model)
    try:
        path, settings = _download(name, pretrained)
    except (OSError, RuntimeError, ValueError) as error:
        raise UserError(
            f"the weights {pretrained!r} of {name} cannot be fetched ({error}). For a machine without network, "
            f"download them elsewhere and put them at {destination}, or set the encoder's `pretrained` to a local file"
        ) from error
    logger.info("Fetched %s", path)
    check_or_record(
        path, str(Path("weights", *Path(destination).with_suffix("").parts[-2:])), f"{pretrained!r} of {name}"
    )
    state = open_clip.factory.load_state_dict(str(path), weights_only=True)
    tensors = {key: tensor.contiguous() for key, tensor in state.items()}
    preprocess = {key: settings[key] for key in PREPROCESS_KEYS if key in settings}
    with atomic_path(destination) as temporary:
        save_file(tensors, temporary, metadata={PREPROCESS_KEY: json.dumps(preprocess), "source": pretrained})


def _download(name: str, pretrained: str) -> tuple[str, dict]:
    """Path of the downloaded file, and its preprocessing."""
    import open_clip
    from huggingface_hub import hf_hub_download
    from open_clip.pretrained import download_pretrained, download_pretrained_from_hf

    if settings := open_clip.get_pretrained_cfg(name, pretrained):
        return download_pretrained(settings), settings
    if "/" not in pretrained:
        known = ", ".join(open_clip.list_pretrained_tags_by_model(name)) or "none"
        raise ValueError(f"open_clip has no such tag for this model; it has {known}")
    description = json.loads(Path(hf_hub_download(pretrained, "open_clip_config.json")).read_text())
    return download_pretrained_from_hf(pretrained), description.get("preprocess_cfg", {})


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    mirror = snakemake.config["sources"]["mirror"]
    retrieve_weights(snakemake.params.model, snakemake.params.pretrained, snakemake.output[0], mirror)


if __name__ == "__main__":
    run_job(main, snakemake)
