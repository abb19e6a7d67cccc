"""Everything that can rotate does, twice, under steady traffic: no request fails. API keys, signing secrets, keys of
access tokens, the edge's certificate, and the certificates by which roles know each other.

EDGE_ROTATION_SECONDS is how long it lasts; from 60 on the gateways' own principal keys, whose shortest rotation is
20 s, go round twice too.
"""

import contextlib
import datetime
import ipaddress
import os
import socket
import sqlite3
import ssl
import subprocess
import threading
import time
import traceback

import pytest
import requests
from conftest import CALL_TIMEOUT, COMMAND_TIMEOUT, Edge, command, wait_for
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from signing import Signer, send

SECONDS = int(os.environ.get("EDGE_ROTATION_SECONDS", "12"))
# Between two requests of one client: steady, not a load test.
PAUSE = 0.02


class Certificates:
    """An authority that clients trust, and the edge's certificates by it."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test authority")])
        self.certificate = self._sign(self.name, self.key, x509.BasicConstraints(ca=True, path_length=0))
        self.authority = folder / "authority.pem"
        self.authority.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        self.certificate_file, self.key_file = folder / "edge.pem", folder / "edge.key"
        self.renew()

    def _sign(self, subject, key, *extensions):
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder(
            issuer_name=self.name, subject_name=subject, public_key=key.public_key(),
            serial_number=x509.random_serial_number(), not_valid_before=now - datetime.timedelta(hours=1),
            not_valid_after=now + datetime.timedelta(days=1))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(self.key, hashes.SHA256())

    def renew(self):
        """Puts a new certificate and key in place of the old ones, as tools that renew them do; gives its serial."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "edge")])
        certificate = self._sign(
            name, key, x509.BasicConstraints(ca=False, path_length=None),
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]))
        new = {
            self.key_file: key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
            self.certificate_file: certificate.public_bytes(serialization.Encoding.PEM),
        }
        for file, text in new.items():
            written = file.with_suffix(".new")
            written.touch(mode=0o600)
            written.write_bytes(text)
            written.replace(file)
        return certificate.serial_number


def shown(port):
    """The serial number of the certificate that a server shows to a new connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    with socket.create_connection(("127.0.0.1", port), CALL_TIMEOUT) as one, context.wrap_socket(one) as tls:
        return x509.load_der_x509_certificate(tls.getpeercert(binary_form=True)).serial_number


class Traffic:
    """Clients that each send one request after the other until they are stopped, and what went wrong."""

    def __init__(self):
        self.served, self.failures = {}, []
        self.stopped = threading.Event()
        self.threads = []

    def client(self, name, call):
        """`call` sends a request and gives its answer."""
        self.served[name] = 0

        def go_on():
            while not self.stopped.is_set():
                try:
                    answer = call()
                    if answer.status == 200:
                        self.served[name] += 1
                    else:
                        self.failures.append((datetime.datetime.now(datetime.UTC), name, answer))
                except Exception:
                    self.failures.append((datetime.datetime.now(datetime.UTC), name, traceback.format_exc(limit=-3)))
                self.stopped.wait(PAUSE)

        self.threads.append(threading.Thread(target=go_on, daemon=True))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join(CALL_TIMEOUT)


class Holder:
    """What a client holds, which the rotation replaces."""

    def __init__(self, value):
        self.value = value


def rotated(edge, name, verb, overlap):
    answer = edge.admin_call("POST", f"/api/v1/{name}:{verb}", {"overlap": overlap})
    assert answer.status == 200, answer
    return answer.json


@pytest.mark.parametrize("form", ["one process, SQLite", "a process a role, PostgreSQL and Redis"])
def test_no_request_fails_while_everything_rotates(request, tmp_path, form):
    certificates = Certificates(tmp_path / "certificates")
    trust = ssl.create_default_context(cafile=certificates.authority)
    apart = {}
    if "PostgreSQL" in form:
        apart = {"postgres": request.getfixturevalue("postgres"), "redis": request.getfixturevalue("redis"),
                 "gateways": 2, "gateway.redis-prefix": f"rotation:{os.getpid()}:"}
    edge = Edge(tmp_path / "data", trust=trust, **apart, **{
        "gateway.edge.certificate-file": certificates.certificate_file, "gateway.edge.key-file": certificates.key_file,
        "identity.tokens.key-rotation": "4s", "identity.tokens.key-publication": "2s",
        "identity.tokens.lifetime": "10s",
        "gateway.principal-key-rotation": "20s",
    })
    try:
        rotate_everything(edge, certificates)
    finally:
        print(edge.text)
        edge.end()


# The example takes the place of the last one.
SUITE_ROLES = ("identity", "gateway", "pipeline", "compliance")


def renew_roles(edge):
    """Gives every role a new certificate, by which the roles know each other; waits until servers show theirs."""
    keys = edge.folder / "keys"
    for role in SUITE_ROLES:
        command("keys", "issue", role, "--ca", keys, "--out", keys, "--ip", "127.0.0.1", "--dns", "localhost")
    for process, role in (("identity", "identity"), ("example", "pipeline")):
        serial = x509.load_pem_x509_certificate((keys / f"{role}.pem").read_bytes()).serial_number
        wait_for(lambda: shown(edge.ports[process]) == serial, f"{role} shows its old certificate", 15)


def token_keys(edge):
    return {key["kid"] for key in edge.call("GET", "/api/v1/jwks").json["keys"]}


def principal_keys(edge):
    """How many keys gateways have signed principals with, as Identity's database tells."""
    return counted(edge, "SELECT count(DISTINCT id) FROM principal_keys")


