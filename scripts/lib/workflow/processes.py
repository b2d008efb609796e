"""Snakemake's process and its jobs: environment, orphaned jobs, locks, and early checks."""

import errno
import gc
import locale
import logging
import os
import re
import select
import shlex
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from scripts.lib.jobs.errors import UserError, bullet_list

# Environment variable with the PID of the Snakemake process and its PID namespace.
OWNER = "MOVIECLIP_SNAKEMAKE"
POLL_SECONDS = 1.0
LOCK = ".lock"
# Errors of file systems without locks.
NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
# Beginnings of Snakemake's lines that are the same in each run, or tell what the jobs' own lines tell.
NO_NEWS = ("Select jobs to", "Execute ", "Rules claiming more threads", "Conda environments: ignored", "Using shell")
_KILLED = re.compile(r"died with <Signals\.SIGKILL|(?:exit status|exit code) (?:137|-9)\b")

_locks = []
# Jobs that have failed and have not been made good by another attempt, by number.
_failures: dict[int, str] = {}


def is_news(record: logging.LogRecord) -> bool:
    """A filter of Snakemake's log that drops its lines about single jobs, which print their own, and most of progress.

    It also notes which jobs fail: with rules kept quiet, Snakemake does not tell (see `explain_failures`).
    """
    from snakemake_interface_logger_plugins.common import LogEvent

    event, message = getattr(record, "event", None), str(record.msg)
    if message.startswith("Error in rule "):
        logs = f"; see {', '.join(record.log)}" if record.log else ""
        # What a scheduler says of the job, without the command that submitted it.
        said = " ".join((getattr(record, "rule_msg", None) or "").partition("    sbatch call:")[0].split())
        _failures[record.jobid] = f"{record.rule_name} ({', '.join(record.output)}){logs}" + (said and f". {said}")
    elif event == LogEvent.JOB_FINISHED:
        _failures.pop(record.job_id, None)
    elif event == LogEvent.PROGRESS:
        return record.done * 10 // record.total > (record.done - 1) * 10 // record.total
    return event != LogEvent.JOB_FINISHED and not message.startswith(NO_NEWS)


def explained(function: Callable, *arguments):
    """Call `function`; a `UserError` ends Snakemake with its message only.

    An exception would be printed with a traceback, that of an input function inside two others. Not for the `run` block
    of a rule: Snakemake waits for ever for a job that exits.
    """
    from snakemake.logging import logger

    try:
        return function(*arguments)
    except UserError as error:
        # Snakemake's log is in the locale's encoding, and a message may contain any file name.
        encoding = locale.getpreferredencoding(False)
        logger.error(f"Error: {error}".encode(encoding, "backslashreplace").decode(encoding))
        sys.exit(1)


