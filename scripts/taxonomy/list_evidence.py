"""The evidence that each slugline label is a place: HVU, the published list, WordNet, the nearest known label."""

import numpy as np

from scripts.lib.jobs.log import run_job
from scripts.lib.records.labels import read_labels
from scripts.lib.tables.rows import read_csv, write_csv
from scripts.taxonomy.embeddings import Embeddings, read_embeddings
from scripts.taxonomy.lexicon import place_sense
from scripts.taxonomy.merging import nearest_column
from scripts.taxonomy.places import spelling_key

COLUMNS = ("label", "n_scripts", "n_sluglines", "hvu", "published", "wordnet", "nearest", "cosine")


def evidence(labels: list[dict[str, str]], hvu: set[str], published: set[str], embeddings: Embeddings) -> list[dict]:
    """Rows with `COLUMNS`: the lists with a label, in any spelling, and its nearest known label.

    Args:
        labels: rows with label, n_scripts and n_sluglines.
        hvu, published: the known labels.
        embeddings: of the labels and of the known ones.

    Returns:
        One row per label; wordnet is the place sense of it or of its last word, nearest another known label.
    """
    names, known = [row["label"] for row in labels], sorted(hvu | published)
    similarity = embeddings.of(names) @ embeddings.of(known).T
    similarity[np.array(names)[:, None] == np.array(known)] = -np.inf
    best, cosine = nearest_column(similarity)
    spelt = {column: set(map(spelling_key, listed)) for column, listed in (("hvu", hvu), ("published", published))}
    return [
        {
            "label": row["label"],
            "n_scripts": row["n_scripts"],
            "n_sluglines": row["n_sluglines"],
            **{column: "yes" if spelling_key(row["label"]) in keys else "no" for column, keys in spelt.items()},
            "wordnet": place_sense(row["label"]) or place_sense(row["label"].split()[-1]),
            "nearest": known[place],
            "cosine": f"{value:.3f}",
        }
        for row, place, value in zip(labels, best.tolist(), cosine.tolist(), strict=True)
    ]


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    hvu = {row["label"] for row in read_csv(snakemake.input.hvu_labels, "label")}
    published = snakemake.input.get("published")
    names = set(read_labels(published)) if published else set()
    embeddings = read_embeddings(snakemake.input.embeddings)
    labels = read_csv(snakemake.input.slugline_labels, "label", "n_scripts", "n_sluglines")
    write_csv(snakemake.output[0], COLUMNS, evidence(labels, hvu, names, embeddings))


if __name__ == "__main__":
    run_job(main, snakemake)
