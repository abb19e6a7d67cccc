"""The whole suite doing its main job on real sites, called as integrators call it: signed JSON over HTTP.

Two forms: everything in one process on SQLite, with no configuration but the network that it may fetch from, and five
processes with mutual TLS on PostgreSQL (each role its own database, and a user who owns nothing in it) and Redis.
"""

import json
import pathlib
import sys
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Support")]

from running import Nginx, Postgres, Process, Redis, command, free_port, sets, wait_for  # noqa: E402
from signed import Caller  # noqa: E402

ROLES = ("identity", "compliance", "scrape", "pipeline", "gateway")
PASSWORD = "seven grey herons wade upstream"
HANDBOOK = pathlib.Path("/usr/share/doc/debian-handbook/html")
APACHE = pathlib.Path("/usr/share/doc/apache2-doc/manual")


class Suite:
    """A running suite."""

    def __init__(self, folder, postgres=None, redis=None, **more):
        self.folder = pathlib.Path(folder)
        self.ports = {role: free_port() for role in ROLES}
        self.admin = {role: free_port() for role in ROLES}
        # All calls come from one address here.
        self.settings = {
            "data.folder": folder, "gateway.limits.address-rate": 10000, "gateway.limits.address-burst": 100000,
            "gateway.limits.caller-rate": 10000, "gateway.limits.caller-burst": 100000,
            "gateway.limits.organization-rate": 10000, "gateway.limits.organization-burst": 100000,
            "identity.login.source-failures": 10000,
            # Nobody waits an hour here.
            "compliance.audit.checkpoint-interval": "1s",
        }
        for role in ROLES:
            self.settings[f"{role}.listen"] = f"127.0.0.1:{self.ports[role]}"
            self.settings[f"{role}.admin.listen"] = f"127.0.0.1:{self.admin[role]}"
        self.settings |= more
        self.processes = {}
        try:
            if postgres:
                self._start_apart(postgres, redis)
            else:
                self.processes["suite"] = Process(
                    ("up", "--allow-address", "127.0.0.1/32", "--no-first-run"), self.settings)
            self.wait()
            # Signatures tell whole seconds, and what may be older than the memory of nonces is refused.
            time.sleep(1.1)
        except BaseException:
            self.end()
            raise
        self.first = json.loads((self.folder / "first-admin.json").read_text())
        self.admin_caller = self.caller(self.first["key_name"], self.first["signing_secret"])

    def _start_apart(self, postgres, redis):
        command("keys", "development", "--out", f"{self.folder}/keys")
        self.settings["scrape.outbound.allow-addresses"] = "127.0.0.1/32"
        self.settings["gateway.redis"] = redis.url
        for role in ROLES:
            for peer in ROLES:
                if peer != "gateway":
                    self.settings.setdefault(f"{role}.peers.{peer}", f"127.0.0.1:{self.ports[peer]}")
        known = {entry["name"] for entry in json.loads(command("config", "reference", "--format", "json"))}
        self.settings = {
            name: value for name, value in self.settings.items() if ".peers." not in name or name in known}
        for role in ROLES[:-1]:
            self.settings |= postgres.databases(role)
            command("migrate", role, "up", *sets(self.settings))
        # What owns tables is not at hand while the suite runs.
        self.settings = {name: value for name, value in self.settings.items() if not name.endswith("migration-url")}
        for role in ROLES:
            self.processes[role] = Process(("serve", role), self.settings)

    def process(self, role):
        return self.processes.get(role) or self.processes["suite"]

    def wait(self, *roles):
        for role in roles or ROLES:
            wait_for(lambda: self.process(role).ready(self.admin[role]), lambda: f"{role} is not ready:\n{self.text}")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.ports['gateway']}"

    @property
    def text(self):
        return "\n".join(f"--- {name}\n{process.text}" for name, process in self.processes.items())

    def end(self):
        for process in self.processes.values():
            process.end()

    def caller(self, key_name, signing_secret):
        return Caller(self.url, key_name.removeprefix("api-keys/"), signing_secret)

    def tenant(self, scopes=None):
        """An organization of its own: made by the operator, its admin logs in and makes a key that signs."""
        email = f"admin-{free_port()}-{time.monotonic_ns()}@example.com"
        made = self.admin_caller.post("/api/v1/organizations", {
            "organization": {"displayName": "Tenant"}, "admin": {"email": email}, "adminPassword": PASSWORD})
        token = self.admin_caller.bare("POST", "/api/v1/sessions:logIn", {"email": email, "password": PASSWORD}).json()
        key = self.admin_caller.bare(
            "POST", "/api/v1/api-keys", {"displayName": "integrator"} | ({"scopes": scopes} if scopes else {}),
            token=token["accessToken"]).json()
        caller = self.caller(key["apiKey"]["name"], key["signingSecret"])
        caller.organization = made["organization"]["name"] if "organization" in made else made["name"]
        caller.token, caller.email, caller.key = token["accessToken"], email, key
        # Gateways hear of a key within a second.
        wait_for(lambda: caller.try_call("GET", "/api/v1/me").status_code == 200, "the gateway does not know a new key", 10)
        return caller


@pytest.fixture(scope="session")
def postgres():
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis(tmp_path_factory):
    server = Redis(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


@pytest.fixture(scope="session")
def sites(tmp_path_factory):
    """Two real sites: Debian's handbook in many languages, and Apache's manual, some of it in legacy charsets."""
    for folder in (HANDBOOK, APACHE):
        assert folder.is_dir(), f"{folder} is missing: make setup"
    server = Nginx(tmp_path_factory.mktemp("nginx"), {"/handbook/": f"{HANDBOOK}/", "/apache/": f"{APACHE}/"})
    yield server
    server.end()


@pytest.fixture(scope="session")
def one_process(tmp_path_factory):
    suite = Suite(tmp_path_factory.mktemp("one") / "data")
    yield suite
    suite.end()


@pytest.fixture(scope="session")
def apart(tmp_path_factory, postgres, redis):
    suite = Suite(tmp_path_factory.mktemp("apart") / "data", postgres, redis)
    yield suite
    suite.end()


@pytest.fixture(params=["one process, SQLite", "five processes, PostgreSQL and Redis"])
def suite(request):
    """A suite that tests share: each makes an organization of its own."""
    running = request.getfixturevalue("one_process" if "SQLite" in request.param else "apart")
    begin = {name: len(process.lines) for name, process in running.processes.items()}
    yield running
    # pytest shows this where the test fails.
    for name, process in running.processes.items():
        print(f"--- {name}\n" + "\n".join(process.lines[begin.get(name, 0):]))


@pytest.fixture
def tenant(suite):
    return suite.tenant()
