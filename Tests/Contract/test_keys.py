"""`datavault keys`: what it makes satisfies openssl and grpcio, and survives being killed at any moment."""

import base64
import concurrent.futures
import datetime
import os
import shutil
import stat
import subprocess

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from conftest import program

ROLES = ("gateway", "identity", "scrape", "pipeline", "compliance")
TIMEOUT = 60


def keys(*words, code=0):
    done = subprocess.run(
        [program("datavault"), "keys", *map(str, words)], capture_output=True, text=True, timeout=TIMEOUT
    )
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def openssl(*words):
    return subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, timeout=TIMEOUT)


def mode(file):
    return stat.S_IMODE(file.stat().st_mode)


def certificate(file):
    return x509.load_pem_x509_certificate(file.read_bytes())


def extension(file, kind):
    return certificate(file).extensions.get_extension_for_class(kind)


def fits(chain, key):
    """Whether a key is a certificate's."""
    public = serialization.load_pem_private_key(key.read_bytes(), None).public_key()
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return certificate(chain).public_key().public_bytes(*form) == public.public_bytes(*form)


@pytest.fixture
def authority(tmp_path):
    keys("ca", "--out", tmp_path / "ca", "--trust-domain", "example.org")
    return tmp_path / "ca"


@pytest.mark.parametrize("purpose", ["sslserver", "sslclient"])
def test_openssl_verifies(authority, tmp_path, purpose):
    keys("issue", "scrape", "--ca", authority, "--out", tmp_path / "scrape", "--dns", "scrape.example.org",
         "--dns", "*.scrape.example.org", "--ip", "192.0.2.7", "--ip", "2001:db8::7")
    leaf = tmp_path / "scrape" / "scrape.pem"
    strict = ["verify", "-x509_strict", "-check_ss_sig", "-purpose", purpose, "-CAfile", authority / "ca.pem"]
    for check in (["-verify_hostname", "scrape.example.org"], ["-verify_hostname", "a.scrape.example.org"],
                  ["-verify_ip", "192.0.2.7"], ["-verify_ip", "2001:db8::7"]):
        done = openssl(*strict, *check, leaf)
        assert done.returncode == 0, done.stderr
    assert openssl(*strict, "-verify_hostname", "elsewhere.org", leaf).returncode != 0
    keys("ca", "--out", tmp_path / "other", "--trust-domain", "example.org")
    assert openssl("verify", "-CAfile", tmp_path / "other" / "ca.pem", leaf).returncode != 0


def test_what_an_authority_says(authority):
    file = authority / "ca.pem"
    constraints = extension(file, x509.BasicConstraints)
    assert constraints.critical and constraints.value == x509.BasicConstraints(ca=True, path_length=0)
    usage = extension(file, x509.KeyUsage)
    assert usage.critical and usage.value.key_cert_sign and not usage.value.digital_signature
    subject = extension(file, x509.SubjectKeyIdentifier).value.digest
    assert extension(file, x509.AuthorityKeyIdentifier).value.key_identifier == subject
    life = certificate(file).not_valid_after_utc - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(days=3649) < life <= datetime.timedelta(days=3650)
    # RFC 5280, 4.1.2.2
    assert certificate(file).serial_number.bit_length() <= 159


