"""What the documentation tells integrators to do is held against an implementation that is none of ours."""

import pathlib
import stat

import pytest
import signing
from http_message_signatures import InvalidSignature

KEY_ID = "3f0c6a52-8a51-4d8e-9d0b-0a4f4c1b7d11"
SECRET = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"
WAYS = [signing.sign_with_example, signing.sign_with_command, signing.sign_with_library]
REQUESTS = [
    ("GET", "https://api.example.com/api/v1/things", None, {}),
    ("GET", "https://API.example.com:443/api/v1/things?b=2&a=%C3%A9", None, {}),
    ("POST", "http://127.0.0.1:8080/api/v1/things:run?x", b'{"a": 1}', {"Idempotency-Key": "k-1"}),
    ("PATCH", "https://api.example.com/a%2Fb", b"", {"Content-Type": "text/plain"}),
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("method,url,body,headers", REQUESTS)
def test_another_implementation_verifies(way, method, url, body, headers):
    fields = way(method, url, KEY_ID, SECRET, body, headers)
    results = signing.verify(method, url, fields, KEY_ID, SECRET, body)
    covered = set(results[0].covered_components)
    assert {'"@method"', '"@authority"', '"@path"', '"@query"'} <= covered
    if body is not None:
        assert {'"content-type"', '"content-digest"'} <= covered
    assert ('"idempotency-key"' in covered) == ("Idempotency-Key" in headers)
    assert {"created", "expires", "nonce", "keyid"} <= set(results[0].parameters)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_another_request_does_not_verify(way):
    method, url, body, headers = REQUESTS[2]
    fields = way(method, url, KEY_ID, SECRET, body, headers)
    with pytest.raises(InvalidSignature):
        signing.verify("PUT", url, fields, KEY_ID, SECRET, body)
    with pytest.raises(InvalidSignature):
        signing.verify(method, url + "y", fields, KEY_ID, SECRET, body)
    with pytest.raises(InvalidSignature):
        signing.verify(method, url, fields, KEY_ID, "C" + SECRET[1:], body)


def test_the_documented_example_is_the_file_and_short():
    example = (signing.ROOT / "docs/examples/sign.py").read_text()
    assert f"```python\n{example}```" in (signing.ROOT / "docs/signing.md").read_text()
    assert len(example.splitlines()) <= 40


def test_the_secret_may_lie_in_a_file_that_nobody_else_reads(tmp_path: pathlib.Path):
    secret = tmp_path / "secret"
    secret.write_text(SECRET + "\n")
    secret.chmod(stat.S_IRUSR | stat.S_IWUSR)
    arguments = ["sign", "GET", REQUESTS[0][1], "--key-id", "api-keys/" + KEY_ID, "--secret-file", str(secret)]
    assert f'keyid="{KEY_ID}"' in signing.run_datavault(arguments).stdout
    secret.chmod(0o644)
    with pytest.raises(signing.subprocess.CalledProcessError) as failure:
        signing.run_datavault(arguments)
    assert failure.value.returncode == 2
    assert SECRET not in failure.value.stderr


def test_curl_command_sends_what_was_signed(tmp_path: pathlib.Path):
    body = tmp_path / "it's a body"
    body.write_bytes(b'{"a": 1}')
    text = signing.run_datavault(
        ["sign", "post", "https://api.example.com/x?y=1&z='2'", "--key-id", KEY_ID, "--body", str(body), "--curl"],
        DATAVAULT_SIGNING_SECRET=SECRET).stdout
    shown = signing.subprocess.run(
        ["sh", "-c", text.replace("curl ", "printf '%s\\n' ", 1)], capture_output=True, text=True, check=True)
    words = shown.stdout.splitlines()
    assert words[words.index("--request") + 1] == "POST"
    assert "https://api.example.com/x?y=1&z='2'" in words
    assert words[-1] == f"@{body}"
    fields = dict(words[i + 1].split(": ", 1) for i, word in enumerate(words) if word == "--header")
    signing.verify("POST", "https://api.example.com/x?y=1&z='2'", fields, KEY_ID, SECRET, b'{"a": 1}')
