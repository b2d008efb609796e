"""Downloads over HTTP that may be interrupted: continued where they ended, as long as the file is the same."""

import fcntl
import http.client
import json
import os
import re
import shutil
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from scripts.lib.log import logger, progress
from scripts.lib.storage import in_units

BLOCK = 1 << 20
# Answers of a server that is there but busy.
TRANSIENT_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})


class DownloadFailed(Exception):
    """The file cannot be had; the message says why. What has come of it is kept if it can be continued."""


class _Interrupted(Exception):
    """Worth another try, after `wait` seconds if the server asked for that."""

    def __init__(self, reason: str, wait: float | None = None):
        super().__init__(reason)
        self.wait = wait


@dataclass(frozen=True)
class Patience:
    """How long to put up with a server.

    Attributes:
        attempts: tries in a row that bring nothing new before giving up.
        first_wait: seconds before the second try, doubled before each further one up to `longest_wait`.
        timeout: seconds without an answer, or over which `slowest` is measured.
        slowest: bytes a second; a slower transfer is broken off and continued.
    """

    attempts: int = 5
    first_wait: float = 2.0
    longest_wait: float = 60.0
    timeout: float = 60.0
    slowest: float = 1000.0


def part_of(destination: str | os.PathLike) -> Path:
    """Where a file is kept while it is being fetched; its name is fixed, so that the next run finds it."""
    destination = Path(destination)
    return destination.with_name(f".{destination.name}.part")


def discard(part: Path) -> None:
    """Forget what has come of a file."""
    part.unlink(missing_ok=True)
    _note_of(part).unlink(missing_ok=True)


@contextmanager
def download(
    url: str, part: Path, patience: Patience | None = None, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Path]:
    """Fetch `url` into `part`, continuing what an earlier run left there, and yield `part` when it is whole.

    A part is continued only if the server says that its file still has the ETag or the date of the
    first part (`If-Range`); otherwise the download starts over. Only one process at a time works on
    a part.

    Raises:
        DownloadFailed: not to be had, or a web page in place of the file.
    """
    patience = patience or Patience()
    part.parent.mkdir(parents=True, exist_ok=True)
    with open(part, "ab") as stream:
        _lock(stream)
        try:
            _fetch(url, part, stream, patience, sleep)
        except DownloadFailed as error:
            if not (kept := _kept(part, stream)):
                discard(part)
            raise DownloadFailed(f"{error}{kept}") from error.__cause__
        stream.flush()
        yield part
    _note_of(part).unlink(missing_ok=True)


def _fetch(url: str, part: Path, stream: BinaryIO, patience: Patience, sleep: Callable[[float], None]) -> None:
    """Requests until all is there."""
    failures, furthest = 0, stream.tell()
    while True:
        try:
            return _continue(url, part, stream, patience)
        except _Interrupted as reason:
            failures = 0 if stream.tell() > furthest else failures + 1
            furthest = max(furthest, stream.tell())
            if failures >= patience.attempts:
                raise DownloadFailed(f"{url} cannot be fetched: {reason}") from reason.__cause__
            wait = min(patience.first_wait * 2 ** max(0, failures - 1), patience.longest_wait)
            if reason.wait is not None:
                wait = min(reason.wait, patience.longest_wait)
            logger.warning("%s: %s; trying again in %.0f s", url, reason, wait)
            sleep(wait)


def _lock(stream: BinaryIO) -> None:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise DownloadFailed(
            f"another process is fetching {stream.name}; wait for it, or end it if its Snakemake has gone"
        ) from None
    except OSError:
        logger.warning("This file system has no locks: let only one run fetch %s", stream.name)


def _kept(part: Path, stream: BinaryIO) -> str:
    if not (stream.tell() and _note_of(part).exists()):
        return ""
    return f" (the first {stream.tell()} bytes are kept and will be continued)"


def _continue(url: str, part: Path, stream: BinaryIO, patience: Patience) -> None:
    """One request, and all that it brings."""
    known = _read_note(part, url)
    if stream.tell() and not known:
        _start_over(part, stream)
    have = stream.tell()
    headers = {"User-Agent": "movieclip-workflow", "Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": known}
    with _network_errors():
        try:
            response = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=patience.timeout)
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 416 and have:
                    if _total(error.headers.get("Content-Range")) == have:
                        return
                    _start_over(part, stream)
                    raise _Interrupted("the server's file is shorter than what has come of it", 0) from None
                _refuse(url, error)
        with response:
            _receive(url, response, part, stream, known if have else "", patience)


