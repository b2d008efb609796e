"""All raters' votes in one long table, and what of their files is refused."""

from pathlib import Path

from scripts.lib.jobs.errors import UserError, bullet_list
from scripts.lib.jobs.log import logger, run_job
from scripts.lib.records.votes import VOTE_COLUMNS
from scripts.lib.tables.rows import write_csv
from scripts.verification.tasks import read_tasks
from scripts.verification.votes import REFUSED_COLUMNS, read_votes, vote_rows

SHORTEST_SALT = 16


def read_salt(path: str | Path) -> str:
    """The salt of the raters' names.

    Raises:
        UserError: the file cannot be read, or is too short to protect anything.
    """
    try:
        salt = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"verification.salt: cannot read {path}: {error}") from error
    if len(salt) < SHORTEST_SALT:
        raise UserError(
            f"verification.salt: {path} has fewer than {SHORTEST_SALT} characters; bring the salt of this study back, "
            "or delete the file to have a new one made, which gives every rater another name in the results"
        )
    return salt


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    study, tasks = read_tasks(snakemake.input.tasks)
    files, salt = list(snakemake.input.votes), read_salt(snakemake.input.salt)
    votes, refusals = read_votes(files, study, tasks)
    write_csv(snakemake.output.votes, VOTE_COLUMNS, vote_rows(votes, tasks, salt, snakemake.params.simulated))
    write_csv(snakemake.output.refused, REFUSED_COLUMNS, (refusal.row() for refusal in refusals))
    if refusals:
        logger.warning(
            "%d vote(s) or file(s) are refused (%s):\n%s",
            len(refusals),
            snakemake.output.refused,
            bullet_list(list(map(str, refusals))),
        )
    if not files:
        page = Path(snakemake.output.votes).with_name("annotate.html")
        return f"no votes yet: hand out {page}, and name the folder of the raters' files as verification.votes"
    raters = {vote.rater for vote in votes}
    return f"{len(votes)} vote(s) of {len(raters)} rater(s) in {len(files)} file(s), {len(refusals)} refused"


if __name__ == "__main__":
    run_job(main, snakemake)
