"""Frame encoders of every library: CLIP's image towers, and networks without a text tower.

These are timm's, and the ResNets of Places365. torch and the libraries are imported where they are used.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from scripts.lib.jobs.errors import UserError, did_you_mean
from scripts.lib.networks.encoders import (
    PREPROCESS_KEY,
    FrameEncoder,
    best_device,
    load_clip,
    safetensors_metadata,
    split_transform,
    unusable_weights,
    usable_dtype,
)

# Of the encoders that do not name a library.
DEFAULT_LIBRARY = "open_clip"
# The official demonstration program of Places365, whose networks take ImageNet's normalisation.
PLACES_CLASSES, PLACES_SHORT_SIDE, PLACES_CROP = 365, 256, 224
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def load_encoder(settings: dict, weights: str | Path, device: str | None = None) -> FrameEncoder:
    """The frame encoder with these settings of the configuration, and a file of weights.

    Raises:
        UserError: see `load_clip`, `load_timm`, `load_places`.
    """
    load = {
        "open_clip": load_clip,
        "timm": load_timm,
        "places": load_places,
    }[settings.get("library", DEFAULT_LIBRARY)]
    options = {key: settings[key] for key in ("preprocessing",) if key in settings}
    return load(settings["model"], weights, settings["dtype"], device, **options)


def load_timm(model: str, weights: str | Path, dtype: str = "fp32", device: str | None = None) -> FrameEncoder:
    """A network of timm without its classifier: the CLS token of a ViT, averaged maps of a CNN.

    Preprocessing comes from the file's metadata if it is stored there, otherwise from timm's registry for
    that model.

    Args:
        model: timm's name, with or without a tag.

    Raises:
        UserError: unknown model, or weights that are damaged, unsafe or of another architecture.
    """
    from timm.data import create_transform, resolve_model_data_config

    metadata = safetensors_metadata(weights) if str(weights).endswith(".safetensors") else {}
    stored = json.loads(metadata.get(PREPROCESS_KEY, "{}"))
    network = build_timm(model, 0, stored.get("input_size"))
    classifier = network.pretrained_cfg["classifier"]
    _load_weights(network, model, weights, (classifier,) if isinstance(classifier, str) else classifier)
    settings = resolve_model_data_config(network) | stored
    return _encoder(network, model, create_transform(**settings), settings["input_size"][1:], dtype, device)


def build_timm(model: str, n_classes: int, input_size: Sequence[int] | None = None):
    """A network of timm with random weights.

    Args:
        model: timm's name, with or without a tag.
        n_classes: 0 for no classifier.
        input_size: (3, H, W), if another than timm's; a network that is made for one size, as a ViT is for its
            positions, is made for this one.

    Raises:
        UserError: unknown model.
    """
    import timm

    name = known_in_timm(model)
    is_fixed = timm.get_pretrained_cfg(name).fixed_input_size
    size = {"img_size": tuple(input_size[1:])} if input_size and is_fixed else {}
    return timm.create_model(name, num_classes=n_classes, **size)


def known_in_timm(model: str) -> str:
    """The same name, which must be one of timm's.

    Raises:
        UserError: it is not.
    """
    import timm

    if not timm.is_model(model):
        raise UserError(f"timm has no model {model!r}; {did_you_mean(model, timm.list_models())}")
    return model


def load_places(
    model: str,
    weights: str | Path,
    dtype: str = "fp32",
    device: str | None = None,
    preprocessing: str = "official",
) -> FrameEncoder:
    """A ResNet of Places365 (torchvision's, 365 classes) up to its average pooling.

    Args:
        model: torchvision's name, such as `resnet18`.
        weights: state dict in the layout of the official checkpoints.
        preprocessing: `official`, that of the dataset's demonstration program (short side 256, centre
            crop 224); or `release`, as the authors of MovieCLIP fed the network: frames squashed to
            256 × 256 before the crop, and blue, green, red in place of red, green, blue.

    Raises:
        UserError: unknown model, or weights that are damaged, unsafe or of another architecture.
    """
    import torch
    import torchvision
    from torchvision.transforms import CenterCrop, Compose, Normalize, Resize, ToTensor

    known = torchvision.models.list_models(include="resnet*")
    if model not in known:
        raise UserError(f"Places365 has ResNets; {model!r} is none of torchvision's: {did_you_mean(model, known)}")
    network = torchvision.models.get_model(model, num_classes=PLACES_CLASSES)
    network.fc = torch.nn.Identity()
    _load_weights(network, model, weights, ("fc",))
    as_released = preprocessing == "release"
    size = (PLACES_SHORT_SIDE, PLACES_SHORT_SIDE) if as_released else PLACES_SHORT_SIDE
    transform = Compose([Resize(size), CenterCrop(PLACES_CROP), ToTensor(), Normalize(IMAGENET_MEAN, IMAGENET_STD)])
    encoder = _encoder(network, model, transform, (PLACES_CROP, PLACES_CROP), dtype, device)
    if as_released:
        encoder.bgr, encoder.preprocessing = True, f"{encoder.preprocessing} of B, G, R"
    return encoder


def _encoder(network, name: str, transform, size: tuple[int, int], dtype: str, device: str | None) -> FrameEncoder:
    import torch

    device = device or best_device()
    dtype = usable_dtype(dtype, device)
    network = network.to(device, getattr(torch, dtype)).eval()
    return FrameEncoder(network, name, size, **split_transform(transform, name), device=device, dtype=dtype)


def _load_weights(network, name: str, weights: str | Path, classifiers: tuple[str, ...]) -> None:
    """Load a state dict of exactly this network; only the classifiers, which it lacks, may be in the file as well."""
    import open_clip

    try:
        state = open_clip.factory.load_state_dict(str(weights), weights_only=True)
        heads = tuple(f"{classifier}." for classifier in classifiers)
        network.load_state_dict({key: value for key, value in state.items() if not key.startswith(heads)})
    except Exception as error:
        # torch, pickle and safetensors raise many types of exception for a bad file
        raise unusable_weights(weights, name, error) from error
