"""Starts the interop programs: Wire's own, those on grpcio and those on gRPC's C++ library.

WIRE_BIN (`.build/debug`) is the folder of Wire's programs, INTEROP_CPP (`.build-interop`) that of the C++ ones;
both are taken from the repository's root if relative.
"""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SERVER_NAME = "interop.wire.test"
START_TIMEOUT, STOP_TIMEOUT, CLIENT_TIMEOUT = 20, 10, 90


def pytest_configure(config):
    config.addinivalue_line("markers", "control: foreign programs on both sides, none of Wire's")


def _folder(variable, otherwise):
    return ROOT / os.environ.get(variable, otherwise)


def command(kind, role):
    """The words that start the `role` (server or client) of the `kind` (wire, python or cpp)."""
    if kind == "python":
        return [sys.executable, str(HERE / f"python_{role}.py")]
    if kind == "cpp":
        program = _folder("INTEROP_CPP", ".build-interop") / f"interop_{role}"
    else:
        program = _folder("WIRE_BIN", ".build/debug") / f"wire-interop-{role}"
    if not program.exists():
        pytest.fail(f"{program} is not built", pytrace=False)
    return [str(program)]


class Certificates:
    """An authority, a certificate it gave to SERVER_NAME, and an authority that gave none."""

    def __init__(self, folder):
        self.ca, self.stranger = folder / "ca.pem", folder / "stranger.pem"
        self.certificate, self.key = folder / "server.pem", folder / "server.key"
        self._make(self.ca, folder / "ca.key", "/CN=Interop CA", "basicConstraints=critical,CA:TRUE")
        self._make(self.stranger, folder / "stranger.key", "/CN=Stranger CA", "basicConstraints=critical,CA:TRUE")
        self._make(
            self.certificate, self.key, f"/CN={SERVER_NAME}", f"subjectAltName=DNS:{SERVER_NAME}",
            "-CA", self.ca, "-CAkey", folder / "ca.key",
        )

    @staticmethod
    def _make(certificate, key, subject, extension, *signer):
        words = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days", "2", "-subj", subject, "-addext", extension, "-keyout", key, "-out", certificate, *signer,
        ]
        # A configuration of our own: the system's adds basicConstraints of its own choice.
        done = subprocess.run(
            [*words, "-config", "/dev/stdin"], input="[req]\ndistinguished_name=name\n[name]\n",
            capture_output=True, text=True, timeout=30,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)


class Server:
    """A server under test, on a loopback port, as a rule of the system's choice."""

    def __init__(self, kind, tls, log, certificates, port=0):
        self.kind, self.tls, self.log = kind, tls, log
        words = [*command(kind, "server"), "--port", str(port)]
        if tls:
            words += [
                "--use_tls=true", f"--tls_cert_file={certificates.certificate}", f"--tls_key_file={certificates.key}"
            ]
        with open(log, "wb") as output:
            self.process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            self.port = self._await_port()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def _await_port(self):
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            listening = re.search(r"^listening (\d+)$", self.output(), re.MULTILINE)
            if listening:
                return int(listening[1])
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        pytest.fail(f"the {self.kind} server does not listen; its log:\n{self.output()}", pytrace=False)

    def output(self):
        return self.log.read_text(errors="replace")

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def is_running(self):
        return self.process.poll() is None

    def stop(self):
        """Ends the server; what it ended with, if that was not this request, is returned as a complaint."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return f"the {self.kind} server did not end within {STOP_TIMEOUT} s; its log:\n{self.output()}"
        # Wire's drains; the others may as well be killed by the signal.
        if code != 0 and (self.kind == "wire" or code != -signal.SIGTERM):
            return f"the {self.kind} server ended with {code}; its log:\n{self.output()}"
        return None


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def server(tmp_path_factory, certificates):
    """A function from (kind, tls) to a running server; all tests of a session share it, as calls of a service do."""
    logs, servers = tmp_path_factory.mktemp("servers"), {}
    complaints, started = [], 0

    def get(kind, tls=False):
        nonlocal started
        found = servers.get((kind, tls))
        if found is not None and found.is_running():
            return found
        if found is not None:
            # The test it fell in has failed already; the next one gets a new server, and the session a complaint.
            complaints.append(f"the {kind} server fell with {found.process.returncode}:\n{found.output()}")
        started += 1
        log = logs / f"{kind}-{'tls' if tls else 'h2c'}-{started}.log"
        servers[kind, tls] = Server(kind, tls, log, certificates)
        return servers[kind, tls]

    yield get
    complaints += [complaint for complaint in (running.stop() for running in servers.values()) if complaint]
    if complaints:
        pytest.fail("\n\n".join(complaints), pytrace=False)


@pytest.fixture
def run_client(certificates):
    """A function that runs a case of a client against a server and returns (exit code, what was logged)."""

    def run(kind, server, case, *flags, ca=None, name=SERVER_NAME):
        words = [
            *command(kind, "client"), "--server_host=127.0.0.1", f"--server_port={server.port}", f"--test_case={case}"
        ]
        if server.tls:
            words += ["--use_tls=true", f"--ca_file={ca or certificates.ca}", f"--server_host_override={name}"]
        try:
            done = subprocess.run(
                [*words, *flags], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                timeout=CLIENT_TIMEOUT,
            )
            code, output = done.returncode, done.stdout
        except subprocess.TimeoutExpired as expired:
            code, output = f"none within {CLIENT_TIMEOUT} s", expired.stdout or b""
        return code, (
            f"{kind} client, exit code {code}:\n{output.decode(errors='replace')}\n"
            f"{server.kind} server:\n{server.output()[-8000:]}"
        )

    return run
