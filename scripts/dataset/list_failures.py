"""Every clip that could not be used, and why."""

from collections.abc import Iterable
from pathlib import Path

from scripts.lib.hdf5 import open_h5, read_strings
from scripts.lib.log import job_log, logger
from scripts.lib.manifest import read_manifest
from scripts.lib.tables import read_csv, write_csv

COLUMNS = ("clip_id", "path", "step", "reason")


def list_failures(
    paths: dict[str, str],
    clip_tables: Iterable[str | Path],
    embeddings: Iterable[str | Path],
    downloads: Iterable[str | Path] = (),
) -> list[dict[str, str]]:
    """Rows with `COLUMNS`, in the manifest's order.

    Args:
        paths: path of each clip of the run by id, in the manifest's order.
        clip_tables: `clips/<shard>.csv` files.
        embeddings: `embeddings/<encoder>/<shard>.h5` files.
        downloads: `downloads/<shard>.csv` files; why a clip could not be had says more than that it is missing.
    """
    failed = {
        row["clip_id"]: ("detect_shots", row["reason"])
        for table in clip_tables
        for row in read_csv(table)
        if row["status"] == "failed"
    }
    for path in embeddings:
        with open_h5(path) as file:
            names, reasons = (read_strings(file[".failures"][column]) for column in ("clip_id", "reason"))
        failed |= {name: ("embed_frames", reason) for name, reason in zip(names, reasons, strict=True)}
    failed |= {
        row["clip_id"]: ("download_clips", f"{row['status']}: {row['reason']}")
        for table in downloads
        for row in read_csv(table)
        if row["status"] != "ok"
    }
    return [
        {"clip_id": clip_id, "path": path, "step": failed[clip_id][0], "reason": failed[clip_id][1]}
        for clip_id, path in paths.items()
        if clip_id in failed
    ]


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    paths = {clip.clip_id: clip.path for clip in read_manifest(snakemake.params.manifest)}
    rows = list_failures(paths, snakemake.input.clips, snakemake.input.embeddings, snakemake.input.downloads)
    for row in rows:
        logger.warning("%s cannot be used: %s", row["path"], row["reason"])
    write_csv(snakemake.output[0], COLUMNS, rows)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(snakemake)
