"""Checks AWS Signature Version 4 as its documentation describes it, with the secret `test-secret`."""
import hashlib
import hmac
import re
from urllib.parse import parse_qsl, quote, urlsplit

SECRET = "test-secret"


def digest(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def problem(request):
    """What is wrong with the signature, or None."""
    match = re.match(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, ?"
                     r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})", request.first("authorization") or "")
    if not match:
        return f"no signature: {request.first('authorization')}"
    _, date, region, service, signed, signature = match.groups()
    url = urlsplit(request.target)
    query = "&".join(sorted(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
                            for name, value in parse_qsl(url.query, keep_blank_values=True)))
    payload = hashlib.sha256(request.body).hexdigest()
    stated = request.first("x-amz-content-sha256")
    if stated and stated not in (payload, "UNSIGNED-PAYLOAD"):
        return "the body's hash is not the stated one"
    if "host" not in signed.split(";"):
        return "the host is not signed"
    headers = "".join(f"{name}:{' '.join((request.first(name) or '').split())}\n" for name in signed.split(";"))
    canonical = "\n".join([request.method, url.path, query, headers, signed, stated or payload])
    scope = f"{date}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", request.first("x-amz-date") or "", scope,
                      hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{SECRET}".encode()
    for part in (date, region, service, "aws4_request"):
        key = digest(key, part)
    expected = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return None if hmac.compare_digest(expected, signature) else f"the signature does not match:\n{canonical}"
