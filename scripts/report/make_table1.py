"""Table 1: datasets with visual scene classes; our row is computed, the others are the paper's."""

import pandas as pd

from scripts.lib.labels import read_labels
from scripts.lib.log import job_log
from scripts.lib.paper_tables import COLUMNS, comparison, write_markdown
from scripts.lib.tables import read_csv, write_csv

OURS = "MovieCLIP"
HEADER = {
    "dataset": "Dataset",
    "domain": "Domain",
    "classes": "#classes",
    "samples": "#samples",
    "annotation": "Annotation",
    "unit": "Unit",
    "available": "Available",
}


def our_row(shots: pd.DataFrame, n_labels: int) -> dict[str, str]:
    """This run as a dataset, in the columns of the paper's table."""
    seconds = (shots["end_time"] - shots["start_time"]).mean()
    return {
        "dataset": "this run",
        "domain": "Movies",
        "classes": str(n_labels),
        "samples": str(len(shots)),
        "annotation": "Automatic",
        "unit": f"Shot ({seconds:.2f}s)",
        "available": "yes",
    }


def table1(printed: list[dict[str, str]], ours: dict[str, str], source: str) -> list[dict[str, str]]:
    """Long form: every cell of the paper's table; ours stands beside the paper's row of the same dataset."""
    rows = []
    for line in printed:
        for column in list(HEADER)[1:]:
            own = ours[column] if line["dataset"] == OURS else ""
            rows.append(
                {
                    "table": "table1",
                    "row": line["dataset"],
                    "column": column,
                    "paper": line[column],
                    "ours": own,
                    "delta": comparison(line[column], own),
                    "n_used": ours["samples"] if own else "",
                    "n_expected": line["samples"] if own else "",
                    "comparable": ("yes" if own == line[column] else "no") if own else "",
                    "source_file": source if own else "config/paper/table1.csv",
                }
            )
    return rows


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    shots = pd.read_parquet(snakemake.input.shots, columns=["start_time", "end_time"])
    printed = read_csv(snakemake.input.printed)
    ours = our_row(shots, len(read_labels(snakemake.input.labels)))
    write_csv(snakemake.output.csv, COLUMNS, table1(printed, ours, snakemake.input.shots))
    write_markdown(
        snakemake.output.md,
        list(HEADER.values()),
        [[row[column] for column in HEADER] for row in [*printed, ours]],
        "All rows but the last are the paper's. Available: publicly, as the paper states it.",
    )


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(snakemake)
