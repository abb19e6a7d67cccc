"""What operators look at: how fresh a gateway's credentials are, how long log-ins wait, what has not been delivered."""

import re
import time
import urllib.request

from conftest import wait_for


def metrics(suite, role):
    """The values at a role's admin port, by series as they stand in the text format."""
    with urllib.request.urlopen(f"http://127.0.0.1:{suite.admin[role]}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    return {name: float(value) for name, value in re.findall(r"^(\w+(?:\{[^\n]*\})?) (\S+)$", text, re.MULTILINE)}


def test_gauges_tell_what_is_amiss(own_edge, postgres):
    suite = own_edge(postgres=postgres, **{
        "identity.trust.heartbeat": "500ms", "identity.trust.silence-limit": "3s", "identity.password.threads": "1"})
    made = suite.make_key()
    found = metrics(suite, "gateway")
    assert found["datavault_gateway_credentials_fresh"] == 1
    assert 0 <= found["datavault_gateway_credentials_age_seconds"] < 3
    assert found["datavault_gateway_credentials_keys"] == 2
    # A log-in leaves its wait, and no queue behind it.
    user = suite.make_user()
    assert suite.log_in(user["email"], user["password"]).status == 200
    found = metrics(suite, "identity")
    assert found["datavault_identity_password_threads"] == 1
    assert found["datavault_identity_password_queue"] == found["datavault_identity_password_running"] == 0
    assert found["datavault_identity_password_wait_seconds_count"] >= 2
    # Without Compliance audit events wait, and it shows.
    labels = '{destination="audit",store="identity"}'
    count, age = f"datavault_outbox_waiting_messages{labels}", f"datavault_outbox_oldest_age_seconds{labels}"
    compliance = suite.process("compliance")
    compliance.kill()
    suite.make_user()
    waiting = wait_for(lambda: metrics(suite, "identity").get(count, 0) >= 2 and metrics(suite, "identity"),
                       "nothing waits", 60)
    assert 0 < waiting[age] < 60, waiting[age]
    compliance.start()
    wait_for(lambda: metrics(suite, "identity")[count] == metrics(suite, "identity")[age] == 0, "it waits still", 90)
    # Without Identity the gateway grows deaf, and says so before it is asked for anything.
    identity = suite.process("identity")
    identity.kill()
    wait_for(lambda: metrics(suite, "gateway")["datavault_gateway_credentials_fresh"] == 0, "still fresh", 30)
    begin = metrics(suite, "gateway")["datavault_gateway_credentials_age_seconds"]
    assert begin >= 3
    time.sleep(0.5)
    assert metrics(suite, "gateway")["datavault_gateway_credentials_age_seconds"] > begin
    identity.start()
    wait_for(lambda: metrics(suite, "gateway")["datavault_gateway_credentials_fresh"] == 1, "not fresh again", 60)
    assert suite.call("GET", "/api/v1/me", key=made["secret"]).status == 200
