"""List the labelled shots of MovieShots, each of which is a file (paper section 4.3)."""

import json
from pathlib import Path

from scripts.lib.jobs.errors import UserError, bullet_list
from scripts.lib.jobs.log import logger, run_job
from scripts.lib.records.clips import SAFE_ID
from scripts.lib.records.samples import SPLITS
from scripts.lib.records.scales import LABELLED_COLUMNS, SCALES
from scripts.lib.records.shots import shot_id
from scripts.lib.tables.rows import write_csv

MISSING_COLUMNS = ("clip_id", "movie_id", "split", "scale")


def read_movieshots(path: str | Path) -> list[dict[str, str]]:
    """Labelled shots of `v1_split_trailer.json`: clip_id, movie_id, split, scale, and `shot`, its name there.

    Raises:
        UserError: not such a JSON, or unknown splits, scales or names; one message lists them.
    """
    try:
        splits = json.loads(Path(path).read_text(encoding="utf-8"))
        shots = [
            {"movie_id": movie, "split": split, "shot": shot, "scale": str(labels["scale"]["label"])}
            for split, movies in splits.items()
            for movie, named in movies.items()
            for shot, labels in named.items()
        ]
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UserError(
            f"cannot read the shot scales {path} ({type(error).__name__}: {error}); MovieShots' v1_split_trailer.json "
            'has the form {split: {movie: {shot: {"scale": {"label": "MS"}}}}}'
        ) from error
    problems = []
    for row in shots:
        row["clip_id"] = f"{row['movie_id']}-{row['shot']}"
        if row["split"] not in SPLITS:
            problems.append(f"{row['clip_id']}: the split {row['split']!r} is none of {', '.join(SPLITS)}")
        if row["scale"] not in SCALES:
            problems.append(f"{row['clip_id']}: the scale {row['scale']!r} is none of {', '.join(SCALES)}")
        if not SAFE_ID.fullmatch(row["clip_id"]):
            problems.append(f"{row['clip_id']!r} has characters other than A-Z a-z 0-9 _ -")
    if problems:
        raise UserError(f"the shot scales {path} have {len(problems)} problem(s):\n{bullet_list(problems)}")
    return shots


def find_files(shots: list[dict[str, str]], media: str | Path) -> tuple[list[dict], list[dict]]:
    """Rows with `LABELLED_COLUMNS` of the shots that have a file, and the shots that have none.

    A file is `<media>/<movie>/<shot>` or `<media>/<movie>/shot_<shot>`, with any suffix.
    """
    names, found, missing = {}, [], []
    for row in shots:
        folder = Path(media, row["movie_id"])
        if folder not in names:
            names[folder] = {file.stem: file.name for file in sorted(folder.iterdir())} if folder.is_dir() else {}
        name = names[folder].get(row["shot"]) or names[folder].get(f"shot_{row['shot']}")
        if name is None:
            missing.append(row)
        else:
            found.append({**row, "shot_id": shot_id(row["clip_id"], 1), "path": f"{row['movie_id']}/{name}"})
    return found, missing


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    media = snakemake.params.media
    found, missing = find_files(read_movieshots(snakemake.input.labels), media)
    if not found:
        raise UserError(
            f"shot_scale.movieshots.media: the folder {media} has none of the {len(missing)} labelled shots as "
            "<movie>/<shot>.mp4 or <movie>/shot_<shot>.mp4"
        )
    if missing:
        logger.warning("%d of %d labelled shots have no file in %s", len(missing), len(found) + len(missing), media)
    for path, columns, rows in (
        (snakemake.output.labelled, LABELLED_COLUMNS, found),
        (snakemake.output.missing, MISSING_COLUMNS, missing),
    ):
        write_csv(path, columns, ({column: row[column] for column in columns} for row in rows))
    return f"{len(found)} labelled shot(s), {len(missing)} without a file"


if __name__ == "__main__":
    run_job(main, snakemake)
