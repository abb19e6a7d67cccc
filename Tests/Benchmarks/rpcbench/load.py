"""Load on a server: h2load, or the client of a library. Both check what came back."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .machine import LOAD_CPU
from .peers import Server, pinned

MESSAGE = 107  # bytes of a message of 100 characters: 5 of gRPC, 2 of protobuf
STREAM_MESSAGES = 10_000
REPLY_BYTES = {"Say": MESSAGE, "Stream": MESSAGE * STREAM_MESSAGES}
BODIES = {"Say": "echo.body", "Stream": "stream.body"}
GRPC_HEADERS = ["-H", "te: trailers", "-H", "content-type: application/grpc"]


class LoadError(Exception):
    """Replies were missing or wrong."""


@dataclass(frozen=True)
class Shape:
    """So many calls at a time on each of so many connections."""

    connections: int
    streams: int

    @property
    def concurrency(self) -> int:
        return self.connections * self.streams


def h2load(server: Server, method: str, calls: int, shape: Shape, log: Path | None = None, rps: float = 0) -> dict:
    """Makes `calls` calls; with `log` the latencies are in the result, `rps` paces each connection."""
    command = ["h2load", "-t", "1", "-n", str(calls), "-c", str(shape.connections), "-m", str(shape.streams)]
    if not server.peer.is_static:
        command += [*GRPC_HEADERS, "-d", str(server.out / BODIES[method])]
        for header in server.call_headers():
            command += ["-H", header]
    before = succeeded(server)
    if log:
        log.unlink(missing_ok=True)
        command.append(f"--log-file={log}")
    if rps:
        command.append(f"--rps={rps:.0f}")
    run = subprocess.run(
        pinned(LOAD_CPU, [*command, server.url(method)]), capture_output=True, text=True, timeout=900, check=False
    )
    result = parsed(run.stdout + run.stderr, calls)
    result["errors"] = max(calls - result["succeeded"], calls - result["ok"])
    if result["errors"] == 0 and result["data"] != calls * REPLY_BYTES[method]:
        result["errors"] = calls  # a reply of the wrong size cannot be told from the others
    if server.peer.is_guarded and succeeded(server) - before != calls:
        result["errors"] = calls  # what the policy layer counts is what was called, or it did not see the calls
    if log and log.exists():
        result.update(latencies(log))
    return result


def succeeded(server: Server) -> int:
    """Calls that a guarded server's policy layer has counted as OK; 0 for the others."""
    if not server.peer.is_guarded:
        return 0
    found = re.findall(r'^datavault_calls_total\{code="OK".*\} (\d+)$', server.admin("metrics"), re.MULTILINE)
    return sum(map(int, found))


def checked(result: dict) -> dict:
    if result["errors"]:
        raise LoadError(f"{result['errors']} of {result['calls']} calls failed or had a wrong size")
    return result


def parsed(output: str, calls: int) -> dict:
    finished = re.search(r"finished in ([\d.]+)(us|ms|s|m|h), ([\d.]+) req/s", output)
    succeeded = re.search(r"(\d+) succeeded", output)
    ok = re.search(r"(\d+) 2xx", output)
    data = re.search(r"\((\d+)\) data", output)
    if not (finished and succeeded and ok and data):
        raise LoadError("h2load did not finish: " + output[-400:])
    unit = {"us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}[finished.group(2)]
    return {
        "calls": calls,
        "seconds": float(finished.group(1)) * unit,
        "rate": float(finished.group(3)),
        "succeeded": int(succeeded.group(1)),
        "ok": int(ok.group(1)),
        "data": int(data.group(1)),
    }


def latencies(log: Path) -> dict[str, int]:
    with open(log, encoding="ascii") as file:
        values = sorted(int(line.split("\t")[2]) for line in file)
    if not values:
        raise LoadError("h2load logged no call")
    return {"p50": values[len(values) // 2], "p99": values[int(len(values) * 0.99)]}


def client(server: Server, command: list[str], seconds: float, shape: Shape) -> dict:
    """Runs a library's client against the server: unary calls in a closed loop."""
    arguments = [
        "--port", str(server.port), "--seconds", f"{seconds:g}",
        "--connections", str(shape.connections), "--concurrency", str(shape.concurrency),
    ]  # fmt: skip
    run = subprocess.run(
        pinned(LOAD_CPU, [*command, *arguments]), capture_output=True, text=True, timeout=seconds + 60, check=False
    )
    if run.returncode:
        raise LoadError(f"{command[0]} failed: {run.stderr[-400:]}")
    result = json.loads(run.stdout)
    if result.get("errors", 0) or result["calls"] == 0 or result["messages"] != result["calls"]:
        raise LoadError(f"{command[0]}: calls without their reply: {run.stdout}")
    if abs(result["seconds"] - seconds) > 0.2 * seconds or result["cpu_seconds"] > 1.05 * result["seconds"]:
        raise LoadError(f"{command[0]}: times that cannot be: {run.stdout}")
    return result
