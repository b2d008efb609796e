"""The scene labels of HVU, from its official table of tags (248 of them)."""

from scripts.lib.jobs.errors import UserError, bullet_list
from scripts.lib.jobs.log import run_job
from scripts.lib.records.labels import label_problems
from scripts.lib.tables.rows import read_csv, write_csv

CATEGORY = "scene"


def hvu_labels(tags: list[dict[str, str]], source: str = "the tag file") -> list[str]:
    """Tags of the category `scene`, `_` as a blank, lower case, sorted, each once.

    Args:
        tags: rows with Tag and Category.
        source: the file, for the error.

    Raises:
        UserError: other columns, tags that cannot be labels, or no tag of that category.
    """
    if tags and not {"Tag", "Category"} <= set(tags[0]):
        raise UserError(f"{source} must have the columns Tag and Category, as HVU_Tags_Categories_V1.0.csv has")
    labels = {
        " ".join(row["Tag"].replace("_", " ").lower().split())
        for row in tags
        if (row["Category"] or "").strip().lower() == CATEGORY and (row["Tag"] or "").strip(" _")
    }
    if problems := label_problems(sorted(labels)):
        raise UserError(f"{source} has tags that cannot be labels:\n{bullet_list(problems)}")
    if not labels:
        raise UserError(f"{source} has no tag of the category {CATEGORY}")
    return sorted(labels)


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    labels = hvu_labels(read_csv(snakemake.input.tags), snakemake.input.tags)
    write_csv(snakemake.output[0], ["label"], [{"label": label} for label in labels])
    return f"{len(labels)} scene label(s)"


if __name__ == "__main__":
    run_job(main, snakemake)
