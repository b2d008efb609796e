"""Statistics of the splits: samples, labels per sample, classes."""

import pandas as pd

from scripts.lib.jobs.log import run_job
from scripts.lib.records.labels import TOP
from scripts.lib.records.samples import SPLITS, instances, read_samples
from scripts.lib.tables.comparisons import printed_values, write_statistics


def describe_splits(samples: pd.DataFrame) -> list[tuple[str, str, object]]:
    """Statistic, part of the dataset, value.

    Args:
        samples: shot_id, clip_id, movie_id, labels, scores, split; at least one row.
    """
    long = instances(samples)
    rows: list[tuple[str, str, object]] = []
    for part in (*SPLITS, "all"):
        own = samples if part == "all" else samples[samples["split"] == part]
        named = long if part == "all" else long[long["split"] == part]
        rows += [
            ("shots", part, len(own)),
            ("videos", part, own["clip_id"].nunique()),
            ("movies", part, own["movie_id"].nunique()),
            ("share of the movies, %", part, f"{100 * own['movie_id'].nunique() / samples['movie_id'].nunique():.1f}"),
            ("label instances", part, len(named)),
            ("classes", part, named["label"].nunique()),
        ]
    per_shot = long.groupby("shot_id", sort=False).size()
    rows += [(f"shots with {count} label(s)", "all", int((per_shot == count).sum())) for count in range(1, TOP + 1)]
    rows.append(("multi-label shots, %", "all", f"{100 * (per_shot > 1).mean():.2f}"))
    counts = long["label"].value_counts().sort_index(kind="stable").sort_values(ascending=False, kind="stable")
    first = set(long.loc[long["rank"] == 0, "label"])
    rows += [
        ("largest class", "all", f"{counts.index[0]} ({counts.iloc[0]})"),
        ("smallest class", "all", f"{counts.index[-1]} ({counts.iloc[-1]})"),
        ("classes that are never the best label", "all", len(set(counts.index) - first)),
    ]
    return rows


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    samples = read_samples(snakemake.input.samples)
    write_statistics(
        snakemake.output.csv,
        snakemake.output.md,
        describe_splits(samples),
        printed_values(snakemake.input.printed),
        "A class is never the best label where a near-synonym always scores higher: probabilities are shared out "
        "among all labels.",
    )


if __name__ == "__main__":
    run_job(main, snakemake)
