"""Hostile inputs through the process: they are refused soon, and the process keeps its size."""

import pathlib

import pytest
from conftest import Refused
from strategies import NAME

MEBIBYTE = 1024 * 1024


def resident(process):
    """Bytes that a process has in memory, at their peak."""
    for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise AssertionError("the process has no peak")


def nested_bytes(depth):
    """A message within itself: `child`, whose tag has two bytes."""
    content = bytearray()
    for _ in range(depth):
        length, varint = len(content), bytearray()
        while True:
            varint.append(length & 0x7F | (0x80 if length > 0x7F else 0))
            length >>= 7
            if not length:
                break
        content += bytes(reversed(varint)) + b"\x01\x9a"
    return bytes(reversed(content))


@pytest.mark.parametrize("operation,content", [
    ("p", b'{"child":' * 100_000 + b"{}" + b"}" * 100_000),
    ("p", b'{"value":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    ("i", b'{"unknown":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    ("p", b'{"struct":{"a":' + b'{"a":' * 100_000),
    ("j", nested_bytes(100_000)),
    ("j", b"\xa3\x01" + b"\x0b" * 100_000),
])
def test_deep(transcode, operation, content):
    """100 000 levels: refused by depth."""
    with pytest.raises(Refused, match="limitExceeded"):
        transcode.ask(operation, NAME, content)


@pytest.mark.parametrize("operation,content", [
    ("p", b" " * (64 * MEBIBYTE)),
    ("p", b'{"strings":["' + b"x" * (64 * MEBIBYTE) + b'"]}'),
    ("j", b"\x72\x80\x80\x80\x20" + b"x" * (64 * MEBIBYTE)),
])
def test_large(transcode, operation, content):
    """64 MiB: refused by size, in the memory that the input itself takes in this harness and a fixed rest."""
    with pytest.raises(Refused, match="limitExceeded"):
        transcode.ask(operation, NAME, content)
    assert resident(transcode.process) < 512 * MEBIBYTE


def test_large_in_memory(transcode):
    """Two bytes that ask for half a kilobyte each: refused by memory."""
    with pytest.raises(Refused, match="maxMemory|bytes of memory"):
        transcode.ask("j", NAME, b"\xda\x07\x00" * 1 + b"\xca\x03\x00" * 1_000_000)
    assert resident(transcode.process) < 512 * MEBIBYTE
