"""Shares of labels, groups and attributes by decade and by genre, averaged over films."""

import numpy as np
import pandas as pd
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from scripts.dataset.selection import is_candidate
from scripts.lib.jobs.log import logger, run_job
from scripts.lib.pages.figures import SEQUENTIAL, new_figure, on_colour, save_figure
from scripts.lib.records.groups import read_groups
from scripts.lib.records.samples import FACTS, SEPARATOR, clip_table, instances, movie_facts, read_samples
from scripts.lib.tables.frames import read_frame, read_parquet, write_frame

SHOWN = 30
# Decades and genres with fewer films are grey in the figures.
FEWEST = 5
ALL, KINDS = "all films", ("decade", "genre")
UNKNOWN = "unknown"
# From left to right; other values follow in alphabetical order.
ORDER = ("inside", "either", "outside", "day", "night")

BARS = {"inside": "#3b6a9a", "either": "#cfd8e1", "outside": "#e3b96b", "day": "#e9d9a6", "night": "#33415f"}
OTHER_BARS = ("#3b6a9a", "#e3b96b", "#8fae8b", "#b58a8a", "#cfd8e1")
# For cells of few films, from the first value to the last.
GREYS = ("#9b9b9b", "#cccccc", "#e4e4e4", "#f1f1f1")


