"""Checksums of files without a published one: that of the first copy is recorded."""

from pathlib import Path

from scripts.lib.files.atomic import sha256_of, write_text
from scripts.lib.jobs.errors import UserError, make_anew
from scripts.lib.jobs.log import logger

RECORDS = Path("resources/checksums")


def check_or_record(path: str | Path, name: str, origin: str, records: Path = RECORDS) -> None:
    """Record the checksum of a file's first copy and log it; check later copies against it.

    Args:
        name: the file's path below `resources/`; the record is `<records>/<name>.sha256`, in the format
            of `sha256sum`.
        origin: source of this copy.

    Raises:
        UserError: the file differs from the first copy.
    """
    record = records / f"{name}.sha256"
    found = sha256_of(path)
    if not record.is_file():
        write_text(record, f"{found}  {name}\n")
        logger.warning(
            "No checksum of %s was published. That of this copy, %s, is now recorded in %s and checked from now on",
            name,
            found,
            record,
        )
        return
    recorded = record.read_text(encoding="utf-8").partition(" ")[0].strip()
    if found != recorded:
        raise UserError(
            f"{origin} has the sha256 {found}, not {recorded} like the first copy, of which {record} is the record. "
            f"If its publisher has changed the file and you want the new one, {make_anew(record)}"
        )
