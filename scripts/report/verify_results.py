"""Check the finished results of a run; a problem ends the run, and nothing is written then."""

from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

from scripts.lib.files.atomic import sha256_of
from scripts.lib.jobs.errors import UserError, bullet_list
from scripts.lib.jobs.log import run_job
from scripts.lib.records.clips import read_manifest
from scripts.lib.records.labels import read_labels
from scripts.lib.tables.rows import read_csv, write_csv

# Each registers its checks.
from scripts.report.checks import dataset, predictions, tables, tagging, taxonomy, verification  # noqa: F401
from scripts.report.checks.results import CHECKS, NAMED, Results

COLUMNS = ("check", "file", "n", "result", "detail")


def run_checks(results: Results) -> list[dict[str, object]]:
    """A row with `COLUMNS` for each check whose files the run makes.

    Raises:
        UserError: a check fails; the message names each one, its file, and the first things that are wrong.
    """
    rows, failed = [], []
    for name, (needs, function) in CHECKS.items():
        if not all(any(fnmatch(file, need) for file in results.files) for need in needs):
            continue
        outcome = function(results)
        detail = " ".join((function.__doc__ or "").split())
        rows.append(dict(zip(COLUMNS, (name, outcome.file, outcome.n, "passed", detail), strict=True)))
        if outcome.problems:
            failed.append(f"{name}: {results.folder / outcome.file}\n{bullet_list(outcome.problems, NAMED)}")
    if failed:
        told = "\n".join(failed)
        raise UserError(
            f"{len(failed)} of {len(rows)} checks of the results failed. If a file was changed since, delete "
            f"it and run the same command again; if not, this workflow has an error.\n{told}"
        )
    return rows


def are_published(paths: Iterable[str], sources: str | Path) -> bool:
    """Whether these files are the published ones of the same names, by their checksums in `config/sources.csv`."""
    known = {Path(row["path"]).name: row["sha256"] for row in read_csv(sources)}
    paths = list(paths)
    return bool(paths) and all(known.get(Path(path).name) == sha256_of(path) for path in paths)


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    source, params = snakemake.input, snakemake.params
    folder = Path(params.folder)
    files = frozenset(
        str(Path(path).relative_to(folder)) for path in source.results if Path(path).is_relative_to(folder)
    )
    results = Results(
        folder,
        files,
        labels=tuple(read_labels(source.labels)) if source.labels else (),
        clip_ids=tuple(clip.clip_id for path in params.manifest for clip in read_manifest(path)),
        score=params.score or "",
        in_context=params.context is not None,
        apart=params.apart,
        released=are_published(source.released, source.sources),
        printed=tuple(read_csv(source.printed)),
    )
    rows = run_checks(results)
    write_csv(snakemake.output[0], COLUMNS, rows)
    return f"{len(rows)} checks passed"


if __name__ == "__main__":
    run_job(main, snakemake)
