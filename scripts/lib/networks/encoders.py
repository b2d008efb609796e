"""Networks that embed frames, and among them the image and text towers of CLIP models, as open_clip builds them.

torch and open_clip are imported where they are used: their import takes seconds of CPU time, and
scoring jobs need neither.
"""

import json
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts.lib.jobs.errors import UserError, did_you_mean, make_anew
from scripts.lib.jobs.log import logger
from scripts.lib.media.geometry import Crop, resize_and_crop

PREPROCESS_KEY = "preprocess_cfg"
# Larger batches are slower on a CPU: docs/benchmarks.md.
CPU_BATCH_SIZE = 32
PACKAGES = ("torch", "open_clip_torch", "torchvision", "pillow", "numpy")


@dataclass
class FrameEncoder:
    """A network ready for frames.

    Attributes:
        model: network in evaluation mode on `device`, from normalised frames (B, 3, h, w) to features (B, D).
        name: name of the architecture.
        size: (height, width) of its input.
        crop: the model's own resizing and cropping of a frame, (H, W, 3) to (h, w, 3) uint8.
        mean, std: normalisation per channel, after division by 255.
        preprocessing: the above as text, for attributes.
        device, dtype: device and precision of the network.
        bgr: whether it is given blue, green, red in place of red, green, blue.
    """

    model: object
    name: str
    size: tuple[int, int]
    crop: Crop
    mean: tuple[float, ...]
    std: tuple[float, ...]
    preprocessing: str
    device: str
    dtype: str
    bgr: bool = False

    def encode_frames(self, crops: np.ndarray) -> np.ndarray:
        """Features, not normalised: (B, h, w, 3) uint8 to (B, D) float32."""
        import torch

        with torch.inference_mode():
            batch = torch.from_numpy(crops).to(self.device, non_blocking=True)
            batch = batch.permute(0, 3, 1, 2).to(torch.float32).div_(255)
            if self.bgr:
                batch = batch.flip(1)
            mean, std = (
                torch.tensor(values, device=batch.device).view(1, -1, 1, 1) for values in (self.mean, self.std)
            )
            batch = ((batch - mean) / std).to(getattr(torch, self.dtype))
            return self._features(batch).float().cpu().numpy()

    def _features(self, batch):
        return self.model(batch)


@dataclass
class ClipEncoder(FrameEncoder):
    """A CLIP model ready for frames and prompts; `model` and `name` are open_clip's."""

    def _features(self, batch):
        return self.model.encode_image(batch)

    def encode_prompts(self, prompts: list[str], batch_size: int = 256) -> np.ndarray:
        """Text embeddings, not normalised: (N, D) float32."""
        import open_clip
        import torch

        tokenizer = open_clip.get_tokenizer(self.name)
        parts = []
        with torch.inference_mode():
            for start in range(0, len(prompts), batch_size):
                tokens = tokenizer(prompts[start : start + batch_size]).to(self.device)
                parts.append(self.model.encode_text(tokens).float().cpu().numpy())
        return np.concatenate(parts)

    @property
    def logit_scale(self) -> float:
        """The learnt logit scale, exponentiated."""
        return float(self.model.logit_scale.detach().exp())

    @property
    def logit_bias(self) -> float:
        """The learnt logit bias of sigmoid models (SigLIP), 0 for others."""
        bias = getattr(self.model, "logit_bias", None)
        return 0.0 if bias is None else float(bias.detach())


def usable_batch_size(wanted: int, device: str) -> int:
    """The configured batch size, limited on a CPU."""
    return min(wanted, CPU_BATCH_SIZE) if device == "cpu" else wanted


def threads_of_torch(workers: int) -> int:
    """Threads of torch beside `workers` threads that prepare frames.

    With a GPU torch has nothing else to do on the CPU than what these do, and each of them has a core already.
    """
    return workers if best_device() == "cpu" else 1


def best_device() -> str:
    """The first available of `cuda`, `mps` and `cpu`."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def usable_dtype(wanted: str, device: str) -> str:
    """torch's dtype of that name; always float32 on a CPU, where half precision is slower."""
    names = {"fp16": "float16", "bf16": "bfloat16", "fp32": "float32"}
    if device == "cpu" and wanted != "fp32":
        logger.info("No GPU here: computing in fp32 instead of %s", wanted)
        return "float32"
    return names[wanted]


def register_model(model: str) -> str:
    """open_clip's name of a model; a JSON description is registered first.

    Raises:
        UserError: there is no such model, or the description cannot be used.
    """
    import open_clip

    if model.endswith(".json"):
        if not Path(model).is_file():
            raise UserError(f"the model description {model} does not exist")
        try:
            complete = {"embed_dim", "vision_cfg", "text_cfg"} <= json.loads(Path(model).read_bytes()).keys()
        except (OSError, ValueError, AttributeError, RecursionError) as error:
            raise UserError(f"the model description {model} is not a JSON object ({error})") from error
        # open_clip would ignore it, or use its own model of that name.
        if not complete:
            raise UserError(f"the model description {model} lacks embed_dim, vision_cfg or text_cfg")
        open_clip.add_model_config(Path(model))
        return Path(model).stem
    if open_clip.get_model_config(model) is None:
        raise UserError(f"open_clip has no model {model!r}; {did_you_mean(model, open_clip.list_models())}")
    return model


