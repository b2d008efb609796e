"""Time and memory of a dry run of a whole collection, and the time that one of its jobs on a cluster takes to start.

    uv run python -m benchmarks.dry_run --metadata resources/condensed_movies/clips.csv --clips 32484

turns rows of Condensed Movies' clip table into a manifest and asks Snakemake what it would do. A job on a cluster is a
Snakemake of its own, which parses the workflow and plans one job. The command line of the first shard's shot detection
is run as a dry run, in turns with the same one on a Snakefile with a rule of that name only.
"""

import argparse
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from scripts.lib.records.clips import Clip, write_manifest
from scripts.lib.tables.rows import read_csv

ROOT = Path(__file__).resolve().parents[1]
SHOTS = "results/dry_run/shots/00000.csv"
RULE = "detect_shots"
EMPTY = f"""
rule {RULE}:
    output: "results/dry_run/clips/{{shard}}.csv", "{SHOTS.replace("00000", "{shard}")}"
    shell: "true"
"""
# Snakemake that prints the command line of the first job of RULE, as it submits it, instead of running it.
TELL = f"""
import os, sys
from snakemake.cli import main
from snakemake.executors.local import Executor
run = Executor.run_single_job
def tell(executor, job):
    if job.rule.name != "{RULE}":
        return run(executor, job)
    print("JOB", executor.format_job_exec(job), flush=True)
    os._exit(0)
Executor.run_single_job = tell
main(sys.argv[1:])
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--metadata", type=Path, required=True)
    parser.add_argument("--clips", type=int, default=32484)
    parser.add_argument("--shard-size", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    rows = islice(read_csv(options.metadata), options.clips)
    clips = [
        Clip(row["videoid"], f"{row['videoid']}.mkv", row["imdbid"], row["title"], row["year"].removesuffix(".0"))
        for row in rows
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_manifest(clips, folder / "clips.csv")
        (folder / "empty.smk").write_text(EMPTY)
        settings = f"{{manifest: clips.csv, folder: null, shard_size: {options.shard_size}}}"
        given = ["--snakefile", ROOT / "Snakefile", "--cores", "2", "--configfile", ROOT / "config/tag.yaml"]
        given += ["--config", "run=dry_run", f"clips={settings}"]

        def run(*arguments: str) -> str:
            command = [sys.executable, *arguments, *given]
            return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout

        start = time.perf_counter()
        taken = processor_seconds(lambda: run("-m", "snakemake", "tag", "--dry-run", "--quiet"))
        seconds = time.perf_counter() - start
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        size = f"{len(clips)} clips in shards of {options.shard_size}"
        print(f"{size}: {seconds:.1f} s ({taken:.1f} s of processor time), {memory:.0f} MB at most")
        job = re.search("JOB (.*)", run("-c", TELL, SHOTS))[1] + " --dry-run --quiet"
        empty = job.replace(str(ROOT / "Snakefile"), "empty.smk")
        ours, others = compare(lambda: shell(job, folder), lambda: shell(empty, folder), options.rounds)
        print(f"a job's start: {ours:.2f} s of processor time, {ours - others:.2f} s of it for this workflow's rules")


def shell(command: str, folder: Path) -> None:
    subprocess.run(command, shell=True, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def compare(first: Callable[[], None], second: Callable[[], None], rounds: int) -> tuple[float, float]:
    """Processor seconds of two calls: medians of rounds, in turns."""
    taken = [(processor_seconds(first), processor_seconds(second)) for _ in range(rounds)]
    ours, others = map(statistics.median, zip(*taken, strict=True))
    return ours, others


def processor_seconds(call: Callable) -> float:
    """Processor seconds that a call takes in processes of their own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    call()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
