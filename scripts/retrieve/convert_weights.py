"""Turn OpenAI's TorchScript archive of a CLIP model into plain tensors (safetensors)."""

from pathlib import Path

from scripts.lib.errors import UserError
from scripts.lib.files import atomic_path, sha256_of
from scripts.lib.log import job_log

# Not parameters: three numbers that the archive keeps beside them.
NOT_WEIGHTS = ("input_resolution", "context_length", "vocab_size")


def convert_weights(archive: str | Path, sha256: str, destination: str | Path) -> None:
    """Write the archive's state dict as safetensors, in the precision it has.

    Loading an archive can run code that it brings along, so it is loaded only if it is the very
    file whose checksum is known.

    Raises:
        UserError: the archive is another file.
    """
    if sha256_of(archive) != sha256:
        raise UserError(f"{archive} is not the published file (sha256 {sha256}); delete it to fetch it again")
    import torch
    from safetensors.torch import save_file

    state = torch.jit.load(str(archive), map_location="cpu").state_dict()
    tensors = {name: tensor.contiguous() for name, tensor in state.items() if name not in NOT_WEIGHTS}
    with atomic_path(destination) as temporary:
        save_file(tensors, temporary)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        convert_weights(snakemake.input.archive, snakemake.params.sha256, snakemake.output[0])
