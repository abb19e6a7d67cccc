"""What the audit log keeps of a person can be erased: afterwards neither an export nor the database has a trace of it, the
tree is as it was, and what is kept of others can be read."""

import base64
import glob
import json
import pathlib
import sqlite3
import subprocess

import pytest

import merkle
from running import COMMAND_TIMEOUT, command, wait_for
from signed import Refused

PASSWORD = "seven grey herons wade upstream"
OLD, NEW = "ada.erasable@example.com", "augusta.erasable@example.org"
NAMES = ("Ada Erasable", "Augusta Erasable", "Ada's erasable laptop")
NETWORKS = ("127.0.0.0/8", "2001:db8:ada::/48")
ADAS = (OLD, NEW, *NAMES, NETWORKS[1])
OTHER = "bob.remaining@example.com"
# All that Identity tells of a person, from the beginning to the end.
ACTIONS = {
    "user.create", "user.update", "user.delete", "user.set_password", "user.change_password", "member.create",
    "member.update", "member.delete", "session.log_in", "session.refresh", "session.delete", "api_key.create",
    "api_key.update", "api_key.rotate", "api_key.rotate_signing_secret", "api_key.revoke",
}


class Database:
    """Compliance's database, as somebody sees it who has all of it."""

    def __init__(self, suite):
        self.url = suite.settings.get("compliance.store.url")
        self.path = suite.folder / "compliance.db"

    def bytes(self):
        """Everything: a dump, or the files."""
        if self.url:
            done = subprocess.run(["pg_dump", self._owner()], capture_output=True, timeout=COMMAND_TIMEOUT)
            assert done.returncode == 0, done.stderr
            return done.stdout
        return b"".join(pathlib.Path(path).read_bytes() for path in glob.glob(f"{self.path}*"))

    def subjects(self):
        sql = "SELECT subject FROM audit_subject_keys"
        if self.url:
            done = subprocess.run(
                ["psql", "-X", "-A", "-t", self._owner(), "-c", sql], capture_output=True, text=True,
                timeout=COMMAND_TIMEOUT)
            assert done.returncode == 0, done.stderr
            return set(done.stdout.split())
        with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True) as connection:
            return {row[0] for row in connection.execute(sql)}

    def _owner(self):
        """Row-level security hides rows of all organizations from those who work with the tables."""
        before, _, rest = self.url.partition("//")
        return f"{before}//postgres:{rest.partition(':')[2]}"


def life(tenant):
    """A person joins, works, changes and leaves. Gives the person's name and the key's."""
    ada = tenant.post("/api/v1/users", {
        "user": {"email": OLD, "displayName": NAMES[0]}, "roles": ["MEMBER_ROLE_ADMIN"], "password": PASSWORD})
    tenant.call("PATCH", f"/api/v1/{ada['name']}", {"email": NEW, "displayName": NAMES[1]})
    member = ada["name"].replace("users/", "members/")
    tenant.call("PATCH", f"/api/v1/{member}", {"roles": ["MEMBER_ROLE_ADMIN", "MEMBER_ROLE_EDITOR"]})
    with pytest.raises(Refused):
        tenant.bare("POST", "/api/v1/sessions:logIn", {"email": NEW, "password": "not the right one at all"})

    def log_in(password):
        return tenant.bare("POST", "/api/v1/sessions:logIn", {"email": NEW, "password": password}).json()

    tokens = log_in(PASSWORD)
    tokens = tenant.bare("POST", "/api/v1/sessions:refresh", {"refreshToken": tokens["refreshToken"]}).json()
    token = tokens["accessToken"]
    key = tenant.bare("POST", "/api/v1/api-keys", {"displayName": NAMES[2]}, token=token).json()["apiKey"]
    tenant.call("PATCH", f"/api/v1/{key['name']}", {"allowedNetworks": list(NETWORKS)})
    tenant.post(f"/api/v1/{key['name']}:rotate", {})
    tenant.post(f"/api/v1/{key['name']}:rotateSigningSecret", {})
    tenant.bare(
        "POST", "/api/v1/me:changePassword", {"oldPassword": PASSWORD, "newPassword": f"{PASSWORD} again"}, token=token)
    tenant.post(f"/api/v1/{ada['name']}:setPassword", {"password": f"{PASSWORD} anew"})
    tenant.call("DELETE", f"/api/v1/{log_in(f'{PASSWORD} anew')['session']}")
    tenant.call("DELETE", f"/api/v1/{ada['name']}")
    return ada["name"], key["name"]


