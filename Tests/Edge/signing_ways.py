"""Signs requests for the gateway in three ways: with http-message-signatures, with the documented example, and with
`datavault sign`. Each gives the header fields of the request, the ones that were given included."""

import base64
import datetime
import importlib.util
import os
import pathlib
import secrets
import subprocess
import tempfile
from types import SimpleNamespace

from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms

ROOT = pathlib.Path(__file__).resolve().parents[2]
ALWAYS = ("@method", "@authority", "@path", "@query")
IF_PRESENT = ("content-type", "content-digest", "content-encoding", "idempotency-key")


def secret_bytes(secret: str) -> bytes:
    """The bytes of a signing secret as Identity shows it."""
    return base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))


class Secrets(HTTPSignatureKeyResolver):
    """Signing secrets by key identifier."""

    def __init__(self, known: dict[str, str]):
        self.known = known

    def resolve_private_key(self, key_id: str) -> bytes:
        return secret_bytes(self.known[key_id])

    resolve_public_key = resolve_private_key


def sign_with_library(
    method, url, key_id, secret, body=None, headers=None, *, created=None, lifetime=60, nonce=None, components=None,
    algorithm=algorithms.HMAC_SHA256, include_alg=True, label="sig1",
) -> dict[str, str]:
    """Signs with http-message-signatures; what a test wants to be wrong can be given."""
    fields = {name.lower(): value for name, value in (headers or {}).items()}
    if body is not None:
        fields.setdefault("content-type", "application/json")
    message = SimpleNamespace(method=method, url=url, headers=fields)
    created = created or datetime.datetime.now()
    covered = ALWAYS + tuple(name for name in IF_PRESENT if name in fields) if components is None else components
    HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=Secrets({key_id: secret})).sign(
        message,
        key_id=key_id,
        created=created,
        expires=created + datetime.timedelta(seconds=lifetime),
        nonce=nonce or secrets.token_urlsafe(18),
        label=label,
        include_alg=include_alg,
        covered_component_ids=covered,
        body=body,
    )
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
