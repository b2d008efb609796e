"""Table 1: datasets with visual scene classes; our row is computed, the others are the paper's."""

from scripts.lib.jobs.log import run_job
from scripts.lib.records.labels import read_labels
from scripts.lib.tables.comparisons import comparison, write_comparisons, write_markdown
from scripts.lib.tables.frames import read_parquet
from scripts.lib.tables.rows import read_csv

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


def our_row(n_shots: int, n_labels: int, seconds: float | None) -> dict[str, str]:
    """This run as a dataset, in the columns of the paper's table; its availability is unknown.

    Args:
        seconds: mean length of a shot, or None if unknown.
    """
    return {
        "dataset": "this run",
        "domain": "Movies",
        "classes": str(n_labels),
        "samples": str(n_shots),
        "annotation": "Automatic",
        "unit": "Shot" if seconds is None else f"Shot ({seconds:.2f}s)",
        "available": "",
    }


def measure_shots(paths: list[str]) -> tuple[int, float | None]:
    """Number of shots and their mean length: of `shots.parquet`, or of split tables, which have no times."""
    if paths[0].endswith(".csv"):
        return sum(len(read_csv(path)) for path in paths), None
    shots = read_parquet(paths[0], columns=["start_time", "end_time"])
    return len(shots), (shots["end_time"] - shots["start_time"]).mean()


def count_classes(path: str) -> int:
    """Labels of the label list, or of the dataset's table of classes."""
    return len(read_csv(path, "label") if path.endswith(".csv") else read_labels(path))


def is_same_collection(n_shots: str, printed: str) -> bool:
    """Whether a number of shots equals one that the paper prints in millions, such as 1.12m."""
    return f"{int(n_shots) / 1e6:.2f}m" == printed


def table1(printed: list[dict[str, str]], ours: dict[str, str], source: str) -> list[dict[str, str]]:
    """Long form: every cell of the paper's table, ours beside the paper's row of the same dataset."""
    rows = []
    for line in printed:
        for column in list(HEADER)[1:]:
            own = ours[column] if line["dataset"] == OURS else ""
            cell, counts = ("table1", line["dataset"], column), (ours["samples"], line["samples"])
            if own:
                rows.append(comparison(cell, line[column], own, source, *counts, is_same_collection(*counts)))
            else:
                rows.append(comparison(cell, line[column], own, "config/paper/table1.csv"))
    return rows


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    paths = list(snakemake.input.shots)
    n_shots, seconds = measure_shots(paths)
    printed = read_csv(snakemake.input.printed)
    ours = our_row(n_shots, count_classes(snakemake.input.labels), seconds)
    write_comparisons(snakemake.output.csv, table1(printed, ours, " ".join(paths)))
    write_markdown(
        snakemake.output.md,
        list(HEADER.values()),
        [[row[column] for column in HEADER] for row in [*printed, ours]],
        "All rows but the last are the paper's. Available: publicly, according to the paper.",
    )


if __name__ == "__main__":
    run_job(main, snakemake)
