"""A map of the labels: their embeddings in two dimensions, coloured by cluster."""

import numpy as np
from matplotlib.figure import Figure

from scripts.lib.jobs.log import run_job
from scripts.lib.pages.colours import label_colours
from scripts.lib.pages.figures import new_figure, save_figure
from scripts.lib.tables.rows import read_csv
from scripts.taxonomy.embeddings import read_embeddings

FEWEST = 4  # labels of which t-SNE makes a map
# More labels than this take minutes by the exact method, which alone gives the same map with any number of threads.
EXACT = 2000
REACH, STEP = 1.5, 0.05  # how far a name is moved at most to be readable, in inches
FONT, LETTER, LINE = 7.5, 0.068, 0.15  # size in points; width of a letter and height of a line in inches


def map_labels(vectors: np.ndarray) -> np.ndarray:
    """Places of labels on a map by t-SNE: neighbours are similar, distances and directions mean nothing.

    Args:
        vectors: (N, D), unit length.

    Returns:
        (N, 2), from 0 to 1 along each axis. Fewer than `FEWEST` labels are in a row.
    """
    from sklearn.manifold import TSNE

    if len(vectors) < FEWEST:
        return np.column_stack([np.linspace(0, 1, len(vectors)), np.full(len(vectors), 0.5)])
    method = "exact" if len(vectors) <= EXACT else "barnes_hut"
    perplexity = min(15, (len(vectors) - 1) / 3)
    places = TSNE(perplexity=perplexity, init="pca", method=method, random_state=0).fit_transform(vectors)
    return (places - places.min(axis=0)) / np.ptp(places, axis=0)


def place_names(centres: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Centres of boxes that do not overlap: in turn, each in the free place that is nearest to where it should be.

    Args:
        centres, sizes: (N, 2), width first, in inches.

    Returns:
        (N, 2). A box without a free place within `REACH` stays.
    """
    steps = np.arange(-REACH, REACH + STEP, STEP)
    offsets = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    offsets = np.concatenate([np.zeros((1, 2)), offsets[np.argsort((offsets**2).sum(axis=1), kind="stable")]])
    placed = centres.astype(float).copy()
    for number in range(1, len(placed)):
        tried = centres[number] + offsets
        needed = (sizes[number] + sizes[:number]) / 2
        is_free = (np.abs(tried[:, None] - placed[:number]) >= needed).any(axis=2).all(axis=1)
        placed[number] = tried[is_free.argmax()]
    return placed


def plot_map(rows: list[dict[str, str]], places: np.ndarray) -> Figure:
    """Every label at its place, in the colour of its cluster; the exemplars are bold.

    Args:
        rows: `taxonomy/taxonomy.csv`.
        places: (N, 2), see `map_labels`.
    """
    side = 3 + 0.75 * np.sqrt(len(rows))
    figure, axes = new_figure(side * 1.25, side)
    axes.set_axis_off()
    points = places * [side * 1.1, side * 0.9]
    names = [row["label"] for row in rows]
    widths = [LETTER * (1.15 if row["label"] == row["exemplar"] else 1) * (len(row["label"]) + 1) for row in rows]
    texts = place_names(points + np.array([0, LINE]), np.column_stack([widths, np.full(len(rows), LINE)]))
    colours = label_colours(names, {row["label"]: int(row["cluster"]) for row in rows})
    for row, name, point, text in zip(rows, names, points, texts, strict=True):
        colour, is_exemplar = colours[name], name == row["exemplar"]
        axes.plot(*zip(point, text, strict=True), color=colour, linewidth=0.6, zorder=1)
        axes.plot(*point, ".", color=colour, markersize=6, zorder=4)
        box = {"boxstyle": "square,pad=0.05", "facecolor": "white", "edgecolor": "none", "alpha": 0.6}
        style = {"weight": "bold" if is_exemplar else "normal", "size": FONT, "ha": "center", "va": "center"}
        axes.text(*text, name, bbox=box, zorder=3, **style)
    drawn, room = np.concatenate([points, texts]), np.array([0.8, 0.2])
    (left, below), (right, above) = drawn.min(axis=0) - room, drawn.max(axis=0) + room
    axes.set(xlim=(left, right), ylim=(below, above))
    clusters = len({row["cluster"] for row in rows})
    axes.set_title(f"{len(rows)} scene labels in {clusters} clusters; similar labels are near each other", loc="left")
    return figure


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    rows = read_csv(snakemake.input.taxonomy, "label", "cluster", "exemplar")
    embeddings = read_embeddings(snakemake.input.embeddings)
    places = map_labels(embeddings.of([row["label"] for row in rows]))
    save_figure(plot_map(rows, places), snakemake.output)


if __name__ == "__main__":
    run_job(main, snakemake)
