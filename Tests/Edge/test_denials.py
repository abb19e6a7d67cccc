"""What the gateway refuses for a missing permission stands in the audit log, as what a service refuses does."""

import time
import uuid

import grpc
import pytest
from conftest import wait_for
from test_attacks import bearer, channel  # noqa: F401
from test_gauges import metrics

COUNTER = 'datavault_gateway_denials_total{{kind="{}"}}'


def denials(edge, actor):
    found = edge.admin_call("GET", f"/api/v1/audit-logs?actor={actor}&outcome=AUDIT_OUTCOME_DENIED&pageSize=1000")
    assert found.status == 200, found
    return found.json.get("auditLogs", [])


def test_what_is_refused_is_recorded(edge, stubs, channel):
    viewer = edge.make_user()
    token = edge.log_in(viewer["email"], viewer["password"]).json["accessToken"]
    key = edge.make_key(scopes=["api_keys.read"])
    for name, secret in ((viewer["name"], token), (key["apiKey"]["name"], key["secret"])):
        tries = {
            "user.create": ("POST", "/api/v1/users", {"user": {"email": "x@example.com"}}),
            "user.delete": ("DELETE", f"/api/v1/{viewer['name']}", None),
            "api_key.create": ("POST", "/api/v1/api-keys", {"displayName": 7, "nothing": "of this kind"}),
            "audit_subject.erase": ("POST", "/api/v1/audit-logs:eraseSubject", {"subject": viewer["name"]}),
        }
        requests = {action: f"denial-{uuid.uuid4()}" for action in tries}
        for action, (method, path, body) in tries.items():
            refused = edge.call(method, path, body, key=secret, headers={"X-Request-Id": requests[action]})
            assert (refused.status, refused.reason) == (403, "PERMISSION_MISSING"), refused
            assert refused.headers["x-request-id"] == requests[action]
        users = stubs.users_grpc.UsersServiceStub(channel)
        with pytest.raises(grpc.RpcError) as refused:
            users.CreateUser(stubs.users.CreateUserRequest(), metadata=bearer(secret), timeout=30)
        assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED, refused.value
        found = wait_for(
            lambda: len(denials(edge, name)) > len(tries) and denials(edge, name),
            lambda: f"{denials(edge, name)} of {tries}", 60)
        assert sorted(each["action"] for each in found) == sorted([*tries, "user.create"])
        assert {(each["denial"]["code"], each["denial"]["reason"]) for each in found} == {
            ("PERMISSION_DENIED", "PERMISSION_MISSING")}
        assert {each["action"]: each["requestId"] for each in found if each["requestId"] in requests.values()} == requests
    # Reading leaves no event, and so does being refused to read.
    assert edge.call("GET", "/api/v1/users", key=key["secret"]).status == 403
    assert edge.admin_call("GET", f"/api/v1/{viewer['name']}").status == 200


def test_a_flood_of_refusals_does_not_flood_the_log(own_edge):
    suite = own_edge(**{"gateway.limits.caller-denial-rate": 0.01, "gateway.limits.caller-denial-burst": 5})
    key = suite.make_key(scopes=["api_keys.read"])
    begin = time.monotonic()
    for _ in range(40):
        refused = suite.call("POST", "/api/v1/users", {}, key=key["secret"])
        assert (refused.status, refused.reason) == (403, "PERMISSION_MISSING"), refused
    most = 5 + int((time.monotonic() - begin) * 0.01)
    found = metrics(suite, "gateway")
    assert 5 <= found[COUNTER.format("recorded")] <= most
    assert found[COUNTER.format("beyond_limit")] == 40 - found[COUNTER.format("recorded")]
    wait_for(lambda: len(denials(suite, key["apiKey"]["name"])) >= 5, "the refusals are not told", 60)
    assert len(denials(suite, key["apiKey"]["name"])) <= most