def test_what_a_certificate_says(authority, tmp_path):
    printed = keys("issue", "scrape", "--ca", authority, "--out", tmp_path, "--days", "30", "--dns", "a.b")
    file = tmp_path / "scrape.pem"
    names = extension(file, x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["spiffe://example.org/scrape"]
    assert names.get_values_for_type(x509.DNSName) == ["a.b"]
    constraints = extension(file, x509.BasicConstraints)
    assert constraints.critical and not constraints.value.ca
    usages = set(extension(file, x509.ExtendedKeyUsage).value)
    assert usages == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    issuer = extension(file, x509.AuthorityKeyIdentifier).value.key_identifier
    assert issuer == extension(authority / "ca.pem", x509.SubjectKeyIdentifier).value.digest
    now = datetime.datetime.now(datetime.timezone.utc)
    leaf = certificate(file)
    assert now - datetime.timedelta(minutes=10) < leaf.not_valid_before_utc < now - datetime.timedelta(minutes=4)
    assert datetime.timedelta(days=29) < leaf.not_valid_after_utc - now <= datetime.timedelta(days=30)
    assert leaf.fingerprint(hashes.SHA256()).hex() in printed
    assert (tmp_path / "ca.pem").read_bytes() == (authority / "ca.pem").read_bytes()
    assert fits(file, tmp_path / "scrape.key")


def test_modes(tmp_path):
    os.umask(0)
    try:
        folder = tmp_path / "made" / "deep"
        keys("development", "--out", folder)
    finally:
        os.umask(0o022)
    assert mode(folder) == 0o700
    secrets = {"ca.key", "root.key", "principal.key", *(f"{role}.key" for role in ROLES)}
    public = {"ca.pem", "principal.pub", *(f"{role}.pem" for role in ROLES)}
    assert {file.name for file in folder.iterdir()} == secrets | public
    assert {mode(folder / name) for name in secrets} == {0o600}
    assert {mode(folder / name) for name in public} == {0o644}


def test_nothing_is_overwritten(authority, tmp_path):
    before = {file.name: file.read_bytes() for file in authority.iterdir()}
    failed = keys("ca", "--out", authority, code=2)
    assert "--out: " in failed and "--force" in failed
    assert {file.name: file.read_bytes() for file in authority.iterdir()} == before
    keys("ca", "--out", authority, "--force")
    assert (authority / "ca.key").read_bytes() != before["ca.key"] and fits(authority / "ca.pem", authority / "ca.key")

    keys("root", "--out", tmp_path / "root.key")
    root = (tmp_path / "root.key").read_text()
    prefix, text = root.rstrip("\n").split(":")
    assert prefix == "datavault-root-key-v1" and len(base64.b64decode(text, validate=True)) == 32
    assert "is not replaced" in keys("root", "--out", tmp_path / "root.key", code=2)
    assert (tmp_path / "root.key").read_text() == root

    keys("principal", "--out", tmp_path / "gateway")
    key = (tmp_path / "gateway" / "principal.key").read_bytes()
    assert "is not replaced" in keys("principal", "--out", tmp_path / "gateway", code=2)
    assert (tmp_path / "gateway" / "principal.key").read_bytes() == key
    public = serialization.load_pem_public_key((tmp_path / "gateway" / "principal.pub").read_bytes())
    public.verify(serialization.load_pem_private_key(key, None).sign(b"text"), b"text")


@pytest.mark.parametrize("words, sentence", [
    (["issue", "scraper"], 'there is no role "scraper"; the roles are gateway'),
    (["issue", "scrape", "--days", "0"], "--days: 0 is not between 1 and 825"),
    (["issue", "scrape", "--days", "826"], "--days: 826 is not between"),
    (["issue", "scrape", "--dns", "under_score"], '--dns: "under_score" is no host name'),
    (["issue", "scrape", "--dns", "127.0.0.1"], '--dns: "127.0.0.1" is no host name'),
    (["issue", "scrape", "--dns", "a.*.b"], '--dns: "a.*.b" is no host name'),
    (["issue", "scrape", "--ip", "localhost"], '--ip: "localhost" is no IP address'),
    (["issue", "scrape", "--trust-domain", "Upper"], '--trust-domain: "Upper" is no trust domain'),
    (["issue", "scrape", *(word for number in range(101) for word in ("--dns", f"n{number}.org"))], "at most 100"),
])
def test_wrong_input(authority, tmp_path, words, sentence):
    failed = keys(*words, "--ca", authority, "--out", tmp_path / "out", code=2)
    assert failed.startswith("datavault: ") and sentence in failed
    assert not (tmp_path / "out" / "scrape.pem").exists()


def test_wrong_authority(authority, tmp_path):
    def issue():
        return keys("issue", "scrape", "--ca", authority, "--out", tmp_path / "out", code=2)

    assert "datavault keys ca" in keys("issue", "scrape", "--ca", tmp_path / "no", "--out", tmp_path, code=2)
    (authority / "ca.key").chmod(0o644)
    assert "chmod 600" in issue()
    (authority / "ca.key").chmod(0o600)
    keys("ca", "--out", tmp_path / "other")
    shutil.copy(tmp_path / "other" / "ca.key", authority / "ca.key")
    assert "is not the key of" in issue()
    (authority / "ca.pem").write_text("nothing")
    assert "holds no PEM" in issue() or "0 certificates" in issue()
    keys("issue", "scrape", "--ca", tmp_path / "other", "--out", tmp_path / "leaf")
    shutil.copy(tmp_path / "leaf" / "scrape.pem", authority / "ca.pem")
    shutil.copy(tmp_path / "leaf" / "scrape.key", authority / "ca.key")
    assert "--ca: the first certificate" in issue()


def test_trust_of_another_authority_is_kept(authority, tmp_path):
    keys("ca", "--out", tmp_path / "new", "--trust-domain", "example.org")
    keys("issue", "scrape", "--ca", authority, "--out", tmp_path / "scrape")
    old = (tmp_path / "scrape" / "ca.pem").read_bytes()
    printed = keys("issue", "scrape", "--ca", tmp_path / "new", "--out", tmp_path / "scrape")
    assert "is of other authorities" in printed
    assert (tmp_path / "scrape" / "ca.pem").read_bytes() == old
    with (tmp_path / "scrape" / "ca.pem").open("ab") as file:
        file.write((tmp_path / "new" / "ca.pem").read_bytes())
    assert "is of other" not in keys("issue", "scrape", "--ca", tmp_path / "new", "--out", tmp_path / "scrape")


def test_authority_below_a_root(tmp_path):
    """Certificates come with what stands between them and the root, which alone peers have to know."""
    folder = tmp_path / "ca"
    folder.mkdir()
    new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "5", "-config",
           tmp_path / "none.cnf", "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign"]
    (tmp_path / "none.cnf").write_text("[req]\ndistinguished_name=name\n[name]\n")
    assert openssl(*new, "-subj", "/CN=root", "-keyout", tmp_path / "root.key", "-out", tmp_path / "root.pem",
                   "-addext", "subjectKeyIdentifier=hash").returncode == 0
    done = openssl(*new, "-subj", "/CN=below", "-keyout", folder / "ca.key", "-out", folder / "ca.pem", "-CA",
                   tmp_path / "root.pem", "-CAkey", tmp_path / "root.key", "-addext", "subjectKeyIdentifier=hash")
    assert done.returncode == 0, done.stderr
    with (folder / "ca.pem").open("ab") as file:
        file.write((tmp_path / "root.pem").read_bytes())
    words = ("issue", "scrape", "--ca", folder, "--out", tmp_path / "out")
    assert "--trust-domain: " in keys(*words, code=2)
    # No longer than the authority.
    assert "ends with the authority" in keys(*words, "--trust-domain", "example.org")
    leaf = tmp_path / "out" / "scrape.pem"
    assert len(x509.load_pem_x509_certificates(leaf.read_bytes())) == 2
    assert (tmp_path / "out" / "ca.pem").read_bytes() == (folder / "ca.pem").read_bytes()
    done = openssl("verify", "-CAfile", tmp_path / "root.pem", "-untrusted", leaf, leaf)
    assert done.returncode == 0, done.stderr


