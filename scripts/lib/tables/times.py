"""How long jobs took, from the tables that Snakemake writes for each."""

from pathlib import Path


def wall_times(folder: str | Path) -> dict[str, dict[str, float]]:
    """Per rule: number of jobs, total wall time and processor time (seconds), and peak memory (MB).

    Args:
        folder: the run's `benchmarks/`, with one table or a folder of tables per rule.
    """
    times: dict[str, dict[str, float]] = {}
    for path in sorted(Path(folder).rglob("*.tsv")):
        rule = path.relative_to(folder).parts[0].removesuffix(".tsv")
        header, *rows = (line.split("\t") for line in path.read_text().splitlines())
        for row in rows:
            values = dict(zip(header, row, strict=False))
            entry = times.setdefault(rule, {"jobs": 0, "seconds": 0.0, "cpu_seconds": 0.0, "max_memory_mb": 0.0})
            entry["jobs"] += 1
            entry["seconds"] = round(entry["seconds"] + float(values["s"]), 1)
            entry["cpu_seconds"] = round(entry["cpu_seconds"] + _measured(values.get("cpu_time", "")), 1)
            entry["max_memory_mb"] = max(entry["max_memory_mb"], _measured(values.get("max_rss", "")))
    return times


def _measured(text: str) -> float:
    """A number of a benchmark; 0 where a job was too short to be measured."""
    return float(text) if text.replace(".", "", 1).isdigit() else 0.0