@contextmanager
def _network_errors() -> Iterator[None]:
    """What a network does becomes a reason to try again; what the disk does stays what it is."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise DownloadFailed(f"the server's certificate cannot be trusted ({error})") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise DownloadFailed(f"the server's certificate cannot be trusted ({error.reason})") from error
        raise _Interrupted(str(error.reason)) from error
    except TimeoutError as error:
        raise _Interrupted("the server is silent") from error
    except (http.client.HTTPException, ConnectionError, ssl.SSLError) as error:
        raise _Interrupted(f"the connection broke ({error or type(error).__name__})") from error


def _refuse(url: str, error: urllib.error.HTTPError) -> None:
    reason = f"the server answered {error.code} {error.reason}"
    if error.code not in TRANSIENT_STATUS:
        raise DownloadFailed(f"{url} cannot be fetched: {reason}") from None
    after = error.headers.get("Retry-After", "")
    raise _Interrupted(reason, float(after) if after.isdigit() else None) from None


def _receive(url: str, response, part: Path, stream: BinaryIO, known: str, patience: Patience) -> None:
    have = stream.tell()
    validator = _validator(response.headers)
    if response.status == 206:
        first = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
        if not (first and int(first[1]) == have):
            _start_over(part, stream)
            raise _Interrupted("the server gave another part than it was asked for", 0)
        if validator and validator != known:
            # Some servers know of ranges, but not of If-Range.
            _start_over(part, stream)
            raise _Interrupted("the file has changed since its first part came; starting over", 0)
        total = _total(response.headers.get("Content-Range"))
        logger.info("%s: continuing after %d bytes", url, have)
    else:
        if have:
            if response.headers.get_content_type() == "text/html":
                raise DownloadFailed(f"{url} gave a web page in place of the data")
            changed = validator != known
            logger.warning(
                "%s: %s; starting over",
                url,
                "the file has changed since its first part came" if changed else "the server continues no downloads",
            )
        _start_over(part, stream)
        have = 0
        length = response.headers.get("Content-Length", "")
        total = int(length) if length.isdigit() else None
        if validator:
            _note_of(part).write_text(json.dumps({"url": url, "validator": validator}), encoding="utf-8")
    _check_space(part, (total or 0) - have)
    with progress(total, "B", part.name.removeprefix(".").removesuffix(".part"), have) as bar:
        for block in _blocks(response, patience):
            stream.write(block)
            bar.update(len(block))
    if total is not None and stream.tell() < total:
        raise _Interrupted(f"the transfer ended after {stream.tell()} of {total} bytes")


def _blocks(response, patience: Patience) -> Iterator[bytes]:
    """What the server sends, as it comes; a trickle ends like silence does."""
    since, received = time.monotonic(), 0
    while block := response.read1(BLOCK):
        yield block
        received += len(block)
        if (elapsed := time.monotonic() - since) >= patience.timeout:
            if received < patience.slowest * elapsed:
                raise _Interrupted(f"the server is too slow ({received / elapsed:.0f} bytes a second)")
            since, received = time.monotonic(), 0


def _check_space(part: Path, needed: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if needed > free:
        raise DownloadFailed(
            f"{in_units(needed)} are to come, but {in_units(free)} are free in {part.parent}; make room there"
        )


def _start_over(part: Path, stream: BinaryIO) -> None:
    stream.truncate(0)
    stream.seek(0)
    _note_of(part).unlink(missing_ok=True)


def _note_of(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _read_note(part: Path, url: str) -> str:
    """The validator that the part began with, empty if there is none or it is of another address."""
    with suppress(OSError, ValueError, AttributeError):
        note = json.loads(_note_of(part).read_text(encoding="utf-8"))
        if note.get("url") == url and isinstance(note.get("validator"), str):
            return note["validator"]
    return ""


def _validator(headers) -> str:
    """What tells whether the server's file is still the same: a strong ETag, else the date; empty for none."""
    etag = headers.get("ETag", "")
    return etag if etag.startswith('"') else headers.get("Last-Modified", "")


def _total(content_range: str | None) -> int | None:
    """The whole file's size in `bytes 5-9/10` or `bytes */10`."""
    match = re.fullmatch(r"bytes (?:\d+-\d+|\*)/(\d+)", content_range or "")
    return int(match[1]) if match else None
