"""Checks of the tables, by what they count."""

import csv

from scripts.lib.records.samples import SPLITS
from scripts.lib.tables.rows import read_csv
from scripts.report.checks.results import SHOTS, SPLIT_TABLES, Outcome, Results, check, outcome_of_files


@check(SHOTS, "tables/table2.csv")
def table_2_counts_the_shots(results: Results) -> Outcome:
    """Table 2 has as many shots and clips as there are."""
    file, clips = "tables/table2.csv", set()
    for block in results.blocks("clip_id"):
        clips |= set(block["clip_id"])
    ours = {row["column"]: row["ours"] for row in read_csv(results.folder / file)}
    counts = {"# shots": len(results.shots), "# clips": len(clips)}
    return Outcome(
        file,
        len(counts),
        [f"{name} is {ours.get(name)}, not {n}" for name, n in counts.items() if ours.get(name) != str(n)],
    )


@check("tables/dataset.csv", *SPLIT_TABLES)
def the_table_counts_the_samples(results: Results) -> Outcome:
    """The statistics of the dataset have as many samples and labels as the splits."""
    file = "tables/dataset.csv"
    ours = {(row["statistic"], row["part"]): row["ours"] for row in read_csv(results.folder / file)}
    samples, problems = results.samples, []
    for part in (*SPLITS, "all"):
        rows = samples if part == "all" else samples[samples["split"] == part]
        counts = {"shots": len(rows), "label instances": int(rows["labels"].str.count(r"\|").sum()) + len(rows)}
        problems += [
            f"{name} of {part}: {ours[name, part]}, not {n}"
            for name, n in counts.items()
            if ours.get((name, part), str(n)) != str(n)
        ]
    return Outcome(file, len(ours), problems)


@check("tables/dataset.csv", "tables/leakage.csv", "tables/release.csv")
def the_published_files_have_the_published_numbers(results: Results) -> Outcome:
    """Whatever is known of the authors' files is counted again in them, exactly."""
    known = {(row["statistic"], row["part"]): row["release"] for row in results.printed if row["release"]}
    problems, n, file = [], 0, ""
    for name in ("dataset", "leakage", "release") if results.released else ():
        for row in read_csv(results.folder / f"tables/{name}.csv"):
            expected = known.get((row["statistic"], row["part"]))
            n += expected is not None
            if expected not in (None, row["ours"]):
                problems.append(f"{row['statistic']} ({row['part']}): {row['ours']}, not {expected}")
                file = file or f"tables/{name}.csv"
    return Outcome(file or "tables/release.csv", n, problems)


@check("tables/*.csv")
def tables_are_complete(results: Results) -> Outcome:
    """Every table has a header, and rows of its length."""
    problems = {}
    for name in results.matching("tables/*.csv"):
        with open(results.folder / name, encoding="utf-8", newline="") as stream:
            header, *rows = list(csv.reader(stream)) or [[]]
        problems[name] = [
            f"line {line} has {len(row)} values, not {len(header)}"
            for line, row in enumerate(rows, 2)
            if len(row) != len(header)
        ]
        if not header:
            problems[name].append("it is empty")
    return outcome_of_files(problems, len(problems), "tables")
