"""Collect all labelled shots of a run: a table with one row per shot, and all scores."""

import json
from collections.abc import Iterable, Mapping

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from scripts.lib.files.atomic import atomic_path
from scripts.lib.files.hdf5 import (
    CLIPS,
    append_rows,
    create_h5,
    growing_dataset,
    open_h5,
    read_attribute,
    read_strings,
    write_strings,
)
from scripts.lib.jobs.errors import UserError, bullet_list, make_anew
from scripts.lib.jobs.log import progress, run_job
from scripts.lib.records.clips import Clip, read_manifest, shard_fingerprints
from scripts.lib.records.labels import LABEL_COLUMNS, SCORE_COLUMNS, TOP
from scripts.lib.records.shots import shot_id
from scripts.lib.tables.rows import read_csv
from scripts.lib.tables.shards import read_shard_csv
from scripts.tagging.context import in_context

# Attributes that are copied from the shards' score files.
INHERITED = ("encoder", "weights_sha256", "score", "logit_scale")
# 0.29 * 100 is slightly less than 29.
ROUNDING = 1e-9

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("shot_id", "clip_id", "movie_id", "title", "year", "genres")),
        *((name, pa.int32()) for name in ("shot", "start_frame", "end_frame")),
        *((name, pa.float64()) for name in ("start_time", "end_time")),
        *((name, pa.string()) for name in LABEL_COLUMNS),
        *((name, pa.float32()) for name in SCORE_COLUMNS),
        ("entropy", pa.float32()),
        ("flags", pa.string()),
    ]
)


def schema_with(attributes: Iterable[str]) -> pa.Schema:
    """`SCHEMA` with two columns for each attribute: its most likely value, and the score of that."""
    columns = [((name, pa.string()), (f"{name}_score", pa.float32())) for name in attributes]
    return pa.schema([*SCHEMA, *(pa.field(*column) for pair in columns for column in pair)])


def top_labels(scores: np.ndarray, labels: list[str]) -> pd.DataFrame:
    """label_1 … label_5, score_1 … score_5: the highest scores of each shot, ties in label order.

    Args:
        scores: (N, L).
        labels: L names; with fewer than five, the remaining columns are empty.
    """
    order = np.argsort(-scores, axis=1, kind="stable")[:, :TOP]
    names, values = np.array(labels, object)[order], np.take_along_axis(scores, order, axis=1)
    columns = {}
    for rank, (label, score) in enumerate(zip(LABEL_COLUMNS, SCORE_COLUMNS, strict=True)):
        known = rank < order.shape[1]
        columns[label] = names[:, rank] if known else None
        columns[score] = values[:, rank] if known else np.nan
    return pd.DataFrame(columns, index=range(len(scores)))


def entropy(scores: np.ndarray) -> np.ndarray:
    """Shannon entropy (nats) of each shot's scores divided by their sum, (N, L) to (N,).

    NaN if a score is negative, as cosines can be.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = scores / scores.sum(axis=1, keepdims=True)
        terms = np.where(shares > 0, -shares * np.log(shares), 0.0)
    return np.where((scores >= 0).all(axis=1), terms.sum(axis=1), np.nan)


def flag_shots(luma: np.ndarray, spread: np.ndarray, seconds: np.ndarray, limits: dict[str, float]) -> list[str]:
    """Flags of shots whose labels are not reliable, `|`-separated: black, uniform, short.

    Args:
        luma: mean luma of each shot's frames, 0 to 1, (N,).
        spread: mean over its frames of the standard deviation of luma, (N,).
        seconds: duration, (N,).
        limits: `black_luma`, `uniform_spread`, `short_seconds`.
    """
    tests = {
        "black": luma < limits["black_luma"],
        "uniform": spread < limits["uniform_spread"],
        "short": seconds < limits["short_seconds"],
    }
    return ["|".join(flag for flag, hit in tests.items() if hit[row]) for row in range(len(luma))]


def by_clip(shots: list[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    """The rows of a shard's shots by clip, in their order."""
    rows: dict[str, list[dict[str, str]]] = {}
    for row in shots:
        rows.setdefault(row["clip_id"], []).append(row)
    return rows


