"""What the processes that Snakemake starts for jobs need from the one that starts them, and owe to it."""

import errno
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

# Names the process that jobs belong to, with the space of process numbers in which the number counts.
OWNER = "MOVIECLIP_SNAKEMAKE"
POLL_SECONDS = 1.0
LOCK = ".lock"
# What disks without locks answer.
NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
_KILLED = re.compile(r"died with <Signals\.SIGKILL|(?:exit status|exit code) (?:137|-9)\b")

_locks = []
# Jobs that have failed and have not been made good by another attempt, by number.
_failures: dict[int, str] = {}


def is_news(record: logging.LogRecord) -> bool:
    """A filter of Snakemake's log: without what the scheduler says twice for every job, whatever `--quiet` asks for.

    It also notes which jobs fail: with rules kept quiet, Snakemake does not tell (see `explain_failures`).
    """
    message = str(record.msg)
    if message.startswith("Error in rule "):
        logs = f"; see {', '.join(record.log)}" if record.log else ""
        _failures[record.jobid] = f"{record.rule_name} ({', '.join(record.output)}){logs}"
    elif message.startswith("Finished jobid: "):
        _failures.pop(record.job_id, None)
    return not message.startswith(("Select jobs to execute", "Execute "))


def explained(function: Callable, *arguments):
    """Call `function`; on what a user can mend, Snakemake ends with the message alone.

    Any exception would come with a traceback, an input function's inside of two others.
    """
    from snakemake.logging import logger

    try:
        return function(*arguments)
    except UserError as error:
        # Snakemake's log is in the locale's encoding, and a message may name any file.
        encoding = locale.getpreferredencoding(False)
        logger.error(f"Error: {error}".encode(encoding, "backslashreplace").decode(encoding))
        sys.exit(1)


def prepare_for_jobs(folder: str | os.PathLike) -> None:
    """Set up this process so that the jobs it starts find `scripts.lib`, wherever the workflow lies.

    The workflow's folder is put first on the path of every Python that is started from here. And
    Snakemake writes `sys.executable` into shell commands as it stands, which a checkout (with its
    environment inside) whose path has a space in it does not survive: the name is quoted for it.
    Jobs are told whose they are, see `end_with_owner`.
    """
    known = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    if str(folder) not in known:
        os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), *known])
    # Threads that spin while they wait bring a machine to a halt on which several jobs compute.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ[OWNER] = f"{os.getpid()}@{number_space()}"
    if os.path.exists(sys.executable):
        sys.executable = shlex.quote(sys.executable)


def end_with_owner() -> None:
    """End this process as soon as the Snakemake process that it works for is gone, however that ended.

    A job that lives on would write into a run that has been started again meanwhile. The kernel's
    signal on a parent's death does not serve: a shell stands between the two.
    """
    process, _, space = os.environ.get(OWNER, "").partition("@")
    if process and space == number_space():
        threading.Thread(target=_end_after, args=(int(process),), daemon=True).start()


def _end_after(process: int) -> None:
    with suppress(ProcessLookupError):
        _wait_for(process)
    # Nothing is cleaned up: that could take long, and what is half-written bears no final name.
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
    """Name of the space in which this process's number counts: the host, and on it the container, if that is known."""
    try:
        # The first space of a Linux host has the same name on every host.
        return f"{socket.gethostname()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return socket.gethostname()


def hold_run(folder: str | os.PathLike) -> None:
    """Keep other Snakemake processes out of a run's folder for as long as this one lives.

    Snakemake's own lock knows only the processes started in one place, and several checkouts may
    share a results folder. The system gives this lock back when the process ends, however it ends.

    Raises:
        UserError: another process has the folder, or it cannot be written to.
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
            "end, stop it, or give this run a name of its own (--config run=another_name)"
        ) from None
    except OSError as error:
        if error.errno in NO_LOCKS:
            # Some network disks know no locks: there Snakemake's own has to do.
            return
        raise UserError(
            f"{folder} cannot be written to ({error.strerror}). Make it writable, or let results/ be a link to a "
            "folder that is; then give the same command again"
        ) from error
    _locks.append(lock)
    with suppress(OSError):
        # On a full disk the lock holds without the name.
        path.write_text(f"process {os.getpid()} on {socket.gethostname()}\n", encoding="utf-8")


def check_places(paths: Iterable[str | os.PathLike]) -> None:
    """Look whether each file that is going to be made has a place; without one Snakemake ends in its own code.

    Raises:
        UserError: lists what is no folder, or may not be written to.
    """
    problems = {}
    for folder in {Path(path).parent for path in paths}:
        place = next(part for part in (folder, *folder.parents) if os.path.lexists(part))
        if not place.is_dir():
            problems[place] = f"{place} is in the way: it is no folder"
        elif not os.access(place, os.W_OK | os.X_OK):
            problems[place] = f"{place}/ may not be written to, or its disk is mounted read-only"
    if problems:
        raise UserError(
            f"there is no place for what has to be made:\n{bullet_list(sorted(problems.values()))}\n"
            "Mend that, or let the folder be a link to one that can be written to; then give the same command again"
        )


def explain_failures(logs: list[str]) -> str:
    """Which jobs have failed, what they should have made and where their logs are, and what to do about killed ones.

    Args:
        logs: Snakemake's.
    """
    failed = f"Failed:\n{bullet_list(list(_failures.values()))}" if _failures else ""
    return "\n".join(filter(None, [failed, explain_kills(logs)]))


def explain_kills(logs: list[str]) -> str:
    """What to do about jobs that the system has killed, as Snakemake's logs tell of them; empty if there are none."""
    texts = (Path(log).read_text(encoding="utf-8", errors="replace") for log in logs if Path(log).is_file())
    if not any(_KILLED.search(text) for text in texts):
        return ""
    return (
        "A job was killed from outside, most likely because memory ran out. Give it more, or let it need less: "
        "fewer clips are decoded at a time with fewer --cores, and fewer frames are held with a lower "
        "tagging.batch_size. Then give the same command again: what is finished is kept."
    )
