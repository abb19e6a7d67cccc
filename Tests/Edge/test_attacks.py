"""What attackers try at the edge: forged tokens, stolen refresh tokens, forged principals, guessing, slow bodies."""

import base64
import hmac
import json
import socket
import subprocess
import threading
import time
import uuid

import grpc
import h2
import pytest
from conftest import wait_for
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def encoded(data):
    if not isinstance(data, bytes):
        data = json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def parts(token):
    """Header, claims and signature of a JWT."""
    header, claims, signature = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split("."))
    return json.loads(header), json.loads(claims), signature


def signed(header, claims, sign):
    text = f"{encoded(header)}.{encoded(claims)}"
    return f"{text}.{encoded(sign(text.encode()))}"


def known_key(edge):
    """The public key of the edge's tokens, as bytes."""
    keys = {key["kid"]: key["x"] for key in edge.call("GET", "/api/v1/jwks").json["keys"]}
    return lambda header: base64.urlsafe_b64decode(keys[header["kid"]] + "=")


def by_hmac(secret):
    return lambda text: hmac.digest(secret, text, "sha256")


FOREIGN = Ed25519PrivateKey.generate()
FORGED = {
    "no algorithm": lambda h, c, s, x: signed(h | {"alg": "none"}, c, lambda _: b""),
    "no algorithm, in capitals": lambda h, c, s, x: signed(h | {"alg": "NONE"}, c, lambda _: b""),
    "no algorithm, the signature kept": lambda h, c, s, x: signed(h | {"alg": "none"}, c, lambda _: s),
    "HS256 by the public key": lambda h, c, s, x: signed(h | {"alg": "HS256"}, c, by_hmac(x)),
    "HS256 by the public key's text": lambda h, c, s, x: signed(h | {"alg": "HS256"}, c, by_hmac(encoded(x).encode())),
    "HS256 by nothing": lambda h, c, s, x: signed(h | {"alg": "HS256"}, c, by_hmac(b"")),
    "a foreign key": lambda h, c, s, x: signed(h, c, FOREIGN.sign),
    "a foreign key, named by itself": lambda h, c, s, x: signed(
        h | {"kid": "other", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": encoded(
            FOREIGN.public_key().public_bytes_raw())}}, c, FOREIGN.sign),
    "no key": lambda h, c, s, x: signed({n: v for n, v in h.items() if n != "kid"}, c, lambda _: s),
    "another kind of token": lambda h, c, s, x: signed(h | {"typ": "JWT"}, c, lambda _: s),
    "another issuer": lambda h, c, s, x: signed(h, c | {"iss": "https://evil.example"}, lambda _: s),
    "another audience": lambda h, c, s, x: signed(h, c | {"aud": "other"}, lambda _: s),
    "another subject": lambda h, c, s, x: signed(h, c | {"sub": f"users/{uuid.uuid4()}"}, lambda _: s),
    "more permissions": lambda h, c, s, x: signed(h, c | {"perms": [*c["perms"], "users.write"]}, lambda _: s),
    "a later end": lambda h, c, s, x: signed(h, c | {"exp": c["exp"] + 60}, lambda _: s),
    "an altered signature": lambda h, c, s, x: signed(h, c, lambda _: bytes([s[0] ^ 1]) + s[1:]),
    "a signature and more": lambda h, c, s, x: signed(h, c, lambda _: s + b"\0"),
    "a fourth part": lambda h, c, s, x: signed(h, c, lambda _: s) + ".e30",
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_is_refused(edge, name):
    user = edge.make_user()
    good = edge.log_in(user["email"], user["password"]).json["accessToken"]
    assert edge.call("GET", "/api/v1/me", key=good).status == 200
    header, claims, signature = parts(good)
    forged = FORGED[name](header, claims, signature, known_key(edge)(header))
    assert forged != good
    answer = edge.call("GET", "/api/v1/me", key=forged)
    assert (answer.status, answer.reason) == (401, "TOKEN_INVALID"), answer
    assert "WWW-Authenticate" in answer.headers


def refresh(edge, token):
    return edge.call("POST", "/api/v1/sessions:refresh", {"refreshToken": token})


def test_a_refresh_that_was_not_heard_can_be_repeated(edge):
    user = edge.make_user()
    begun = edge.log_in(user["email"], user["password"]).json
    first, again = refresh(edge, begun["refreshToken"]), refresh(edge, begun["refreshToken"])
    assert first.status == again.status == 200, (first, again)
    assert first.json["refreshToken"] == again.json["refreshToken"] != begun["refreshToken"]
    assert edge.call("GET", "/api/v1/me", key=again.json["accessToken"]).status == 200


