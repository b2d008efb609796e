"""What speaks for every slugline label being a place: HVU, the published list, WordNet, a near known label."""

import numpy as np

from scripts.lib.labels import read_labels
from scripts.lib.log import job_log
from scripts.lib.tables import read_csv, write_csv
from scripts.taxonomy.embed_names import Embeddings
from scripts.taxonomy.lexicon import place_sense
from scripts.taxonomy.merging import nearest_column
from scripts.taxonomy.places import spelling_key

COLUMNS = ("label", "n_scripts", "n_sluglines", "hvu", "published", "wordnet", "nearest", "cosine")


def evidence(
    labels: list[dict[str, str]], hvu: set[str], published: set[str], embeddings: np.ndarray, index: dict[str, int]
) -> list[dict]:
    """Rows with `COLUMNS`; wordnet is the place sense of the label or of its last word, nearest another known label."""
    known = sorted(hvu | published)
    vectors = embeddings[[index[row["label"]] for row in labels]]
    similarity = vectors @ embeddings[[index[label] for label in known]].T
    for row, line in zip(labels, similarity, strict=True):
        line[[place for place, label in enumerate(known) if label == row["label"]]] = -np.inf
    best, cosine = nearest_column(similarity)
    return [
        {
            "label": row["label"],
            "n_scripts": row["n_scripts"],
            "n_sluglines": row["n_sluglines"],
            "hvu": _holds(hvu, row["label"]),
            "published": _holds(published, row["label"]),
            "wordnet": place_sense(row["label"]) or place_sense(row["label"].split()[-1]),
            "nearest": known[place],
            "cosine": f"{value:.3f}",
        }
        for row, place, value in zip(labels, best.tolist(), cosine.tolist(), strict=True)
    ]


def _holds(labels: set[str], label: str) -> str:
    """Whether a list has the label, in whatever spelling."""
    return "yes" if spelling_key(label) in set(map(spelling_key, labels)) else "no"


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    hvu = {row["label"] for row in read_csv(snakemake.input.hvu_labels)}
    published = snakemake.input.get("published")
    names = set(read_labels(published)) if published else set()
    embeddings = Embeddings(snakemake.input.embeddings)
    labels = read_csv(snakemake.input.slugline_labels)
    write_csv(snakemake.output[0], COLUMNS, evidence(labels, hvu, names, embeddings.vectors, embeddings.index))


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(snakemake)
