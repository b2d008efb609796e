"""Clusters of the final labels by affinity propagation on their embeddings (paper section 3.2)."""

import warnings

import numpy as np

from scripts.lib.jobs.log import logger, run_job
from scripts.lib.records.labels import read_labels
from scripts.lib.tables.rows import read_csv, write_csv
from scripts.taxonomy.embeddings import read_embeddings

COLUMNS = ("label_id", "label", "source", "merged_from", "cluster", "exemplar")
# The first that converges is used: less damping gives finer clusters, but may oscillate.
DAMPINGS = (0.5, 0.7, 0.9, 0.95)
MAX_ITERATIONS = 2000


def cluster(vectors: np.ndarray) -> list[int]:
    """The exemplar of every label, as a row of `vectors`.

    Args:
        vectors: (N, D), unit length.

    Returns:
        N row numbers; an exemplar has its own. Fewer than three labels are their own exemplars.
    """
    from sklearn.cluster import AffinityPropagation
    from sklearn.exceptions import ConvergenceWarning

    if len(vectors) < 3:
        return list(range(len(vectors)))
    for damping in DAMPINGS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = AffinityPropagation(damping=damping, max_iter=MAX_ITERATIONS, random_state=0).fit(vectors)
        if len(model.cluster_centers_indices_) and (model.labels_ >= 0).all():
            return [int(model.cluster_centers_indices_[group]) for group in model.labels_]
    logger.warning("affinity propagation does not converge on these labels; each is a cluster of its own")
    return list(range(len(vectors)))


def taxonomy_rows(labels: list[str], history: dict[str, dict[str, str]], exemplars: list[int]) -> list[dict]:
    """Rows with `COLUMNS`; clusters are numbered by size, then by their exemplar's name.

    Args:
        labels: the taxonomy.
        history: source and merged_from by label; empty for given labels.
        exemplars: see `cluster`.
    """
    sizes = {exemplar: exemplars.count(exemplar) for exemplar in exemplars}
    order = sorted(sizes, key=lambda exemplar: (-sizes[exemplar], labels[exemplar]))
    number = {exemplar: place for place, exemplar in enumerate(order)}
    return [
        {
            "label_id": place,
            "label": label,
            "source": history.get(label, {}).get("source", ""),
            "merged_from": history.get(label, {}).get("merged_from", ""),
            "cluster": number[exemplar],
            "exemplar": labels[exemplar],
        }
        for place, (label, exemplar) in enumerate(zip(labels, exemplars, strict=True))
    ]


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    labels = read_labels(snakemake.input.labels)
    known = snakemake.input.get("history")
    history = {row["label"]: row for row in read_csv(known, "label")} if known else {}
    rows = taxonomy_rows(labels, history, cluster(read_embeddings(snakemake.input.embeddings).of(labels)))
    write_csv(snakemake.output[0], COLUMNS, rows)
    n_clusters = len({row["cluster"] for row in rows})
    return f"{len(rows)} label(s) in {n_clusters} cluster(s)"


if __name__ == "__main__":
    run_job(main, snakemake)
