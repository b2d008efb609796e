"""Weights from files: published ones, in the layouts of their libraries, and those of this workflow."""

from pathlib import Path

import torch

from scripts.lib.jobs.errors import UserError, bullet_list, make_anew
from scripts.lib.jobs.log import logger
from scripts.lib.networks.video_models import Network

HEAD, BACKBONE = "head.1.", "backbone."
# The model zoo of pytorchvideo keeps the state dict under this name.
CONTAINER = "model_state"


def load_pretrained(network: Network, path: str | Path) -> None:
    """Load weights into a network: all of them, or all but the head if the file's head has another form or is missing.

    The file has the names of this workflow's networks, or those of the library's own network: of pytorchvideo
    (SlowFast, I3D), torchvision (R(2+1)D, Swin) or transformers (TimeSformer).

    Args:
        path: state dict as safetensors, or as a torch file that loads without executing code.

    Raises:
        UserError: the file cannot be read, or its weights are not of this architecture.
    """
    state = _own_names(read_state(path), network.last)
    expected = network.state_dict()
    head = {name: value for name, value in expected.items() if name.startswith(HEAD)}
    if any(name not in state or state[name].shape != value.shape for name, value in head.items()):
        found = [tuple(value.shape) for name, value in state.items() if name.startswith(HEAD)]
        wanted = [tuple(value.shape) for value in head.values()]
        logger.info(
            "%s: the head stays as initialised; its shapes are %s, the file's %s", path, wanted, found or "none"
        )
        state = {name: value for name, value in state.items() if not name.startswith(HEAD)} | head
    # Files of old versions of torch do not count batches; torch itself takes 0 for them.
    missing = [name for name in expected if name not in state and not name.endswith(".num_batches_tracked")]
    problems = [f"{name} is missing" for name in missing]
    for name, value in state.items():
        if name not in expected:
            problems.append(f"{name} is unexpected")
        elif value.shape != expected[name].shape:
            problems.append(f"{name} is {tuple(value.shape)}, not {tuple(expected[name].shape)}")
    if problems:
        raise UserError(
            f"the weights {path} are not of this architecture; {len(problems)} difference(s):\n"
            f"{bullet_list(problems, limit=5)}\nName a file, and arguments of the network, that belong together."
        )
    network.load_state_dict(state)


def read_state(path: str | Path) -> dict[str, torch.Tensor]:
    """The state dict of a file, on the CPU.

    Raises:
        UserError: there is none, or reading it would execute code.
    """
    from safetensors.torch import load_file

    try:
        if str(path).endswith(".safetensors"):
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # torch, pickle and safetensors raise many types of exception for a bad file
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise UserError(
            f"the weights {path} cannot be read: {reason[0]}\nThey must be a state dict, as safetensors or as a torch "
            f"file that loads without executing code. If this workflow has fetched or made the file, {make_anew(path)}"
        ) from error
    state = content.get(CONTAINER, content) if isinstance(content, dict) else None
    if not state or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise UserError(
            f"the weights {path} are no state dict: names of tensors are expected at the top or in {CONTAINER}"
        )
    return dict(state)


def _own_names(state: dict[str, torch.Tensor], last: str) -> dict[str, torch.Tensor]:
    """A library's names, in which the last layer is called `last`, as those of `Network`; own ones as they are."""
    if any(name.startswith(BACKBONE) for name in state):
        return state
    prefix = f"{last}."
    return {
        HEAD + name.removeprefix(prefix) if name.startswith(prefix) else BACKBONE + name: value
        for name, value in state.items()
    }
