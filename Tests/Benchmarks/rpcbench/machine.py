"""The machine: processor time and memory of processes, and how much other work disturbs a run."""

import os
import platform
import re
import resource
import time
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
SERVER_CPU, LOAD_CPU = 0, 1
DISTURBED = 0.12  # processors' worth of other work past which a run is measured again


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def memory_mib(pid: int, key: str = "VmRSS") -> float:
    """`VmRSS` is what the process holds now, `VmHWM` the most it ever held."""
    found = re.search(key + r":\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    if found is None:
        raise RuntimeError(f"process {pid} has ended")
    return int(found.group(1)) / 1024


def machine_times() -> tuple[float, float, float]:
    """Seconds of all processors: busy, in all, stolen by the host."""
    with open("/proc/stat", encoding="ascii") as file:
        ticks = [int(field) for field in file.readline().split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / TICK, sum(ticks) / TICK, ticks[7] / TICK


def children_seconds() -> float:
    times = os.times()
    return times.children_user + times.children_system


class Watch:
    """From its making to `stop`: the shares of a processor that the server, the load and others used."""

    def __init__(self, server: int):
        self.server = server
        self.start = (time.monotonic(), machine_times(), cpu_seconds(server), children_seconds())

    def stop(self) -> dict[str, float]:
        began, (busy, _, steal), server, load = self.start
        busy_now, _, steal_now = machine_times()
        took = time.monotonic() - began
        server_seconds = cpu_seconds(self.server) - server
        load_seconds = children_seconds() - load
        return {
            "server_seconds": server_seconds,
            "server_cpu": server_seconds / took,
            "load_cpu": load_seconds / took,
            "others": max(0.0, busy_now - busy - server_seconds - load_seconds) / took,
            "steal": (steal_now - steal) / took,
        }


def wait_until_quiet(limit: float) -> None:
    """Returns once the machine has been idle for 1.5 s (all but 7 %), or after `limit` seconds."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        busy, total, _ = machine_times()
        time.sleep(1.5)
        busy_now, total_now, _ = machine_times()
        if (busy_now - busy) / max(0.01, total_now - total) < 0.07:
            return


@dataclass(frozen=True)
class Effort:
    """How long and how often to measure."""

    seconds: float
    tries: int
    quiet: float
    connections: int  # of the idle case

    def least_disturbed(self, measure):
        """Measures again what other work disturbed; of all tries the least disturbed one counts."""
        best = None
        for _ in range(self.tries):
            wait_until_quiet(self.quiet)
            result = measure()
            if best is None or result["others"] < best["others"]:
                best = result
            if best["others"] < DISTURBED:
                break
        return best


def raise_file_limit(files: int) -> None:
    """For this process and the servers it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, max(hard, files)))


def description() -> dict[str, str]:
    model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return {
        "processor": model.group(1) if model else platform.machine(),
        "processors": str(os.cpu_count()),
        "kernel": platform.release(),
        "date": time.strftime("%Y-%m-%d %H:%M", time.gmtime()),
    }
