"""The review page: every open question about the labels, for the expert to decide (paper section 3.2)."""

from pathlib import Path

from scripts.lib.jobs.log import run_job
from scripts.lib.pages.build import write_page
from scripts.lib.records.labels import read_labels
from scripts.lib.tables.rows import read_csv
from scripts.taxonomy.review import read_review

TEXTS = ("question", "label", "source", "suggestion", "into", "reason")
COUNTS = ("n_scripts", "n_sluglines")


def review_data(
    sheet: list[dict[str, str]], labels: list[str], review: list[dict[str, str]], run: str, file: str | None
) -> dict:
    """Data of the page, by columns.

    Args:
        sheet: rows of `taxonomy/review_sheet.csv`, most consequential first.
        labels: the current final labels.
        review: the expert's earlier answers, rows of the review file.
        run: the run's name.
        file: path of the review file in the configuration, or None.

    Returns:
        `questions` with the sheet's columns about the question (numbers, or None for an empty cell),
        `labels`, `review` (rows), `run` and `file`.
    """
    questions: dict[str, list] = {column: [row[column] for row in sheet] for column in TEXTS}
    questions["cosine"] = [float(row["cosine"]) if row["cosine"] else None for row in sheet]
    for column in COUNTS:
        questions[column] = [int(row[column]) if row[column] else None for row in sheet]
    return {"run": run, "file": file, "questions": questions, "labels": labels, "review": review}


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    run, file = snakemake.config["run"], snakemake.config["taxonomy"]["review"]
    sheet, review = read_csv(snakemake.input.sheet, "label", "cosine"), [answer.row() for answer in read_review(file)]
    data = review_data(sheet, read_labels(snakemake.input.labels), review, run, file)
    write_page(Path(snakemake.output[0]), data, snakemake.input.page)
    return f"{len(sheet)} question(s), {len(review)} earlier decision(s)"


if __name__ == "__main__":
    run_job(main, snakemake)
