"""Prints what every job of a dry run would be submitted with, by the plugin's own function.

One line of JSON a job: rule, whether it runs beside Snakemake, sbatch's options of three attempts, and its script.
"""

import json
import shlex

from snakemake import cli
from snakemake.executors.dryrun import Executor
from snakemake_executor_plugin_slurm.submit_string import get_submit_command
from snakemake_executor_plugin_slurm.utils import set_gres_string

PARAMETERS = dict.fromkeys(("account", "comment_str", "partition", "run_uuid", "slurm_logfile", "workdir"), "")


def options(job, attempt: int) -> dict[str, str]:
    """Options of one attempt, by name, such as `--mem`."""
    job.attempt = attempt
    words = shlex.split(get_submit_command(job, PARAMETERS) + set_gres_string(job))[1:]
    found = {}
    for word, following in zip(words, [*words[1:], ""], strict=True):
        name, mark, value = word.partition("=")
        if name.startswith("-"):
            found[name] = value if mark else following
    return found


def tell(executor, job) -> None:
    """In the place of the line that a dry run prints."""
    # A dry run calls every job local.
    local = job.rule.norun or job.rule.name in executor.workflow._localrules
    print(
        "SUBMISSION",
        json.dumps(
            {
                "rule": job.rule.name,
                "local": local,
                "script": str(job.rule.script or ""),
                "attempts": [options(job, attempt) for attempt in (1, 2, 3)],
            }
        ),
        flush=True,
    )


def main(arguments: list[str]) -> None:
    """Run Snakemake with these arguments."""
    run_job = Executor.run_job
    Executor.run_job = lambda executor, job: (tell(executor, job), run_job(executor, job))
    cli.main(arguments)
