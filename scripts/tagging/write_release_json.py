"""The labelled shots in the format of the authors' release."""

import json
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from scripts.lib.files.atomic import atomic_path
from scripts.lib.jobs.log import run_job
from scripts.lib.records.labels import LABEL_COLUMNS, SCORE_COLUMNS
from scripts.lib.tables.frames import explained_parquet


def release_entry(shots: pd.DataFrame) -> dict:
    """One clip's entry: `<shot id>.mp4` to frames, times and the five labels with scores.

    In the release each shot is a file, hence the suffix.
    """
    return {
        f"{shot.shot_id}.mp4": {
            "start_frame": shot.start_frame,
            "end_frame": shot.end_frame,
            "start_time": round(shot.start_time, 3),
            "end_time": round(shot.end_time, 3),
            "labels": {
                getattr(shot, label): float(f"{getattr(shot, score):.6g}")
                for label, score in zip(LABEL_COLUMNS, SCORE_COLUMNS, strict=True)
                if isinstance(getattr(shot, label), str)
            },
        }
        for shot in shots.itertuples()
    }


def write_release_json(tables: Iterable[pd.DataFrame], destination: str | Path) -> None:
    """Write one JSON object of clips, one per line, with one table of shots in memory at a time.

    Args:
        tables: consecutive parts of `shots.parquet`; no clip is in two of them.
    """
    with atomic_path(destination) as temporary, open(temporary, "w", encoding="utf-8") as stream:
        stream.write("{")
        separator = "\n"
        for table in tables:
            for clip_id, shots in table.groupby("clip_id", sort=False):
                stream.write(f"{separator}{json.dumps(clip_id)}: {json.dumps(release_entry(shots))}")
                separator = ",\n"
        stream.write("\n}\n")


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    with explained_parquet(snakemake.input.shots):
        file = pq.ParquetFile(snakemake.input.shots)
        # collect_shots writes one row group per shard, so no clip is in two.
        groups = (file.read_row_group(index).to_pandas() for index in range(file.num_row_groups))
        write_release_json(groups, snakemake.output[0])


if __name__ == "__main__":
    run_job(main, snakemake)
