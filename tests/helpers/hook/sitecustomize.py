"""Loaded by every Python process of a run under test: notes jobs, holds them back, takes protections away.

A test names what it wants in environment variables; without them nothing happens.

FAULTS_KEEP: folder to which each job's script is copied, so that the job can be repeated alone, and
which gets a file `<rule>.<process>.txt` of the final names that the job gave.
FAULTS_GATE: folder with `shut`, the rules that may not end. A job of one of them, before the first file
gets its final name, leaves a file `<rule>.<process>` there and waits for its death.
FAULTS_ORPHANS: jobs do not learn whose they are.
FAULTS_ONCE: folder with files `<rule>@<part>`. One job of the rule, before the first file whose name has that part
gets its final name (`<rule>@<part>@again`: before it replaces one of that name), moves the file to `taken/`, adds its
SLURM number and visible GPUs, and does what the file says: `hold` waits for its death, `eat` takes ever more memory,
`wait` waits until there is a file `go`.
FAULTS_DEVICES: folder; the machine has two GPUs. A job that has taken one leaves a file with its number
there, computes on the processor, but not before the other has been taken too.
"""

import os
import shutil
import sys
import time

_script = sys.orig_argv[-1] if sys.orig_argv else ""
if os.path.join(".snakemake", "scripts") in _script:
    _rule = os.path.basename(_script).split(".")[-2]
    if _folder := os.environ.get("FAULTS_KEEP"):
        _kept = os.path.join(os.path.abspath(_folder), f"{_rule}.{os.getpid()}")
        shutil.copy(_script, f"{_kept}.py")
        _rename = os.replace

        def _note(source, target):
            _rename(source, target)
            with open(f"{_kept}.txt", "a") as stream:
                print(os.path.relpath(target), file=stream)

        os.replace = _note
    if os.environ.get("FAULTS_ORPHANS"):
        os.environ.pop("MOVIECLIP_SNAKEMAKE", None)
    if _gate := os.environ.get("FAULTS_GATE"):
        with open(os.path.join(_gate, "shut")) as _stream:
            _is_shut = _rule in _stream.read().split()
        if _is_shut:

            def _wait(*_):
                with open(os.path.join(_gate, f"{_rule}.{os.getpid()}"), "w"):
                    pass
                while True:
                    time.sleep(60)

            os.replace = _wait
    if _once := os.environ.get("FAULTS_ONCE"):
        _give_name = os.replace

        def _fault(source, target):
            for name in os.listdir(_once):
                rule, _, place = name.partition("@")
                part, _, again = place.partition("@")
                if rule == _rule and part in os.path.basename(target) and (not again or os.path.exists(target)):
                    _suffer(name)
            _give_name(source, target)

        def _suffer(name):
            taken = os.path.join(_once, "taken", name)
            try:
                os.rename(os.path.join(_once, name), taken)
            except FileNotFoundError:
                return  # another job's
            with open(taken, "r+") as stream:
                deed = stream.read().strip()
                print("", os.environ.get("SLURM_JOB_ID"), os.environ.get("CUDA_VISIBLE_DEVICES"), file=stream)
            eaten = []
            while deed != "wait" or not os.path.exists(os.path.join(_once, "go")):
                if deed == "eat" and len(eaten) < 80:
                    eaten.append(b"x" * 50_000_000)
                time.sleep(0.1)

        os.replace = _fault
    if (_devices := os.environ.get("FAULTS_DEVICES")) and _rule == "embed_frames":
        import torch

        def _take(number):
            open(os.path.join(_devices, str(number)), "x").close()
            end = time.monotonic() + 30
            while len(os.listdir(_devices)) < 2:
                if time.monotonic() > end:
                    sys.exit("the other device was not taken")
                time.sleep(0.05)

        torch.cuda.device_count = lambda: 2
        torch.cuda.set_device = _take