def test_refreshes_at_once_do_not_fork(edge):
    user = edge.make_user()
    token = edge.log_in(user["email"], user["password"]).json["refreshToken"]
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(refresh(edge, token))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status for answer in answers] == [200] * 8, answers
    assert len({answer.json["refreshToken"] for answer in answers}) == 1


def test_a_refresh_token_that_is_used_again_ends_the_session(edge):
    user = edge.make_user()
    stolen = edge.log_in(user["email"], user["password"]).json["refreshToken"]
    second = refresh(edge, stolen).json
    third = refresh(edge, second["refreshToken"]).json
    assert edge.call("GET", "/api/v1/me", key=third["accessToken"]).status == 200
    # The successor has been used: nobody can still be waiting to hear of it.
    reused = refresh(edge, stolen)
    assert (reused.status, reused.reason) == (401, "REFRESH_TOKEN_REUSED"), reused
    ended = refresh(edge, third["refreshToken"])
    assert (ended.status, ended.reason) == (401, "REFRESH_TOKEN_INVALID"), ended
    wait_for(lambda: edge.call("GET", "/api/v1/me", key=third["accessToken"]).status == 401,
             "the session's access token still works", 10)


@pytest.fixture
def channel(edge):
    with grpc.insecure_channel(f"127.0.0.1:{edge.ports['gateway']}") as made:
        yield made


def bearer(key, *more):
    return (("authorization", f"Bearer {key}"), *more)


def forged_principal(edge, stubs, role, method):
    """An admin's principal for a method, signed by a key that Identity never listed."""
    me = edge.admin_call("GET", "/api/v1/me").json
    now = int(time.time() * 1000)
    principal = stubs.principal.Principal(
        organization=me["organization"].removeprefix("organizations/"), subject="users/" + str(uuid.uuid4()),
        kind="SUBJECT_KIND_USER", permissions=me["permissions"], source_address="127.0.0.1",
        strength="AUTHENTICATION_STRENGTH_BEARER", audience=role, method=method, issued_at_ms=now,
        expires_at_ms=now + 60_000).SerializeToString()
    signature = FOREIGN.sign(b"datavault.policy.v1.Principal\0" + principal)
    return stubs.principal.SignedPrincipal(
        key_id=str(uuid.uuid4()), principal=principal, signature=signature).SerializeToString()


USERS, METHOD = "/api/v1/users", "/datavault.identity.v1.UsersService/ListUsers"


def test_a_principal_from_outside_is_ignored_over_rest(edge, stubs):
    forged = base64.b64encode(forged_principal(edge, stubs, "ROLE_IDENTITY", METHOD)).decode()
    for value in (forged, "AAAA"):
        headers = {"datavault-principal-bin": value}
        nobody = edge.call("GET", USERS, headers=headers)
        assert (nobody.status, nobody.reason) == (401, "CREDENTIALS_MISSING"), nobody
        narrow = edge.make_key(scopes=["api_keys.read"])
        refused = edge.call("GET", USERS, key=narrow["secret"], headers=headers)
        assert (refused.status, refused.reason) == (403, "PERMISSION_MISSING"), refused
        me = edge.call("GET", "/api/v1/me", key=narrow["secret"], headers=headers)
        assert me.status == 200 and me.json["subject"] == narrow["apiKey"]["name"], me


def test_a_principal_from_outside_is_ignored_over_grpc(edge, stubs, channel):
    users = stubs.users_grpc.UsersServiceStub(channel)
    forged = ("datavault-principal-bin", forged_principal(edge, stubs, "ROLE_IDENTITY", METHOD))
    with pytest.raises(grpc.RpcError) as nobody:
        users.ListUsers(stubs.users.ListUsersRequest(), metadata=(forged,), timeout=30)
    assert nobody.value.code() == grpc.StatusCode.UNAUTHENTICATED, nobody.value
    narrow = edge.make_key(scopes=["api_keys.read"])
    with pytest.raises(grpc.RpcError) as refused:
        users.ListUsers(stubs.users.ListUsersRequest(), metadata=bearer(narrow["secret"], forged), timeout=30)
    assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED, refused.value
    me = users.GetMe(stubs.users.GetMeRequest(), metadata=bearer(narrow["secret"], forged), timeout=30)
    assert me.subject == narrow["apiKey"]["name"]


