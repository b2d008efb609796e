"""A small CLIP model with random weights: it runs like a real one and knows nothing."""

from pathlib import Path

from scripts.lib.encoders import register_model
from scripts.lib.files import atomic_path
from scripts.lib.log import job_log


def initialise_tagger(description: str | Path, seed: int, destination: str | Path) -> None:
    """Write randomly initialised weights of an open_clip model as safetensors.

    Args:
        description: the model's JSON file.
        seed: of the initialisation.
    """
    import open_clip
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(seed)
    model = open_clip.create_model(register_model(str(description)))
    with atomic_path(destination) as temporary:
        save_file(model.state_dict(), temporary)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        initialise_tagger(snakemake.input[0], snakemake.params.seed, snakemake.output[0])
