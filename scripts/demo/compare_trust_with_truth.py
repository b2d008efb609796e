"""How often the demo's labels are right, by how far they are trusted and by what speaks against them."""

import numpy as np
import pandas as pd

from scripts.lib.jobs.log import run_job
from scripts.lib.records.trust import LEVELS
from scripts.lib.records.truth import match_truth
from scripts.lib.tables.comparisons import write_markdown
from scripts.lib.tables.frames import read_frame, read_parquet, write_frame

NOTE = (
    "Top-1 accuracy on the simulated truth. A shot has one level, and may have several reasons. Without a reason trust "
    "is high, with one medium; with a flag (black, uniform, short), or with two reasons or more, low."
)


def accuracy_of(trust: pd.DataFrame, right: np.ndarray) -> pd.DataFrame:
    """Rows kind (`level` or `reason`), name, n, share (of all shots), accuracy: all levels, then the reasons there are.

    Args:
        trust: `dataset/trust.csv`, N rows.
        right: whether the label of each shot is the true one, (N,).
    """
    reasons = trust["reasons"].str.split("|")
    groups = [("level", level, (trust["trust"] == level).to_numpy()) for level in LEVELS]
    for name in dict.fromkeys(name for names in reasons for name in names if name):
        groups.append(("reason", name, np.array([name in names for names in reasons])))
    return pd.DataFrame(
        {
            "kind": kind,
            "name": name,
            "n": int(inside.sum()),
            "share": round(inside.mean(), 4),
            "accuracy": round(right[inside].mean(), 4) if inside.any() else np.nan,
        }
        for kind, name, inside in groups
    )


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    shots, trust = read_parquet(snakemake.input.shots), read_frame(snakemake.input.trust)
    truth = match_truth(shots, pd.read_csv(snakemake.input.truth))
    table = accuracy_of(trust, (shots["label_1"] == truth["label"]).to_numpy())
    write_frame(table, snakemake.output.csv)
    shown = [
        [row.kind, row.name, str(row.n), f"{row.share:.3f}", f"{row.accuracy:.3f}" if row.n else ""]
        for row in table.itertuples(index=False)
    ]
    write_markdown(snakemake.output.md, list(table), shown, NOTE)


if __name__ == "__main__":
    run_job(main, snakemake)
