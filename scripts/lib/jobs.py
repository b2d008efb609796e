"""What the processes that Snakemake starts for jobs need from the one that starts them."""

import os
import shlex
import sys


def prepare_for_jobs(folder: str | os.PathLike) -> None:
    """Set up this process so that the jobs it starts find `scripts.lib`, wherever the workflow lies.

    The workflow's folder is put first on the path of every Python that is started from here. And
    Snakemake writes `sys.executable` into shell commands as it stands, which a checkout (with its
    environment inside) whose path has a space in it does not survive: the name is quoted for it.
    """
    known = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    if str(folder) not in known:
        os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), *known])
    # Threads that spin while they wait bring a machine to a halt on which several jobs compute.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if os.path.exists(sys.executable):
        sys.executable = shlex.quote(sys.executable)
