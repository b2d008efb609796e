"""All sluglines of a folder of screenplays (paper section 3.1)."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from scripts.lib.files.atomic import atomic_path, sha256_of
from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.log import logger, progress, run_job
from scripts.lib.tables.rows import write_csv
from scripts.taxonomy.grammar import NAME_SEPARATOR, parse_slugline
from scripts.taxonomy.screenplays import Line, UnreadableScreenplay, read_screenplay, script_ids

COLUMNS = ("script_id", "line", "raw", "setting", "location", "time_of_day")


@dataclass(frozen=True)
class Report:
    """Result of one file; `status` is ok, failed or skipped, with a reason for the latter two.

    `sha256` identifies the version of a screenplay that a taxonomy was made from.
    """

    script_id: str
    file: str
    status: str
    reason: str
    n_lines: int = 0
    n_sluglines: int = 0
    sha256: str = ""


def find_sluglines(script_id: str, lines: Iterable[Line]) -> list[dict]:
    """Rows with `COLUMNS`, one per heading, in the script's order; `raw` has single blanks."""
    parsed = [
        (line, parse_slugline(line.text, forced=bool(line.heading))) for line in lines if line.heading is not False
    ]
    return [
        {
            "script_id": script_id,
            "line": line.number,
            "raw": " ".join(line.text.split()),
            "setting": slugline.setting,
            "location": NAME_SEPARATOR.join(slugline.names),
            "time_of_day": slugline.time_of_day,
        }
        for line, slugline in parsed
        if slugline is not None
    ]


def read_sluglines(paths: list[Path]) -> tuple[list[dict], list[Report]]:
    """Headings and a report of every file; a file without headings is only reported.

    A screenplay in several formats is read once, from the most informative one.
    """
    rows, reports = [], []
    kept = script_ids(paths)
    with progress(len(paths), "script", "Reading screenplays") as bar:
        for path in paths:
            script_id, other = kept[path]
            if other:
                found, report = [], Report(script_id, path.name, "skipped", f"{other} is the same screenplay")
            else:
                found, report = _read_one(script_id, path)
            rows += found
            reports.append(report)
            if report.reason:
                logger.warning("%s: %s", path.name, report.reason)
            bar.update()
    return rows, reports


def _read_one(script_id: str, path: Path) -> tuple[list[dict], Report]:
    try:
        lines, digest = read_screenplay(path), sha256_of(path)
    except (UnreadableScreenplay, OSError) as reason:
        return [], Report(script_id, path.name, "failed", str(reason))
    rows = find_sluglines(script_id, lines)
    reason = "" if rows else "no line is a scene heading with INT or EXT"
    return rows, Report(script_id, path.name, "ok" if rows else "failed", reason, len(lines), len(rows), digest)


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    rows, reports = read_sluglines([Path(path) for path in snakemake.input.screenplays])
    if not rows:
        raise UserError(
            "none of the screenplays has a scene heading. See the reason for each file above, and "
            "docs/taxonomy.md for the formats and what a heading is"
        )
    with atomic_path(snakemake.output.sluglines) as temporary:
        pd.DataFrame(rows, columns=list(COLUMNS)).to_parquet(temporary, index=False)
    write_csv(snakemake.output.report, Report.__dataclass_fields__, map(asdict, reports))
    failed = sum(report.status == "failed" for report in reports)
    return f"{len(rows)} slugline(s) in {len(reports) - failed} of {len(reports)} file(s)"


if __name__ == "__main__":
    run_job(main, snakemake)
