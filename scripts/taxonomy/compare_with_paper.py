"""The paper's printed merges and clusters beside this run's (section 3.2)."""

from collections import Counter

from scripts.lib.jobs.log import run_job
from scripts.lib.tables.comparisons import comparison, write_comparisons
from scripts.lib.tables.rows import read_csv, write_csv
from scripts.taxonomy.embeddings import read_embeddings

CLUSTER_COLUMNS = ("paper_cluster", "paper_labels", "exemplar", "shared", "n_shared", "n_paper", "our_cluster")


# The paper names its encoder only like this.
PAPER_ENCODER = "MiniLM-L6-v2"


def similarity_rows(printed: list[dict[str, str]], cosines: list[float], encoder: str, source: str) -> list[dict]:
    """The similarities of the paper's examples in long form.

    Args:
        printed: label, into and cosine as the paper prints them.
        cosines: ours, in the same order.
        encoder: our model.
        source: the file of our values.
    """
    same = encoder.endswith(PAPER_ENCODER)
    return [
        comparison(("merges", f"{line['label']} → {line['into']}", "cosine"), line["cosine"], ours, source, 1, 1, same)
        for line, ours in zip(printed, map("{:.2f}".format, cosines), strict=True)
    ]


def cluster_rows(printed: list[dict[str, str]], taxonomy: list[dict[str, str]]) -> list[dict]:
    """Every printed cluster with ours that shares most labels with it; rows with `CLUSTER_COLUMNS`."""
    exemplar_of = {row["label"]: row["exemplar"] for row in taxonomy}
    rows = []
    for name in dict.fromkeys(line["cluster"] for line in printed):
        labels = [line["label"] for line in printed if line["cluster"] == name]
        found = Counter(exemplar_of[label] for label in labels if label in exemplar_of)
        exemplar = min(found, key=lambda exemplar: (-found[exemplar], exemplar), default="")
        rows.append(
            {
                "paper_cluster": name,
                "paper_labels": "|".join(labels),
                "exemplar": exemplar,
                "shared": "|".join(label for label in labels if exemplar and exemplar_of.get(label) == exemplar),
                "n_shared": found[exemplar],
                "n_paper": len(labels),
                "our_cluster": "|".join(label for label, own in exemplar_of.items() if exemplar and own == exemplar),
            }
        )
    return rows


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    merges = read_csv(snakemake.input.merges)
    embeddings = read_embeddings(snakemake.input.embeddings)
    labels, targets = (embeddings.of([line[column] for line in merges]) for column in ("label", "into"))
    cosines = (labels * targets).sum(axis=1).tolist()
    rows = similarity_rows(merges, cosines, embeddings.encoder, snakemake.input.embeddings)
    write_comparisons(snakemake.output.merges, rows)
    rows = cluster_rows(read_csv(snakemake.input.clusters), read_csv(snakemake.input.taxonomy, "label", "exemplar"))
    write_csv(snakemake.output.clusters, CLUSTER_COLUMNS, rows)


if __name__ == "__main__":
    run_job(main, snakemake)
