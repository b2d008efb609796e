"""Embed the prompts of the labels, and of the attributes, with the text tower (paper section 4.2, e_l)."""

import json

import numpy as np

from scripts.lib.files.atomic import sha256_of
from scripts.lib.files.hdf5 import create_h5, write_array, write_strings
from scripts.lib.jobs.log import run_job
from scripts.lib.networks.encoders import PACKAGES, ClipEncoder, load_clip
from scripts.lib.records.labels import fill_prompts, read_labels


def ensemble(embeddings: np.ndarray) -> np.ndarray:
    """One unit vector per label from several prompts: the mean of unit vectors, normalised again.

    Args:
        embeddings: (P, L, D), any length.

    Returns:
        (L, D) float32, unit length.
    """
    unit = embeddings / np.linalg.norm(embeddings, axis=-1, keepdims=True)
    mean = unit.mean(axis=0)
    return (mean / np.linalg.norm(mean, axis=-1, keepdims=True)).astype(np.float32)


def embed_attributes(encoder: ClipEncoder, attributes: dict[str, dict[str, list[str]]]) -> dict[str, np.ndarray]:
    """One unit vector per value of each attribute, (V, D) float32, from the prompts of each value, see `ensemble`."""
    return {
        name: np.concatenate([ensemble(encoder.encode_prompts(prompts)[:, None]) for prompts in values.values()])
        for name, values in attributes.items()
    }


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    labels = read_labels(snakemake.input.labels)
    prompts = fill_prompts(labels, snakemake.params.prompts)
    # The text tower runs once on a few hundred prompts, so full precision is cheap.
    encoder = load_clip(snakemake.params.model, snakemake.input.weights, "fp32", device="cpu")
    embeddings = np.stack([encoder.encode_prompts(texts) for texts in prompts])
    attributes = {
        "encoder": encoder.name,
        "weights_sha256": sha256_of(snakemake.input.weights),
        "logit_scale": encoder.logit_scale,
        "logit_bias": encoder.logit_bias,
        "attributes": json.dumps(snakemake.params.attributes),
    }
    with create_h5(snakemake.output[0], attributes, PACKAGES) as file:
        write_strings(file, "labels", labels)
        write_strings(file, "prompts", list(snakemake.params.prompts))
        write_array(file, "embeddings", ensemble(embeddings))
        of_attributes = file.create_group("attributes")
        for name, vectors in embed_attributes(encoder, snakemake.params.attributes).items():
            write_array(of_attributes, name, vectors)


if __name__ == "__main__":
    run_job(main, snakemake)
