"""Loaded by every Python process of a run under test: notes jobs, holds them back, takes protections away.

A test names what it wants in environment variables; without them nothing happens.

FAULTS_KEEP: folder to which each job's script is copied, so that the job can be repeated alone.
FAULTS_GATE: folder with `open`, the rules that may end. Every other job, before the first file gets
its final name, leaves a file `<rule>.<process>` there and waits for its death.
FAULTS_ORPHANS: jobs do not learn whose they are.
"""

import os
import shutil
import sys
import time

_script = sys.orig_argv[-1] if sys.orig_argv else ""
if os.path.join(".snakemake", "scripts") in _script:
    _rule = os.path.basename(_script).split(".")[-2]
    if _folder := os.environ.get("FAULTS_KEEP"):
        shutil.copy(_script, os.path.join(_folder, f"{_rule}.{os.getpid()}.py"))
    if os.environ.get("FAULTS_ORPHANS"):
        os.environ.pop("MOVIECLIP_SNAKEMAKE", None)
    if _gate := os.environ.get("FAULTS_GATE"):
        with open(os.path.join(_gate, "open")) as _stream:
            _may_end = _rule in _stream.read().split()
        if not _may_end:
            _replace = os.replace

            def _wait(*_):
                with open(os.path.join(_gate, f"{_rule}.{os.getpid()}"), "w"):
                    pass
                while True:
                    time.sleep(60)

            os.replace = _wait
