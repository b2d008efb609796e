"""Rank all shots by their likeness to a text, a shot or a picture, and show them in a gallery."""

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

from scripts.gallery.page import gallery_data, read_gallery_data
from scripts.lib.files.atomic import sha256_of
from scripts.lib.files.hdf5 import open_h5, read_attribute, read_strings
from scripts.lib.jobs.errors import UserError, make_anew
from scripts.lib.jobs.log import run_job
from scripts.lib.pages.build import pack_numbers, place_pictures, write_page
from scripts.lib.records.clips import shard_fingerprints
from scripts.lib.tables.frames import read_parquet, write_frame
from scripts.lib.tables.shards import check_folders

# Shots that are compared at once: 4 MB of embeddings of 512 numbers in single precision, so that each block takes the
# memory of the one before; larger ones are given back to the system and cleared anew, which takes as long as the rest.
BLOCK = 2048
COLUMNS = ["shot_id", "clip_id", "title", "year", "start_time", "end_time", "label_1", "score_1"]
SIMILARITY_DIGITS = 3


def similarities(embeddings: h5py.Dataset | np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Cosines (N,) float32 of embeddings (N, D) of unit length with a vector (D,) of any length."""
    unit = (wanted / np.linalg.norm(wanted)).astype(np.float32)
    starts = range(0, len(embeddings), BLOCK)
    # Not `@`: for blocks of this size its threads wait for each other longer than one takes.
    return np.concatenate([np.vecdot(embeddings[start : start + BLOCK].astype(np.float32), unit) for start in starts])


def embed_query(
    query: str, file: h5py.File, shot_ids: Sequence[str], model: str, weights: str
) -> tuple[str, np.ndarray]:
    """What a query is, and its embedding (D,): the id of a shot, the path of a picture, or a text.

    Args:
        file: see `scripts.tagging.average_embeddings`.
        model, weights: of the encoder by which it was made.

    Raises:
        UserError: the weights are others.
    """
    if query in shot_ids:
        return "shot", file["embeddings"][shot_ids.index(query)].astype(np.float32)
    from scripts.lib.networks.encoders import load_clip

    if read_attribute(file, "weights_sha256") != sha256_of(weights):
        raise UserError(f"{file.filename} was made by other weights than {weights}; {make_anew(file.filename)}")
    encoder = load_clip(model, weights, "fp32", device="cpu")
    if Path(query).is_file():
        with Image.open(query) as picture:
            return "picture", encoder.encode_frames(encoder.crop(np.array(picture.convert("RGB")))[None])[0]
    return "text", encoder.encode_prompts([query])[0]


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    source, params = snakemake.input, snakemake.params
    shots = read_parquet(source.shots)
    check_folders(source.thumbnails, shard_fingerprints(params.manifest, snakemake.config))
    with open_h5(source.embeddings) as file:
        shot_ids = read_strings(file["shot_id"])
        if shot_ids != list(shots["shot_id"]):
            raise UserError(f"{source.embeddings} has other shots than {source.shots}; {make_anew(source.embeddings)}")
        kind, wanted = embed_query(params.query, file, shot_ids, params.model, source.weights)
        found = similarities(file["embeddings"], wanted)
    best = np.argsort(-found, kind="stable")[: params.listed]
    hits = shots[COLUMNS].iloc[best].assign(similarity=found[best].round(4))
    write_frame(hits, snakemake.output.csv)
    # With all shots of their clips, whose timelines the page shows; a page of a million shots takes minutes.
    shown = shots["clip_id"].isin(hits["clip_id"]).to_numpy()
    page = Path(snakemake.output.page)
    pictures = place_pictures(source.thumbnails, page, shots["shot_id"][shown])
    told = read_gallery_data(source, shots, shown) | {"threshold": params.threshold}
    data = gallery_data(shots[shown], pictures, snakemake.config["run"], **told) | {"query": params.query}
    data["shots"]["similarity"] = pack_numbers(found[shown], SIMILARITY_DIGITS)
    write_page(page, data, source.page)
    return f"the {kind} {params.query!r}: {hits['shot_id'].iloc[0]} is first of {len(shots)}; open {page}"


if __name__ == "__main__":
    run_job(main, snakemake)
