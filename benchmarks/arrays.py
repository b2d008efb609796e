"""The same jobs through SLURM, one by one and as an array: what the scheduler was asked, and the time.

    uv run python -m benchmarks.arrays --clip FILE --jobs 24

detects the shots of as many shards of one clip, with profiles/slurm, on a SLURM of its own (tests/slurm/scheduler.py).
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.helpers.runs import make_workspace
from tests.slurm.scheduler import Scheduler

# Messages of SLURM's programs and of the jobs' steps to the scheduler.
CALL = re.compile(r"^\s+(REQUEST_\w+)\s.*count:(\d+)", re.MULTILINE)
SUBMISSION = "REQUEST_SUBMIT_BATCH_JOB"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=24)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "slurm")
        place.mkdir()
        scheduler = Scheduler(place)
        try:
            scheduler.start()
            for name, arguments in (("one by one", ()), ("as an array", ("--slurm-array-jobs=detect_shots",))):
                seconds, calls = submitted(scheduler, Path(folder, name), options.clip, options.jobs, arguments)
                print(
                    f"{options.jobs} jobs {name}: {calls[SUBMISSION]} submissions, {sum(calls.values())} calls of the "
                    f"scheduler, {seconds:.0f} s ({', '.join(f'{key} {calls[key]}' for key in sorted(calls))})",
                    flush=True,
                )
        finally:
            scheduler.stop()


def submitted(scheduler: Scheduler, folder: Path, clip: Path, jobs: int, arguments: tuple) -> tuple[float, dict]:
    """Elapsed seconds of a run in a new checkout, and the scheduler's calls by name."""
    (folder / "videos").mkdir(parents=True)
    workspace = make_workspace(folder)
    for number in range(jobs):
        shutil.copy(clip, folder / f"videos/clip{number}{clip.suffix}")
    clips = {"folder": "videos", "shard_size": 1}
    command = [sys.executable, "-m", "snakemake", "shots", "--configfile", "config/tag.yaml"]
    command += ["--config", f"clips={json.dumps(clips)}", "--workflow-profile", "profiles/slurm"]
    command += ["--slurm-status-command", "squeue", *arguments]
    scheduler.ask("sdiag", "--reset")
    start = time.perf_counter()
    subprocess.run(command, cwd=workspace.path, env=scheduler.variables, check=True, stdout=sys.stderr)
    seconds = time.perf_counter() - start
    return seconds, {name: int(count) for name, count in CALL.findall(scheduler.ask("sdiag"))}


if __name__ == "__main__":
    main()
