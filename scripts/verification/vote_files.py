"""Files with raters' votes, found while Snakemake parses the workflow: nothing heavy is imported here."""

from pathlib import Path

from scripts.lib.jobs.errors import UserError


def find_votes(folder: str | Path | None) -> list[Path]:
    """The CSV files directly in the folder of the raters' votes, sorted by name; none without a folder.

    Raises:
        UserError: the folder does not exist.
    """
    if folder is None:
        return []
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(
            f"verification.votes: there is no folder {folder}. Make it and put the raters' CSV files into it "
            f"(mkdir -p {folder}), or set verification.votes to null until there are some"
        )
    return sorted(path for path in folder.iterdir() if path.suffix.lower() == ".csv" and path.is_file())
