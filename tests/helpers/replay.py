"""Repeats a job for each way of writing on a disk that is too small for it, then on one that is not.

    python -m tests.helpers.replay WORKSPACE

Runs in a mount namespace of its own; the workspace's `kept/` holds the jobs' scripts. Prints, as
JSON, the faults found in each rule; an empty list is a pass. Libraries are imported once and each
job is a fork, because imports are what most jobs cost.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.helpers.mini import WAYS, differences, remove

PAGE = 4096
ROOMY = 1 << 30
PREAMBLE_END = "######## snakemake preamble end #########"


def mount(folder: Path, source: Path) -> None:
    """A disk in memory at `folder`, with a copy of `source` on it."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOMY}", "tmpfs", folder], check=True)
    shutil.copytree(source, folder, dirs_exist_ok=True, symlinks=True)


def leave(folder: Path, pages: int | None) -> None:
    """Leave so many pages free on the disk at `folder`; None: plenty."""
    disk = os.statvfs(folder)
    size = ROOMY if pages is None else (disk.f_blocks - disk.f_bfree + pages) * PAGE
    subprocess.run(["mount", "-o", f"remount,size={size}", folder], check=True)


def pages_of(path: Path) -> int:
    files = [path] if path.is_file() else [part for part in path.rglob("*") if part.is_file()]
    return sum(-(-file.stat().st_size // PAGE) for file in files)


def run(script: str, name: str) -> tuple[int, str]:
    """Exit code and output of a job in a fork of this process; the output passes through a file in TMPDIR."""
    output = Path(os.environ["TMPDIR"], "output.txt")
    child = os.fork()
    if child == 0:
        code = 70
        try:
            with open(output, "wb") as stream:
                os.dup2(stream.fileno(), 1)
                os.dup2(stream.fileno(), 2)
            # pytest has put others in their place.
            sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
            exec(compile(script, name, "exec"), {"__name__": "__main__", "__file__": name})
            code = 0
        except SystemExit as end:
            code = end.code
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), output.read_text(errors="replace")


def faults(script: Path, workspace: Path, reference: Path) -> list[str]:
    """What goes wrong when the disk is full in the middle of a job's writing, and when there is room again."""
    text = script.read_text()
    names: dict = {"__file__": str(script)}
    exec(text.partition(PREAMBLE_END)[0], names)
    outputs = [Path(path) for path in names["snakemake"].output]
    disk = workspace / outputs[0].parts[0]
    needed = sum(map(pages_of, outputs))
    for path in [*outputs, *map(Path, names["snakemake"].log)]:
        remove(path)
    leave(disk, needed // 2)
    code, said = run(text, str(script))
    problems = []
    if code != 1:
        problems.append(f"exit code {code}: {said[-400:]}")
    if not any(
        f"{path} cannot be written: no space is left on its disk. It needs more than" in said for path in outputs
    ):
        problems.append(f"the message does not tell path and size: {said[-400:]}")
    if "Traceback" in said:
        problems.append(f"there is a traceback: {said}")
    problems += [f"{path} is there and not whole" for path in outputs if path.exists() and unlike(path, reference)]
    problems += [f"{path} is left" for path in disk.rglob("*.part*")]
    leave(disk, None)
    code, said = run(text, str(script))
    if code:
        problems.append(f"it does not go on when there is room: {said[-400:]}")
    else:
        problems += [f"{path} is another one afterwards" for path in outputs if unlike(path, reference)]
    return problems


def unlike(path: Path, reference: Path) -> bool:
    if path.is_dir():
        return bool(differences(path, reference / path))
    return bool(differences(path.parent, reference / path.parent, only=path.name))


def main(workspace: Path) -> dict[str, list[str]]:
    import pandas  # noqa: F401

    import scripts.lib.pages.figures
    import scripts.lib.records.shots  # noqa: F401

    reference = Path(os.environ["TMPDIR"], "reference")
    shutil.copytree(workspace / "results", reference / "results", symlinks=True)
    mount(workspace / "results", reference / "results")
    os.chdir(workspace)
    return {rule: faults(next((workspace / "kept").glob(f"{rule}.*.py")), workspace, reference) for rule in WAYS}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]).resolve())))