def read_scores(file: h5py.File, rows_of: dict[str, list[dict[str, str]]]) -> dict[str, np.ndarray]:
    """Scores (N, L) of the shots of each scored clip, by clip.

    Args:
        file: a shard's scores.
        rows_of: see `by_clip`.

    Raises:
        UserError: the scores are of other shots.
    """
    if missing := sorted(set(file[CLIPS]) - set(rows_of)):
        raise UserError(
            f"{file.filename} has shots of {', '.join(missing[:5])}, of which the shot list has none; detect them "
            "again (add --forcerun detect_shots)"
        )
    for clip_id, group in file[CLIPS].items():
        _check_shots(file, clip_id, group["shot_numbers"][:], rows_of)
    return {clip_id: group["shot_scores"][:] for clip_id, group in file[CLIPS].items()}


def read_values(file: h5py.File, attributes: dict[str, list[str]]) -> dict[str, dict[str, np.ndarray]]:
    """The columns of the attributes, see `likely_values`, by clip.

    Args:
        file: a shard's scores.
        attributes: the values of each, in the order of their scores.
    """
    return {clip_id: likely_values(group["attributes"], attributes) for clip_id, group in file[CLIPS].items()}


def likely_values(scores: Mapping[str, np.ndarray], attributes: dict[str, list[str]]) -> dict[str, np.ndarray]:
    """The most likely value of each attribute (N,), and its score as `<attribute>_score` (N,); of a tie the first.

    Args:
        scores: (N, V) of each attribute.
        attributes: its V values.
    """
    columns = {}
    for name, values in attributes.items():
        found = scores[name][:]
        columns[name] = np.array(values, object)[found.argmax(axis=1)]
        columns[f"{name}_score"] = found.max(axis=1)
    return columns


def read_brightness(
    file: h5py.File, rows_of: dict[str, list[dict[str, str]]], clip_ids: Iterable[str]
) -> dict[str, np.ndarray]:
    """Mean luma of each shot and its spread, (2, N), of these clips, by clip.

    Args:
        file: a shard's embeddings.
        rows_of, clip_ids: see `by_clip`; the clips asked for.

    Raises:
        UserError: the embeddings are of other shots.
    """
    brightness = {}
    for clip_id in clip_ids:
        frames = file[CLIPS][clip_id]
        numbers, position, counts = np.unique(frames["shot"][:], return_inverse=True, return_counts=True)
        _check_shots(file, clip_id, numbers, rows_of)
        brightness[clip_id] = np.stack(
            [np.bincount(position, frames[name][:]) / counts for name in ("luma_mean", "luma_std")]
        )
    return brightness


def _check_shots(file: h5py.File, clip_id: str, numbers: np.ndarray, rows_of: dict[str, list[dict[str, str]]]) -> None:
    if numbers.tolist() != [int(row["shot"]) for row in rows_of[clip_id]]:
        raise UserError(f"{file.filename} has other shots of {clip_id} than its shot list; {make_anew(file.filename)}")


def shard_table(
    clips: dict[str, Clip],
    rows_of: dict[str, list[dict[str, str]]],
    scores: dict[str, np.ndarray],
    brightness: dict[str, np.ndarray],
    values: dict[str, dict[str, np.ndarray]],
    labels: list[str],
    limits: dict[str, float],
    context: dict | None = None,
) -> tuple[pd.DataFrame, np.ndarray] | None:
    """Rows of `shots.parquet` and scores (N, L) of a shard's scored clips; None if there is none.

    One table for all clips, because one table per clip is slow.

    Args:
        clips: of the run, by id.
        rows_of, scores, brightness, values: see `by_clip`, `read_scores`, `read_brightness`, `read_values`.
        labels, limits: see `top_labels` and `flag_shots`.
        context: `prior_shots` and `neighbours` of `in_context`, in which the labels are then chosen; the returned
            scores are without.
    """
    parts = [clips[clip_id] for clip_id in rows_of if clip_id in scores]
    if not parts:
        return None
    alone = np.concatenate([scores[clip.clip_id] for clip in parts])
    shown = np.concatenate([in_context(scores[clip.clip_id], **context) for clip in parts]) if context else alone
    luma, spread = np.concatenate([brightness[clip.clip_id] for clip in parts], axis=1)
    rows = [row for clip in parts for row in rows_of[clip.clip_id]]
    sizes = [len(rows_of[clip.clip_id]) for clip in parts]
    about = {
        name: np.repeat(np.array([getattr(clip, name) for clip in parts], object), sizes)
        for name in ("clip_id", "movie_id", "title", "year", "genres")
    }
    numbers, start_frame, end_frame = (
        np.array([row[name] for row in rows], np.int32) for name in ("shot", "start_frame", "end_frame")
    )
    start, end = (np.array([row[f"{edge}_time"] for row in rows], float) for edge in ("start", "end"))
    table = pd.DataFrame(
        {
            "shot_id": [shot_id(row["clip_id"], int(row["shot"])) for row in rows],
            **about,
            "shot": numbers,
            "start_frame": start_frame,
            "end_frame": end_frame,
            "start_time": start,
            "end_time": end,
            "entropy": entropy(shown),
            "flags": flag_shots(luma, spread, end - start, limits),
        }
    )
    of_attributes = {
        name: np.concatenate([values[clip.clip_id][name] for clip in parts]) for name in values[parts[0].clip_id]
    }
    return pd.concat([table, top_labels(shown, labels), pd.DataFrame(of_attributes)], axis=1), alone


