"""Average precision of each class by model, as a table and as a figure."""

from itertools import cycle

import pandas as pd
from matplotlib.figure import Figure

from scripts.lib.evaluation.predictions import read_metrics
from scripts.lib.jobs.log import run_job
from scripts.lib.pages.figures import MARKERS, new_panels, save_figure
from scripts.lib.records.samples import read_classes
from scripts.lib.tables.frames import write_frame
from scripts.models.evaluation import SETS

COLUMNS = ("set", "label", "model", "average_precision", "positives")


def class_table(metrics: dict[str, dict], classes: list[str]) -> pd.DataFrame:
    """`COLUMNS`, one row for each set, class with positives there, and model.

    A model that made the labels of a set is left out there.

    Args:
        metrics: content of `metrics.json` by model.
        classes: in the order of the columns of logits.
    """
    rows = [
        (name, label, model, value, positives)
        for name in SETS
        for model, content in metrics.items()
        if (found := content["sets"].get(name)) and not found.get("own_labels")
        for label, value, positives in zip(classes, found["class_ap"], found["class_positives"], strict=True)
        if positives
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def plot_class_ap(table: pd.DataFrame) -> Figure:
    """A dot per class and model; the class with the highest mean first.

    Args:
        table: see `class_table`, of one set.
    """
    wide = table.pivot(index="label", columns="model", values="average_precision")[list(table["model"].unique())]
    wide = wide.loc[wide.mean(axis=1).sort_values(ascending=False, kind="stable").index]
    names = [f"{label} ({n})" for label, n in table.groupby("label")["positives"].max()[wide.index].items()]
    figure, panels = new_panels(names, (0, 4.4), (1.2, 0.17), "average precision")
    for ax, rows in panels:
        part = wide.iloc[rows]
        level = range(len(part))
        ax.hlines(level, part.min(axis=1), part.max(axis=1), color="#cccccc", linewidth=1)
        for place, (model, marker) in enumerate(zip(wide, cycle(MARKERS), strict=False)):
            ax.scatter(part[model], level, s=15, marker=marker, color=f"C{place}", label=model, alpha=0.85, zorder=3)
        ax.set_xlim(-0.02, 1.02)
    handles, models = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, models, loc="outside lower center", ncols=min(4 * len(panels), len(models)), fontsize=8)
    return figure


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    table = class_table(read_metrics(snakemake.input.metrics), read_classes(snakemake.input.labels))
    write_frame(table, snakemake.output.csv)
    shown = next((name for name in SETS if name in set(table["set"])), None)
    figure = plot_class_ap(table[table["set"] == shown])
    title = f"{SETS[shown]}; in brackets, how many have the label" if shown else "no model to show"
    figure.suptitle(title, x=0.01, ha="left", size=10)
    save_figure(figure, snakemake.output.figures)


if __name__ == "__main__":
    run_job(main, snakemake)
