"""Fig. 11: where features of scenes find the classes of a task better than features of motion (paper section 5.3.3)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scripts.downstream.measures import ID, drawn_class_ap
from scripts.lib.evaluation.metrics import mean_of_known, rounded, with_interval
from scripts.lib.evaluation.predictions import Predictions, read_predictions
from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.log import run_job
from scripts.lib.pages.figures import new_panels, save_figure
from scripts.lib.records.samples import read_classes
from scripts.lib.tables.frames import write_frame

ALL = "(mean of all)"
# Colour and text of a difference by the sign of its interval.
KINDS = {1: ("#2166ac", "scenes better"), 0: ("#888888", "undecided"), -1: ("#b35806", "motion better")}


def difference_table(scene: Predictions, motion: Predictions, labels: Sequence[str], bootstrap: dict) -> pd.DataFrame:
    """Average precision of each class with positives by both kinds of features, the largest difference first.

    Returns:
        label, positives (videos with it), ap_scene and ap_motion (means over seeds), difference (their difference),
        low and high (its 95 % interval by bootstrap over videos, the same samples for both). The last row, `ALL`, has
        the means over these classes; positives are empty there.

    Raises:
        UserError: the two are of other videos.
    """
    if list(scene.ids) != list(motion.ids):
        raise UserError("the two heads have been evaluated on different videos; train both again")
    drawn = [drawn_class_ap(found, bootstrap) for found in (scene, motion)]
    positives = scene.targets.sum(axis=0)
    known = np.flatnonzero(positives)
    rows = [_row(labels[index], positives[index], drawn[0][index], drawn[1][index]) for index in known]
    rows.sort(key=lambda row: -row["difference"])
    return pd.DataFrame([*rows, _row(ALL, None, *map(mean_of_known, drawn))]).astype(
        {"positives": "Int64", "low": float, "high": float}
    )


def _row(label: str, positives: int | None, scene: np.ndarray, motion: np.ndarray) -> dict[str, object]:
    ap = {"ap_scene": rounded(scene[0]), "ap_motion": rounded(motion[0])}
    found = with_interval(scene - motion)
    return {"label": label, "positives": positives, **ap, "difference": found.pop("value"), **found}


def plot_differences(table: pd.DataFrame) -> Figure:
    """A dot with its interval for each class, coloured by whether the interval excludes 0.

    Args:
        table: see `difference_table`.
    """
    classes = table[table["label"] != ALL]
    sign = (classes["low"] > 0).astype(int) - (classes["high"] < 0)
    names = [f"{row.label.replace('_', ' ')} ({row.positives})" for row in classes.itertuples()]
    figure, panels = new_panels(names, (1.4, 3.6), (1.3, 0.17), "difference of AP, points")
    for ax, rows in panels:
        part = classes.iloc[rows]
        for kind, (colour, text) in KINDS.items():
            own = (sign.loc[part.index] == kind).to_numpy()
            level, shown = np.flatnonzero(own), part[own]
            ax.hlines(level, 100 * shown["low"], 100 * shown["high"], color=colour, linewidth=1.2, alpha=0.6)
            label = f"{text} ({(sign == kind).sum()})"
            ax.scatter(100 * shown["difference"], level, s=13, color=colour, label=label, zorder=3)
        ax.axvline(0, color="black", linewidth=0.6)
    figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
    return figure


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    source = snakemake.input
    scene, motion = (read_predictions(path, ID)["test"] for path in (source.scene, source.motion))
    labels = read_classes(source.labels)
    table = difference_table(scene, motion, labels, snakemake.params.bootstrap)
    write_frame(table, snakemake.output.csv)
    figure = plot_differences(table)
    mean = table.iloc[-1]
    text = f"mean {100 * mean['difference']:+.2f} points ({100 * mean['low']:+.2f} to {100 * mean['high']:+.2f})"
    figure.suptitle(f"AP with features of scenes minus of motion: {text}", x=0.01, ha="left", size=9)
    save_figure(figure, snakemake.output.figures)
    return text


if __name__ == "__main__":
    run_job(main, snakemake)