def test_grpc_passes_through_for_those_who_may(edge, stubs, channel):
    users = stubs.users_grpc.UsersServiceStub(channel)
    me = users.GetMe(stubs.users.GetMeRequest(), metadata=bearer(edge.first["key"]), timeout=30)
    assert me.organization.startswith("organizations/")
    notes = stubs.notes_grpc.NotesServiceStub(channel)
    made = notes.CreateNote(
        stubs.notes.CreateNoteRequest(note=stubs.notes.Note(text="hello there")),
        metadata=(("x-api-key", edge.first["key"]),), timeout=30)
    got = notes.GetNote(
        stubs.notes.GetNoteRequest(name=made.name), metadata=bearer(edge.first["key"]), timeout=30)
    assert got.text == "hello there"
    for metadata in ((), bearer("x"), bearer("dv_live_x")):
        with pytest.raises(grpc.RpcError) as refused:
            notes.GetNote(stubs.notes.GetNoteRequest(name=made.name), metadata=metadata, timeout=30)
        assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED, refused.value


def test_methods_among_roles_are_not_there_for_those_outside(edge, stubs, channel):
    trust = stubs.trust_grpc.TrustServiceStub(channel)
    calls = {
        "WatchCredentials": lambda m: list(trust.WatchCredentials(
            stubs.trust.WatchCredentialsRequest(), metadata=m, timeout=30)),
        "WatchPrincipalKeys": lambda m: list(trust.WatchPrincipalKeys(
            stubs.trust.WatchPrincipalKeysRequest(), metadata=m, timeout=30)),
        "RegisterPrincipalKey": lambda m: trust.RegisterPrincipalKey(
            stubs.trust.RegisterPrincipalKeyRequest(), metadata=m, timeout=30),
        "ReportKeyUsage": lambda m: trust.ReportKeyUsage(
            stubs.trust.ReportKeyUsageRequest(), metadata=m, timeout=30),
    }
    for name, call in calls.items():
        for metadata in ((), bearer(edge.first["key"])):
            with pytest.raises(grpc.RpcError) as refused:
                call(metadata)
            assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED, (name, refused.value)
        path = f"/datavault.identity.v1.TrustService/{name}"
        rest = edge.admin_call("POST", path, {})
        assert (rest.status, rest.reason) == (404, "ROUTE_UNKNOWN"), rest


def test_a_failed_log_in_does_not_tell_why(edge):
    user, disabled, keyless = edge.make_user(), edge.make_user(), edge.make_user(password="")
    assert edge.admin_call("PATCH", f"/api/v1/{disabled['name']}", {"state": "USER_STATE_DISABLED"}).status == 200
    tries = {
        "unknown address": (f"{uuid.uuid4()}@example.com", "some wrong password"),
        "no address": ("\0", "some wrong password"),
        "wrong password": (user["email"], "some wrong password"),
        "disabled": (disabled["email"], disabled["password"]),
        "no password": (keyless["email"], "some wrong password"),
    }
    seen = {}
    for name, (email, password) in tries.items():
        answer = edge.log_in(email, password)
        assert (answer.status, answer.reason) == (401, "LOGIN_FAILED"), (name, answer)
        told = {key.lower(): value for key, value in answer.headers.items()}
        for varying in ("x-request-id", "date", "ratelimit"):
            told.pop(varying, None)
        seen[name] = (answer.body, told)
    assert all(value == seen["wrong password"] for value in seen.values()), seen


def test_guessing_is_limited(own_edge):
    suite = own_edge(default_limits=True)
    assert suite.admin_call("GET", "/api/v1/me").status == 200
    answers = []
    for number in range(200):
        answers.append(suite.log_in(f"nobody{number}@example.com", "summer 2026 again"))
        if answers[-1].status == 429:
            break
    assert answers[-1].status == 429, answers[-1]
    assert len(answers) <= 30, f"{len(answers)} attempts before the first refusal"
    assert all(answer.status == 401 for answer in answers[:-1])
    assert answers[-1].reason in ("RATE_LIMITED", "LOGIN_BUSY"), answers[-1]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert answers[-1].headers["RateLimit"] and answers[-1].headers["RateLimit-Policy"]
    # Whose key was good lately goes on, from the same address.
    assert suite.admin_call("GET", "/api/v1/me").status == 200


def test_a_body_that_comes_too_slowly_is_cut_off(own_edge):
    suite = own_edge(**{"gateway.edge.body-rate": 100, "gateway.edge.body-rate-grace": "1s",
                        "gateway.edge.request-timeout": "10s"})
    key = suite.first["key"]
    with socket.create_connection(("127.0.0.1", suite.ports["gateway"]), 10) as one:
        one.sendall(f"POST /api/v1/users HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n"
                    "Content-Type: application/json\r\nContent-Length: 60\r\n\r\n".encode())
        one.settimeout(1)
        begin, received = time.monotonic(), b""
        while time.monotonic() - begin < 40:
            try:
                one.sendall(b" ")
                if not (chunk := one.recv(65536)):
                    break
                received += chunk
            except TimeoutError:
                continue
            except OSError:
                break
        took = time.monotonic() - begin
    assert received.startswith(b"HTTP/1.1 408"), received
    assert b"REQUEST_TIMEOUT" in received and took < 30, (took, received)
    assert suite.admin_call("GET", "/api/v1/me").status == 200


