"""Calls DataVault with a signed request (RFC 9421, RFC 9530). Python's standard library is all it needs.

    DATAVAULT_KEY_ID=… DATAVAULT_SIGNING_SECRET=… python3 sign.py POST https://api.example.com/api/v1/things '{"a": 1}'
"""
import base64, hashlib, hmac, os, secrets, sys, time, urllib.request
from urllib.parse import urlsplit


def sign(method, url, key_id, secret, body=None, headers=None):
    """The header fields of the request, with its signature. `secret` is the signing secret as DataVault showed it."""
    headers = {name.lower(): value for name, value in (headers or {}).items()}
    if body is not None:
        headers.setdefault("content-type", "application/json")
        headers["content-digest"] = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
    parts = urlsplit(url)
    default_port = ":443" if parts.scheme == "https" else ":80"
    values = {
        "@method": method,
        "@authority": parts.netloc.lower().removesuffix(default_port),
        "@path": parts.path or "/",
        "@query": "?" + parts.query,
    }
    for name in ("content-type", "content-digest", "content-encoding", "idempotency-key"):
        if name in headers:
            values[name] = headers[name]
    created = int(time.time())
    parameters = "({});created={};expires={};nonce=\"{}\";keyid=\"{}\"".format(
        " ".join(f'"{name}"' for name in values), created, created + 60, secrets.token_urlsafe(18), key_id)
    base = "".join(f'"{name}": {value}\n' for name, value in values.items()) + f'"@signature-params": {parameters}'
    code = hmac.digest(base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4)), base.encode(), "sha256")
    return headers | {"signature-input": f"sig1={parameters}", "signature": f"sig1=:{base64.b64encode(code).decode()}:"}


if __name__ == "__main__":
    method, url, body = sys.argv[1], sys.argv[2], sys.argv[3].encode() if len(sys.argv) > 3 else None
    fields = sign(method, url, os.environ["DATAVAULT_KEY_ID"], os.environ["DATAVAULT_SIGNING_SECRET"], body)
    with urllib.request.urlopen(urllib.request.Request(url, body, fields, method=method)) as answer:
        print(answer.read().decode())
