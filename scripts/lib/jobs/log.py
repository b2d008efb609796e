"""Logging of a job to a file and stderr, with errors as plain messages."""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.storage import AGAIN, is_machines_fault
from scripts.lib.workflow.processes import end_with_owner

logger = logging.getLogger("movieclip")
# Libraries add handlers to the root logger; every line would be printed twice.
logger.propagate = False

NOT_A_TERMINAL_SECONDS = 10.0


def run_job(main: Callable, snakemake) -> None:
    """Run a script's `main` as a Snakemake job: with its log, and one line on stderr when it is finished.

    Args:
        main: takes `snakemake`; returns a summary for that line, or None.
        snakemake: Snakemake's object for scripts.
    """
    start = time.monotonic()
    with job_log(snakemake.log[0]) as log:
        summary = main(snakemake)
        name = " ".join([snakemake.rule, *map(str, snakemake.wildcards)])
        line = f"{name}: {summary}" if summary else name
        line = f"[{Path(snakemake.scriptdir).name}] {line} ({time.monotonic() - start:.1f} s)"
        log.info(line)
        tqdm.write(line, file=sys.stderr)


@contextmanager
def job_log(path: str | Path) -> Iterator[logging.Logger]:
    """Send the job's log to `path`, and warnings to stderr as well; end the job with its Snakemake process.

    An error ends the process with exit code 1. A `UserError` or a failure of the machine is logged as a
    message, anything else with its traceback.
    """
    end_with_owner()
    handlers = [_TqdmHandler(logging.WARNING), *_file_handler(Path(path))]
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S"))
        logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield logger
    except UserError as error:
        logger.error("%s", error)
        sys.exit(1)
    except Exception as error:
        if is_machines_fault(error):
            message = "A resource of the machine failed (%s: %s). Correct it; then %s"
            logger.error(message, type(error).__name__, error, AGAIN)
        else:
            logger.exception("The job failed with an unexpected error")
        sys.exit(1)
    finally:
        for handler in handlers:
            logger.removeHandler(handler)
            handler.close()


def _file_handler(path: Path) -> list[logging.Handler]:
    """The handler of the log file, or none if it cannot be written: the job's own output has the same error."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # File names may not be UTF-8.
        return [_FileHandler(path, mode="w", encoding="utf-8", errors="backslashreplace")]
    except OSError as error:
        print(f"The log {path} cannot be written ({error.strerror})", file=sys.stderr)
        return []


class _FileHandler(logging.FileHandler):
    """A log file that skips lines if the disk is full."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)

    def close(self) -> None:
        try:
            super().close()
        except OSError:
            self.stream = None


class _TqdmHandler(logging.Handler):
    """Writes to stderr without breaking a progress bar."""

    def emit(self, record: logging.LogRecord) -> None:
        tqdm.write(self.format(record), file=sys.stderr)


def progress(total: int | None, unit: str, description: str, shown: bool = True) -> tqdm:
    """A progress bar with rate and remaining time; occasional lines if stderr is not a terminal."""
    watched = sys.stderr.isatty()
    return tqdm(
        total=total or None,
        unit=unit,
        desc=description,
        unit_scale=unit == "B",
        dynamic_ncols=watched,
        mininterval=0.2 if watched else NOT_A_TERMINAL_SECONDS,
        maxinterval=NOT_A_TERMINAL_SECONDS,
        file=sys.stderr,
        disable=not shown,
    )
