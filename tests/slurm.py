"""A Slurm of two nodes on this machine, for the tests of the cluster profile.

::

    python -m tests.slurm start FOLDER      # then: export SLURM_CONF=FOLDER/slurm.conf
    python -m tests.slurm stop FOLDER

Needs root and Debian's ``slurm-wlm`` and ``munge``. All lies in FOLDER, so that a Slurm that this machine may have is
left alone; munge's daemon, whose place is the system's own, is started if none runs, and stopped again with the rest.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "sinfo")
CONF = """
ClusterName=two_nodes
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=2
JobAcctGatherParams=OverMemoryKill
SchedulerParameters=sched_interval=2,batch_sched_delay=1
SlurmctldDebug=info
MinJobAge=600
KillWait=5
ReturnToService=2
MpiDefault=none
NodeName=n0 NodeHostname={host} NodeAddr=127.0.0.1 Port={first} CPUs={cpus} RealMemory={memory} State=UNKNOWN
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={second} CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=main Nodes=n0,n1 Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> str:
    """What this machine lacks for a Slurm of its own; empty if nothing."""
    gone = [name for name in PROGRAMS if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") is None]
    if gone:
        return f"{', '.join(gone)} missing (Debian: apt install slurm-wlm munge)"
    return "" if os.geteuid() == 0 else "slurmd needs root"


def start(folder: Path, *, memory_mb: int = 7000) -> dict[str, str]:
    """Start munged, slurmctld and two slurmd; return the environment in which Slurm's commands find them.

    Raises
    ------
    RuntimeError
        If the nodes are not up after a minute; the message holds the daemons' logs.
    """
    folder = Path(folder).resolve()
    for name in ("state", "spool/n0", "spool/n1"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    controller, first, second = _free_ports(3)
    conf = folder / "slurm.conf"
    values = {"host": socket.gethostname(), "cpus": os.cpu_count(), "memory": memory_mb, "folder": folder}
    conf.write_text(CONF.format(port=controller, first=first, second=second, **values).lstrip())
    path = f"{_own_srun(folder)}:{os.environ['PATH']}:/usr/sbin"
    environment = {**os.environ, "SLURM_CONF": str(conf), "PATH": path}
    if subprocess.run(["munge", "-n"], capture_output=True, check=False).returncode:
        subprocess.run(["install", "-d", "-o", "munge", "-g", "munge", "/run/munge"], check=True)
        become = ["setpriv", "--reuid=munge", "--regid=munge", "--clear-groups"]
        subprocess.run([*become, "munged", "--force"], env=environment, check=True)
        shutil.copy("/run/munge/munged.pid", folder / "munged.pid")
    for command in (["slurmctld", "-c"], ["slurmd", "-N", "n0"], ["slurmd", "-N", "n1"]):
        subprocess.run(command, env=environment, check=True, capture_output=True)
    for _ in range(60):
        arguments = ["sinfo", "--noheader", "--format=%t %D"]
        output = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False).stdout
        if output.split() == ["idle", "2"]:
            return environment
        time.sleep(1)
    logs = "\n".join(path.read_text()[-2000:] for path in folder.glob("*.log"))
    stop(folder)
    raise RuntimeError(f"the nodes are not up: {output}\n{logs}")


def _own_srun(folder: Path) -> Path:
    """Folder of an srun that knows its configuration: jobs of Snakemake call it without ``SLURM_CONF``."""
    place = folder / "bin" / "srun"
    place.parent.mkdir(exist_ok=True)
    place.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {shutil.which("srun")} "$@"\n')
    place.chmod(0o755)
    return place.parent


def stop(folder: Path) -> None:
    """End every daemon that was started in a folder, and their jobs."""
    conf = Path(folder) / "slurm.conf"
    environment = {**os.environ, "SLURM_CONF": str(conf)}
    subprocess.run(["scancel", "--user=root"], env=environment, capture_output=True, check=False, timeout=60)
    for name in ("n0", "n1", "slurmctld", "munged"):
        file = Path(folder) / f"{name}.pid"
        text = file.read_text().strip() if file.is_file() else ""
        if text:
            with suppress(ProcessLookupError):
                os.kill(int(text), signal.SIGTERM)
            for _ in range(100):
                if not Path(f"/proc/{text}").exists():
                    break
                time.sleep(0.1)


@contextmanager
def running(folder: Path):
    """Slurm's environment, for as long as it runs."""
    try:
        yield start(folder)
    finally:
        stop(folder)


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


if __name__ == "__main__":
    if sys.argv[1:2] == ["start"] and missing():
        sys.exit(missing())
    {"start": start, "stop": stop}[sys.argv[1]](Path(sys.argv[2]))
