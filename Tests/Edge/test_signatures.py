"""Signed requests (RFC 9421), made by a foreign library: what is accepted, and each way in which it is not."""

import datetime
import json
import subprocess
import time
import uuid

import pytest
from conftest import ROOT, program
from http_message_signatures import algorithms
from signing import COVERED, Signer, send


@pytest.fixture
def signer(edge):
    return Signer(edge.make_key())


@pytest.fixture
def url(edge):
    return f"http://127.0.0.1:{edge.ports['gateway']}"


def people(edge):
    """All addresses: what a refused request would have changed."""
    return {user["email"] for user in edge.admin_call("GET", "/api/v1/users?pageSize=1000").json["users"]}


def new_user():
    return {"user": {"email": f"{uuid.uuid4().hex[:12]}@example.com"}}


def test_signed_requests_are_served(edge, signer, url):
    me = send(signer.prepare(url, "GET", "/api/v1/me"))
    assert me.status == 200, me
    assert me.json["subject"] == f"api-keys/{signer.key_id}"
    listed = send(signer.prepare(url, "GET", "/api/v1/users?pageSize=1&query=a%20b"))
    assert listed.status == 200, listed
    body = new_user()
    made = send(signer.prepare(url, "POST", "/api/v1/users", body))
    assert made.status == 200 and made.json["email"] == body["user"]["email"], made
    key = str(uuid.uuid4())
    body = new_user()
    first, again = (
        send(signer.prepare(url, "POST", "/api/v1/users", body, headers={"Idempotency-Key": key})) for _ in range(2))
    assert first.status == again.status == 200 and first.json == again.json, again


def replaced(request, name, value):
    request.headers[name] = value
    return request


def retargeted(request, old, new):
    request.url = request.url.replace(old, new)
    return request


def swapped(request):
    request.body = request.body.replace(b"@example.com", b"@evil.example")
    request.headers["Content-Length"] = str(len(request.body))
    return request


def dropped(request, name):
    del request.headers[name]
    return request


NOW = datetime.datetime.now
REFUSED = {
    "another path": (lambda s, u: retargeted(s.prepare(u, "POST", "/api/v1/users", new_user()), "users", "api-keys"),
                     "SIGNATURE_INVALID"),
    "another query": (lambda s, u: retargeted(s.prepare(u, "GET", "/api/v1/users?pageSize=1"), "=1", "=2"),
                      "SIGNATURE_INVALID"),
    "another host": (lambda s, u: replaced(s.prepare(u, "GET", "/api/v1/me"), "Host", "other.example"),
                     "SIGNATURE_INVALID"),
    "another body": (lambda s, u: swapped(s.prepare(u, "POST", "/api/v1/users", new_user())), "DIGEST_MISMATCH"),
    "another body and its digest": (
        lambda s, u: replaced(
            s.prepare(u, "POST", "/api/v1/users", new_user()), "Content-Digest",
            s.prepare(u, "POST", "/api/v1/users", new_user()).headers["Content-Digest"]), "SIGNATURE_INVALID"),
    "no digest": (lambda s, u: dropped(
        s.prepare(u, "POST", "/api/v1/users", new_user(), covered=(*COVERED, "content-type")), "Content-Digest"),
        "SIGNATURE_INCOMPLETE"),
    "a digest that is not signed": (
        lambda s, u: s.prepare(u, "POST", "/api/v1/users", new_user(), covered=(*COVERED, "content-type")),
        "SIGNATURE_INCOMPLETE"),
    "a media type that is not signed": (
        lambda s, u: s.prepare(u, "POST", "/api/v1/users", new_user(), covered=(*COVERED, "content-digest")),
        "SIGNATURE_INCOMPLETE"),
    "an idempotency key that is not signed": (
        lambda s, u: s.prepare(
            u, "POST", "/api/v1/users", new_user(), headers={"Idempotency-Key": str(uuid.uuid4())},
            covered=(*COVERED, "content-type", "content-digest")), "SIGNATURE_INCOMPLETE"),
    "a header dropped that was signed": (
        lambda s, u: dropped(s.prepare(
            u, "POST", "/api/v1/users", new_user(), headers={"Idempotency-Key": str(uuid.uuid4())}), "Idempotency-Key"),
        "SIGNATURE_INVALID"),
    "no query": (lambda s, u: s.prepare(u, "GET", "/api/v1/users?pageSize=1", covered=COVERED[:3]),
                 "SIGNATURE_INCOMPLETE"),
    "no method": (lambda s, u: s.prepare(u, "GET", "/api/v1/me", covered=COVERED[1:]), "SIGNATURE_INCOMPLETE"),
    "made long ago": (
        lambda s, u: s.prepare(u, "GET", "/api/v1/me", created=NOW() - datetime.timedelta(seconds=3600)),
        "SIGNATURE_STALE"),
    "made in the future": (
        lambda s, u: s.prepare(u, "GET", "/api/v1/me", created=NOW() + datetime.timedelta(seconds=3600)),
        "SIGNATURE_STALE"),
    "good for too long": (lambda s, u: s.prepare(u, "GET", "/api/v1/me", lifetime=86_400), None),
    "no end": (lambda s, u: s.prepare(u, "GET", "/api/v1/me", lifetime=None), "SIGNATURE_MALFORMED"),
    "no nonce": (lambda s, u: s.prepare(u, "GET", "/api/v1/me", nonce=None), "SIGNATURE_MALFORMED"),
    "another secret": (lambda s, u: s.prepare(u, "GET", "/api/v1/me", secret=b"x" * 32), "SIGNATURE_INVALID"),
    "an unknown key": (lambda s, u: s.prepare(u, "GET", "/api/v1/me", key_id=str(uuid.uuid4())), "SIGNATURE_INVALID"),
    "another algorithm": (
        lambda s, u: s.prepare(u, "GET", "/api/v1/me", algorithm=algorithms.ED25519, secret=ed25519()),
        "SIGNATURE_MALFORMED"),
    "another algorithm, unnamed": (
        lambda s, u: s.prepare(
            u, "GET", "/api/v1/me", algorithm=algorithms.ED25519, secret=ed25519(), include_alg=False),
        "SIGNATURE_INVALID"),
    "an API key beside it": (
        lambda s, u: replaced(s.prepare(u, "GET", "/api/v1/me"), "X-API-Key", "dv_live_x"), "CREDENTIALS_AMBIGUOUS"),
}


