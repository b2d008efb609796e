"""The sample page: random shots, in which the expert looks for missing labels (paper section 3.2)."""

from pathlib import Path

import pandas as pd

from scripts.lib.jobs.log import logger, run_job
from scripts.lib.pages.build import place_pictures, shots_data, write_page
from scripts.lib.records.labels import read_labels
from scripts.lib.records.shots import read_shots
from scripts.lib.tables.frames import read_parquet
from scripts.taxonomy.review import read_review


def sample_data(
    shots: pd.DataFrame,
    pictures: dict[str, str],
    labels: list[str],
    review: list[dict[str, str]],
    run: str,
    file: str | None,
) -> dict:
    """Data of the page: `shots_data`, `known` (labels), `review` (rows) and `file`.

    Args:
        shots: the sampled rows of `dataset/shots.parquet`.
        pictures: URL of each shot's picture by shot id.
        labels: the current final labels.
        review: the expert's earlier answers, rows of the review file.
        run: the run's name.
        file: path of the review file in the configuration, or None.
    """
    return {**shots_data(shots, pictures, run), "known": labels, "review": review, "file": file}


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    page = Path(snakemake.output[0])
    run, file = snakemake.config["run"], snakemake.config["taxonomy"]["review"]
    sample = [shot.shot_id for shots in read_shots(snakemake.input.sample).values() for shot in shots]
    shots = read_parquet(snakemake.input.shots, filters=[("shot_id", "in", sample)])
    shots = shots.sort_values(["clip_id", "shot"], ignore_index=True)
    if len(shots) < len(sample):
        logger.warning("%d sampled shot(s) have no labels and are left out", len(sample) - len(shots))
    pictures = place_pictures(snakemake.input.pictures, page, shots["shot_id"])
    labels, review = read_labels(snakemake.input.labels), [answer.row() for answer in read_review(file)]
    write_page(page, sample_data(shots, pictures, labels, review, run, file), snakemake.input.page)
    return f"{len(shots)} shot(s), {len(pictures)} with a picture"


if __name__ == "__main__":
    run_job(main, snakemake)
