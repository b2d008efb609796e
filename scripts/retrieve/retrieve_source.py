"""Fetch one file of `config/sources.csv`, from a mirror or the network, and check what it is."""

import http.client
import shutil
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

from scripts.lib.errors import UserError
from scripts.lib.files import atomic_path, sha256_of
from scripts.lib.log import job_log, logger, progress

TIMEOUT_SECONDS = 60
BLOCK = 1 << 20


def retrieve_source(source: dict[str, str], destination: str | Path, mirror: str | None = None) -> None:
    """Put a source's file at `destination`; it bears that name only once its content is right.

    Args:
        source: a row of the sources table: path, url, sha256 (empty: not known beforehand),
            licence, how_to_get. A url ending in .zip is unpacked: the file of the path's name is taken.
        mirror: folder looked into first, laid out as `resources/`.

    Raises:
        UserError: not reachable, a web page in place of data, or another checksum.
    """
    with atomic_path(destination) as temporary:
        mirrored = Path(mirror, source["path"]) if mirror else None
        if mirrored and mirrored.is_file():
            logger.info("Copying %s", mirrored)
            shutil.copyfile(mirrored, temporary)
            origin = str(mirrored)
        else:
            logger.info("Fetching %s (licence: %s)", source["url"], source["licence"])
            _download(source, temporary)
            origin = source["url"]
            if origin.endswith(".zip") and not source["path"].endswith(".zip"):
                _unpack(source, temporary)
        _check(source, temporary, origin, destination)


def _download(source: dict[str, str], path: Path) -> None:
    request = urllib.request.Request(source["url"], headers={"User-Agent": "movieclip-workflow"})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response, open(path, "wb") as stream:
            size = int(response.headers.get("Content-Length") or 0)
            with progress(size, "B", Path(source["path"]).name) as bar:
                while block := response.read(BLOCK):
                    stream.write(block)
                    bar.update(len(block))
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise UserError(f"{source['url']} cannot be fetched ({error}); {_by_hand(source)}") from error
    if size and path.stat().st_size != size:
        raise UserError(f"{source['url']} ended after {path.stat().st_size} of {size} bytes; try again")


def _unpack(source: dict[str, str], path: Path) -> None:
    """Put the archive's file of the wanted name in the archive's place."""
    name = Path(source["path"]).name
    try:
        with zipfile.ZipFile(path) as archive:
            member = next(member for member in archive.namelist() if Path(member).name == name)
            content = archive.read(member)
    except (zipfile.BadZipFile, StopIteration):
        # What came in its place is told by the check.
        return
    path.write_bytes(content)


def _check(source: dict[str, str], path: Path, origin: str, destination: str | Path) -> None:
    with open(path, "rb") as stream:
        head = stream.read(512).lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        raise UserError(f"{origin} gave a web page in place of the data; {_by_hand(source)}")
    found = sha256_of(path)
    if not source["sha256"]:
        logger.warning("%s has no known checksum; this copy's sha256 is %s", destination, found)
    elif found != source["sha256"]:
        raise UserError(
            f"{origin} has the sha256 {found}, not {source['sha256']} as config/sources.csv says; {_by_hand(source)}"
        )


def _by_hand(source: dict[str, str]) -> str:
    return (
        f"get {source['how_to_get']} by another way, put it at FOLDER/{source['path']} "
        "and name that folder: --config sources='{mirror: FOLDER}'"
    )


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        retrieve_source(snakemake.params.source, snakemake.output[0], snakemake.params.mirror)
