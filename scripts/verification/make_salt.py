"""A random salt for the raters' names, made once."""

import secrets
from pathlib import Path

from scripts.lib.files.atomic import write_text
from scripts.lib.jobs.log import run_job

SALT_BYTES = 32


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    salt = Path(snakemake.output[0])
    write_text(salt, f"{secrets.token_hex(SALT_BYTES)}\n")
    salt.chmod(0o600)


if __name__ == "__main__":
    run_job(main, snakemake)
