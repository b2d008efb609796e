"""Fig. 5: the most frequent scene labels of each genre."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scripts.lib.jobs.log import run_job
from scripts.lib.pages.colours import label_colours, read_clusters
from scripts.lib.pages.figures import new_figure, save_figure
from scripts.lib.records.samples import FACTS, SEPARATOR, instances, movie_facts, read_samples
from scripts.lib.tables.frames import read_frame, read_parquet, write_frame
from scripts.lib.tables.rows import read_csv

TOP = 5
COLUMNS = 4
# Genres with fewer samples are in the table only.
FEWEST = 10


def genre_labels(samples: pd.DataFrame, movies: pd.DataFrame, printed: list[dict[str, str]]) -> pd.DataFrame:
    """The most frequent top-1 labels of each genre: genre, rank, label, shots, genre_shots, share, paper.

    A shot counts for every genre of its movie. Ties are in alphabetical order. Genres that the paper
    shows come first, in its order.

    Args:
        samples: movie_id, labels, split, …
        movies: movie_id and genres.
        printed: genre and label of the pairs named in the paper.
    """
    genres = movies.drop_duplicates("movie_id").set_index("movie_id")["genres"]
    best = instances(samples).query("rank == 0")
    table = pd.DataFrame({"label": best["label"], "genre": best["movie_id"].map(genres).str.split(SEPARATOR)})
    table = table.explode("genre")
    counts = table[table["genre"].fillna("") != ""].groupby(["genre", "label"]).size().rename("shots").reset_index()
    counts["genre_shots"] = counts.groupby("genre")["shots"].transform("sum")
    shown = list(dict.fromkeys(pair["genre"] for pair in printed))
    order = {genre: place for place, genre in enumerate([*shown, *sorted(set(counts["genre"]) - set(shown))])}
    counts = counts.assign(place=counts["genre"].map(order))
    counts = counts.sort_values(["place", "shots", "label"], ascending=[True, False, True])
    counts = counts[counts.groupby("genre").cumcount() < TOP]
    counts["rank"] = counts.groupby("genre").cumcount() + 1
    counts["share"] = (counts["shots"] / counts["genre_shots"]).round(4)
    named = {(pair["genre"], pair["label"]) for pair in printed}
    pairs = zip(counts["genre"], counts["label"], strict=True)
    counts["paper"] = ["named" if pair in named else "" for pair in pairs]
    return counts[["genre", "rank", "label", "shots", "genre_shots", "share", "paper"]].reset_index(drop=True)


def plot_genres(table: pd.DataFrame, clusters: Mapping[str, int] | None = None) -> Figure:
    """One panel of bars per genre; labels that the paper names for it are bold.

    Args:
        table: see `genre_labels`.
        clusters: see `label_colours`.
    """
    shown = table[table["genre_shots"] >= FEWEST]
    genres = list(dict.fromkeys(shown["genre"]))
    rows = max(1, -(-len(genres) // COLUMNS))
    figure, axes = new_figure(13, 0.5 + 1.5 * rows, nrows=rows, ncols=COLUMNS, squeeze=False)
    colours = label_colours(shown["label"], clusters)
    for ax in axes.flat[len(genres) :]:
        ax.set_axis_off()
    if not genres:
        axes[0, 0].text(0, 0.5, f"No genre has {FEWEST} samples.")
    for ax, genre in zip(axes.flat, genres, strict=False):
        part = shown[shown["genre"] == genre]
        ax.barh(part["rank"], part["shots"], color=[colours[label] for label in part["label"]])
        ax.set_yticks(part["rank"], part["label"])
        for tick, named in zip(ax.get_yticklabels(), part["paper"], strict=True):
            tick.set_weight("bold" if named else "normal")
        for row in part.itertuples():
            ax.text(row.shots, row.rank, f" {row.shots}", va="center", size=7)
        ax.set_ylim(TOP + 0.6, 0.4)
        ax.set_xlim(0, 1.15 * part["shots"].max())
        ax.set_xticks([])
        ax.spines["bottom"].set_visible(False)
        ax.set_title(f"{genre}  ({part['genre_shots'].iloc[0]} shots)", loc="left", size=9)
    return figure


def confident_shots(path: str, threshold: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All shots whose top-1 score reaches the threshold, in the form of samples, and the movies of all shots.

    Args:
        path: `dataset/shots.parquet`.
        threshold: compared in the precision of the scores.
    """
    shots = read_parquet(path, columns=["clip_id", "movie_id", *FACTS, "label_1", "score_1"])
    movies = movie_facts(shots.drop_duplicates("clip_id")).reset_index()
    kept = shots[shots["score_1"] >= np.float32(threshold)]
    return kept[["movie_id"]].assign(labels=kept["label_1"], scores="").reset_index(drop=True), movies


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    source = snakemake.input
    if source.shots:
        samples, movies = confident_shots(source.shots[0], snakemake.params.threshold)
    else:
        samples, movies = read_samples(source.samples), read_frame(source.movies, ["movie_id", "genres"])
    table = genre_labels(samples, movies, read_csv(snakemake.input.printed))
    write_frame(table, snakemake.output.csv)
    save_figure(plot_genres(table, read_clusters(source.clusters)), snakemake.output.figures)


if __name__ == "__main__":
    run_job(main, snakemake)
