"""The labelled shots of a release JSON, the authors' or a run's `movieclip.json`, as the shots of this run."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from scripts.lib.files.atomic import atomic_path
from scripts.lib.jobs.log import run_job
from scripts.lib.records.clips import Clip, read_manifest, write_manifest
from scripts.lib.records.labels import read_labels
from scripts.lib.records.release_json import read_clips
from scripts.lib.records.shots import shot_id
from scripts.lib.records.videos import parse_window, video_of
from scripts.lib.tables.frames import explained_parquet
from scripts.tagging.collect_shots import SCHEMA

# Shots in memory before they are written; a clip is never divided.
GROUP_SHOTS = 20_000


def known_clip(clip_id: str, known: dict[str, Clip]) -> Clip:
    """The manifest row of a clip: as known by its id or by its video's, or with the id alone.

    Args:
        known: clips of the manifest that names the movies, by id.
    """
    about = known.get(clip_id) or known.get(video_of(clip_id)) or Clip(clip_id, clip_id)
    window = parse_window(clip_id)
    times = {"start_time": float(window.start), "end_time": float(window.end)} if window else {}
    return replace(about, clip_id=clip_id, **times)


def shot_row(clip: Clip, values: tuple) -> tuple:
    """A row of `shots.parquet`: entropy and flags cannot be known from a release JSON."""
    about = (clip.clip_id, clip.movie_id, clip.title, clip.year, clip.genres)
    return (shot_id(clip.clip_id, values[0]), *about, *values, None, "")


def write_shots(clips: Iterator[tuple[Clip, list[tuple]]], destination: str | Path) -> int:
    """Write `shots.parquet` from clips with their shots, in row groups of whole clips; returns the number of shots."""
    n_shots, rows = 0, []
    with explained_parquet(destination), pq.ParquetWriter(destination, SCHEMA) as writer:

        def write():
            columns = zip(*rows, strict=True)
            arrays = [pa.array(column, kind) for column, kind in zip(columns, SCHEMA.types, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=SCHEMA), len(rows))

        for clip, shots in clips:
            rows += [shot_row(clip, values) for values in shots]
            n_shots += len(shots)
            if len(rows) >= GROUP_SHOTS:
                write()
                rows.clear()
        if rows:
            write()
    return n_shots


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    source = snakemake.input
    known = {clip.clip_id: clip for clip in read_manifest(source.movies)} if source.movies else {}
    clips: list[Clip] = []

    def described() -> Iterator[tuple[Clip, list[tuple]]]:
        for clip_id, shots in read_clips(source.released, read_labels(source.labels)):
            clips.append(known_clip(clip_id, known))
            yield clips[-1], shots

    with atomic_path(snakemake.output.shots) as temporary:
        n_shots = write_shots(described(), temporary)
    write_manifest(clips, snakemake.output.manifest)
    unnamed = sum(not clip.movie_id for clip in clips)
    return f"{n_shots} shot(s) of {len(clips)} video(s), {unnamed} of an unknown movie"


if __name__ == "__main__":
    run_job(main, snakemake)
