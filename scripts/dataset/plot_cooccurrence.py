"""Co-occurrence of labels in shots."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scripts.lib.jobs.log import run_job
from scripts.lib.pages.figures import draw_matrix, new_figure, save_figure
from scripts.lib.records.samples import instances, read_samples
from scripts.lib.tables.frames import write_frame

SHOWN = 26


def together(samples: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
    """Number of shots with both labels, (L, L), each label's own count on the diagonal; and the L names."""
    long = instances(samples)
    table = pd.crosstab(pd.factorize(long["shot_id"])[0], long["label"])
    matrix = table.to_numpy(np.float32)
    return np.rint(matrix.T @ matrix).astype(int), list(table.columns)


def pair_table(counts: np.ndarray, labels: list[str], n_shots: int) -> pd.DataFrame:
    """Pairs of labels that occur in the same shot, most frequent first.

    Returns:
        label, other, shots (with both), label_shots, other_shots, overlap (Jaccard index), lift (ratio
        to the number expected of independent labels).
    """
    first, second = np.nonzero(np.triu(counts, 1))
    own = counts.diagonal()
    both = counts[first, second]
    names = np.array(labels, object)
    table = pd.DataFrame(
        {
            "label": names[first],
            "other": names[second],
            "shots": both,
            "label_shots": own[first],
            "other_shots": own[second],
            "overlap": (both / (own[first] + own[second] - both)).round(4),
            "lift": (both * n_shots / (own[first] * own[second])).round(2),
        }
    )
    return table.sort_values(["shots", "label", "other"], ascending=[False, True, True], ignore_index=True)


def neighbours_in_line(similarity: np.ndarray) -> np.ndarray:
    """A greedy order of similar labels, (L,): from the first one on, always the label left that is most similar.

    Args:
        similarity: (L, L).
    """
    left = list(range(len(similarity)))
    order = [left.pop(0)]
    while left:
        order.append(left.pop(int(similarity[order[-1], left].argmax())))
    return np.array(order)


def plot_pairs(counts: np.ndarray, labels: list[str], table: pd.DataFrame) -> Figure:
    """The labels of the most frequent pairs: shots with both, on the share of the shots with the row's label.

    Args:
        counts, labels: see `together`.
        table: see `pair_table`.
    """
    names = list(dict.fromkeys(name for pair in zip(table["label"], table["other"], strict=True) for name in pair))
    chosen = np.array([labels.index(name) for name in names[:SHOWN]], int)
    if not len(chosen):
        figure, axes = new_figure(6, 1.5)
        axes.set_axis_off()
        axes.text(0, 0.5, "No shot has two labels.")
        return figure
    part = counts[np.ix_(chosen, chosen)]
    own = part.diagonal().copy()
    np.fill_diagonal(part, 0)
    order = neighbours_in_line(part / (own[:, None] + own - part))
    part, own = part[np.ix_(order, order)], own[order]
    named = [labels[index] for index in chosen[order]]
    side = 2.4 + 0.36 * len(named)
    figure, axes = new_figure(side + 1.2, side)
    image = draw_matrix(axes, 100 * part / own[:, None], part)
    axes.set_xticks(range(len(named)), named, rotation=90)
    axes.set_yticks(range(len(named)), [f"{name}  ({count:,})" for name, count in zip(named, own, strict=True)])
    figure.colorbar(image, ax=axes, label="% of the row's shots that also have the column's label", shrink=0.7)
    axes.set_title("Co-occurrence of labels: number of shots with both", loc="left")
    return figure


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    samples = read_samples(snakemake.input.samples)
    counts, labels = together(samples)
    table = pair_table(counts, labels, len(samples))
    write_frame(table, snakemake.output.csv)
    save_figure(plot_pairs(counts, labels, table), snakemake.output.figures)


if __name__ == "__main__":
    run_job(main, snakemake)
