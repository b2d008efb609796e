"""Download the weights of any open_clip or timm model by tag or hub id, and store them as safetensors."""

import json
import shutil
from pathlib import Path

from scripts.lib.files.atomic import atomic_path
from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.log import logger, run_job
from scripts.lib.networks.encoders import PREPROCESS_KEY, register_model
from scripts.lib.networks.image_networks import DEFAULT_LIBRARY, known_in_timm
from scripts.lib.workflow.sources import in_mirror
from scripts.retrieve.checksums import check_or_record

# By library.
PREPROCESS_KEYS = {
    "open_clip": ("mean", "std", "interpolation", "resize_mode"),
    "timm": ("mean", "std", "interpolation", "crop_pct", "crop_mode"),
}


def retrieve_weights(
    model: str,
    pretrained: str,
    destination: str | Path,
    mirror: str | None = None,
    library: str = DEFAULT_LIBRARY,
) -> None:
    """Write a state dict with the model's preprocessing in its metadata.

    Args:
        model: the library's name of the model.
        pretrained: a tag that the library has for it, or a hub id (`owner/name`).
        destination: file below `resources/`.
        mirror: folder that is searched first, with the layout of `resources/`, for the finished file.
        library: `open_clip` or `timm`.

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

    check, download = LIBRARIES[library]
    name = check(model)
    try:
        path, settings = download(name, pretrained)
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
    preprocess = {key: settings[key] for key in PREPROCESS_KEYS[library] if key in settings}
    with atomic_path(destination) as temporary:
        save_file(tensors, temporary, metadata={PREPROCESS_KEY: json.dumps(preprocess), "source": pretrained})


def _download_of_open_clip(name: str, pretrained: str) -> tuple[str, dict]:
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


def _download_of_timm(name: str, pretrained: str) -> tuple[str, dict]:
    """The same of timm, whose tags are repositories of the hub."""
    from huggingface_hub import hf_hub_download

    repository = pretrained if "/" in pretrained else f"timm/{name}.{pretrained}"
    description = json.loads(Path(hf_hub_download(repository, "config.json")).read_text())
    return hf_hub_download(repository, "model.safetensors"), description["pretrained_cfg"]


# By library: check of a model's name, and download of its weights.
LIBRARIES = {"open_clip": (register_model, _download_of_open_clip), "timm": (known_in_timm, _download_of_timm)}


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    params, mirror = snakemake.params, snakemake.config["sources"]["mirror"]
    retrieve_weights(params.model, params.pretrained, snakemake.output[0], mirror, params.library or DEFAULT_LIBRARY)


if __name__ == "__main__":
    run_job(main, snakemake)