def test_grpcio_uses_them(tmp_path):
    """A grpcio server and client with certificates of two roles; one of another authority is refused."""
    folder = tmp_path / "keys"
    keys("development", "--out", folder)
    keys("development", "--out", tmp_path / "other")

    def pair(where, role):
        return [(where / f"{role}.key").read_bytes(), (where / f"{role}.pem").read_bytes()]

    authority = (folder / "ca.pem").read_bytes()
    seen = []

    class Echo(grpc.GenericRpcHandler):
        def service(self, details):
            def echo(request, context):
                seen.append(context.auth_context()["x509_subject_alternative_name"])
                return request

            return grpc.unary_unary_rpc_method_handler(echo)

    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2), handlers=(Echo(),))
    credentials = grpc.ssl_server_credentials([tuple(pair(folder, "scrape"))], authority, require_client_auth=True)
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    try:
        def call(where):
            with grpc.secure_channel(
                f"localhost:{port}", grpc.ssl_channel_credentials(authority, *pair(where, "gateway"))
            ) as channel:
                return channel.unary_unary("/a.B/C")(b"hi", timeout=20)

        assert call(folder) == b"hi"
        assert b"spiffe://datavault.local/gateway" in seen[0]
        with pytest.raises(grpc.RpcError) as failed:
            call(tmp_path / "other")
        assert failed.value.code() == grpc.StatusCode.UNAVAILABLE
    finally:
        server.stop(None)


