"""Scenes by decade and genre: share of each label, compared with the whole dataset."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from scripts.lib.jobs.log import run_job
from scripts.lib.pages.figures import new_figure, save_figure
from scripts.lib.records.samples import SEPARATOR, instances, read_samples
from scripts.lib.tables.frames import read_frame, write_frame

SHOWN = 30
# Groups with fewer samples are in the table only.
FEWEST = 30
# Limit of the colour scale, as a power of two: four times as common, or a quarter.
LIMIT = 2
KINDS = ("decade", "genre")


def group_shots(samples: pd.DataFrame, movies: pd.DataFrame) -> pd.DataFrame:
    """The groups of each sample: shot_id, movie_id, kind (decade, genre), group.

    An unknown year or genre gives none.
    """
    about = movies.drop_duplicates("movie_id").set_index("movie_id")
    years = pd.to_numeric(samples["movie_id"].map(about["year"]), errors="coerce")
    decades = (years // 10 * 10).where(years > 0)
    by_decade = samples[["shot_id", "movie_id"]].assign(group=decades).dropna()
    by_decade["group"] = by_decade["group"].astype(int).astype(str) + "s"
    genres = samples["movie_id"].map(about["genres"]).fillna("").str.split(SEPARATOR)
    by_genre = samples[["shot_id", "movie_id"]].assign(group=genres).explode("group")
    by_genre = by_genre[by_genre["group"] != ""]
    return pd.concat([by_decade.assign(kind="decade"), by_genre.assign(kind="genre")], ignore_index=True)


def label_shares(samples: pd.DataFrame, movies: pd.DataFrame) -> pd.DataFrame:
    """Share of each label in each group.

    Returns:
        kind, group, label, shots (of the group with the label), group_shots, group_movies, share, overall
        (share in the whole dataset), ratio (share to overall); no row if a label does not occur in
        a group.
    """
    groups = group_shots(samples, movies)
    long = instances(samples)
    overall = long["label"].value_counts() / len(samples)
    table = groups.merge(long[["shot_id", "label"]], on="shot_id")
    table = table.groupby(["kind", "group", "label"]).size().rename("shots").reset_index()
    sizes = groups.groupby(["kind", "group"]).agg(group_shots=("shot_id", "size"), group_movies=("movie_id", "nunique"))
    table = table.join(sizes, on=["kind", "group"])
    share = table["shots"] / table["group_shots"]
    usual = table["label"].map(overall).astype(float)
    table = table.assign(share=share.round(5), overall=usual.round(5), ratio=(share / usual).round(3))
    return table.sort_values(
        ["kind", "group", "shots", "label"], ascending=[True, True, False, True], ignore_index=True
    )


def plot_shares(table: pd.DataFrame) -> Figure:
    """Decades and genres side by side: the most frequent labels, share in % as number, ratio as colour.

    Args:
        table: see `label_shares`.
    """
    overall = table.drop_duplicates("label").sort_values(["overall", "label"], ascending=[False, True])[:SHOWN]
    overall = overall.set_index("label")["overall"]
    parts = {kind: table[(table["kind"] == kind) & (table["group_shots"] >= FEWEST)] for kind in KINDS}
    widths = [max(1, part["group"].nunique()) for part in parts.values()]
    size = 2.6 + 0.42 * sum(widths), 1.5 + 0.22 * max(4, len(overall))
    figure, axes = new_figure(*size, ncols=len(KINDS), gridspec_kw={"width_ratios": widths})
    image = None
    for ax, (kind, part) in zip(axes, parts.items(), strict=True):
        if part.empty:
            ax.set_axis_off()
            ax.text(0, 0.5, f"No {kind} has {FEWEST} samples.", transform=ax.transAxes)
            continue
        # Labels are beside the first panel only.
        names = list(overall.index) if image is None else []
        image = _draw_groups(ax, part, overall)
        ax.set_yticks(range(len(overall)), names, size=7)
        ax.set_title(f"by {kind}", loc="left")
        ax.tick_params(length=0)
    if image is not None:
        bar = figure.colorbar(image, ax=axes, label="ratio to the share in the whole dataset", shrink=0.6)
        ticks = np.linspace(-LIMIT, LIMIT, 5)
        bar.set_ticks(ticks, labels=[f"{2**tick:g}" for tick in ticks])
    figure.suptitle("Share of the samples with a label, %", x=0.01, ha="left", size=10)
    return figure


def _draw_groups(axes, part: pd.DataFrame, overall: pd.Series) -> AxesImage:
    """One panel: one column per group, one row per label.

    Args:
        part: the rows of `label_shares` for one kind.
        overall: share of each label in the whole dataset, in the order of the rows.
    """
    share = part.pivot(index="label", columns="group", values="share").reindex(overall.index).fillna(0)
    with np.errstate(divide="ignore"):
        ratio = np.log2(share.div(overall, axis=0).to_numpy()).clip(-LIMIT, LIMIT)
    image = axes.imshow(ratio, cmap="PuOr_r", vmin=-LIMIT, vmax=LIMIT, aspect="auto")
    for (row, column), value in np.ndenumerate(share.to_numpy()):
        text = f"{100 * value:.1f}" if value else "–"
        colour = "white" if abs(ratio[row, column]) > 0.75 * LIMIT else "black"
        axes.text(column, row, text, ha="center", va="center", size=5.5, color=colour)
    sizes = part.drop_duplicates("group").set_index("group").loc[share.columns]
    counts = zip(share.columns, sizes["group_shots"], sizes["group_movies"], strict=True)
    titles = [f"{group}\n{shots} shots, {movies} movies" for group, shots, movies in counts]
    axes.set_xticks(range(len(titles)), titles, rotation=90, size=6.5)
    return image


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    samples = read_samples(snakemake.input.samples)
    movies = read_frame(snakemake.input.movies, ["movie_id", "year", "genres"])
    table = label_shares(samples, movies)
    write_frame(table, snakemake.output.csv)
    save_figure(plot_shares(table), snakemake.output.figures)


if __name__ == "__main__":
    run_job(main, snakemake)
