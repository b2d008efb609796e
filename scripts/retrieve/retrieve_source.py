"""Fetch one file of `config/sources.csv`, from a mirror or the network, and check what it is."""

import shutil
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from scripts.lib.files.atomic import atomic_path, sha256_of
from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.log import logger, progress, run_job
from scripts.lib.jobs.storage import is_machines_fault
from scripts.lib.workflow.sources import hub_file, read_sources
from scripts.retrieve.checksums import RECORDS, check_or_record

TIMEOUT_SECONDS = 60
CHUNK_BYTES = 1 << 16


def retrieve_source(
    source: dict[str, str],
    destination: str | Path,
    mirror: str | None = None,
    records: Path = RECORDS,
    timeout: float = TIMEOUT_SECONDS,
) -> None:
    """Put a source's file at `destination`; it bears that name only once its content is right.

    Args:
        source: a row of the sources table. If its url is of a ZIP archive and its path is not, the
            archive's file of that name is taken.
        mirror: folder looked into first, laid out as `resources/`.
        records: folder of the checksums of files that the table has none for.
        timeout: seconds without an answer after which a server is given up.

    Raises:
        UserError: not reachable, a web page in place of data, not the archive that was meant, or another checksum.
    """
    mirrored = Path(mirror, source["path"]) if mirror else None
    with atomic_path(destination) as temporary:
        if mirrored and mirrored.is_file():
            logger.info("Copying %s", mirrored)
            shutil.copyfile(mirrored, temporary)
            _check(source, temporary, str(mirrored), records)
            return
        url = source["url"]
        logger.info("Fetching %s, version %s (licence: %s)", url, source["version"], source["licence"])
        _fetch(source, temporary, timeout)
        if url.endswith(".zip") and not source["path"].endswith(".zip"):
            _refuse_page(source, temporary, url)
            _unzip(temporary, Path(source["path"]).name, url)
        _check(source, temporary, url, records)


def _fetch(source: dict[str, str], destination: Path, timeout: float) -> None:
    """Write a file of the hub, or of a web server, to `destination`."""
    from huggingface_hub import hf_hub_download
    from pooch import HTTPDownloader

    url, hub = source["url"], hub_file(source["url"])
    try:
        if hub:
            shutil.copyfile(hf_hub_download(**hub), destination)
        else:
            # The downloader sets the total once it knows it.
            with progress(1, "B", url.rpartition("/")[2]) as bar:
                HTTPDownloader(progressbar=bar, chunk_size=CHUNK_BYTES, timeout=timeout)(url, str(destination), None)
    except Exception as error:
        # Both raise what their network libraries raise; of a full disk the caller tells more.
        if is_machines_fault(error):
            raise
        raise UserError(f"{url} cannot be fetched ({error}); try again, or {_by_hand(source)}") from error


def _unzip(path: Path, name: str, url: str) -> None:
    """Replace a ZIP archive by its one file of that name, in whatever folder of it; nothing else is unpacked."""
    with open(path, "rb") as stream:
        path.unlink()
        try:
            with zipfile.ZipFile(stream) as archive:
                wanted = [member for member in archive.infolist() if PurePosixPath(member.filename).name == name]
                if len(wanted) != 1:
                    raise UserError(f"the archive {url} has {len(wanted)} file(s) named {name}, not one")
                with archive.open(wanted[0]) as member, open(path, "wb") as target:
                    shutil.copyfileobj(member, target)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
            raise UserError(f"{url} cannot be read as a ZIP archive ({error})") from error


def _check(source: dict[str, str], path: Path, origin: str, records: Path) -> None:
    _refuse_page(source, path, origin)
    if not source["sha256"]:
        check_or_record(path, source["path"], origin, records)
    elif (found := sha256_of(path)) != source["sha256"]:
        raise UserError(
            f"{origin} has the sha256 {found}, not {source['sha256']} as config/sources.csv says; {_by_hand(source)}"
        )


def _refuse_page(source: dict[str, str], path: Path, origin: str) -> None:
    with open(path, "rb") as stream:
        head = stream.read(512).lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        raise UserError(f"{origin} gave a web page in place of the data; {_by_hand(source)}")


def _by_hand(source: dict[str, str]) -> str:
    return (
        f"get {source['how_to_get']} by another way, put it at FOLDER/{source['path']} "
        "and name that folder: --config sources='{mirror: FOLDER}'"
    )


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    source = read_sources("config/sources.csv")[snakemake.wildcards.source]
    # Where a file comes from does not decide what it is, so the mirror is no parameter.
    retrieve_source(source, snakemake.output[0], snakemake.config["sources"]["mirror"])


if __name__ == "__main__":
    run_job(main, snakemake)
