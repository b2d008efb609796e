"""Logging of a job: a file for later, stderr for now, and errors that read like sentences."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from scripts.lib.errors import UserError

logger = logging.getLogger("movieclip")
# Libraries give the root logger handlers of their own; every line would come twice.
logger.propagate = False

NOT_A_TERMINAL_SECONDS = 10.0


@contextmanager
def job_log(path: str | Path) -> Iterator[logging.Logger]:
    """Send the job's log to `path` and stderr; end the job on an error.

    A `UserError` becomes its message alone, anything else is logged with its traceback. Both end
    the process with exit code 1.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handlers = [logging.FileHandler(path, mode="w", encoding="utf-8"), _TqdmHandler()]
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S"))
        logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield logger
    except UserError as error:
        logger.error("%s", error)
        sys.exit(1)
    except Exception:
        logger.exception("The job failed for a reason it did not expect")
        sys.exit(1)
    finally:
        for handler in handlers:
            logger.removeHandler(handler)
            handler.close()


class _TqdmHandler(logging.Handler):
    """Writes to stderr without tearing a progress bar apart."""

    def emit(self, record: logging.LogRecord) -> None:
        tqdm.write(self.format(record), file=sys.stderr)


def progress(total: int | None, unit: str, description: str, done: int = 0) -> tqdm:
    """A progress bar with rate and time left, `done` from before; one line now and then where nobody watches."""
    watched = sys.stderr.isatty()
    return tqdm(
        total=total or None,
        unit=unit,
        initial=done,
        desc=description,
        unit_scale=unit == "B",
        dynamic_ncols=watched,
        mininterval=0.2 if watched else NOT_A_TERMINAL_SECONDS,
        maxinterval=NOT_A_TERMINAL_SECONDS,
        file=sys.stderr,
    )