def principal_listings(edge):
    """How many pairs of a gateway's key and its certificate there have been."""
    return counted(edge, "SELECT count(*) FROM principal_keys")


def counted(edge, query):
    if url := edge.settings.get("identity.store.url"):
        done = subprocess.run(
            ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", url, "-c", query], capture_output=True, text=True,
            timeout=COMMAND_TIMEOUT, check=True)
        return int(done.stdout)
    with contextlib.closing(sqlite3.connect(f"file:{edge.folder}/identity.db?mode=ro", uri=True)) as database:
        return database.execute(query).fetchone()[0]


def rotate_everything(edge, certificates):
    overlap = max(2, SECONDS // 4)
    bearer, plain = Holder(None), edge.make_key()
    bearer.value = plain["secret"]
    signing = edge.make_key()
    signer = Holder(Signer(signing))
    user = edge.make_user(roles=["MEMBER_ROLE_EDITOR"])
    begun = edge.log_in(user["email"], user["password"])
    assert begun.status == 200, begun
    tokens = Holder(begun.json)
    note = edge.admin_call("POST", "/api/v1/notes", {"text": "kept"}).json["name"]
    assert principal_keys(edge) == len(edge.gateways)
    kinds = token_keys(edge)
    traffic = Traffic()

    def unsigned(gateway, path, holder, part=lambda value: value):
        return lambda: edge.call("GET", path, key=part(holder.value), gateway=gateway)

    def signed(gateway):
        # A connection that lasts, unlike the others': it keeps the certificate that it began with.
        session = requests.Session()
        session.verify = str(certificates.authority)

        def call():
            return send(signer.value.prepare(edge.url(gateway), "GET", f"/api/v1/{note}"), session)

        return call

    for gateway in edge.gateways:
        traffic.client(f"key at {gateway}", unsigned(gateway, f"/api/v1/{note}", bearer))
        traffic.client(f"signed at {gateway}", signed(gateway))
        traffic.client(f"token at {gateway}", unsigned(gateway, "/api/v1/me", tokens, lambda all: all["accessToken"]))

    def everywhere(call):
        for gateway in edge.gateways:
            wait_for(lambda: call(gateway).status == 200, f"{gateway} does not know what is new", 10)

    def refresh():
        answer = edge.call("POST", "/api/v1/sessions:refresh", {"refreshToken": tokens.value["refreshToken"]})
        assert answer.status == 200, answer
        everywhere(lambda gateway: edge.call("GET", "/api/v1/me", key=answer.json["accessToken"], gateway=gateway))
        tokens.value = answer.json
        kinds.update(token_keys(edge))

    def rotate():
        renew_roles(edge)
        serial = certificates.renew()
        key = rotated(edge, plain["apiKey"]["name"], "rotate", f"{overlap}s")["secret"]
        everywhere(lambda gateway: edge.call("GET", "/api/v1/me", key=key, gateway=gateway))
        secret = Signer(rotated(edge, signing["apiKey"]["name"], "rotateSigningSecret", f"{overlap}s"))
        everywhere(lambda gateway: send(secret.prepare(edge.url(gateway), "GET", "/api/v1/me"), trusting))
        bearer.value, signer.value = key, secret
        for gateway in edge.gateways:
            wait_for(lambda: shown(edge.ports[gateway]) == serial, "the old certificate is shown", 10)
        return key

    trusting = requests.Session()
    trusting.verify = str(certificates.authority)
    begin, secrets = time.monotonic(), []
    with traffic:
        # Twice each, with an overlap's end between, and some time after the last.
        moments = [SECONDS * 0.1, SECONDS * 0.5]
        next_refresh = begin
        while (passed := time.monotonic() - begin) < SECONDS:
            if moments and passed >= moments[0]:
                moments.pop(0)
                secrets.append(rotate())
            if time.monotonic() >= next_refresh:
                refresh()
                next_refresh = time.monotonic() + 1.5
            time.sleep(0.05)
    assert not traffic.failures, f"{len(traffic.failures)} failed, first {traffic.failures[:5]}"
    assert len(secrets) == 2
    # A gateway's principal key is listed anew with each of its certificates: no principal was refused meanwhile.
    assert principal_listings(edge) >= 3 * len(edge.gateways)
    # A client that had waited for anything would have far fewer.
    assert all(count > SECONDS for count in traffic.served.values()), traffic.served
    # Keys of tokens: those of the beginning, and two more at least.
    assert len(kinds) >= 4, kinds
    # A gateway's key of the beginning, and two more.
    if SECONDS >= 60:
        assert principal_keys(edge) >= 3 * len(edge.gateways)
    # What was replaced is over.
    wait_for(lambda: all(edge.call("GET", "/api/v1/me", key=old, gateway=gateway).status == 401
                         for old in (plain["secret"], secrets[0]) for gateway in edge.gateways),
             "a secret works beyond its overlap", overlap + 10)