def film_cells(movies: pd.DataFrame) -> pd.DataFrame:
    """Which cells each film is in: movie_id, by (all, decade, genre), cell; decades and genres in order.

    A film of unknown year is in no decade, one of several genres in each of them.

    Args:
        movies: movie_id, year and genres, one row per film or more.
    """
    films = movies.drop_duplicates("movie_id")
    everywhere = films[["movie_id"]].assign(by="all", cell=ALL)
    years = pd.to_numeric(films["year"], errors="coerce")
    decades = (years // 10 * 10).where(years > 0)
    by_decade = films[["movie_id"]].assign(by="decade", cell=decades).dropna().sort_values("cell")
    by_decade["cell"] = by_decade["cell"].astype(int).astype(str) + "s"
    by_genre = films[["movie_id"]].assign(by="genre", cell=films["genres"].str.split(SEPARATOR)).explode("cell")
    by_genre = by_genre[by_genre["cell"].fillna("") != ""].drop_duplicates().sort_values("cell")
    return pd.concat([everywhere, by_decade, by_genre], ignore_index=True)


def film_shares(name: str, counted: pd.DataFrame, n_shots: pd.Series, movies: pd.DataFrame) -> pd.DataFrame:
    """Shares of the values of a property: in each film first, then the mean over the films of a cell.

    Args:
        name: of the property, such as label.
        counted: movie_id and value, one row for each value of each shot.
        n_shots: shots of each film, with a value or not, by movie_id.
        movies: see `film_cells`.

    Returns:
        property, property_value, by, cell, cell_films, cell_shots (of the cell), films and shots (of these, with the
        value), share; a row for each value and cell.
    """
    counts = pd.crosstab(counted["movie_id"], counted["value"]).reindex(n_shots.index, fill_value=0)
    shares = counts.div(n_shots, axis=0)
    cells = film_cells(movies)
    parts = []
    for (by, cell), ids in cells[cells["movie_id"].isin(n_shots.index)].groupby(["by", "cell"], sort=False)["movie_id"]:
        part = counts.loc[ids]
        about = {"property": name, "property_value": counts.columns, "by": by, "cell": cell}
        sizes = {"cell_films": len(ids), "cell_shots": n_shots[ids].sum()}
        found = {"films": (part > 0).sum().to_numpy(), "shots": part.sum().to_numpy()}
        parts.append(pd.DataFrame({**about, **sizes, **found, "share": shares.loc[ids].mean().round(5).to_numpy()}))
    return pd.concat(parts, ignore_index=True)


def label_shares(samples: pd.DataFrame, movies: pd.DataFrame) -> pd.DataFrame:
    """Shares of the samples that have a label, see `film_shares`. Those of a film may add up to more than 1.

    Args:
        samples: see `read_samples`.
        movies: see `film_cells`.
    """
    long = instances(samples).rename(columns={"label": "value"})
    return film_shares("label", long, samples["movie_id"].value_counts(), movies)


def property_shares(
    shots: pd.DataFrame, movies: pd.DataFrame, groups: dict[str, str], names: list[str]
) -> pd.DataFrame:
    """Shares of the shots with each group and each value of an attribute, see `film_shares`.

    Args:
        shots: movie_id, label (top-1) and the attributes' values.
        movies: see `film_cells`.
        groups: see `read_groups`; without any, there are no shares of groups. A label without one is `UNKNOWN`.
        names: of the attributes.
    """
    if groups:
        shots = shots.assign(group=shots["label"].map(groups).fillna(UNKNOWN))
        if without := sorted(set(shots.loc[shots["group"] == UNKNOWN, "label"])):
            logger.info("No group is known of the label(s) %s", ", ".join(without))
    sizes = shots["movie_id"].value_counts()
    tables = [
        film_shares(name, shots[["movie_id", name]].rename(columns={name: "value"}), sizes, movies)
        for name in (["group"] if groups else []) + names
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def plot_labels(table: pd.DataFrame) -> Figure:
    """The labels of the highest share over all films, by decade and by genre: share in % as number and colour.

    Args:
        table: see `label_shares`.
    """
    overall = table[table["by"] == "all"].sort_values(["share", "property_value"], ascending=[False, True])[:SHOWN]
    names = list(overall["property_value"])
    parts = [part for by in ("all", *KINDS) if len(part := table[table["by"] == by])]
    widths = [part["cell"].nunique() for part in parts]
    size = 3.6 + 0.34 * sum(widths), 2.2 + 0.2 * max(4, len(names))
    figure, axes = new_figure(*size, ncols=len(parts), squeeze=False, gridspec_kw={"width_ratios": widths})
    coloured = table[(table["cell_films"] >= FEWEST) & table["property_value"].isin(names)]
    # The square root shows small shares too.
    norm = PowerNorm(0.5, 0, 100 * max(coloured["share"].max(), 0.01) if len(coloured) else 1)
    for ax, part in zip(axes[0], parts, strict=True):
        _draw_cells(ax, part, names, norm)
    axes[0, 0].set_yticks(range(len(names)), names, size=7)
    beside = axes[0, -1].secondary_yaxis("right")
    counts = zip(overall["shots"], overall["films"], strict=True)
    beside.set_yticks(
        range(len(names)), [f"{shots:,} in {films:,}" for shots, films in counts], size=6, color="#555555"
    )
    beside.tick_params(length=0)
    beside.spines[:].set_visible(False)
    figure.suptitle("Share of a film's samples with a label, mean over films, %", x=0.01, ha="left", size=10)
    figure.supxlabel(
        f"Grey: fewer than {FEWEST} films. On the right: samples with the label, in how many films.", size=7
    )
    return figure


def _draw_cells(axes, part: pd.DataFrame, names: list[str], norm: PowerNorm) -> None:
    """One panel: a column for each cell, a row for each label; grey where films are few."""
    cells = part.drop_duplicates("cell")
    share = (
        100 * part.pivot(index="property_value", columns="cell", values="share").loc[names, cells["cell"]].to_numpy()
    )
    few = (cells["cell_films"] < FEWEST).to_numpy()
    colours = SEQUENTIAL(norm(share))
    colours[:, few] = (0.93, 0.93, 0.93, 1)
    axes.imshow(colours, aspect="auto")
    for (row, column), value in np.ndenumerate(share):
        colour = "#8a8a8a" if few[column] else on_colour(colours[row, column, :3])
        axes.text(column, row, f"{value:.1f}" if value else "", ha="center", va="center", size=5.5, color=colour)
    axes.set_xticks(range(len(cells)), cells["cell"], rotation=90, size=7)
    axes.xaxis.tick_top()
    axes.set_yticks([])
    below = axes.secondary_xaxis("bottom")
    sizes = zip(cells["cell_films"], cells["cell_shots"], strict=True)
    told = [f"{films:,} film{'s' * (films != 1)}, {shots:,}" for films, shots in sizes]
    below.set_xticks(range(len(cells)), told, rotation=90, size=6, color="#555555")
    for ax in (axes, below):
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)


def plot_properties(table: pd.DataFrame) -> Figure:
    """Groups and attributes side by side: a bar of 100 % for each decade and genre.

    Args:
        table: see `property_shares`; may be empty.
    """
    if table.empty:
        figure, ax = new_figure(6, 1)
        ax.set_axis_off()
        ax.text(0, 0.5, "This run has neither groups of labels nor attributes.")
        return figure
    names = list(dict.fromkeys(table["property"]))
    cells = table.drop_duplicates(["by", "cell"])[["by", "cell", "cell_films", "cell_shots"]].reset_index(drop=True)
    # A free line before the decades and before the genres.
    places = np.arange(len(cells)) + (cells["by"] != cells["by"].shift()).cumsum().to_numpy()
    size = 2.4 + 2.6 * len(names), 1.3 + 0.21 * places.max()
    figure, axes = new_figure(*size, ncols=len(names), sharey=True, squeeze=False)
    for ax, name in zip(axes[0], names, strict=True):
        _draw_bars(ax, table[table["property"] == name], cells, places)
        ax.set_title(name, loc="left", size=9, pad=18)
    told = zip(cells["cell"], cells["cell_films"], cells["cell_shots"], strict=True)
    labels = [f"{cell}   {films:,} film{'s' * (films != 1)}, {shots:,} shots" for cell, films, shots in told]
    axes[0, 0].set_yticks(places, labels, size=7)
    axes[0, 0].set_ylim(places.max() + 0.6, places.min() - 0.6)
    figure.supxlabel(f"Share of a film's shots, mean over films, %. Grey: fewer than {FEWEST} films.", size=7)
    return figure


def _draw_bars(axes, part: pd.DataFrame, cells: pd.DataFrame, places: np.ndarray) -> None:
    """One panel of stacked bars, a value after the other."""
    known = set(part["property_value"])
    values = [value for value in ORDER if value in known] + sorted(known - set(ORDER))
    share = 100 * part.pivot(index=["by", "cell"], columns="property_value", values="share")
    share = share.loc[list(zip(cells["by"], cells["cell"], strict=True)), values].to_numpy()
    few, left = (cells["cell_films"] < FEWEST).to_numpy(), np.zeros(len(cells))
    others = iter(OTHER_BARS * len(values))
    for number, value in enumerate(values):
        colour = BARS.get(value) or next(others)
        grey = GREYS[min(number, len(GREYS) - 1)]
        drawn = [grey if is_few else colour for is_few in few]
        width = share[:, number]
        axes.barh(places, width, left=left, color=drawn, height=0.8, edgecolor="white", linewidth=0.5)
        for place, start, size, shade in zip(places, left, width, drawn, strict=True):
            if size >= 8:
                text = f"{size:.0f}"
                axes.text(start + size / 2, place, text, ha="center", va="center", size=6, color=on_colour(shade))
        axes.plot([], [], "s", color=colour, label=value)
        left = left + width
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=4, fontsize=6.5, frameon=False, borderpad=0, handletextpad=0.1
    )
    axes.set_xlim(0, 100)
    axes.set_xticks([0, 50, 100])
    axes.tick_params(labelsize=7, length=0)
    axes.spines[:].set_visible(False)


