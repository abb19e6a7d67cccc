"""Starts the suite as its users do, and calls it as the gateway will: grpcio over mutual TLS, with signed principals.

WIRE_BIN (`.build/debug`) is the folder of the Swift programs, taken from the repository's root if relative.
"""

import hashlib
import importlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import sysconfig
import threading
import time
import types
import urllib.error
import urllib.request

import grpc
import pytest
from cryptography.hazmat.primitives import serialization
from grpc_tools import protoc

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
START_TIMEOUT, STOP_TIMEOUT, CALL_TIMEOUT, COMMAND_TIMEOUT = 60, 30, 30, 60
PACKAGE = "datavault.example.v1"
ROLES = ("identity", "compliance", "example", "gateway")

sys.path.insert(0, str(HERE.parent / "Contract"))


def program():
    path = ROOT / os.environ.get("WIRE_BIN", ".build/debug") / "datavault"
    if not path.exists():
        pytest.fail(f"{path} is not built", pytrace=False)
    return str(path)


def environment(**more):
    """The tester's environment without settings of its own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("DATAVAULT_")} | more


@pytest.fixture(scope="session")
def command():
    """Runs `datavault` to its end."""

    def run(*words, input=None, env=None, prefix=()):
        return subprocess.run(
            [*prefix, program(), *map(str, words)], input=input, capture_output=True, text=True,
            timeout=COMMAND_TIMEOUT, env=env or environment(),
        )

    return run


@pytest.fixture(scope="session")
def stubs(tmp_path_factory):
    """Python modules of the example's and the policy's protos, made here and now."""
    out = tmp_path_factory.mktemp("stubs")
    site = pathlib.Path(sysconfig.get_path("purelib"))
    includes = [ROOT / "Tests/Example/proto", ROOT / "proto", site, site / "grpc_tools" / "_proto"]
    files = [
        str(file.relative_to(root))
        for root, package in ((includes[0], "datavault/example/v1"), (includes[1], "datavault/policy/v1"))
        for file in sorted((root / package).glob("*.proto"))
    ]
    words = ["protoc", *(f"-I{path}" for path in includes), f"--python_out={out}", f"--grpc_python_out={out}", *files]
    assert protoc.main(words) == 0
    sys.path.insert(0, str(out))
    names = {
        "notes": "datavault.example.v1.notes_service_pb2",
        "grpc": "datavault.example.v1.notes_service_pb2_grpc",
        "journal": "datavault.example.v1.journal_service_pb2",
        "journal_grpc": "datavault.example.v1.journal_service_pb2_grpc",
        "principal": "datavault.policy.v1.principal_pb2",
        "policy": "datavault.policy.v1.policy_pb2",
    }
    return types.SimpleNamespace(**{key: importlib.import_module(name) for key, name in names.items()})


# Ports that the system chooses, for all roles that the program has.
ANY_PORTS = tuple(f"{role}.{name}=127.0.0.1:0" for role in ROLES for name in ("listen", "admin.listen"))


class Suite:
    """A running `datavault up` or `datavault serve ROLE`, on ports that the system chose.

    `port` and `admin_port` are those of one role: the example if not said otherwise.
    """

    def __init__(self, folder, *settings, words=("up", "--example"), role="example", wait=True, env=None):
        self.folder, self.role = folder, role
        self.lines, self.log = [], []
        assigned = [f"data.folder={folder}", *ANY_PORTS, *settings]
        self.process = subprocess.Popen(
            [program(), *words, *(word for setting in assigned for word in ("--set", setting))],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env or environment(),
        )
        self.readers = [
            threading.Thread(target=self._collect, args=(stream, lines), daemon=True)
            for stream, lines in ((self.process.stdout, self.lines), (self.process.stderr, self.log))
        ]
        for reader in self.readers:
            reader.start()
        try:
            self.port, self.admin_port = self.wait_for(lambda: self.ports(role))
            if wait:
                self.wait_for(lambda: self.ready()[0] == 200)
        except BaseException:
            self.kill()
            raise

    @staticmethod
    def _collect(stream, lines):
        for line in stream:
            lines.append(line.rstrip("\n"))

    def entries(self):
        """The lines of the log that are JSON."""
        for line in list(self.log):
            try:
                yield json.loads(line)
            except ValueError:
                continue

    def ports(self, role):
        """The port of a role and that of its operators, once it listens at both."""
        found = [
            int(entry["address"].rsplit(":", 1)[1]) for entry in self.entries()
            if entry.get("message") == "listening" and entry.get("logger") == f"datavault.{role}"
        ]
        return tuple(found) if len(found) == 2 else None

    def wait_for(self, condition, timeout=START_TIMEOUT):
        """Waits until the condition gives something true, and gives that."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if found := condition():
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f"not in {timeout} s, or ended with {self.process.poll()}:\n{self.text}\n{self.last()}")

    @property
    def text(self):
        return "\n".join(self.lines + self.log)

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def last(self):
        """What the admin port says of a suite that does not do as it should."""
        try:
            return self.ready()[1]
        except (AttributeError, OSError) as error:
            return f"no admin port: {error}"

    def ready(self):
        return self.get("/readyz")

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        code = self.process.wait(STOP_TIMEOUT)
        for reader in self.readers:
            reader.join(5)
        return code

    def kill(self):
        self.process.kill()
        self.process.wait(STOP_TIMEOUT)


