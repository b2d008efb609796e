"""Download one file of `config/sources.csv`, from a mirror or the network, and check its content."""

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
    """Write a source's file to `destination`, atomically and with the right content.

    Args:
        source: a row of the sources table. If its url is a ZIP archive and its path is not, the
            archive's file of that name is used.
        mirror: folder that is searched first, with the layout of `resources/`.
        records: folder of recorded checksums, for files without one in the table.
        timeout: of a silent server, in seconds.

    Raises:
        UserError: not reachable, a web page instead of data, another archive, or another checksum.
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
            _unzip(source, temporary)
        _check(source, temporary, url, records)


def _fetch(source: dict[str, str], destination: Path, timeout: float) -> None:
    """Download a file of the hub, or of a web server, to `destination`."""
    from huggingface_hub import hf_hub_download
    from pooch import HTTPDownloader

    url, hub = source["url"], hub_file(source["url"])
    try:
        if hub:
            shutil.copyfile(hf_hub_download(**hub), destination)
        else:
            # The downloader sets the total later.
            with progress(1, "B", url.rpartition("/")[2]) as bar:
                HTTPDownloader(progressbar=bar, chunk_size=CHUNK_BYTES, timeout=timeout)(url, str(destination), None)
    except Exception as error:
        # Both raise exceptions of their network libraries; the caller reports a full disk.
        if is_machines_fault(error):
            raise
        raise UserError(f"{url} cannot be fetched ({error}); try again, or {_by_hand(source)}") from error


def _unzip(source: dict[str, str], path: Path) -> None:
    """Replace a ZIP archive by its only file of the source's name, in any of its folders."""
    url, name = source["url"], Path(source["path"]).name
    with open(path, "rb") as stream:
        path.unlink()
        try:
            with zipfile.ZipFile(stream) as archive:
                wanted = [member for member in archive.infolist() if PurePosixPath(member.filename).name == name]
                if len(wanted) != 1:
                    raise UserError(
                        f"the archive {url} has {len(wanted)} file(s) named {name}, not one; {_by_hand(source)}"
                    )
                with archive.open(wanted[0]) as member, open(path, "wb") as target:
                    shutil.copyfileobj(member, target)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
            raise UserError(f"{url} cannot be read as a ZIP archive ({error}); {_by_hand(source)}") from error


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
        f"get {source['how_to_get']} in another way, put it at FOLDER/{source['path']} "
        "and name that folder: --config sources='{mirror: FOLDER}'"
    )


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    source = read_sources("config/sources.csv")[snakemake.wildcards.source]
    # The origin of a file does not change its content, so the mirror is not a parameter.
    retrieve_source(source, snakemake.output[0], snakemake.config["sources"]["mirror"])


if __name__ == "__main__":
    run_job(main, snakemake)
