"""`trust.principal-keys`: a role believes principals that are signed with a key which its operator names, without Identity,
and no others."""

import hashlib

import grpc
import pytest
from cryptography.hazmat.primitives import serialization
from errors import failing

SETTING = "trust.principal-keys"


@pytest.fixture
def keys(command, tmp_path):
    """Certificates for the suite, and a folder with a signing key for each name that is asked for."""
    folder = tmp_path / "data/keys"
    made = command("keys", "development", "--out", folder)
    assert made.returncode == 0, made.stderr

    def make(name):
        made = command("keys", "principal", "--out", tmp_path / name)
        assert made.returncode == 0, made.stderr
        return tmp_path / name

    return make


@pytest.fixture
def migrated(command, keys, tmp_path):
    done = command("migrate", "example", "up", "--set", f"data.folder={tmp_path}/data")
    assert done.returncode == 0, done.stderr


def serve(start, *files):
    """The example with keys of an operator's, and with nobody to ask about others."""
    return start(
        "example.peers.identity=127.0.0.1:1", f"{SETTING}={','.join(map(str, files))}", words=("serve", "example"),
        wait=False)


def signing(made, folder):
    """The gateway, with another key to sign with."""
    made.key = serialization.load_pem_private_key((folder / "principal.key").read_bytes(), None)
    public = made.key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    made.key_id = hashlib.sha256(public).hexdigest()[:32]
    return made


def refused(call):
    with failing() as found:
        call()
    return found[0]


def test_only_the_operators_keys_are_believed(start, gateway, keys, migrated):
    first, second, other = keys("first"), keys("second"), keys("other")
    suite = serve(start, first / "principal.pub", second / "principal.pub")
    suite.wait_for(lambda: "principal keys: ok" in suite.ready()[1])
    for folder in (first, second):
        assert signing(gateway(suite), folder).create(f"by {folder.name}").text == f"by {folder.name}"
    notes = signing(gateway(suite), other)
    assert refused(lambda: notes.create("by nobody")).is_(grpc.StatusCode.UNAUTHENTICATED, "PRINCIPAL_INVALID")
    # Under a name that is believed it is no better: the signature decides.
    notes.key_id = signing(gateway(suite), first).key_id
    assert refused(lambda: notes.create("by nobody")).is_(grpc.StatusCode.UNAUTHENTICATED, "PRINCIPAL_INVALID")
    assert [note.text for note in signing(gateway(suite), first).all_notes()] == ["by second", "by first"]


def test_a_key_goes_with_a_gateways_certificate_only(start, gateway, keys, migrated):
    """Whoever gets hold of the key, and of another role's certificate, is not let in with them."""
    operators = keys("operators")
    suite = serve(start, operators / "principal.pub")
    suite.wait_for(lambda: "principal keys: ok" in suite.ready()[1])
    made = signing(gateway(suite), operators)
    read = lambda name: (suite.folder / "keys" / name).read_bytes()
    channel = grpc.secure_channel(
        f"127.0.0.1:{suite.port}",
        grpc.ssl_channel_credentials(read("ca.pem"), read("compliance.key"), read("compliance.pem")))
    made.services = {"NotesService": made.stubs.grpc.NotesServiceStub(channel)}
    failure = refused(lambda: made.create("by another role"))
    assert failure.code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED), failure.message
    channel.close()


def test_without_the_setting_there_is_nobody_to_believe(start, gateway, keys, migrated):
    suite = start("example.peers.identity=127.0.0.1:1", words=("serve", "example"), wait=False)
    suite.wait_for(lambda: "identity has not yet told" in suite.ready()[1])
    notes = signing(gateway(suite), keys("operators"))
    assert refused(lambda: notes.create("by nobody")).is_(grpc.StatusCode.UNAUTHENTICATED, "PRINCIPAL_INVALID")


def test_a_key_that_identity_does_not_list_is_believed_beside_those_that_it_does(start, gateway, keys, command, tmp_path):
    operators = keys("operators")
    folder = f"data.folder={tmp_path}/data"
    for role in ("identity", "example"):
        assert command("migrate", role, "up", "--set", folder).returncode == 0
    identity = start(words=("serve", "identity"), role="identity")
    suite = start(
        f"example.peers.identity=127.0.0.1:{identity.port}", f"{SETTING}={operators / 'principal.pub'}",
        words=("serve", "example"))
    assert signing(gateway(suite), operators).create("by the operator").text == "by the operator"


@pytest.mark.parametrize("what", ["missing", "private", "text", "folder", "blank name", "too many"])
def test_what_is_no_key_stops_the_start(command, keys, migrated, tmp_path, what):
    good = keys("good") / "principal.pub"
    text = tmp_path / "text.pub"
    text.write_text("-----BEGIN PUBLIC KEY-----\nbm8ga2V5\n-----END PUBLIC KEY-----\n")
    value = {
        "missing": tmp_path / "missing.pub", "private": good.parent / "principal.key", "text": text,
        "folder": tmp_path, "blank name": f"{good}, ", "too many": ",".join([str(good)] * 65),
    }[what]
    done = command(
        "serve", "example", "--set", f"data.folder={tmp_path}/data", "--set", "example.listen=127.0.0.1:0", "--set",
        "example.admin.listen=127.0.0.1:0", "--set", f"{SETTING}={value}")
    assert done.returncode not in (0, -9, -15), done.stdout
    assert SETTING in done.stderr, done.stderr
    assert "PRIVATE" not in done.stderr
