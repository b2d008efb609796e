"""Gather all labelled shots of a run: one row a shot, and one row of scores."""

from collections.abc import Iterator

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from scripts.lib.errors import UserError, bullet_list
from scripts.lib.files import atomic_path
from scripts.lib.hdf5 import append_rows, create_h5, growing_dataset, open_h5, read_strings, write_strings
from scripts.lib.log import job_log, progress
from scripts.lib.manifest import Clip, read_manifest
from scripts.lib.shots import shot_id
from scripts.lib.tables import read_csv

TOP = 5
# 0.29 * 100 is a little less than 29.
ROUNDING = 1e-9

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("shot_id", "clip_id", "movie_id", "title", "year", "genres")),
        *((name, pa.int32()) for name in ("shot", "start_frame", "end_frame")),
        *((name, pa.float64()) for name in ("start_time", "end_time")),
        *((f"label_{rank}", pa.string()) for rank in range(1, TOP + 1)),
        *((f"score_{rank}", pa.float32()) for rank in range(1, TOP + 1)),
        ("entropy", pa.float32()),
        ("flags", pa.string()),
    ]
)


def top_labels(scores: np.ndarray, labels: list[str]) -> pd.DataFrame:
    """label_1 … label_5, score_1 … score_5: the highest scores of each shot, ties in label order.

    Args:
        scores: (N, L).
        labels: L names; with fewer than five, the columns beyond are empty.
    """
    order = np.argsort(-scores, axis=1, kind="stable")[:, :TOP]
    names, values = np.array(labels, object)[order], np.take_along_axis(scores, order, axis=1)
    columns = {}
    for rank in range(TOP):
        known = rank < order.shape[1]
        columns[f"label_{rank + 1}"] = names[:, rank] if known else None
        columns[f"score_{rank + 1}"] = values[:, rank] if known else np.nan
    return pd.DataFrame(columns, index=range(len(scores)))


def entropy(scores: np.ndarray) -> np.ndarray:
    """Shannon entropy (nats) of each shot's scores as shares of their sum, (N, L) to (N,).

    NaN where the scores are no shares, as cosines below zero are not.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = scores / scores.sum(axis=1, keepdims=True)
        terms = np.where(shares > 0, -shares * np.log(shares), 0.0)
    return np.where((scores >= 0).all(axis=1), terms.sum(axis=1), np.nan)


def flag_shots(luma: np.ndarray, spread: np.ndarray, seconds: np.ndarray, limits: dict[str, float]) -> list[str]:
    """Why a shot's labels should not be believed, `|`-separated: black, uniform, short.

    Args:
        luma: mean brightness of each shot's frames, 0 to 1, (N,).
        spread: mean over its frames of the standard deviation of brightness, (N,).
        seconds: duration, (N,).
        limits: `black_luma`, `uniform_spread`, `short_seconds`.
    """
    tests = {
        "black": luma < limits["black_luma"],
        "uniform": spread < limits["uniform_spread"],
        "short": seconds < limits["short_seconds"],
    }
    return ["|".join(flag for flag, hit in tests.items() if hit[row]) for row in range(len(luma))]


def shard_table(
    clips: dict[str, Clip], shots: list[dict[str, str]], scores: h5py.File, embeddings: h5py.File, limits: dict
) -> Iterator[tuple[pd.DataFrame, np.ndarray]]:
    """Per clip of a shard that has scores: its rows of `shots.parquet`, and scores (N, L)."""
    labels = read_strings(scores["labels"])
    shots_of = dict(tuple(pd.DataFrame(shots).groupby("clip_id", sort=False))) if shots else {}
    for clip_id, rows in shots_of.items():
        if clip_id not in scores:
            continue
        clip, values = clips[clip_id], scores[clip_id]["shot_scores"][:]
        numbers = rows["shot"].astype("int32").to_numpy()
        if not np.array_equal(numbers, scores[clip_id]["shot_numbers"][:]):
            raise UserError(
                f"{scores.filename} has other shots of {clip_id} than its shot list; delete it and run again"
            )
        position = np.searchsorted(numbers, embeddings[clip_id]["shot"][:])
        counts = np.bincount(position)
        luma, spread = (
            np.bincount(position, embeddings[clip_id][name][:]) / counts for name in ("luma_mean", "luma_std")
        )
        start, end = (rows[f"{edge}_time"].astype(float).to_numpy() for edge in ("start", "end"))
        table = pd.DataFrame(
            {
                "shot_id": [shot_id(clip_id, number) for number in numbers],
                "clip_id": clip_id,
                "movie_id": clip.movie_id,
                "title": clip.title,
                "year": clip.year,
                "genres": clip.genres,
                "shot": numbers,
                "start_frame": rows["start_frame"].astype("int32").to_numpy(),
                "end_frame": rows["end_frame"].astype("int32").to_numpy(),
                "start_time": start,
                "end_time": end,
                "entropy": entropy(values),
                "flags": flag_shots(luma, spread, end - start, limits),
            }
        )
        yield pd.concat([table, top_labels(values, labels)], axis=1), values


def check_failures(failures: list[dict[str, str]], n_clips: int, allowed: float) -> None:
    """Stop when too many clips could not be used.

    Raises:
        UserError: more than the fraction `allowed`, or all; lists them with their reasons.
    """
    if len(failures) <= allowed * n_clips + ROUNDING and len(failures) < n_clips:
        return
    reasons = [f"{row['path']}: {row['reason']}" for row in failures]
    raise UserError(
        f"{len(failures)} of {n_clips} clip(s) could not be used, more than clips.max_failed_fraction = {allowed:g} "
        f"allows:\n{bullet_list(reasons, limit=100)}\n"
        "Mend or remove them, or raise that fraction to go on without them"
    )


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    clips = {clip.clip_id: clip for clip in read_manifest(snakemake.params.manifest)}
    check_failures(read_csv(snakemake.input.failures), len(clips), snakemake.params.max_failed_fraction)
    shards = list(zip(snakemake.input.shots, snakemake.input.scores, snakemake.input.embeddings, strict=True))
    with open_h5(snakemake.input.scores[0]) as first:
        labels = read_strings(first["labels"])
        attributes = {name: first.attrs[name] for name in ("encoder", "weights_sha256", "score", "logit_scale")}
    shot_ids: list[str] = []
    with (
        atomic_path(snakemake.output.shots) as parquet,
        pq.ParquetWriter(parquet, SCHEMA) as writer,
        create_h5(snakemake.output.scores, attributes, ("numpy", "pandas", "pyarrow")) as file,
        progress(len(shards), "shard", "Collecting shots") as bar,
    ):
        write_strings(file, "labels", labels)
        all_scores = growing_dataset(file, "scores", np.float32, len(labels))
        for shots_csv, scores_h5, embeddings_h5 in shards:
            with open_h5(scores_h5) as scores, open_h5(embeddings_h5) as embeddings:
                parts = list(shard_table(clips, read_csv(shots_csv), scores, embeddings, snakemake.params.flags))
            if parts:
                tables, values = zip(*parts, strict=True)
                table = pd.concat(tables, ignore_index=True)
                writer.write_table(pa.Table.from_pandas(table, SCHEMA, preserve_index=False), len(table))
                append_rows(all_scores, np.concatenate(values))
                shot_ids += table["shot_id"].tolist()
            bar.update()
        write_strings(file, "shot_id", shot_ids)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(snakemake)
