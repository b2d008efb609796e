"""Logging of a job: a file for later, stderr for now, and errors that read like sentences."""

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
# Libraries give the root logger handlers of their own; every line would come twice.
logger.propagate = False

NOT_A_TERMINAL_SECONDS = 10.0


def run_job(main: Callable, snakemake) -> None:
    """Run a script's `main` as a job of Snakemake: with its log, and with one line when it is finished.

    Args:
        main: takes `snakemake`; what it returns, if anything, is the line's summary of the work.
        snakemake: what Snakemake hands to scripts.
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
    """Send the job's log to `path`, and warnings to stderr too; end the job with the process that started it.

    On an error the job ends. A `UserError` becomes its message alone, and so do faults of the machine; anything else is
    logged with its traceback. All end the process with exit code 1.
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
            logger.error("The machine gave out (%s: %s). Mend that, and %s", type(error).__name__, error, AGAIN)
        else:
            logger.exception("The job failed for a reason it did not expect")
        sys.exit(1)
    finally:
        for handler in handlers:
            logger.removeHandler(handler)
            handler.close()


def _file_handler(path: Path) -> list[logging.Handler]:
    """The log file, or none where it cannot be written: the job says why it fails by what it writes itself."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # File names may be no UTF-8.
        return [_FileHandler(path, mode="w", encoding="utf-8", errors="backslashreplace")]
    except OSError as error:
        print(f"The log {path} cannot be written ({error.strerror})", file=sys.stderr)
        return []


class _FileHandler(logging.FileHandler):
    """A log file that does without the lines for which there is no room on the disk."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)

    def close(self) -> None:
        try:
            super().close()
        except OSError:
            self.stream = None


class _TqdmHandler(logging.Handler):
    """Writes to stderr without tearing a progress bar apart."""

    def emit(self, record: logging.LogRecord) -> None:
        tqdm.write(self.format(record), file=sys.stderr)


def progress(total: int | None, unit: str, description: str) -> tqdm:
    """A progress bar with rate and time left; one line now and then where nobody watches."""
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
    )
