"""Starts Snakemake many times, importing it once: each start is a fork of this process.

Reads commands as lines of JSON and answers each with one: `{"start": {…}}` with the new process's
number, `{"poll": number}` with its exit code or null.
"""

import importlib
import json
import os
import sys

from snakemake.cli import get_argument_parser


def start(arguments: list[str], folder: str, variables: dict[str, str], log: str, module: str = "snakemake.cli") -> int:
    """Snakemake, or another module's `main`, as the first of a new session, its words in `log`."""
    process = os.fork()
    if process:
        return process
    code = 70
    try:
        os.setsid()
        os.chdir(folder)
        # As `python -m snakemake` has it; a copy of the workflow must not find the checkout's modules.
        sys.path[0] = folder
        os.environ.clear()
        os.environ.update(variables)
        words = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (words, 1), (words, 2)):
            os.dup2(source, target)
        sys.argv = ["snakemake", *arguments]
        importlib.import_module(module).main(arguments)
        code = 0
    except SystemExit as end:
        code = end.code or 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def poll(process: int) -> int | None:
    """Exit code of a process, negative for a signal; None while it lives."""
    done, status = os.waitpid(process, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if done else None


if __name__ == "__main__":
    # Also imports the plugins, some of them large.
    get_argument_parser()
    for line in sys.stdin:
        command = json.loads(line)
        answer = start(**command["start"]) if "start" in command else poll(command["poll"])
        print(json.dumps(answer), flush=True)