def read_shots(path: str, exclude_flags: list[str], names: list[str], manifest: str) -> tuple[pd.DataFrame, ...]:
    """Shots without these flags, as `property_shares` takes them, and the films of all shots.

    Args:
        path: `dataset/shots.parquet`.
        exclude_flags: see `is_candidate`.
        names: of the attributes.
        manifest: the run's `manifest.csv`.
    """
    shots = read_parquet(path, columns=["clip_id", "movie_id", *FACTS, "label_1", "flags", *names])
    clips = clip_table(shots[["clip_id", "movie_id", *FACTS]], manifest, set())
    kept = shots[is_candidate(shots, exclude_flags, set())]
    kept = kept.assign(movie_id=kept["clip_id"].map(clips["movie_id"]), label=kept["label_1"])
    return kept[["movie_id", "label", *names]], movie_facts(clips).reset_index()


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    source, params = snakemake.input, snakemake.params
    samples, movies = read_samples(source.samples), read_frame(source.movies, ["movie_id", "year", "genres"])
    labels = label_shares(samples, movies)
    if source.shots:
        shots, movies = read_shots(source.shots, params.exclude_flags, params.attributes, params.manifest)
    else:
        shots = instances(samples).query("rank == 0")[["movie_id", "label"]]
    groups = read_groups(source.groups) if source.groups else {}
    properties = property_shares(shots, movies, groups, params.attributes)
    write_frame(pd.concat([labels, properties]), snakemake.output.csv)
    save_figure(plot_labels(labels), snakemake.output.labels)
    save_figure(plot_properties(properties), snakemake.output.properties)
    return f"{samples['movie_id'].nunique()} film(s) with samples"


if __name__ == "__main__":
    run_job(main, snakemake)
