"""REST as integrators see it: routes, errors, masks, streams and limits, on both forms of the suite."""

import gzip
import json
import socket
import uuid

import pytest
from conftest import wait_for


def test_the_first_admin_is_who_it_says(edge):
    me = edge.admin_call("GET", "/api/v1/me")
    assert me.status == 200, me
    assert me.json["organization"].startswith("organizations/")
    assert "users.write" in me.json["permissions"] and "tenants.manage" in me.json["permissions"]


def test_people_come_log_in_and_go(edge):
    user = edge.make_user(roles=["MEMBER_ROLE_EDITOR"])
    tokens = edge.log_in(user["email"], user["password"])
    assert tokens.status == 200, tokens
    me = edge.call("GET", "/api/v1/me", key=tokens.json["accessToken"])
    assert me.json["subject"] == user["name"]
    assert "users.write" not in me.json["permissions"]
    refused = edge.call("POST", "/api/v1/users", {"user": {"email": "x@example.com"}}, key=tokens.json["accessToken"])
    assert (refused.status, refused.reason) == (403, "PERMISSION_MISSING"), refused
    assert edge.admin_call("DELETE", f"/api/v1/{user['name']}").status == 200
    gone = edge.admin_call("GET", f"/api/v1/{user['name']}")
    assert (gone.status, gone.reason) == (404, "RESOURCE_UNKNOWN")
    assert edge.log_in(user["email"], user["password"]).status == 401


def test_a_patch_changes_what_it_names_and_nothing_else(edge):
    user = edge.make_user()
    changed = edge.admin_call("PATCH", f"/api/v1/{user['name']}", {"displayName": "Ada"})
    assert changed.status == 200, changed
    assert (changed.json["displayName"], changed.json["email"]) == ("Ada", user["email"])
    emptied = edge.admin_call("PATCH", f"/api/v1/{user['name']}?updateMask=displayName", {})
    assert emptied.status == 200 and "displayName" not in emptied.json, emptied


def test_pages_follow_each_other(edge):
    made = {edge.make_user()["name"] for _ in range(3)}
    found, token = [], ""
    while True:
        page = edge.admin_call("GET", f"/api/v1/users?pageSize=2&pageToken={token}")
        assert page.status == 200, page
        found += [user["name"] for user in page.json["users"]]
        token = page.json.get("nextPageToken", "")
        if not token:
            break
    assert made <= set(found) and len(found) == len(set(found))


def test_the_same_request_again_changes_once(edge):
    key = str(uuid.uuid4())
    body = {"user": {"email": f"{key}@example.com"}}
    first = edge.admin_call("POST", "/api/v1/users", body, headers={"Idempotency-Key": key})
    again = edge.admin_call("POST", "/api/v1/users", body, headers={"Idempotency-Key": key})
    assert first.status == again.status == 200 and first.json == again.json
    other = edge.admin_call(
        "POST", "/api/v1/users", {"user": {"email": f"b{key}@example.com"}}, headers={"Idempotency-Key": key})
    assert (other.status, other.reason) == (409, "REQUEST_ID_REUSED")


ERRORS = [
    ("GET", "/api/v1/nothing", None, {}, 404, "ROUTE_UNKNOWN"),
    ("PUT", "/api/v1/users", {}, {}, 405, "METHOD_NOT_ALLOWED"),
    ("GET", f"/api/v1/users/{uuid.UUID(int=0)}:setPassword", None, {}, 405, "METHOD_NOT_ALLOWED"),
    ("POST", "/api/v1/users", {"user": {"email": "no address"}}, {}, 400, "FIELDS_INVALID"),
    ("POST", "/api/v1/users", {"user": {"emial": "a@example.com"}}, {}, 400, "BODY_INVALID"),
    ("GET", "/api/v1/users?pageSize=x", None, {}, 400, "PARAMETER_INVALID"),
    ("GET", "/api/v1/users?unknown=1", None, {}, 400, "PARAMETER_INVALID"),
    ("GET", "/api/v1/users", None, {"Accept": "image/png"}, 406, "NOT_ACCEPTABLE"),
    ("POST", "/api/v1/users", {}, {"Content-Type": "text/plain"}, 415, "MEDIA_TYPE_UNSUPPORTED"),
    ("POST", "/api/v1/users", {}, {"Content-Encoding": "gzip"}, 415, "MEDIA_TYPE_UNSUPPORTED"),
    ("POST", "/api/v1/users", {}, {"Idempotency-Key": "7"}, 400, "IDEMPOTENCY_KEY_INVALID"),
]


