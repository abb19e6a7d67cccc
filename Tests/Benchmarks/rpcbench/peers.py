"""The servers and clients that are compared, and how to run a server."""

import os
import random
import shlex
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .machine import SERVER_CPU

# Below the range that outgoing connections take theirs from, above well-known ones.
PORTS = range(20000, 32000)


@dataclass(frozen=True)
class Peer:
    """A server, and the client of the same library if there is one. `{port}`, `{cert}`, `{key}` stand in commands, and
    `{admin}` for the port of one that takes no call without a principal and hands out principals there."""

    name: str
    command: list[str]
    tls: list[str] | None = None  # added to the command to serve TLS
    tls_command: list[str] | None = None  # instead of `command` and `tls`
    environment: dict[str, str] = field(default_factory=dict)
    is_static: bool = False  # serves files of the replies' sizes by GET: what HTTP/2 itself costs
    client: list[str] | None = None
    service: str = "echo.EchoService"

    @property
    def is_guarded(self) -> bool:
        """Whether the whole policy layer stands before the echo, which has no other method then."""
        return "{admin}" in self.command

    @property
    def has_tls(self) -> bool:
        return self.tls is not None or self.tls_command is not None


@dataclass(frozen=True)
class Server:
    """A running server."""

    peer: Peer
    pid: int
    port: int
    uses_tls: bool
    out: Path
    admin_port: int

    def url(self, method: str) -> str:
        scheme = "https" if self.uses_tls else "http"
        path = {"Say": "f", "Stream": "s"}[method] if self.peer.is_static else f"{self.peer.service}/{method}"
        return f"{scheme}://127.0.0.1:{self.port}/{path}"

    def admin(self, path: str) -> str:
        """A page of the second port."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}/{path}", timeout=10) as answer:
            return answer.read().decode()

    def call_headers(self) -> list[str]:
        """What calls carry beside gRPC's own headers: good for less than a minute, so asked for before each run."""
        if not self.peer.is_guarded:
            return []
        return ["grpc-timeout: 30S", f"datavault-principal-bin: {self.admin('principal')}"]


def known(out: Path, wire: Path) -> list[Peer]:
    """The peers that are built in `out`, and Wire if its programs are in `wire`."""
    nghttpd = ["nghttpd", "-n", "1", "-a", "127.0.0.1", "-d", f"{out}/www"]
    certificate = ["{cert}", "{key}"]
    one_thread = {"GOMAXPROCS": "1"}
    # Each C++ server gets the one C++ client, whose half of the work is the same.
    cpp_client = [f"{out}/cpp/client"]
    peers = [
        Peer("nghttpd", [*nghttpd, "--no-tls", "{port}"], tls_command=[*nghttpd, "{port}", "{key}", "{cert}"],
             is_static=True),
        Peer("wire", [f"{wire}/wire-echo", "--port", "{port}", "--threads", "1"],
             tls=["--tls-cert", "{cert}", "--tls-key", "{key}"], client=[f"{wire}/wire-echo-client"]),
        Peer("wire-chain", [f"{wire}/wire-chain", "--port", "{port}", "--admin-port", "{admin}", "--threads", "1"],
             tls=["--tls-cert", "{cert}", "--tls-key", "{key}"], service="datavault.bench.v1.EchoService"),
        Peer("grpc-go", [f"{out}/go/echoserver", "{port}"], tls=certificate, environment=one_thread,
             client=[f"{out}/go/echoclient"]),
        Peer("cpp-async", [f"{out}/cpp/server_async", "{port}"], tls=certificate, client=cpp_client),
        Peer("cpp-cb", [f"{out}/cpp/server_cb", "{port}"], tls=certificate),
        Peer("grpc-swift-2", [f"{out}/swift/release/echo-server", "{port}"], tls=certificate),
    ]
    return [peer for peer in peers if shutil.which(peer.command[0])]


def added(specification: str) -> Peer:
    """`NAME=COMMAND`, where `{port}` stands in the command."""
    name, _, command = specification.partition("=")
    if "{port}" not in command:
        raise SystemExit(f"--add {specification}: NAME=COMMAND with {{port}} in it")
    return Peer(name, shlex.split(command))


def free_port() -> int:
    for _ in range(1000):
        port = random.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise SystemExit("no free port")


def pinned(cpu: int, command: list[str]) -> list[str]:
    return ["taskset", "-c", str(cpu), *command]


@contextmanager
def serving(peer: Peer, out: Path, tls: bool = False) -> Iterator[Server]:
    """Runs the peer's server on its processor, alone, and ends it."""
    port, admin = free_port(), free_port()
    template = peer.command
    if tls:
        template = peer.tls_command or [*peer.command, *(peer.tls or [])]
    values = {"port": port, "admin": admin, "cert": f"{out}/tls.crt", "key": f"{out}/tls.key"}
    command = [part.format(**values) for part in template]
    log = out / f"{peer.name}.log"
    with open(log, "wb") as output:
        process = subprocess.Popen(
            pinned(SERVER_CPU, command), env={**os.environ, **peer.environment}, stdout=output, stderr=output
        )
    try:
        wait_for(process, port, peer.name, log)
        yield Server(peer, process.pid, port, tls, out, admin)
        if process.poll() is not None:
            raise RuntimeError(f"{peer.name} ended by itself, see {log}")
    finally:
        process.terminate()
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(process: subprocess.Popen, port: int, name: str, log: Path) -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError(f"{name} did not start, see {log}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            time.sleep(0.3)
            return
    raise RuntimeError(f"{name} did not listen, see {log}")
