"""The filter that transcodes, and Python's messages of the same protos."""

import base64
import os
import pathlib
import re
import struct
import subprocess

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARIES = pathlib.Path(os.environ.get("WIRE_BIN", ROOT / ".build" / "debug"))


class Filter:
    """Asks `wire-transcode`: each call is one request and its answer."""

    def __init__(self):
        self.process = subprocess.Popen([BINARIES / "wire-transcode"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, operation, name, content):
        """Returns the result, or raises Refused with what the filter says."""
        name = name.encode()
        request = operation.encode() + struct.pack(">I", len(name)) + name + struct.pack(">I", len(content)) + content
        self.process.stdin.write(request)
        self.process.stdin.flush()
        status, length = struct.unpack(">BI", self._read(5))
        answer = self._read(length)
        if status:
            raise Refused(answer.decode())
        return answer

    def _read(self, count):
        data = self.process.stdout.read(count)
        assert len(data) == count, "wire-transcode has ended"
        return data

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=10) == 0


class Refused(Exception):
    """What the filter says of an input that it does not take."""


class Protos:
    """Python's message classes, of the descriptor set that the filter has."""

    def __init__(self):
        source = (ROOT / "Tests/Contract/Generated/TestDescriptors.swift").read_text()
        text = re.search(r'"""(.*?)"""', source, re.S).group(1)
        self.set = descriptor_pb2.FileDescriptorSet.FromString(base64.b64decode("".join(text.split())))
        self.pool = descriptor_pool.DescriptorPool()
        for file in self.set.file:
            self.pool.Add(file)

    def message(self, name):
        """The class of a message by its full name."""
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(name))


@pytest.fixture(scope="session")
def transcode():
    """One filter for all tests of a process."""
    running = Filter()
    yield running
    running.close()


@pytest.fixture(scope="session")
def protos():
    """Python's messages."""
    return Protos()