def export(tenant, keys):
    """An export with all that can be read, verified, and what is open in it."""
    raw = tenant.download("/api/v1/audit-logs:export?withPersonal=true").content
    report = merkle.verify_export(raw, keys)
    return raw, report, {(subject, name, value) for _, name, subject, value in report.opened}


def leaves(raw):
    """An export's leaves as bytes."""
    return [base64.b64decode(json.loads(line)["leaf"]) for line in raw.splitlines()[1:-1]]


def clear(raw, report):
    """All that an export has, with what is encoded in it."""
    return b"\n".join([raw, *leaves(raw), *(value.encode() for _, _, _, value in report.opened)])


def traces(data):
    """Which of the person's texts there are in something, in clear, as base64 or as hexadecimal digits."""
    forms = {
        text: (text.encode(), base64.b64encode(text.encode()).rstrip(b"="), text.encode().hex().encode())
        for text in ADAS}
    return {text for text, some in forms.items() if any(form in data for form in some)}


def test_an_erased_person_leaves_no_trace(tenant, suite, tmp_path):
    database = Database(suite)
    bob = tenant.post("/api/v1/users", {"user": {"email": OTHER, "displayName": "Bob Remaining"}})["name"]
    ada, key = life(tenant)

    def told():
        entries = list(tenant.list("/api/v1/audit-logs", "auditLogs"))
        # Failed log-ins are told within a second.
        has_failed = any(entry.get("denial", {}).get("reason") == "LOGIN_FAILED" for entry in entries)
        return has_failed and {entry["action"] for entry in entries} >= ACTIONS

    wait_for(told, lambda: f"the log lacks some of {ACTIONS}", 60)
    verifiers = tenant.get("/api/v1/audit-logs:keys")["keys"]
    keys = [merkle.Key.parse(one["verifier"]) for one in verifiers]
    raw, before, opened = export(tenant, keys)

    # All of it is there and can be read, under the person's name, and none of it in clear.
    of_ada = {(name, value) for subject, name, value in opened if subject == ada}
    assert of_ada >= {
        ("after.email", OLD), ("before.email", OLD), ("after.email", NEW), ("before.email", NEW),
        ("after.display_name", NAMES[0]), ("after.display_name", NAMES[1]), ("before.display_name", NAMES[1]),
        ("after.display_name", NAMES[2]), ("after.allowed_networks", ", ".join(NETWORKS)),
        ("source_address", "127.0.0.1"),
    }, of_ada
    failed = [leaf for leaf in before.leaves if leaf.denial == ("UNAUTHENTICATED", "LOGIN_FAILED")]
    assert [[value.name for value in leaf.personal] for leaf in failed] == [["source_address"]]
    assert traces(clear(raw, before)) == set(ADAS)
    old = leaves(raw)
    assert not traces(b"".join(old)) and not traces(database.bytes())
    assert ada in database.subjects()

    tenant.post("/api/v1/audit-logs:eraseSubject", {"subject": ada})

    raw, after, opened = export(tenant, keys)
    assert not traces(clear(raw, after)) and not traces(database.bytes())
    assert ada not in database.subjects() and not [value for value in opened if value[0] == ada]
    assert {(bob, "after.email", OTHER), (bob, "after.display_name", "Bob Remaining")} <= opened
    # No entry has changed, and others stand behind them.
    assert leaves(raw)[: len(old)] == old and after.end > len(old)
    assert not traces(json.dumps(list(tenant.list("/api/v1/audit-logs", "auditLogs"))).encode())

    # Both verifiers say so, with the key that the installation names.
    file = tmp_path / "audit.ndjson"
    file.write_bytes(raw)
    command("audit", "verify", file, "--key", verifiers[0]["verifier"])

    # Nothing is left to erase, and the list says why a value is not shown.
    with pytest.raises(Refused) as refused:
        tenant.post("/api/v1/audit-logs:eraseSubject", {"subject": ada})
    assert (refused.value.status, refused.value.reason) == (404, "SUBJECT_UNKNOWN")
    made = next(
        entry for entry in tenant.list("/api/v1/audit-logs?action=user.create", "auditLogs") if entry["resource"] == ada)
    states = {value["name"]: value["state"] for value in made["personal"]}
    assert states["after.email"] == "PERSONAL_VALUE_STATE_ERASED"
    assert states["source_address"] == "PERSONAL_VALUE_STATE_SHOWN"
