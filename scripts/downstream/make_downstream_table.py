"""All tasks with all features, and their late fusion, in one table; also a task of the user's own."""

from collections.abc import Iterable

import pandas as pd

from scripts.downstream.comparing import percent
from scripts.lib.evaluation.predictions import read_metrics
from scripts.lib.jobs.log import run_job
from scripts.lib.tables.comparisons import write_markdown
from scripts.lib.tables.frames import write_frame

FUSED = {"equal": "late fusion", "chosen": "late fusion, weight chosen on val"}
NOTE = (
    "Mean average precision (mAP) on the split test, in %, with its standard deviation over the seeds and a 95 % "
    "interval by bootstrap over videos. Random: what random scores would reach. Videos: those with features, of those "
    "that the task lists."
)


def downstream_table(told: Iterable[dict]) -> pd.DataFrame:
    """One row for each head and fusion: task, features, mAP, deviation, low, high and random_mAP as shares, and counts.

    Args:
        told: content of their `metrics.json`.
    """
    rows = []
    for metrics in told:
        task, _, features = metrics["model"].partition("/")
        results = metrics["results"] if "results" in metrics else {features: metrics["sets"]["test"]}
        for name, measures in results.items():
            precision = measures["mAP"]
            rows.append(
                {
                    "task": task,
                    "features": FUSED.get(name, name) if "results" in metrics else name,
                    "mAP": precision["value"],
                    **{key: precision[key] for key in ("deviation", "low", "high")},
                    "random_mAP": measures["random_mAP"],
                    "n_seeds": len(metrics["seeds"]),
                    "n_classes": measures["n_classes_with_positives"],
                    "n_used": metrics["n_used"]["test"],
                    "n_expected": metrics["n_expected"]["test"],
                }
            )
    return pd.DataFrame(rows)


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    table = downstream_table(read_metrics(snakemake.input.metrics).values())
    write_frame(table, snakemake.output.csv)
    shown = table.astype(object).where(table.notna(), None)
    lines = [
        [
            row.task,
            row.features,
            percent(row.mAP) or "–",
            percent(row.deviation) or "–",
            f"{percent(row.low)}–{percent(row.high)}",
            percent(row.random_mAP) or "–",
            *map(str, (row.n_seeds, row.n_classes)),
            f"{row.n_used} of {row.n_expected}",
        ]
        for row in shown.itertuples()
    ]
    header = ["task", "features", "mAP", "deviation", "interval", "random", "seeds", "classes", "videos"]
    write_markdown(snakemake.output.md, header, lines, NOTE)


if __name__ == "__main__":
    run_job(main, snakemake)
