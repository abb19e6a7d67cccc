"""Starts the library service with the policy layer, and calls it as grpcio programs would: over mutual TLS, with stubs
that grpcio-tools makes from the same protos, and with principals that another Ed25519 library signs.

WIRE_BIN (`.build/debug`) is the folder of the Swift programs, taken from the repository's root if relative.
"""

import hashlib
import importlib
import os
import pathlib
import re
import signal
import subprocess
import sys
import sysconfig
import time
import types

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from grpc_tools import protoc

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TRUST_DOMAIN = "datavault.test"
SERVER_NAME = f"pipeline.{TRUST_DOMAIN}"
START_TIMEOUT, STOP_TIMEOUT = 20, 10
CALL_TIMEOUT = 30


def program(name):
    path = ROOT / os.environ.get("WIRE_BIN", ".build/debug") / name
    if not path.exists():
        pytest.fail(f"{path} is not built", pytrace=False)
    return str(path)


@pytest.fixture(scope="session")
def stubs(tmp_path_factory):
    """The Python modules of the test service and of the policy protos, made from the protos here and now."""
    out = tmp_path_factory.mktemp("stubs")
    site = sysconfig.get_path("purelib")
    includes = [HERE / "proto", ROOT / "proto", pathlib.Path(site), pathlib.Path(site) / "grpc_tools" / "_proto"]
    files = [
        str(file.relative_to(root))
        for root in includes[:2]
        for package in ("datavault/test/v1", "datavault/policy/v1")
        for file in sorted((root / package).glob("*.proto"))
    ]
    words = ["protoc", *(f"-I{path}" for path in includes), f"--python_out={out}", f"--grpc_python_out={out}", *files]
    assert protoc.main(words) == 0
    sys.path.insert(0, str(out))
    names = {
        "library": "datavault.test.v1.library_pb2",
        "service": "datavault.test.v1.library_service_pb2",
        "grpc": "datavault.test.v1.library_service_pb2_grpc",
        "principal": "datavault.policy.v1.principal_pb2",
        "policy": "datavault.policy.v1.policy_pb2",
    }
    return types.SimpleNamespace(**{key: importlib.import_module(name) for key, name in names.items()})


class Certificates:
    """An authority and what it gave to the roles of a suite."""

    def __init__(self, folder):
        self.folder = folder
        self._make("ca", "basicConstraints=critical,CA:TRUE")
        self.issue("server", f"DNS:{SERVER_NAME},URI:spiffe://{TRUST_DOMAIN}/pipeline")
        for role in ("gateway", "pipeline", "scrape"):
            self.issue(role, f"URI:spiffe://{TRUST_DOMAIN}/{role}")
        self.issue("gateway2", f"URI:spiffe://{TRUST_DOMAIN}/gateway")
        self.issue("stranger", "URI:spiffe://elsewhere.test/gateway")
        self.issue("both", f"URI:spiffe://{TRUST_DOMAIN}/gateway,URI:spiffe://{TRUST_DOMAIN}/pipeline")

    def issue(self, name, names):
        self._make(name, f"subjectAltName={names}", "-CA", self.folder / "ca.pem", "-CAkey", self.folder / "ca.key")

    def read(self, name):
        return (self.folder / name).read_bytes()

    def fingerprint(self, name):
        certificate = x509.load_pem_x509_certificate(self.read(f"{name}.pem"))
        return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()

    def credentials(self, name):
        return grpc.ssl_channel_credentials(
            self.read("ca.pem"), self.read(f"{name}.key"), self.read(f"{name}.pem")
        )

    def _make(self, name, extension, *signer):
        words = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-addext", extension, "-keyout", self.folder / f"{name}.key",
            "-out", self.folder / f"{name}.pem", *signer,
        ]
        # A configuration of our own: the system's adds basicConstraints of its own choice.
        done = subprocess.run(
            [*words, "-config", "/dev/stdin"], input="[req]\ndistinguished_name=name\n[name]\n",
            capture_output=True, text=True, timeout=30,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)


class Gateway:
    """Signs principals as the gateway does."""

    def __init__(self, stubs):
        self.proto = stubs.principal
        self.roles = stubs.policy
        self.key = ed25519.Ed25519PrivateKey.generate()

    @property
    def public_bytes(self):
        return self.key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)

    def principal(self, method, permissions=("books.read", "books.write"), lifetime_ms=60_000, **fields):
        now = int(time.time() * 1000)
        values = dict(
            organization="acme", subject="users/ada", kind=self.proto.SUBJECT_KIND_USER, permissions=permissions,
            source_address="192.0.2.7", strength=self.proto.AUTHENTICATION_STRENGTH_SIGNED,
            audience=self.roles.ROLE_PIPELINE, method=f"/datavault.test.v1.LibraryService/{method}",
            issued_at_ms=now, expires_at_ms=now + lifetime_ms,
        )
        return self.proto.Principal(**(values | fields))

    def sign(self, principal, key_id="gateway-1", key=None):
        content = principal.SerializeToString()
        signature = (key or self.key).sign(b"datavault.policy.v1.Principal\0" + content)
        return self.proto.SignedPrincipal(
            key_id=key_id, principal=content, signature=signature
        ).SerializeToString()

    def metadata(self, method, **fields):
        return (("datavault-principal-bin", self.sign(self.principal(method, **fields))),)


class Server:
    """The server under test."""

    def __init__(self, folder):
        self.log = folder / "server.log"
        self.process = subprocess.Popen(
            [program("contract-test-server"), str(folder)],
            stdout=subprocess.PIPE, stderr=self.log.open("wb"), text=True,
        )
        found = re.fullmatch(r"listening (\d+)\n", self.process.stdout.readline())
        if not found:
            raise RuntimeError(self.log.read_text())
        self.port = int(found.group(1))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(STOP_TIMEOUT) == 0


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def gateway(stubs):
    return Gateway(stubs)


@pytest.fixture(scope="session")
def server(certificates, gateway):
    (certificates.folder / "principal.pub").write_bytes(gateway.public_bytes)
    (certificates.folder / "gateway.sha256").write_text(certificates.fingerprint("gateway"))
    server = Server(certificates.folder)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def dial(server, certificates, stubs):
    """Gives a stub whose peer shows the certificate of that name."""
    channels = {}

    def stub(name):
        if name not in channels:
            channels[name] = grpc.secure_channel(
                f"127.0.0.1:{server.port}", certificates.credentials(name),
                options=[("grpc.ssl_target_name_override", SERVER_NAME)],
            )
        return stubs.grpc.LibraryServiceStub(channels[name])

    yield stub
    for channel in channels.values():
        channel.close()


@pytest.fixture(scope="session")
def book(stubs):
    """Makes a book that keeps all rules, changed by what is given."""

    def make(**fields):
        values = dict(
            title="The C Programming Language", kind=stubs.library.Book.KIND_PAPERBACK, isbn="9780131103627",
            authors=[stubs.library.Author(full_name="Brian", email="brian@example.com")], labels={"shelf": "7"},
        )
        if "shelf_mark" in fields:
            del values["isbn"]
        return stubs.library.Book(**(values | fields))

    return make
