"""What a run found, in numbers and in a few sentences."""

import csv
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pyarrow.parquet as pq

from scripts.lib.records.samples import SPLITS
from scripts.lib.tables.frames import explained_parquet
from scripts.lib.tables.rows import open_csv, read_csv

# Places that the first sentences name.
TOP_PLACES = 5
BLOCK = 50_000


def count_results(folder: Path, files: frozenset[str]) -> dict:
    """Numbers of a run, as far as it makes the files: shots, clips, films, places, failed, doubtful, samples, ….

    Args:
        folder: of the run.
        files: those that the run makes, relative to it.
    """
    found: dict = {}
    if "dataset/shots.parquet" in files:
        found |= _count_shots(folder / "dataset/shots.parquet")
    if "dataset/trust.csv" in files:
        with open_csv(folder / "dataset/trust.csv") as rows:
            found["doubtful"] = sum(row["trust"] == "low" for row in rows)
    if "dataset/failures.csv" in files:
        found["failed"] = len({row["clip_id"] for row in read_csv(folder / "dataset/failures.csv")})
    if "dataset/movies.csv" in files:
        movies = read_csv(folder / "dataset/movies.csv", "split", "n_shots")
        found["samples"] = {
            split: sum(int(row["n_shots"]) for row in movies if row["split"] == split) for split in SPLITS
        }
        found["movies"] = len(movies)
        found["classes"] = len(read_csv(folder / "dataset/labels.csv"))
    if "taxonomy/taxonomy.csv" in files:
        found["labels"] = len(read_csv(folder / "taxonomy/taxonomy.csv"))
    if "verification/evaluation_set.csv" in files:
        found["verified"] = len(read_csv(folder / "verification/evaluation_set.csv"))
    return found


def _count_shots(path: Path) -> dict:
    clips, films, places, flagged, shots = set(), set(), Counter(), 0, 0
    with explained_parquet(path), pq.ParquetFile(path) as file:
        for batch in file.iter_batches(BLOCK, columns=["clip_id", "movie_id", "label_1", "flags"]):
            block = batch.to_pandas()
            shots += len(block)
            clips |= set(block["clip_id"])
            films |= set(block["movie_id"]) - {""}
            places.update(block["label_1"].value_counts().to_dict())
            flagged += int((block["flags"] != "").sum())
    ranked = sorted(places.items(), key=lambda place: (-place[1], place[0]))
    return {"shots": shots, "clips": len(clips), "films": len(films), "places": ranked, "flagged": flagged}


def headline(counts: Mapping) -> list[str]:
    """Sentences of `count_results`, the most important first."""
    told = []
    if "shots" in counts:
        films = f" of {_number(counts['films'], 'film')}" if counts["films"] else ""
        parts = [f"{_number(counts['shots'], 'shot')} in {_number(counts['clips'], 'clip')}{films}"]
        if "doubtful" in counts:
            parts.append(f"{counts['doubtful']:,} not to be trusted")
        elif counts["flagged"]:
            parts.append(f"{counts['flagged']:,} too dark, too plain or too short to be trusted")
        if "failed" in counts:
            parts.append(f"{_number(counts['failed'], 'file')} failed" if counts["failed"] else "no file failed")
        told.append(f"{', '.join(parts)}.")
        places = [f"{place} ({count:,})" for place, count in counts["places"][:TOP_PLACES]]
        told.append(f"{_number(len(counts['places']), 'place')} seen; most often {', '.join(places)}.")
    if "samples" in counts:
        sizes = ", ".join(f"{n:,} in {split}" for split, n in counts["samples"].items())
        n = sum(counts["samples"].values())
        told.append(
            f"The dataset: {_number(n, 'shot')} of {_number(counts['movies'], 'movie')} with "
            f"{_number(counts['classes'], 'class', 'classes')}: {sizes}."
        )
    elif "labels" in counts and "shots" not in counts:
        told.append(f"The taxonomy has {_number(counts['labels'], 'label')}.")
    if "verified" in counts:
        told.append(f"Raters verified {_number(counts['verified'], 'shot')}, on which models are evaluated.")
    return told


def _number(count: int, noun: str, plural: str = "") -> str:
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def compare_with_paper(folder: Path, tables: list[str]) -> tuple[list[list[str]], list[list[str]]]:
    """How the run's numbers compare with the paper's: a row for each table, and the values that are comparable.

    Args:
        folder: of the run.
        tables: its CSV files; those with the columns `paper`, `comparable` and `ours` count.

    Returns:
        rows of table, values beside the paper's, of these comparable, of these equal; and rows of table, row, column,
        paper, ours, delta.
    """
    counts, values = [], []
    for name in tables:
        with open_csv(folder / name) as rows:
            if not {"paper", "ours", "comparable"} <= set(rows.fieldnames or []):
                continue
            both = [row for row in rows if row["paper"] and row["ours"]]
        chosen = [row for row in both if row["comparable"] == "yes"]
        if both:
            equal = sum(row["ours"] == row["paper"] for row in chosen)
            counts.append([Path(name).stem, str(len(both)), str(len(chosen)), str(equal)])
        values += [
            [Path(name).stem, *(row[key] for key in ("row", "column", "paper", "ours", "delta"))] for row in chosen
        ]
    return counts, values


def compare_with_release(folder: Path, tables: list[str]) -> tuple[int, int]:
    """How many numbers of the authors' published files are known, and how many of them the run has counted likewise."""
    known = equal = 0
    for name in tables:
        with open_csv(folder / name) as rows:
            if {"release", "ours"} <= set(rows.fieldnames or []):
                for row in rows:
                    known += bool(row["release"] and row["ours"])
                    equal += bool(row["release"]) and row["release"] == row["ours"]
    return known, equal


def times_of_chapters(
    times: Mapping[str, dict], chapters: Mapping[str, str]
) -> tuple[list[list[str]], list[list[str]]]:
    """Time that was measured, by chapter and by rule: jobs, processor time, duration of the jobs, highest memory.

    Args:
        times: by rule, see `wall_times`.
        chapters: the chapter of each rule.
    """
    rules = [(chapters.get(rule, ""), rule, time) for rule, time in times.items()]
    order = {chapter: place for place, chapter in enumerate(dict.fromkeys(chapters.values()))}
    rules.sort(key=lambda row: (order.get(row[0], len(order)), -row[2]["cpu_seconds"]))
    sums: dict[str, list[dict]] = {}
    for chapter, _, time in rules:
        sums.setdefault(chapter, []).append(time)
    return (
        [[chapter or "–", *_time_cells(part)] for chapter, part in sums.items()],
        [[chapter or "–", rule, *_time_cells([time])] for chapter, rule, time in rules],
    )


def _time_cells(times: list[dict]) -> list[str]:
    jobs, cpu, wall = (sum(time[key] for time in times) for key in ("jobs", "cpu_seconds", "seconds"))
    return [f"{jobs:,}", duration(cpu), duration(wall), f"{max(time['max_memory_mb'] for time in times):,.0f}"]


def duration(seconds: float) -> str:
    """Seconds as `14 s`, `20 min` or `5.2 h`."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def read_rows(path: Path, limit: int) -> tuple[list[str], list[list[str]], int]:
    """Header, the first rows and the number of all rows of a CSV."""
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as stream:
        reader = csv.reader(stream)
        header, rows, n = next(reader, []), [], 0
        for row in reader:
            n += 1
            if n <= limit:
                rows.append(row)
    return header, rows, n