@pytest.mark.parametrize("method, path, body, headers, status, reason", ERRORS)
@pytest.mark.parametrize("form", ["application/json", "application/json, application/problem+json"])
def test_errors_say_what_is_wrong(edge, method, path, body, headers, status, reason, form):
    answer = edge.admin_call(method, path, body, headers={"Accept": form} | headers)
    assert (answer.status, answer.reason) == (status, reason), answer
    if "Accept" not in headers:
        assert answer.headers["Content-Type"].split(";")[0] == form.split(", ")[-1]
    if status == 405:
        allowed = {"GET", "HEAD", "POST", "OPTIONS"} if path == "/api/v1/users" else {"POST", "OPTIONS"}
        assert set(answer.headers["Allow"].replace(" ", "").split(",")) == allowed


def test_nobody_is_let_in_without_credentials(edge):
    for headers in ({}, {"Authorization": "Bearer x"}, {"X-API-Key": "dv_live_x"}, {"Authorization": "Basic YTpi"}):
        answer = edge.call("GET", "/api/v1/users", headers=headers)
        assert answer.status == 401, (headers, answer)
        assert "WWW-Authenticate" in answer.headers


def test_answers_carry_what_browsers_and_proxies_should_know(edge):
    answer = edge.admin_call("GET", "/api/v1/me")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Request-Id"]
    assert "RateLimit" in answer.headers and "RateLimit-Policy" in answer.headers
    assert "Server" not in answer.headers


def test_large_and_deep_bodies_are_refused(edge):
    large = edge.admin_call("POST", "/api/v1/users", raw=b'{"user":{"email":"' + b"a" * (8 << 20) + b'"}}',
                            headers={"Content-Type": "application/json"})
    assert (large.status, large.reason) == (413, "BODY_TOO_LARGE")
    for raw in (b"[" * 100_000, b'{"user":' * 100_000, b'{"user":{"email":"\xff\xfe"}}', b'{"user":'):
        answer = edge.admin_call("POST", "/api/v1/users", raw=raw, headers={"Content-Type": "application/json"})
        assert (answer.status, answer.reason) == (400, "BODY_INVALID"), (raw[:20], answer)


def test_one_organization_sees_nothing_of_another(edge):
    other = edge.make_organization()
    mine = edge.make_user()
    key = edge.make_key()["apiKey"]
    for path in (mine["name"], mine["name"].replace("users", "members"), key["name"],
                 edge.admin_call("GET", "/api/v1/me").json["organization"]):
        seen = edge.call("GET", f"/api/v1/{path}", key=other["token"])
        assert (seen.status, seen.reason) == (404, "RESOURCE_UNKNOWN"), (path, seen)
    revoked = edge.call("POST", f"/api/v1/{key['name']}:revoke", {}, key=other["token"])
    assert (revoked.status, revoked.reason) == (404, "RESOURCE_UNKNOWN")
    assert edge.admin_call("GET", f"/api/v1/{key['name']}").json["state"] == "API_KEY_STATE_ACTIVE"
    names = [user["name"] for user in edge.call("GET", "/api/v1/users", key=other["token"]).json["users"]]
    assert len(names) == 1


def test_the_last_admin_stays(edge):
    other = edge.make_organization()
    admin = edge.call("GET", "/api/v1/users", key=other["token"]).json["users"][0]
    member = admin["name"].replace("users", "members")
    for method, path, body in (
        ("DELETE", admin["name"], None), ("PATCH", member, {"roles": ["MEMBER_ROLE_VIEWER"]}),
        ("PATCH", admin["name"], {"state": "USER_STATE_DISABLED"}),
    ):
        answer = edge.call(method, f"/api/v1/{path}", body, key=other["token"])
        assert (answer.status, answer.reason) == (400, "LAST_ADMIN"), answer