def curl(edge, *words):
    done = subprocess.run(
        ["curl", "-sS", "--http2-prior-knowledge", "-w", "\n%{http_version} %{http_code}", *words], capture_output=True,
        text=True, timeout=60)
    assert done.returncode == 0, done
    body, _, last = done.stdout.rpartition("\n")
    version, status = last.split()
    assert version == "2"
    return int(status), json.loads(body) if body else None


def test_http2_is_asked_the_same_questions(edge, stubs):
    """curl speaks HTTP/2 by nghttp2; the fields that only HTTP/1.1 has are no way around the length of a body."""
    url = f"{edge.url()}/api/v1/me"
    me = edge.admin_call("GET", "/api/v1/me").json
    good = ("-H", f"Authorization: Bearer {edge.first['key']}")
    assert curl(edge, *good, url) == (200, me)
    forged = base64.b64encode(forged_principal(edge, stubs, "ROLE_IDENTITY", METHOD)).decode()
    status, body = curl(edge, "-H", f"datavault-principal-bin: {forged}", f"{edge.url()}{USERS}")
    assert (status, body["details"][0]["reason"]) == (401, "CREDENTIALS_MISSING"), body
    assert curl(edge, *good, "-H", f"datavault-principal-bin: {forged}", url) == (200, me)
    status, body = curl(edge, "-H", "Authorization: Bearer dv_live_x", url)
    assert (status, body["details"][0]["reason"]) == (401, "API_KEY_INVALID"), body


def test_heads_that_are_too_large_have_the_same_answer_over_http2(edge):
    long, many = ("-H", f"x-long: {'x' * 20_000}"), [word for n in range(120) for word in ("-H", f"x-{n}: y")]
    for words in (long, many):
        status, body = curl(edge, *words, f"{edge.url()}/api/v1/me")
        assert (status, body["details"][0]["reason"]) == (431, "HEADER_TOO_LARGE"), body
        headers = dict(word.split(": ") for word in words if word != "-H")
        old = edge.call("GET", "/api/v1/me", headers=headers)
        assert (old.status, old.json) == (431, body), old
    status, body = curl(edge, f"{edge.url()}/{'x' * 60_000}")
    assert (status, body["details"][0]["reason"]) == (414, "TARGET_TOO_LONG"), body
    # In the form that is asked for, too.
    done = subprocess.run(
        ["curl", "-sSi", "--http2-prior-knowledge", "-H", "Accept: application/problem+json", *long,
         f"{edge.url()}/api/v1/me"], capture_output=True, text=True, timeout=60, check=True)
    assert "HTTP/2 431" in done.stdout and "content-type: application/problem+json" in done.stdout, done.stdout
    assert curl(edge, "-H", f"Authorization: Bearer {edge.first['key']}", f"{edge.url()}/api/v1/me")[0] == 200


def test_a_body_that_comes_too_slowly_is_cut_off_over_http2(own_edge):
    suite = own_edge(**{"gateway.edge.body-rate": 100, "gateway.edge.body-rate-grace": "1s",
                        "gateway.edge.request-timeout": "10s"})
    fields = [(":method", "POST"), (":scheme", "http"), (":path", "/api/v1/users"), (":authority", "a"),
              ("authorization", f"Bearer {suite.first['key']}"), ("content-type", "application/json")]
    with h2.Attacker(suite.ports["gateway"]) as client:
        slow = client.stream()
        client.exchange(client.headers(slow, [*fields, ("content-length", "60")]))
        begin = time.monotonic()
        while slow not in client.replies() and not client.resets() and time.monotonic() - begin < 40:
            client.exchange(h2.frame(h2.DATA, 0, slow, b" "), seconds=0.5)
        took = time.monotonic() - begin
        assert client.replies().get(slow, {}).get(":status") == "408", client.frames
        assert b"REQUEST_TIMEOUT" in b"".join(f[3] for f in client.frames if f[0] == h2.DATA)
        assert took < 30, took
        # The connection's other requests do not feel it.
        good = client.stream()
        head = [(":method", "GET"), (":scheme", "http"), (":path", "/api/v1/me"), (":authority", "a"), fields[4]]
        client.exchange(client.headers(good, head, end=True), until=lambda: good in client.replies(), seconds=10)
        assert client.replies()[good][":status"] == "200"
    assert suite.admin_call("GET", "/api/v1/me").status == 200
