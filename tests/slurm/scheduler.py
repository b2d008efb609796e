"""A real SLURM on this machine alone: its daemons with a configuration, state and key of their own.

One node, whose GPUs are devices without a driver: SLURM counts and assigns them, nothing computes on them.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

# As Debian names its packages, by the program that each is needed for.
PACKAGES = {"slurmctld": "slurmctld", "slurmd": "slurmd", "sbatch": "slurm-client", "munged": "munge"}
NODE = "node1"
# Character devices that exist everywhere, in the place of GPUs.
DEVICES = ("/dev/null", "/dev/zero")
SLURMD_TIMEOUT = 10
# Daemons are in folders that are not on everyone's PATH.
PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])

# A job of a lost node begins again when its credential has expired: after 40 seconds in place of 120.
CONFIGURATION = """
ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=40
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
SlurmdTimeout={timeout}
SlurmctldTimeout=60
KillWait=5
MinJobAge=3600
JobRequeue=1
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=2,sched_interval=2,sched_min_interval=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
GresTypes=gpu
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmdSpoolDir={folder}/spool
StateSaveLocation={folder}/state
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} Gres=gpu:{gpus} State=UNKNOWN
PartitionName=main Nodes={node} Default=YES MaxTime=INFINITE State=UP
"""


def missing_packages() -> list[str]:
    """Debian packages that the tests need and the machine has not."""
    return [package for program, package in PACKAGES.items() if not shutil.which(program, path=PLACES)]


class Scheduler:
    """The daemons, and questions to them.

    Args:
        cpus, memory: of the node, as SLURM sees it (MB); it may say more than the machine has, so that jobs wait for
            nothing but what is tested.
        gpus: two at most.

    Attributes:
        variables: environment for programs that talk to this SLURM.
    """

    def __init__(self, folder: Path, cpus: int = 8, memory: int = 64000, gpus: int = 2):
        self.folder = folder
        path = os.pathsep.join([str(folder / "bin"), PLACES])
        self.variables = {**os.environ, "PATH": path, "SLURM_CONF": str(folder / "slurm.conf")}
        self._daemons: dict[str, subprocess.Popen] = {}
        for name in ("state", "spool", "bin"):
            (folder / name).mkdir()
        # The plugin's jobs call srun without SLURM_CONF: they suppose SLURM's usual place.
        (folder / "bin/srun").write_text(
            f'#!/bin/sh\nSLURM_CONF="{folder}/slurm.conf" exec {shutil.which("srun", path=PLACES)} "$@"\n'
        )
        (folder / "bin/srun").chmod(0o755)
        # munged refuses a socket in a folder that others can write to.
        folder.chmod(0o755)
        (folder / "munge.key").write_bytes(os.urandom(128))
        (folder / "munge.key").chmod(0o600)
        ports = _free_ports(2)
        settings = {"folder": folder, "ports": ports, "user": _user(), "node": NODE, "host": socket.gethostname()}
        settings |= {"cpus": cpus, "memory": memory, "gpus": gpus, "timeout": SLURMD_TIMEOUT}
        (folder / "slurm.conf").write_text(CONFIGURATION.format(**settings))
        (folder / "gres.conf").write_text("".join(f"Name=gpu File={device}\n" for device in DEVICES[:gpus]))
        (folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")

    def start(self) -> None:
        """Start all daemons; returns when the node is ready."""
        place = self.folder
        files = {"socket": "munge.socket", "key-file": "munge.key", "pid-file": "munge.pid", "log-file": "munge.log"}
        files["seed-file"] = "munge.seed"
        self._run("munged", "--foreground", "--force", *(f"--{key}={place / name}" for key, name in files.items()))
        wait_for(lambda: (place / "munge.socket").exists(), "munged has no socket", 20)
        self._run("slurmctld", "-D")
        self.start_node()

    def start_node(self) -> None:
        """Start the node's daemon; returns when SLURM would give it jobs."""
        self._run("slurmd", "-D", "-N", NODE)
        wait_for(lambda: self.node_state() in ("IDLE", "MIXED", "ALLOCATED"), "the node does not come up", 60)

    def lose_node(self) -> None:
        """End the node's daemon and every process of its jobs at once, as a power cut would."""
        daemon = self._daemons.pop("slurmd")
        processes = [daemon.pid, *_descendants(daemon.pid), *self._steps()]
        for process in processes:
            _kill(process)
        daemon.wait()

    def stop(self) -> None:
        """End everything."""
        self.ask("scancel", "--state=PENDING", f"--user={_user()}", check=False)
        if "slurmd" in self._daemons:
            self.lose_node()
        for daemon in reversed(self._daemons.values()):
            daemon.terminate()
            daemon.wait(30)

    def ask(self, *command: str, check: bool = True) -> str:
        """What one of SLURM's programs says."""
        done = subprocess.run(command, env=self.variables, text=True, capture_output=True)
        assert not check or done.returncode == 0, done.stderr
        return done.stdout

    def node(self) -> dict[str, str]:
        """SLURM's record of the node, empty while there is no answer."""
        return dict(re.findall(r"(\w+)=(\S+)", self.ask("scontrol", "show", "node", NODE, check=False)))

    def node_state(self) -> str:
        """Such as `IDLE` or `DOWN`."""
        return re.split(r"\W", self.node().get("State", ""))[0]

    def jobs(self) -> list[dict[str, str]]:
        """SLURM's records of all jobs, in the order of submission; `Rule` is that of the workflow."""
        records = []
        for line in self.ask("scontrol", "show", "job", "--detail", "--oneliner").splitlines():
            record = dict(re.findall(r"(\w+)=(.*?)(?= \w+(?::\w+)*=|$)", line))
            if "JobId" in record:
                record["Rule"] = re.sub(r"_wildcards_.*", "", record.get("Comment", "")).strip().removeprefix("rule_")
                records.append(record)
        return sorted(records, key=lambda record: int(record["JobId"]))

    def log(self) -> str:
        """The daemons' own logs, to say why a test failed."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def _run(self, program: str, *arguments: str) -> None:
        log = (self.folder / f"{program}.out").open("a")
        command = [shutil.which(program, path=PLACES), *arguments]
        self._daemons[program] = subprocess.Popen(
            command, env=self.variables, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )

    def _steps(self) -> list[int]:
        """Processes of this SLURM's jobs: slurmstepd, in a session of its own, and what it has started."""
        steps = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    words = (folder / "environ").read_bytes().split(b"\0")
                    name = (folder / "comm").read_text().strip()
                except OSError:
                    continue
                ours = f"SLURM_CONF={self.variables['SLURM_CONF']}".encode() in words
                if ours and (name == "slurmstepd" or any(word.startswith(b"SLURM_JOB_ID=") for word in words)):
                    steps.append(int(folder.name))
        return steps


def wait_for(condition, problem: str | Callable[[], object], seconds: float = 120):
    """The first value of `condition()` that is true; `problem` is told, or called, if there is none."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.2)
    raise AssertionError(problem() if callable(problem) else problem)


def _user() -> str:
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for open_socket in sockets:
            open_socket.bind(("127.0.0.1", 0))
        return [open_socket.getsockname()[1] for open_socket in sockets]
    finally:
        for open_socket in sockets:
            open_socket.close()


def _descendants(process: int) -> list[int]:
    try:
        children = [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []
    return [*children, *(other for child in children for other in _descendants(child))]


def _kill(process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
