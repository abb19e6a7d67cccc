"""Signs requests as integrators do, in three ways: with http-message-signatures, with the documented example, and with
`datavault sign`; and sends them."""

import base64
import datetime
import hashlib
import importlib.util
import json
import os
import pathlib
import secrets
import subprocess
import tempfile
from types import SimpleNamespace

import requests
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms

ROOT = pathlib.Path(__file__).resolve().parents[2]
COVERED = ("@method", "@authority", "@path", "@query")
IF_PRESENT = ("content-type", "content-digest", "content-encoding", "idempotency-key")
NOT_GIVEN = object()


def secret_bytes(secret):
    """The bytes of a signing secret as Identity shows it; bytes are some already."""
    return secret if not isinstance(secret, str) else base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))


class Secrets(HTTPSignatureKeyResolver):
    """Signing secrets, or private keys, by key identifier."""

    def __init__(self, known):
        self.known = known

    def resolve_private_key(self, key_id):
        return secret_bytes(self.known[key_id])

    resolve_public_key = resolve_private_key


# Each way gives the header fields of a request, names in lower case, the ones that were given included.


def sign_with_library(
    method, url, key_id, secret, body=None, headers=None, *, created=None, lifetime=60, nonce=NOT_GIVEN, covered=None,
    algorithm=algorithms.HMAC_SHA256, include_alg=True, label="sig1",
):
    """Signs with http-message-signatures; what a test wants to be wrong can be given, None for what is to be missing."""
    fields = {name.lower(): value for name, value in (headers or {}).items()}
    if body is not None:
        fields.setdefault("content-type", "application/json")
    message = SimpleNamespace(method=method, url=url, headers=fields)
    created = created or datetime.datetime.now()
    if covered is None:
        # The library adds the digest, and its name to those that are covered.
        covered = COVERED + tuple(name for name in IF_PRESENT if name in fields)
    elif body is not None:
        fields["content-digest"] = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
        body = None
    HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=Secrets({key_id: secret})).sign(
        message, key_id=key_id, created=created,
        expires=None if lifetime is None else created + datetime.timedelta(seconds=lifetime),
        nonce=secrets.token_urlsafe(18) if nonce is NOT_GIVEN else nonce, label=label, include_alg=include_alg,
        covered_component_ids=covered, body=body, use_existing_digest="content-digest" in fields)
    return {name.lower(): value for name, value in message.headers.items()}


def sign_with_example(method, url, key_id, secret, body=None, headers=None) -> dict[str, str]:
    """Signs with docs/examples/sign.py."""
    spec = importlib.util.spec_from_file_location("sign", ROOT / "docs/examples/sign.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.sign(method, url, key_id, secret, body, headers)


def sign_with_command(method, url, key_id, secret, body=None, headers=None) -> dict[str, str]:
    """Signs with `datavault sign`."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["sign", method, url, "--key-id", key_id]
        for name, value in (headers or {}).items():
            arguments += ["-H", f"{name}: {value}"]
        if body is not None:
            path = pathlib.Path(folder) / "body"
            path.write_bytes(body)
            arguments += ["--body", str(path)]
        lines = run_datavault(arguments, DATAVAULT_SIGNING_SECRET=secret).stdout.splitlines()
    added = dict(line.split(": ", 1) for line in lines)
    return {name.lower(): value for name, value in ((headers or {}) | added).items()}


def run_datavault(arguments, **environment) -> subprocess.CompletedProcess:
    """Runs the program that was built, which has to succeed."""
    binaries = pathlib.Path(os.environ.get("WIRE_BIN", ROOT / ".build/debug"))
    return subprocess.run(
        [binaries / "datavault", *arguments], env=os.environ | environment, capture_output=True, text=True, timeout=60,
        check=True)


def verify(method, url, fields, key_id, secret, body=None):
    """Has http-message-signatures verify a request; raises if it does not fit."""
    message = SimpleNamespace(method=method, url=url, headers=dict(fields))
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.HMAC_SHA256, key_resolver=Secrets({key_id: secret}))
    return verifier.verify(message, body=body) if body is not None else verifier.verify(message)


class Signer:
    """An API key that signs with http-message-signatures."""

    def __init__(self, made):
        """`made` is what making or rotating the key answered."""
        self.key_id = made["apiKey"]["name"].removeprefix("api-keys/")
        self.secret = made["signingSecret"]

    def prepare(self, url, method, path, body=None, *, headers=None, key_id=None, secret=None, **more):
        """A signed request that has not been sent; `more` is what `sign_with_library` can make otherwise."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        # As the library that sends it writes it.
        request = requests.Request(method, url + path, headers=headers, data=data).prepare()
        request.headers.update(sign_with_library(
            method, request.url, key_id or self.key_id, secret or self.secret, data, headers, **more))
        return request


class Sent:
    """An answer, as the other tests read it."""

    def __init__(self, answer):
        self.status, self.headers, self.body = answer.status_code, answer.headers, answer.content

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def reason(self):
        return next((detail["reason"] for detail in self.json.get("details", []) if "reason" in detail), None)

    def __repr__(self):
        return f"<{self.status} {self.body[:500]!r}>"


def send(request, session=None):
    """Sends a prepared request as it is."""
    if session:
        return Sent(session.send(request, timeout=30))
    with requests.Session() as own:
        return Sent(own.send(request, timeout=30))
