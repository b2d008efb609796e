"""Fetch one file of `config/sources.csv`, from a mirror or the network, and check what it is."""

import os
import shutil
from pathlib import Path

from scripts.lib.archives import extract_file
from scripts.lib.checksums import RECORDS, check_or_record
from scripts.lib.download import DownloadFailed, Patience, discard, download, part_of
from scripts.lib.errors import UserError
from scripts.lib.files import atomic_path, sha256_of
from scripts.lib.log import job_log, logger
from scripts.lib.sources import read_sources


def retrieve_source(
    source: dict[str, str],
    destination: str | Path,
    mirror: str | None = None,
    patience: Patience | None = None,
    records: Path = RECORDS,
) -> None:
    """Put a source's file at `destination`; it bears that name only once its content is right.

    Args:
        source: a row of the sources table. If its url is of a ZIP archive and its path is not, the
            archive's file of that name is taken.
        mirror: folder looked into first, laid out as `resources/`.
        records: folder of the checksums of files that the table has none for.

    Raises:
        UserError: not reachable, a web page in place of data, or another checksum.
    """
    mirrored = Path(mirror, source["path"]) if mirror else None
    if mirrored and mirrored.is_file():
        logger.info("Copying %s", mirrored)
        with atomic_path(destination) as temporary:
            shutil.copyfile(mirrored, temporary)
            _check(source, temporary, str(mirrored), records)
        return
    logger.info("Fetching %s, version %s (licence: %s)", source["url"], source["version"], source["licence"])
    part = part_of(destination)
    try:
        with download(source["url"], part, patience) as fetched:
            try:
                _accept(source, fetched, destination, records)
            except UserError:
                # Whole, but not what was meant: to continue it would be of no use.
                discard(part)
                raise
    except DownloadFailed as error:
        raise UserError(f"{error}; try again, or {_by_hand(source)}") from error


def _accept(source: dict[str, str], fetched: Path, destination: str | Path, records: Path) -> None:
    """Check a file that has come, and give it its name."""
    if source["url"].endswith(".zip") and not source["path"].endswith(".zip"):
        _refuse_page(source, fetched, source["url"])
        with atomic_path(destination) as temporary:
            extract_file(fetched, Path(source["path"]).name, temporary)
            _check(source, temporary, source["url"], records)
        discard(fetched)
    else:
        _check(source, fetched, source["url"], records)
        os.replace(fetched, destination)


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
    with job_log(snakemake.log[0]):
        main(snakemake)