class Gateway:
    """Calls a suite as its gateway, with the keys that `datavault up` has made."""

    def __init__(self, suite, stubs, organization="acme", permissions=("notes.read", "notes.write", "journal.read")):
        self.stubs, self.organization, self.permissions = stubs, organization, permissions
        keys = suite.folder / "keys"
        self.key = serialization.load_pem_private_key((keys / "principal.key").read_bytes(), None)
        public = self.key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.key_id = hashlib.sha256(public).hexdigest()[:32]
        read = lambda name: (keys / name).read_bytes()
        self.channel = grpc.secure_channel(
            f"127.0.0.1:{suite.port}",
            grpc.ssl_channel_credentials(read("ca.pem"), read("gateway.key"), read("gateway.pem")),
        )
        self.services = {
            "NotesService": stubs.grpc.NotesServiceStub(self.channel),
            "JournalService": stubs.journal_grpc.JournalServiceStub(self.channel),
        }

    def metadata(self, method, service):
        now, proto = int(time.time() * 1000), self.stubs.principal
        content = proto.Principal(
            organization=self.organization, subject="users/ada", kind=proto.SUBJECT_KIND_USER,
            permissions=self.permissions, source_address="192.0.2.7",
            strength=proto.AUTHENTICATION_STRENGTH_SIGNED, audience=self.stubs.policy.ROLE_PIPELINE,
            method=f"/{PACKAGE}.{service}/{method}", issued_at_ms=now, expires_at_ms=now + 60_000,
        ).SerializeToString()
        signed = proto.SignedPrincipal(
            key_id=self.key_id, principal=content, signature=self.key.sign(b"datavault.policy.v1.Principal\0" + content)
        )
        return ("datavault-principal-bin", signed.SerializeToString()), ("x-request-id", f"test-{method}")

    def call(self, method, request, timeout=CALL_TIMEOUT, service="NotesService"):
        stub = getattr(self.services[service], method)
        return stub(request, metadata=self.metadata(method, service), timeout=timeout)

    def journal(self):
        entries = []
        while True:
            after = entries[-1].sequence if entries else 0
            request = self.stubs.journal.ListEntriesRequest(page_size=1000, after_sequence=after)
            reply = self.call("ListEntries", request, service="JournalService")
            if not reply.entries:
                return entries
            entries += reply.entries

    def create(self, text, request_id="", **more):
        request = self.stubs.notes.CreateNoteRequest(note={"text": text}, request_id=request_id)
        return self.call("CreateNote", request, **more)

    def all_notes(self, page_size=1000):
        notes, token = [], ""
        while True:
            reply = self.call("ListNotes", self.stubs.notes.ListNotesRequest(page_size=page_size, page_token=token))
            notes += reply.notes
            token = reply.next_page_token
            if not token:
                return notes

    def close(self):
        self.channel.close()


@pytest.fixture
def start(tmp_path, request):
    """Starts suites that end with the test; a failed test prints what they said."""
    suites = []

    def begin(*settings, folder=None, **more):
        suite = Suite(folder or tmp_path / "data", *settings, **more)
        suites.append(suite)
        return suite

    yield begin
    for suite in suites:
        if suite.process.poll() is None:
            suite.kill()
        print(f"--- {' '.join(suite.process.args[1:3])}\n{suite.text}")


@pytest.fixture
def gateway(stubs):
    """Makes gateways of suites."""
    made = []

    def make(suite, **more):
        made.append(Gateway(suite, stubs, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


class Postgres:
    """A private PostgreSQL: see scripts/postgres.sh."""

    def __init__(self):
        self.process = subprocess.Popen(
            [ROOT / "scripts/postgres.sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        line = self.process.stdout.readline()
        assert line.startswith("ready "), line
        self.url = line.split()[1]
        self.host = self.url.split("@")[1].split("/")[0]

    def do(self, command):
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "ok\n"

    def sql(self, text, url=None):
        done = subprocess.run(
            ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", url or self.url], input=text, capture_output=True, text=True,
            timeout=COMMAND_TIMEOUT,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def stop(self):
        self.process.stdin.close()
        self.process.wait(STOP_TIMEOUT)


@pytest.fixture
def postgres():
    server = Postgres()
    yield server
    server.stop()