def test_keys_can_do_no_more_than_their_makers(edge):
    viewer = edge.make_user()
    token = edge.log_in(viewer["email"], viewer["password"]).json["accessToken"]
    refused = edge.call("POST", "/api/v1/api-keys", {"displayName": "x"}, key=token)
    assert (refused.status, refused.reason) == (403, "PERMISSION_MISSING")
    narrow = edge.make_key(scopes=["users.read", "api_keys.write"])
    wide = edge.call("POST", "/api/v1/api-keys", {"displayName": "x", "scopes": ["users.write"]}, key=narrow["secret"])
    assert (wide.status, wide.reason) == (403, "PERMISSION_NOT_HELD"), wide
    assert edge.call("GET", "/api/v1/users", key=narrow["secret"]).status == 200
    write = edge.call("POST", "/api/v1/users", {"user": {"email": "x@example.com"}}, key=narrow["secret"])
    assert (write.status, write.reason) == (403, "PERMISSION_MISSING")


def test_a_key_is_used_from_its_networks_only(edge):
    key = edge.make_key(allowedNetworks=["192.0.2.0/24"], usable=False)
    wait_for(lambda: edge.call("GET", "/api/v1/me", key=key["secret"]).reason == "ADDRESS_REFUSED", "not refused", 10)
    here = edge.make_key(allowedNetworks=["127.0.0.0/8"])
    assert edge.call("GET", "/api/v1/me", key=here["secret"]).status == 200


def test_notes_of_a_service_behind_the_edge(edge):
    made = edge.admin_call("POST", "/api/v1/notes", {"text": "hello there"})
    assert made.status == 200, made
    assert edge.admin_call("GET", f"/api/v1/{made.json['name']}").json["text"] == "hello there"


def raw(edge, data):
    """What the edge answers to bytes that no client library would send."""
    with socket.create_connection(("127.0.0.1", edge.ports["gateway"]), 10) as one:
        one.sendall(data)
        one.settimeout(10)
        received = b""
        try:
            while chunk := one.recv(65536):
                received += chunk
        except (TimeoutError, ConnectionResetError):
            pass
        return received


SMUGGLED = {
    "length and chunks": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
    "a signed length": b"Content-Length: +2\r\n\r\n{}",
    "an odd coding": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked twice": b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "a folded line": b"X-A: b\r\n c\r\nContent-Length: 2\r\n\r\n{}",
    "a space before the colon": b"Content-Length : 2\r\n\r\n{}",
    "a bad chunk size": b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    "two hosts": b"Host: b\r\nContent-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_requests_that_two_servers_could_read_differently_are_refused(edge, name):
    follower = b"GET /api/v1/jwks HTTP/1.1\r\nHost: a\r\n\r\n"
    received = raw(edge, b"POST /api/v1/sessions:logIn HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                   + SMUGGLED[name] + follower)
    assert received.startswith(b"HTTP/1.1 400"), received[:300]
    # The connection ends there: nothing after it is taken for a request.
    assert received.count(b"HTTP/1.1 ") == 1, received


def test_problems_are_json_that_programs_decide_by(edge):
    answer = edge.call("GET", "/api/v1/users", headers={"Accept": "application/json, application/problem+json"})
    assert answer.json["status"] == 401 and answer.json["domain"] == "datavault.gateway.v1"
    assert json.loads(answer.body)["reason"] == "CREDENTIALS_MISSING"


def test_a_compressed_body_is_told_what_is_taken(edge):
    """RFC 7694: the answer says which codings are; other refusals of the same status say nothing of them."""
    body = gzip.compress(json.dumps({"text": "hello"}).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    refused = edge.admin_call("POST", "/api/v1/notes", raw=body, headers=headers)
    assert (refused.status, refused.reason) == (415, "MEDIA_TYPE_UNSUPPORTED"), refused
    assert refused.headers["Accept-Encoding"] == "identity"
    made = edge.admin_call("POST", "/api/v1/notes", {"text": "hello"}, headers={"Content-Encoding": "identity"})
    assert made.status == 200, made
    plain = edge.admin_call("POST", "/api/v1/notes", raw=b"hello", headers={"Content-Type": "text/plain"})
    assert plain.status == 415 and "Accept-Encoding" not in plain.headers, plain


def test_networks_with_bits_beyond_their_prefix_are_refused(edge):
    refused = edge.admin_call("POST", "/api/v1/api-keys", {"displayName": "k", "allowedNetworks": ["10.1.2.3/8"]})
    assert (refused.status, refused.reason) == (400, "NETWORK_INVALID"), refused
    assert "10.0.0.0/8" in refused.json["message"] and "10.1.2.3" in refused.json["message"], refused
