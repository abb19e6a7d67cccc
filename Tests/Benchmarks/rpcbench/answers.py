"""Whether a server does what is measured: load generators count bytes, and know nothing of gRPC's status."""

import re
import subprocess
from pathlib import Path

from .load import BODIES, GRPC_HEADERS, LoadError
from .peers import Server

OK, INVALID_ARGUMENT, DEADLINE_EXCEEDED, UNAUTHENTICATED = 0, 3, 4, 16


def check(server: Server) -> None:
    """One call answers OK with what it was sent. A guarded server refuses one without a principal, with a wrong one,
    with a text that breaks the contract's bound, and ends one whose time is over.

    Raises LoadError otherwise."""
    if server.peer.is_static:
        return
    body = server.out / BODIES["Say"]
    headers = server.call_headers()
    expect(server, "a call", OK, body, headers)
    if nghttp(server, body, headers).stdout != body.read_bytes():
        raise LoadError(f"{server.peer.name}: the reply is not what was sent")
    if not server.peer.is_guarded:
        return
    timeout, principal = headers
    # In the middle: one of the signature's or the principal's own bytes.
    middle = len(principal) // 2
    wrong = principal[:middle] + ("B" if principal[middle] == "A" else "A") + principal[middle + 1 :]
    long = server.out / "long.body"
    long.write_bytes(message("x" * 1001))
    expect(server, "a call without a principal", UNAUTHENTICATED, body, [timeout])
    expect(server, "a call with a wrong principal", UNAUTHENTICATED, body, [timeout, wrong])
    expect(server, "a call with too long a text", INVALID_ARGUMENT, long, headers)
    expect(server, "a call without time", DEADLINE_EXCEEDED, body, ["grpc-timeout: 1n", principal])


def message(text: str) -> bytes:
    """A gRPC message with one text as field 1, of 128 to 16 383 bytes."""
    size = len(text)
    content = bytes([0x0A, size & 0x7F | 0x80, size >> 7]) + text.encode()
    return b"\0" + len(content).to_bytes(4, "big") + content


def expect(server: Server, what: str, status: int, body: Path, headers: list[str]) -> None:
    run = nghttp(server, body, headers, "-nv")
    found = re.search(rb"grpc-status: (\d+)", run.stdout)
    if found is None or int(found.group(1)) != status:
        answer = found.group(1).decode() if found else "none"
        raise LoadError(f"{server.peer.name}: {what} has grpc-status {answer}, not {status}")


def nghttp(server: Server, body: Path, headers: list[str], *options: str) -> subprocess.CompletedProcess:
    command = ["nghttp", *options, *GRPC_HEADERS, "-d", str(body)]
    for header in headers:
        command += ["-H", header]
    return subprocess.run([*command, server.url("Say")], capture_output=True, timeout=30, check=False)