def prepare_for_jobs(folder: str | os.PathLike) -> None:
    """Set up this process's environment for its jobs.

    The workflow's folder becomes the first entry of PYTHONPATH, so that jobs find `scripts.lib`.
    `sys.executable` is quoted, because Snakemake writes it into shell commands unquoted and its path
    may contain a space. Jobs get the owner's PID, see `end_with_owner`. Garbage is not collected until
    `finish_parsing`: with 32,484 clips that would take a third of the time, and find nothing. Jobs store the
    bytecode of what they import, which many containers forbid: each would compile torch anew, for seconds.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    gc.disable()
    known = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    if str(folder) not in known:
        os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), *known])
    # OpenMP threads that spin while waiting slow down the other jobs of the machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ[OWNER] = f"{os.getpid()}@{number_space()}"
    if os.path.exists(sys.executable):
        sys.executable = shlex.quote(sys.executable)


def finish_parsing() -> None:
    """Collect garbage again, of what is made from now on."""
    gc.freeze()
    gc.enable()


def end_with_owner() -> None:
    """End this process when its Snakemake process has ended.

    An orphaned job would write into a restarted run. PR_SET_PDEATHSIG does not help, because a shell
    is between the two processes.
    """
    process, _, space = os.environ.get(OWNER, "").partition("@")
    if process and space == number_space():
        threading.Thread(target=_end_after, args=(int(process),), daemon=True).start()


def _end_after(process: int) -> None:
    with suppress(ProcessLookupError):
        _wait_for(process)
    # No clean-up: it could take long, and incomplete files have temporary names.
    os._exit(1)


def _wait_for(process: int) -> None:
    """Return, or raise ProcessLookupError, when a process has ended."""
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        raise
    except (AttributeError, OSError):
        # not Linux, an old kernel, or a container that forbids it
        while True:
            os.kill(process, 0)
            time.sleep(POLL_SECONDS)
    select.select([handle], [], [])


def number_space() -> str:
    """Name of this process's PID namespace: the host and, if known, the namespace's id."""
    try:
        # The initial PID namespace has the same id on every host.
        return f"{socket.gethostname()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return socket.gethostname()


def hold_run(folder: str | os.PathLike) -> None:
    """Lock a run's folder against other Snakemake processes until this one ends.

    Snakemake's own lock is per working directory, but several checkouts may share a results folder.
    The operating system releases this lock when the process ends.

    Raises:
        UserError: another process has the lock, or the folder cannot be written to.
    """
    path = Path(folder, LOCK)
    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(blocking=False)
    except Timeout:
        owner = path.read_text(encoding="utf-8", errors="replace").strip()
        raise UserError(
            f"{folder} is in use by another Snakemake process ({owner or 'unknown'}). Wait for it to "
            "end, stop it, or give this run its own name (--config run=another_name)"
        ) from None
    except OSError as error:
        if error.errno in NO_LOCKS:
            # Some network file systems have no locks; Snakemake's own remains.
            return
        raise UserError(
            f"{folder} cannot be written to ({error.strerror}). Make it writable, or make results/ a link to a "
            "folder that is; then give the same command again"
        ) from error
    _locks.append(lock)
    with suppress(OSError):
        # On a full disk the lock works without the text.
        path.write_text(f"process {os.getpid()} on {socket.gethostname()}\n", encoding="utf-8")


def check_places(paths: Iterable[str | os.PathLike]) -> None:
    """Check that the folders of these files can be written to; otherwise Snakemake ends with a traceback.

    Raises:
        UserError: lists paths that are not folders or not writable.
    """
    problems = {}
    for folder in {Path(path).parent for path in paths}:
        place = next(part for part in (folder, *folder.parents) if os.path.lexists(part))
        if not place.is_dir():
            problems[place] = f"{place} is not a folder"
        elif not os.access(place, os.W_OK | os.X_OK):
            problems[place] = f"{place}/ may not be written to, or its disk is mounted read-only"
    if problems:
        raise UserError(
            f"the results cannot be written:\n{bullet_list(sorted(problems.values()))}\n"
            "Correct this, or make the folder a link to one that is writable; then give the same command again"
        )


def explain_failures(logs: list[str]) -> str:
    """Which jobs have failed, what they should have made and where their logs are, and what to do about killed ones.

    Args:
        logs: Snakemake's.
    """
    failed = f"Failed:\n{bullet_list(list(_failures.values()))}" if _failures else ""
    return "\n".join(filter(None, [failed, explain_kills(logs)]))


def explain_kills(logs: list[str]) -> str:
    """Advice on jobs that were killed, according to Snakemake's logs; empty if there are none."""
    texts = (Path(log).read_text(encoding="utf-8", errors="replace") for log in logs if Path(log).is_file())
    if not any(_KILLED.search(text) for text in texts):
        return ""
    return (
        "A job was killed from outside, most likely because memory ran out. Provide more, or reduce the need: "
        "fewer clips are decoded at a time with fewer --cores, and fewer frames are held with a lower "
        "tagging.batch_size. Then give the same command again: what is finished is kept."
    )
