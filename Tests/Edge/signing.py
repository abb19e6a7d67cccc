"""Signs requests with http-message-signatures, as an integrator in Python would, and sends them."""

import base64
import datetime
import hashlib
import json
import uuid

import requests
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver, algorithms

COVERED = ("@method", "@authority", "@path", "@query")
NOT_GIVEN = object()


class Keys(HTTPSignatureKeyResolver):
    def __init__(self, secret):
        self.secret = secret

    def resolve_private_key(self, key_id):
        return self.secret

    resolve_public_key = resolve_private_key


def decoded(secret):
    """A signing secret's bytes."""
    return base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))


class Signer:
    """An API key that signs."""

    def __init__(self, secrets, **more):
        """`secrets` is what making or rotating the key answered."""
        self.key_id = secrets["apiKey"]["name"].removeprefix("api-keys/")
        self.secret = decoded(secrets["signingSecret"])
        self.more = more

    def prepare(
        self, url, method, path, body=None, *, headers=None, covered=None, created=None, lifetime=60, nonce=NOT_GIVEN,
        include_alg=True, algorithm=algorithms.HMAC_SHA256, key_id=None, secret=None,
    ):
        """A signed request that has not been sent; each part of the signature can be made otherwise."""
        sent = dict(headers or {})
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
            sent["Content-Digest"] = f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"
        request = requests.Request(method, url + path, headers=sent, data=data).prepare()
        if covered is None:
            covered = COVERED + tuple(
                name for name in ("content-type", "content-digest", "idempotency-key")
                if name in {key.lower() for key in request.headers})
        created = created or datetime.datetime.now()
        signer = HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=Keys(secret or self.secret))
        signer.sign(
            request, key_id=key_id or self.key_id, created=created,
            expires=created + datetime.timedelta(seconds=lifetime) if lifetime is not None else None,
            nonce=str(uuid.uuid4()) if nonce is NOT_GIVEN else nonce, label="sig1", include_alg=include_alg,
            covered_component_ids=covered, use_existing_digest=data is not None)
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
