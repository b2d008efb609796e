"""Files with raters' votes, found while Snakemake parses the workflow: nothing heavy is imported here."""

from collections.abc import Iterable
from pathlib import Path

from scripts.lib.jobs.errors import UserError


def find_votes(folder: str | Path | None, made: Iterable[str | Path] = ()) -> list[Path]:
    """The CSV files directly in the folder of the raters' votes, sorted by name; none without a folder.

    Args:
        made: files that the run itself makes, perhaps there; with any, the folder need not exist yet.

    Raises:
        UserError: the folder does not exist.
    """
    made = {Path(path) for path in made}
    if folder is None or (made and not Path(folder).exists()):
        return sorted(made)
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(
            f"verification.votes: there is no folder {folder}. Make it and put the raters' CSV files into it "
            f"(mkdir -p {folder}), or set verification.votes to null until there are some"
        )
    found = {path for path in folder.iterdir() if path.suffix.lower() == ".csv" and path.is_file()}
    return sorted(made | found)
