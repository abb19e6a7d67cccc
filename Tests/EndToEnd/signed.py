"""Calls the suite with requests that http-message-signatures signs (RFC 9421, RFC 9530), as an integrator would."""

import base64
import datetime
import hashlib
import json
import uuid

import requests
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver, algorithms

COVERED = ("@method", "@authority", "@path", "@query")
TIMEOUT = 60


class Secret(HTTPSignatureKeyResolver):
    def __init__(self, secret):
        self.secret = secret

    def resolve_private_key(self, key_id):
        return self.secret

    resolve_public_key = resolve_private_key


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, answer):
        super().__init__(f"{answer.status_code} {answer.text[:2000]}")
        self.status = answer.status_code
        body = answer.json()
        self.details = body.get("details", [])
        self.message = body.get("message", "")

    @property
    def reason(self):
        return next((detail["reason"] for detail in self.details if "reason" in detail), None)

    @property
    def fields(self):
        """The fields that the answer names."""
        return [
            violation["field"] for detail in self.details for violation in detail.get("fieldViolations", [])
        ] + [detail["metadata"]["field"] for detail in self.details if "field" in detail.get("metadata", {})]


class Caller:
    """An API key that signs every request."""

    def __init__(self, url, key_id, signing_secret):
        self.url, self.key_id = url, key_id
        padded = signing_secret + "=" * (-len(signing_secret) % 4)
        self.secret = base64.urlsafe_b64decode(padded)
        self.session = requests.Session()

    def sign(self, method, path, body=None, headers=None):
        """A signed request, not yet sent. `body` is JSON, or bytes with their type in `headers`."""
        sent = dict(headers or {})
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
            sent["Content-Digest"] = f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"
        request = requests.Request(method, self.url + path, headers=sent, data=data).prepare()
        present = {name.lower() for name in request.headers}
        covered = COVERED + tuple(
            name for name in ("content-type", "content-digest", "idempotency-key") if name in present)
        created = datetime.datetime.now()
        HTTPMessageSigner(signature_algorithm=algorithms.HMAC_SHA256, key_resolver=Secret(self.secret)).sign(
            request, key_id=self.key_id, created=created, expires=created + datetime.timedelta(seconds=60),
            nonce=str(uuid.uuid4()), label="sig1", covered_component_ids=covered, use_existing_digest=data is not None)
        return request

    def try_call(self, method, path, body=None, headers=None, stream=False):
        """The answer, whatever it is."""
        return self.session.send(self.sign(method, path, body, headers), timeout=TIMEOUT, stream=stream)

    def call(self, method, path, body=None, **more):
        """The answer's JSON; raises `Refused` if it is no success."""
        answer = self.try_call(method, path, body, **more)
        if answer.status_code >= 300:
            raise Refused(answer)
        return answer.json()

    def get(self, path):
        return self.call("GET", path)

    def post(self, path, body, **more):
        return self.call("POST", path, body, **more)

    def list(self, path, field):
        """All things of a list, page by page."""
        token = ""
        while True:
            page = self.get(f"{path}{'&' if '?' in path else '?'}pageSize=500" + (f"&pageToken={token}" if token else ""))
            yield from page.get(field, [])
            token = page.get("nextPageToken")
            if not token:
                return

    def events(self, path, timeout=300):
        """Messages of a server's stream, as server-sent events."""
        request = self.sign("GET", path, headers={"Accept": "text/event-stream"})
        with self.session.send(request, timeout=timeout, stream=True) as answer:
            if answer.status_code >= 300:
                raise Refused(answer)
            assert answer.headers["Content-Type"].startswith("text/event-stream"), answer.headers
            kind, data = None, []
            for line in answer.iter_lines(decode_unicode=True):
                if line.startswith("event:"):
                    kind = line[6:].strip()
                elif line.startswith("data:"):
                    data.append(line[5:].strip())
                elif not line and data:
                    yield kind, json.loads("\n".join(data))
                    kind, data = None, []

    def download(self, path, accept="*/*"):
        answer = self.try_call("GET", path, headers={"Accept": accept})
        if answer.status_code >= 300:
            raise Refused(answer)
        return answer

    def bare(self, method, path, body=None, token=None):
        """A call without a signature: what comes before there is a key that signs."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = self.session.request(method, self.url + path, json=body, headers=headers, timeout=TIMEOUT)
        if answer.status_code >= 300:
            raise Refused(answer)
        return answer
