"""Generic labels from the places of sluglines (paper section 3.1: 173 from 156k)."""

import pandas as pd

from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.log import run_job
from scripts.lib.tables.frames import read_parquet
from scripts.lib.tables.rows import write_csv
from scripts.taxonomy.grammar import NAME_SEPARATOR
from scripts.taxonomy.places import count_labels

COLUMNS = ("label", "n_sluglines", "n_scripts")
# The expert is asked about places in at least half as many scripts.
NEARLY = 0.5


def find_labels(sluglines: pd.DataFrame, min_scripts: int) -> tuple[list[dict], list[dict]]:
    """Labels in at least `min_scripts` scripts, and rare places in at least half as many (and in two).

    Args:
        sluglines: script_id and location, names joined by ` > `, of each.
        min_scripts: minimum number of scripts with a label.
    """
    places = [
        (row.script_id, row.location.split(NAME_SEPARATOR)) for row in sluglines.itertuples(index=False) if row.location
    ]
    labels = count_labels(places, min_scripts)
    known = {row["label"] for row in labels}
    nearly = count_labels(places, max(2, round(min_scripts * NEARLY)))
    return labels, [row for row in nearly if row["label"] not in known]


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    sluglines = read_parquet(snakemake.input.sluglines, columns=["script_id", "location"])
    labels, rare = find_labels(sluglines, snakemake.params.min_scripts)
    if not labels:
        raise UserError(
            f"no place occurs in {snakemake.params.min_scripts} of the {sluglines['script_id'].nunique()} scripts; "
            "lower taxonomy.min_scripts or give more screenplays"
        )
    write_csv(snakemake.output.labels, COLUMNS, labels)
    write_csv(snakemake.output.rare, COLUMNS, rare)
    return f"{len(labels)} label(s) in {len(sluglines)} slugline(s)"


if __name__ == "__main__":
    run_job(main, snakemake)