def ed25519():
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    return Ed25519PrivateKey.generate()


@pytest.mark.parametrize("name", REFUSED)
def test_what_was_signed_otherwise_is_refused(edge, signer, url, name):
    make, reason = REFUSED[name]
    before = people(edge)
    answer = send(make(signer, url))
    assert answer.status == 401, answer
    assert answer.reason == reason or (reason is None and answer.reason.startswith("SIGNATURE_")), answer
    assert people(edge) == before


def test_a_signature_counts_once(edge, signer, url):
    before = people(edge)
    request = signer.prepare(url, "POST", "/api/v1/users", new_user())
    assert send(request).status == 200
    again = send(request)
    assert (again.status, again.reason) == (401, "SIGNATURE_REPLAYED"), again
    assert len(people(edge)) == len(before) + 1


def test_a_signature_counts_once_for_all_gateways(apart):
    signer = Signer(apart.make_key())
    # One authority for both, as behind a balancer.
    first, second = (f"http://127.0.0.1:{apart.ports[name]}" for name in ("gateway", "gateway1"))
    request = signer.prepare("http://api.example.com", "GET", "/api/v1/me")
    request.headers["Host"] = "api.example.com"
    request.url = request.url.replace("http://api.example.com", first)
    assert send(request).status == 200
    request.url = request.url.replace(first, second)
    again = send(request)
    assert (again.status, again.reason) == (401, "SIGNATURE_REPLAYED"), again


def test_another_organizations_key_sees_its_own_only(edge, url):
    other = edge.make_organization()
    signer = Signer(edge.make_key(key=other["token"]))
    mine = edge.make_user()
    answer = send(signer.prepare(url, "GET", f"/api/v1/{mine['name']}"))
    assert (answer.status, answer.reason) == (404, "RESOURCE_UNKNOWN"), answer


def test_a_rotated_signing_secret_works_beside_the_old_one(edge, url):
    made = edge.make_key()
    old = Signer(made)
    name = made["apiKey"]["name"]
    rotated = edge.admin_call("POST", f"/api/v1/{name}:rotateSigningSecret", {"overlap": "3600s"})
    assert rotated.status == 200, rotated
    new = Signer(rotated.json)
    end = time.monotonic() + 10
    while send(new.prepare(url, "GET", "/api/v1/me")).status != 200:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert send(old.prepare(url, "GET", "/api/v1/me")).status == 200
    assert edge.admin_call("POST", f"/api/v1/{name}:revoke", {}).status == 200
    end = time.monotonic() + 10
    while (answer := send(new.prepare(url, "GET", "/api/v1/me"))).status == 200:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert answer.status == 401, answer
    assert send(old.prepare(url, "GET", "/api/v1/me")).status == 401


def test_the_program_signs(edge, tmp_path):
    """`datavault sign` makes fields that curl sends."""
    made = edge.make_key()
    secret = tmp_path / "secret"
    secret.write_text(made["signingSecret"])
    secret.chmod(0o600)
    target = f"http://127.0.0.1:{edge.ports['gateway']}/api/v1/users?pageSize=1"
    signed = subprocess.run(
        [program(), "sign", "--key-id", made["apiKey"]["name"].removeprefix("api-keys/"), "--secret-file", secret, "GET",
         target], capture_output=True, text=True, timeout=60)
    assert signed.returncode == 0, signed.stderr
    words = [word for line in signed.stdout.splitlines() if ":" in line for word in ("-H", line)]
    done = subprocess.run(["curl", "-sS", *words, target], capture_output=True, text=True, timeout=60)
    assert "users" in json.loads(done.stdout), done


def test_the_python_example_runs(edge, tmp_path):
    import sys

    made = edge.make_key()
    done = subprocess.run(
        [sys.executable, ROOT / "docs/examples/sign.py", "GET",
         f"http://127.0.0.1:{edge.ports['gateway']}/api/v1/users?pageSize=1"],
        capture_output=True, text=True, timeout=60,
        env={"DATAVAULT_KEY_ID": made["apiKey"]["name"].removeprefix("api-keys/"),
             "DATAVAULT_SIGNING_SECRET": made["signingSecret"], "PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
    assert "users" in json.loads(done.stdout), done