# Being killed, and being two


def is_complete(folder):
    """Whether all that a suite needs is there and fits together."""
    assert not list(folder.glob("*.new")), "what was left half done is cleared away"
    for role in ROLES:
        assert fits(folder / f"{role}.pem", folder / f"{role}.key")
        assert openssl("verify", "-CAfile", folder / "ca.pem", folder / f"{role}.pem").returncode == 0
    assert fits(folder / "ca.pem", folder / "ca.key")
    assert (folder / "root.key").read_text().startswith("datavault-root-key-v1:")
    public = serialization.load_pem_public_key((folder / "principal.pub").read_bytes())
    private = serialization.load_pem_private_key((folder / "principal.key").read_bytes(), None)
    public.verify(private.sign(b"x"), b"x")
    return True


def killed(calls, at, *words):
    """Runs `datavault keys`, killed at the `at`-th of the system calls that change files; whether it came so far."""
    done = subprocess.run(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e",
         f"inject={calls}:signal=SIGKILL:when={at}", program("datavault"), "keys", *map(str, words)],
        capture_output=True, text=True, timeout=TIMEOUT,
    )
    return done.returncode != 0


@pytest.mark.parametrize("calls", ["rename,renameat,renameat2", "fsync"])
def test_killed_while_development_keys_are_made(tmp_path, calls):
    reached = 0
    for at in (*range(1, 8), 12, 13, 14):
        folder = tmp_path / str(at)
        if not killed(calls, at, "development", "--out", folder):
            break
        reached += 1
        keys("development", "--out", folder)
        assert is_complete(folder)
    assert reached >= 8


@pytest.mark.parametrize("at", [1, 2])
def test_killed_between_key_and_certificate(authority, tmp_path, at):
    """A renewal that dies before or between its two renames is taken back or finished by the next."""
    out = tmp_path / "out"
    words = ("issue", "scrape", "--ca", authority, "--out", out)
    keys(*words)
    before = (out / "scrape.pem").read_bytes()
    # The signal comes before the call does its work: at the second one the new key stands beside the old certificate.
    assert killed("rename,renameat,renameat2", at, *words)
    assert (out / "scrape.pem.new").exists() and (out / "scrape.pem").read_bytes() == before
    assert fits(out / "scrape.pem", out / "scrape.key") == (at == 1)
    keys(*words)
    assert fits(out / "scrape.pem", out / "scrape.key") and not list(out.glob("*.new"))


def test_what_was_half_replaced_is_finished(tmp_path):
    folder = tmp_path / "keys"
    assert killed("rename,renameat,renameat2", 2, "development", "--out", folder)
    waiting = (folder / "ca.pem.new").read_bytes()
    assert (folder / "ca.key").exists() and not (folder / "ca.pem").exists()
    assert "made an authority" not in keys("development", "--out", folder)
    assert (folder / "ca.pem").read_bytes() == waiting
    assert is_complete(folder)


def test_two_at_once(tmp_path):
    folder = tmp_path / "keys"
    words = [program("datavault"), "keys", "development", "--out", str(folder)]
    runs = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(6)]
    printed = [run.communicate(timeout=TIMEOUT) for run in runs]
    assert [run.returncode for run in runs] == [0] * 6, printed
    assert sum("made an authority" in out for out, _ in printed) == 1
    assert sum("All keys are in" in out for out, _ in printed) == 5
    assert is_complete(folder)


def test_help_has_examples():
    for command in ("ca", "issue", "root", "principal", "development"):
        assert f"datavault keys {command}" in keys(command, "--help")
