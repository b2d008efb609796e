"""Lets the scripts of jobs, which run in processes of their own, import `scripts.lib`."""

import os


def share_with_jobs(folder: str | os.PathLike) -> None:
    """Put the workflow's folder first on the path of every Python that is started from here."""
    known = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    if str(folder) not in known:
        os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), *known])
