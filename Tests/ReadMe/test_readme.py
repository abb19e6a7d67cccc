"""What the README shows is what is built here, and it works."""

import pathlib
import re
import socket
import subprocess
import time

import os
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("WIRE_BIN", ROOT / ".build/debug"))
PORT = 50051  # the README's


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text(), re.S)


def lines(text):
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("import ")]


def test_the_proto_is_the_one_shown():
    assert (ROOT / "Tests/ReadMe/greeter.proto").read_text() in blocks("proto")


def test_the_swift_is_the_one_shown():
    source = lines((ROOT / "Tests/ReadMe/Example/Greeter.swift").read_text())
    for block in blocks("swift"):
        shown = lines(block)
        places = [i for i in range(len(source)) if source[i : i + len(shown)] == shown]
        if places:
            continue
        # Where the source has a function's head and end between two parts, the order still holds.
        rest = iter(source)
        assert all(line in rest for line in shown), block


def test_it_serves_and_calls():
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", PORT)) == 0:
            pytest.skip(f"something else listens on port {PORT}")
    server = subprocess.Popen([BIN / "readme-example", "serve"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", PORT)) == 0:
                    break
            assert server.poll() is None, server.stdout.read().decode()
            time.sleep(0.1)
        called = subprocess.run([BIN / "readme-example", "call"], capture_output=True, text=True, timeout=30)
        assert called.stdout == "Hello, you\n", called.stderr
    finally:
        server.kill()
        server.wait()
