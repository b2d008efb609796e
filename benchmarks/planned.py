"""What `snakemake plan` expects of a finished run, beside what its jobs have taken.

    uv run python -m benchmarks.planned --run results/demo

reads the run's provenance, and the processor seconds that Snakemake has recorded: of the jobs of rules with a
`benchmark`, and of a job's last half minute not all. A busy machine takes more of them.
"""

import argparse
import csv
import json
import os
from collections import Counter
from pathlib import Path

from scripts.lib.records.clips import cut_shards, read_manifest
from scripts.lib.workflow.plan import TABLE, estimate_run, read_costs

# Of the demo's tiny networks, which say nothing about full ones.
LEFT_OUT = ("train_model", "pretrain_model")


def main() -> None:
    """Print the seconds of each rule that records them, planned and taken, and of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True, help="results folder of a finished run, provenance included")
    run = parser.parse_args().run.resolve()
    costs = read_costs(Path(TABLE))
    config = json.loads((run / "provenance.json").read_text(encoding="utf-8"))["config"]
    # Paths of the configuration are relative to the folder of `results`.
    os.chdir(run.parents[1])
    jobs, taken = recorded(run / "benchmarks")
    shards = cut_shards(read_manifest(run / "manifest.csv"), config["clips"])
    rows, _ = estimate_run(config, shards, jobs, costs)
    for row in rows:
        seconds = sum(taken[rule] for rule in taken if rule not in costs) if row.rule not in taken else taken[row.rule]
        print(f"{row.rule}: planned {3600 * row.core_hours:.1f} s, taken {seconds:.1f} s")
    planned, total = 3600 * sum(row.core_hours for row in rows), sum(taken.values())
    print(f"all: planned {planned:.0f} s, taken {total:.0f} s, ratio {planned / total:.2f}")


def recorded(folder: Path) -> tuple[Counter, Counter]:
    """Number of jobs and their processor seconds by rule, from Snakemake's benchmark files."""
    jobs, taken = Counter(), Counter()
    for path in sorted(folder.rglob("*.tsv")):
        rule = path.relative_to(folder).parts[0].removesuffix(".tsv")
        if rule not in LEFT_OUT:
            with path.open() as stream:
                (row,) = csv.DictReader(stream, delimiter="\t")
            jobs[rule] += 1
            taken[rule] += float(row["cpu_time"])
    return jobs, taken


if __name__ == "__main__":
    main()