def scored_with(scores: h5py.File) -> dict[str, object]:
    """What decides a shard's scores apart from its frames, by name: labels, prompts, attributes, model, score."""
    lists = {name: read_strings(scores[name]) for name in ("labels", "prompts")}
    lists["attributes"] = json.loads(read_attribute(scores, "attributes"))
    return lists | {name: read_attribute(scores, name) for name in INHERITED}


def check_scored_with(scores: h5py.File, expected: dict[str, object], first: str) -> None:
    """Raise UserError if a shard was not scored as `expected`, like the `first` shard."""
    found = scored_with(scores)
    if different := [name for name in expected if found[name] != expected[name]]:
        raise UserError(
            f"{scores.filename} was not scored like {first} (different: {', '.join(different)}); score the shots "
            "again (add --forcerun score_shots)"
        )


def check_failures(failures: list[dict[str, str]], n_clips: int, allowed: float) -> None:
    """Stop if too many clips could not be used.

    Raises:
        UserError: more than the fraction `allowed` failed, or all; lists them with their reasons.
    """
    if len(failures) <= allowed * n_clips + ROUNDING and len(failures) < n_clips:
        return
    reasons = [f"{row['path']}: {row['reason']}" for row in failures]
    raise UserError(
        f"{len(failures)} of {n_clips} clip(s) could not be used, more than clips.max_failed_fraction = {allowed:g} "
        f"allows:\n{bullet_list(reasons, limit=100)}\n"
        "Repair them and add --forcerun detect_shots, remove them, or raise that fraction to continue "
        "without them"
    )


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    clips = {clip.clip_id: clip for clip in read_manifest(snakemake.params.manifest)}
    failures = read_csv(snakemake.input.failures, "clip_id", "reason")
    check_failures(failures, len(clips), snakemake.params.max_failed_fraction)
    fingerprints = shard_fingerprints(snakemake.params.manifest, snakemake.config)
    source = snakemake.input
    shards = list(zip(source.shots, source.scores, source.embeddings, fingerprints, strict=True))
    with open_h5(source.scores[0], fingerprints[0]) as first:
        expected = scored_with(first)
    labels, inherited = expected["labels"], {name: expected[name] for name in INHERITED}
    attributes = {name: list(values) for name, values in expected["attributes"].items()}
    schema = schema_with(attributes)
    shot_ids: list[str] = []
    with (
        atomic_path(snakemake.output.shots) as parquet,
        pq.ParquetWriter(parquet, schema) as writer,
        create_h5(snakemake.output.scores, inherited, ("numpy", "pandas", "pyarrow")) as file,
        progress(len(shards), "shard", "Collecting shots") as bar,
    ):
        write_strings(file, "labels", labels)
        all_scores = growing_dataset(file, "scores", np.float32, len(labels))
        for shots_csv, scores_h5, embeddings_h5, fingerprint in shards:
            rows_of = by_clip(read_shard_csv(shots_csv, fingerprint))
            # One after the other, so that an error names the damaged file.
            with open_h5(scores_h5, fingerprint) as shard:
                check_scored_with(shard, expected, source.scores[0])
                scores, values = read_scores(shard, rows_of), read_values(shard, attributes)
            with open_h5(embeddings_h5, fingerprint) as shard:
                brightness = read_brightness(shard, rows_of, scores)
            params = snakemake.params
            settings = labels, params.flags, params.context
            if found := shard_table(clips, rows_of, scores, brightness, values, *settings):
                table, alone = found
                writer.write_table(pa.Table.from_pandas(table, schema, preserve_index=False), len(table))
                append_rows(all_scores, alone)
                shot_ids += table["shot_id"].tolist()
            bar.update()
        write_strings(file, "shot_id", shot_ids)
    return f"{len(shot_ids)} shot(s)"


if __name__ == "__main__":
    run_job(main, snakemake)
