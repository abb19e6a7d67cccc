"""What is measured. Each case takes a peer and gives one result; `others` in it says how disturbed it was."""

import time
from collections.abc import Callable
from pathlib import Path

from . import answers
from .idle import Connection
from .load import STREAM_MESSAGES, Shape, checked, client, h2load
from .machine import Effort, Watch, memory_mib
from .peers import Peer, Server, serving

MANY = Shape(8, 32)
ONE = Shape(1, 1)
# Few enough streams that grpc-swift-2, which ends a connection at its 101st, stays within its limit.
STREAMING = Shape(4, 4)
CLIENT = Shape(4, 32)


def warmed_rate(server: Server, method: str, shape: Shape, first: int) -> float:
    """Calls a second, after a second's work: code and buffers are warm then."""
    rate = checked(h2load(server, method, first, shape))["rate"]
    return checked(h2load(server, method, max(first, whole(rate * 1.5, shape)), shape))["rate"]


def whole(calls: float, shape: Shape) -> int:
    """Rounded to the same number for each stream, at least one."""
    return max(1, round(calls / shape.concurrency)) * shape.concurrency


def throughput(server: Server, method: str, shape: Shape, seconds: float, first: int) -> dict:
    calls = whole(warmed_rate(server, method, shape, first) * seconds, shape)
    watch = Watch(server.pid)
    result = checked(h2load(server, method, calls, shape))
    result.update(watch.stop())
    result["cpu_us"] = result["server_seconds"] / calls * 1e6
    return result


def unary(peer: Peer, out: Path, effort: Effort) -> dict:
    """Many calls at a time, then one at a time."""

    def measure() -> dict:
        log = out / "latencies.log"
        with serving(peer, out) as server:
            answers.check(server)
            idle = memory_mib(server.pid)
            result = throughput(server, "Say", MANY, effort.seconds, 3000)
            # On their own: writing the log costs h2load a third of its speed.
            many = checked(h2load(server, "Say", whole(result["calls"] / 2, MANY), MANY, log))
            rate = checked(h2load(server, "Say", 2000, ONE))["rate"]
            watch = Watch(server.pid)
            one = checked(h2load(server, "Say", max(1000, int(rate * effort.seconds * 0.7)), ONE, log))
            disturbed = watch.stop()["others"]
            return {
                **result,
                "p50": many["p50"], "p99": many["p99"],
                "one_rate": one["rate"], "one_p50": one["p50"], "one_p99": one["p99"],
                "others": max(result["others"], disturbed),
                "idle_mib": idle, "peak_mib": memory_mib(server.pid, "VmHWM"),
            }  # fmt: skip

    return effort.least_disturbed(measure)


def stream(peer: Peer, out: Path, effort: Effort) -> dict:
    """Server streaming: h2load counts the bytes, a call's being known."""

    def measure() -> dict:
        with serving(peer, out) as server:
            result = throughput(server, "Stream", STREAMING, effort.seconds, STREAMING.concurrency)
            messages = result["rate"] * STREAM_MESSAGES
            cpu_us = result["cpu_us"] / STREAM_MESSAGES
            return {**result, "rate": messages, "cpu_us": cpu_us, "peak_mib": memory_mib(server.pid, "VmHWM")}

    return effort.least_disturbed(measure)


def client_calls(peer: Peer, out: Path, effort: Effort) -> dict:
    """The library's client against its own server: calls for a second of the client's processor."""

    def measure() -> dict:
        with serving(peer, out) as server:
            watch = Watch(server.pid)
            result = client(server, peer.client or [], effort.seconds, CLIENT)
            result.update(watch.stop())
            result["rate"] = result["calls"] / result["seconds"]
            result["per_cpu_second"] = result["calls"] / result["cpu_seconds"]
            return result

    return effort.least_disturbed(measure)


def tls(peer: Peer, out: Path, effort: Effort) -> dict:
    """The same calls in cleartext and over TLS, one after the other: the ratio is of neighbours in time."""

    def measure() -> dict:
        with serving(peer, out) as server:
            clear = throughput(server, "Say", MANY, effort.seconds, 3000)
        with serving(peer, out, tls=True) as server:
            answers.check(server)
            secure = throughput(server, "Say", MANY, effort.seconds, 3000)
        return {
            "clear_rate": clear["rate"], "tls_rate": secure["rate"],
            "clear_cpu_us": clear["cpu_us"], "tls_cpu_us": secure["cpu_us"],
            "ratio": secure["rate"] / clear["rate"],
            "cpu_ratio": clear["cpu_us"] / secure["cpu_us"],
            "others": max(clear["others"], secure["others"]),
            "load_cpu": secure["load_cpu"], "server_cpu": secure["server_cpu"],
        }  # fmt: skip

    return effort.least_disturbed(measure)


def idle(peer: Peer, out: Path, effort: Effort) -> dict:
    """What the server holds for connections that do nothing; a ping to each shows afterwards that all still live."""
    with serving(peer, out) as server:
        before = memory_mib(server.pid)
        connections: list[Connection] = []
        try:
            began = time.monotonic()
            for _ in range(effort.connections):
                connections.append(Connection(server.port))
            took = time.monotonic() - began
            time.sleep(2)
            held = memory_mib(server.pid)
            for connection in connections:
                connection.ping()
            pinged = memory_mib(server.pid)
        finally:
            for connection in connections:
                connection.close()
    return {
        "connections": len(connections), "before_mib": before, "held_mib": held, "pinged_mib": pinged,
        "each_kib": (held - before) * 1024 / len(connections), "open_seconds": took, "others": 0.0,
    }  # fmt: skip


Case = Callable[[Peer, Path, Effort], dict]
CASES: dict[str, tuple[Case, Callable[[Peer], bool]]] = {
    "unary": (unary, lambda peer: True),
    "stream": (stream, lambda peer: not peer.is_guarded),
    "client": (client_calls, lambda peer: peer.client is not None),
    "tls": (tls, lambda peer: peer.has_tls),
    "idle": (idle, lambda peer: not peer.is_guarded),
}
