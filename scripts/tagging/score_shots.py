"""Frame-score matrices S and shot scores of a shard from its embeddings (paper Eq. 3 and 4)."""

import h5py
import numpy as np

from scripts.lib.files.hdf5 import CLIPS, create_h5, open_h5, read_attribute, read_strings, write_array, write_strings
from scripts.lib.jobs.errors import UserError, make_anew
from scripts.lib.jobs.log import progress, run_job
from scripts.tagging.scores import SCORES, shot_sums

# Frames scored and stored at a time, so that memory does not depend on the length of a clip.
BLOCK = 1024


def score_clip(
    source: h5py.Group,
    target: h5py.Group,
    labels: np.ndarray,
    score: str,
    scale: float,
    bias: float,
    attributes: dict[str, np.ndarray],
) -> None:
    """Write S (L, T) float16, frame (T,), shot (T,), shot_numbers (N,), shot_scores (N, L) float32.

    And in the group `attributes`, by name, the shots' scores of its V values, (N, V) float32.

    Args:
        source: a clip's group of embeddings, see `scripts.tagging.embed_frames`.
        target: empty group to write to.
        labels: label embeddings (L, D), unit length.
        score: `softmax`, `cosine` or `sigmoid`.
        scale, bias: of the logits.
        attributes: embeddings of the values of each, (V, D), unit length.
    """
    shot = source["shot"][:]
    numbers, rows = np.unique(shot, return_inverse=True)
    chunks = (len(labels), min(BLOCK, len(shot)))
    matrix = target.create_dataset(
        "S", shape=(len(labels), len(shot)), dtype=np.float16, chunks=chunks, fletcher32=True
    )
    sums = np.zeros((len(numbers), len(labels)))
    sums_of = {name: np.zeros((len(numbers), len(values))) for name, values in attributes.items()}
    # The values of an attribute exclude each other, whatever the labels do.
    score_values = SCORES["softmax" if score == "sigmoid" else score]
    for start in range(0, len(shot), BLOCK):
        block = slice(start, start + BLOCK)
        features = source["features"][block]
        scores = SCORES[score](features, labels, scale, bias)
        matrix[:, block] = scores.T
        sums += shot_sums(scores, rows[block], len(numbers))
        for name, values in attributes.items():
            sums_of[name] += shot_sums(score_values(features, values, scale, bias), rows[block], len(numbers))
    write_array(target, "frame", source["frame"][:])
    write_array(target, "shot", shot)
    write_array(target, "shot_numbers", numbers)
    n_frames = np.bincount(rows)[:, None]
    write_array(target, "shot_scores", (sums / n_frames).astype(np.float32))
    of_attributes = target.create_group("attributes")
    for name, total in sums_of.items():
        write_array(of_attributes, name, (total / n_frames).astype(np.float32))


def model_of(embeddings: h5py.File) -> tuple[str, str]:
    """Name of the model of an embeddings file, and the checksum of its weights."""
    return read_attribute(embeddings, "encoder"), read_attribute(embeddings, "weights_sha256")


def check_same_model(frames: h5py.File, model: tuple[str, str], labels: str) -> None:
    """Raise UserError if embeddings of frames are not of the `model` that embedded the file `labels`."""
    if (found := model_of(frames)) != model:
        one, other = (f"{name} with weights {checksum[:12]}…" for name, checksum in (found, model))
        raise UserError(
            f"{frames.filename} and {labels} are not of the same model ({one}; {other}). Embed the labels again "
            "(add --forcerun embed_labels). If that does not help, the first file is out of date: "
            f"{make_anew(frames.filename)}"
        )


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    params = snakemake.params
    with open_h5(snakemake.input.labels) as file:
        model = model_of(file)
        labels = read_strings(file["labels"])
        prompts = read_strings(file["prompts"])
        embeddings = file["embeddings"][:]
        described = read_attribute(file, "attributes")
        values = {name: vectors[:] for name, vectors in file["attributes"].items()}
        learnt, bias = float(file.attrs["logit_scale"]), float(file.attrs["logit_bias"])
    scale = learnt if params.logit_scale == "model" else float(params.logit_scale)
    with open_h5(snakemake.input.frames, params.clips) as source:
        check_same_model(source, model, snakemake.input.labels)
        inherited = ("encoder", "weights_sha256", "preprocessing", "dtype", "frames", "fingerprint")
        attributes = {name: read_attribute(source, name) for name in inherited}
        attributes |= {"score": params.score, "logit_scale": scale, "logit_bias": bias, "attributes": described}
        with create_h5(snakemake.output[0], attributes, ("numpy",)) as target:
            write_strings(target, "labels", labels)
            write_strings(target, "prompts", prompts)
            clips, scored = source[CLIPS], target.create_group(CLIPS)
            with progress(len(clips), "clip", "Scoring shots") as bar:
                for clip_id in clips:
                    target_clip = scored.create_group(clip_id)
                    score_clip(clips[clip_id], target_clip, embeddings, params.score, scale, bias, values)
                    bar.update()


if __name__ == "__main__":
    run_job(main, snakemake)
