"""Fetch one file of `config/sources.csv`, from a mirror or the network, and check what it is."""

import os
import shutil
from pathlib import Path

from scripts.lib.archives import extract_file
from scripts.lib.download import DownloadFailed, Patience, discard, download, part_of
from scripts.lib.errors import UserError
from scripts.lib.files import atomic_path, sha256_of
from scripts.lib.log import job_log, logger
from scripts.lib.sources import read_sources, recorded_checksum

RECORDS = "resources/checksums"


def retrieve_source(
    source: dict[str, str],
    destination: str | Path,
    record: str | Path,
    mirror: str | None = None,
    patience: Patience | None = None,
) -> None:
    """Put a source's file at `destination`; it bears that name only once its content is right.

    Args:
        source: a row of the sources table. If its url is of a ZIP archive and its path is not, the
            archive's file of that name is taken.
        record: where the checksum is kept of a file that the table has none for: written when it
            first comes, checked from then on.
        mirror: folder looked into first, laid out as `resources/`.

    Raises:
        UserError: not reachable, a web page in place of data, or another checksum.
    """
    mirrored = Path(mirror, source["path"]) if mirror else None
    if mirrored and mirrored.is_file():
        logger.info("Copying %s", mirrored)
        with atomic_path(destination) as temporary:
            shutil.copyfile(mirrored, temporary)
            _check(source, temporary, str(mirrored), Path(record))
        return
    logger.info("Fetching %s, version %s (licence: %s)", source["url"], source["version"], source["licence"])
    part = part_of(destination)
    try:
        with download(source["url"], part, patience) as fetched:
            try:
                _accept(source, fetched, destination, Path(record))
            except UserError:
                # Whole, but not what was meant: to continue it would be of no use.
                discard(part)
                raise
    except DownloadFailed as error:
        if not part.stat().st_size:
            discard(part)
        raise UserError(f"{error}; try again, or {_by_hand(source)}") from error


def _accept(source: dict[str, str], fetched: Path, destination: str | Path, record: Path) -> None:
    """Check a file that has come, and give it its name."""
    if source["url"].endswith(".zip") and not source["path"].endswith(".zip"):
        _refuse_page(source, fetched, source["url"])
        with atomic_path(destination) as temporary:
            extract_file(fetched, Path(source["path"]).name, temporary)
            _check(source, temporary, source["url"], record)
        discard(fetched)
    else:
        _check(source, fetched, source["url"], record)
        os.replace(fetched, destination)


def _check(source: dict[str, str], path: Path, origin: str, record: Path) -> None:
    _refuse_page(source, path, origin)
    found = sha256_of(path)
    recorded = recorded_checksum(record)
    if source["sha256"]:
        if found != source["sha256"]:
            raise UserError(
                f"{origin} has the sha256 {found}, not {source['sha256']} as config/sources.csv says; "
                f"{_by_hand(source)}"
            )
    elif not recorded:
        with atomic_path(record) as temporary:
            temporary.write_text(f"{found}  {source['path']}\n", encoding="utf-8")
        logger.warning(
            "No checksum of %s is known beforehand. The one of this copy, %s, is now recorded in %s and will be "
            "checked from now on",
            source["path"],
            found,
            record,
        )
    elif found != recorded:
        raise UserError(
            f"{origin} has the sha256 {found}, not {recorded} as the first copy fetched here had ({record}). If the "
            f"publisher has changed the file and you want the new one, delete {record}; otherwise {_by_hand(source)}"
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
    mirror = snakemake.config["sources"]["mirror"]
    retrieve_source(source, snakemake.output[0], f"{RECORDS}/{source['path']}.sha256", mirror)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(snakemake)
