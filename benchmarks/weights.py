"""Weights that know nothing: they do not change how fast a model is or how much memory it takes."""

import sys
from pathlib import Path

from scripts.lib.networks.encoders import random_model, register_model


def write_random_weights(model: str, path: str | Path) -> None:
    """Randomly initialised weights of an open_clip model (name or JSON description), as safetensors."""
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    save_file(random_model(register_model(model)).state_dict(), path)


if __name__ == "__main__":
    write_random_weights(*sys.argv[1:])
