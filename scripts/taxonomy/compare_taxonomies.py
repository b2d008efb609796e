"""This run's labels and a published list: in both, only ours, only published, with nearest labels."""

from scripts.lib.jobs.log import run_job
from scripts.lib.records.labels import read_labels
from scripts.lib.tables.comparisons import write_markdown
from scripts.lib.tables.rows import read_csv, write_csv
from scripts.taxonomy.embeddings import Embeddings, read_embeddings
from scripts.taxonomy.merging import nearest_column

COLUMNS = ("label", "in", "nearest", "cosine")
BOTH, OURS, PUBLISHED = "both", "ours", "published"
IN_WORDS = {BOTH: "in both lists", OURS: "only in ours", PUBLISHED: "only in the published one"}


def compare(ours: list[str], published: list[str], embeddings: Embeddings) -> list[dict]:
    """Rows with `COLUMNS`: labels in both, then only ours, then only published, each part by name.

    Args:
        ours, published: the label lists.
        embeddings: of the labels of both.
    """
    common = sorted(set(ours) & set(published))
    rows = [{"label": label, "in": BOTH, "nearest": label, "cosine": ""} for label in common]
    for side, own, other in ((OURS, ours, published), (PUBLISHED, published, ours)):
        rest = sorted(set(own) - set(other))
        others = sorted(set(other))
        best, cosine = nearest_column(embeddings.of(rest) @ embeddings.of(others).T)
        rows += [
            {"label": label, "in": side, "nearest": others[place], "cosine": f"{value:.3f}"}
            for label, place, value in zip(rest, best.tolist(), cosine.tolist(), strict=True)
        ]
    return rows


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    ours = [row["label"] for row in read_csv(snakemake.input.taxonomy, "label")]
    published = read_labels(snakemake.input.published)
    rows = compare(ours, published, read_embeddings(snakemake.input.embeddings))
    write_csv(snakemake.output.csv, COLUMNS, rows)
    parts = [(name, [row for row in rows if row["in"] == name]) for name in (BOTH, OURS, PUBLISHED)]
    write_markdown(
        snakemake.output.md,
        ["Labels", "Count", "Which (and their nearest in the other list)"],
        [
            [IN_WORDS[name], str(len(found)), ", ".join(_with_nearest(row) for row in found) or "none"]
            for name, found in parts
        ],
        f"{len(ours)} labels of this run beside the {len(published)} of {snakemake.input.published}.",
    )


def _with_nearest(row: dict) -> str:
    return row["label"] if row["in"] == BOTH else f"{row['label']} ({row['nearest']} {row['cosine']})"


if __name__ == "__main__":
    run_job(main, snakemake)