def random_model(name: str, **options):
    """`open_clip.create_model` without pretrained weights, and without the warning about them.

    The caller loads weights or trains them.
    """
    import open_clip

    root = logging.getLogger()
    root.addFilter(_is_no_warning_of_random_weights)
    try:
        return open_clip.create_model(name, **options)
    finally:
        root.removeFilter(_is_no_warning_of_random_weights)


def _is_no_warning_of_random_weights(record: logging.LogRecord) -> bool:
    return "initialized randomly" not in record.getMessage()


def load_clip(model: str, weights: str | Path, dtype: str = "fp32", device: str | None = None) -> ClipEncoder:
    """A CLIP model from its name (or JSON description) and a file of weights.

    Weights are read without executing code (safetensors, or torch with `weights_only`).
    Preprocessing comes from the file's metadata if `retrieve` stored it there, otherwise from
    open_clip's registry for that model.

    Raises:
        UserError: unknown model, or weights that are damaged, unsafe or of another architecture.
    """
    from open_clip.transform import PreprocessCfg, image_transform_v2

    device = device or best_device()
    name = register_model(model)
    torch_dtype = usable_dtype(dtype, device)
    precision = {"float16": "fp16", "bfloat16": "bf16", "float32": "fp32"}[torch_dtype]
    preprocess = _preprocessing_of(name, weights)
    try:
        network = random_model(
            name, precision=precision, device=device, pretrained_text=False, force_preprocess_cfg=preprocess
        )
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise UserError(f"open_clip cannot build the model {model} ({type(error).__name__}: {error})") from error
    _load_weights(network, name, weights)
    network.eval()
    transform = image_transform_v2(PreprocessCfg(**network.visual.preprocess_cfg), is_train=False)
    size = network.visual.image_size
    size = (size, size) if isinstance(size, int) else tuple(size)
    return ClipEncoder(network, name, size, **split_transform(transform, name), device=device, dtype=torch_dtype)


def split_transform(transform, name: str) -> dict:
    """A transform of PIL images as arguments of an encoder: geometry for the workers, normalisation for the device.

    Raises:
        UserError: the transform has another form than those of open_clip, timm and torchvision today.
    """
    from torchvision.transforms import Normalize, ToTensor

    *spatial, to_tensor, normalize = transform.transforms
    if not (isinstance(to_tensor, ToTensor) and isinstance(normalize, Normalize)):
        raise UserError(f"the preprocessing of {name} has an unexpected form: {transform}")
    return {
        "crop": resize_and_crop(spatial),
        "mean": tuple(map(float, normalize.mean)),
        "std": tuple(map(float, normalize.std)),
        "preprocessing": " ".join(repr(transform).split()),
    }


def _preprocessing_of(name: str, weights: str | Path) -> dict:
    """Mean, std, interpolation and resize mode: the file's, or the registry's if all its entries agree."""
    import open_clip

    if str(weights).endswith(".safetensors"):
        stored = safetensors_metadata(weights).get(PREPROCESS_KEY)
        if stored:
            return json.loads(stored)
    keys = ("mean", "std", "interpolation", "resize_mode")
    known = [
        {key: settings[key] for key in keys if key in settings}
        for tag in open_clip.list_pretrained_tags_by_model(name)
        for settings in [open_clip.get_pretrained_cfg(name, tag)]
    ]
    if known and all(settings == known[0] for settings in known):
        return known[0]
    return {}


def safetensors_metadata(path: str | Path) -> dict[str, str]:
    """The metadata of a safetensors file, empty without any.

    Raises:
        UserError: the file is damaged or has another format.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="np") as file:
            return file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise UserError(
            f"the weights {path} are damaged or not a safetensors file ({error}). If this workflow has fetched them, "
            f"{make_anew(path)}"
        ) from error


def _load_weights(network, name: str, weights: str | Path) -> None:
    import open_clip

    try:
        open_clip.load_checkpoint(network, str(weights), strict=True, weights_only=True)
    except Exception as error:
        # torch, pickle and safetensors raise many types of exception for a bad file
        raise unusable_weights(weights, name, error) from error


def unusable_weights(weights: str | Path, name: str, error: Exception) -> UserError:
    """Message about a file that is not a state dict of the network `name`."""
    reason = str(error).strip().splitlines() or [type(error).__name__]
    return UserError(
        f"the weights {weights} cannot be used for {name}: {reason[0]}\n"
        "They must be a state dict of exactly this architecture, as safetensors or as a torch file "
        "that loads without executing code. If this workflow has fetched the file and it is damaged, "
        f"{make_anew(weights)}"
    )
