"""The suite behind its edge, called as integrators call it: JSON over HTTP, signed and unsigned.

Two forms: everything in one process on SQLite, as `datavault up` starts it, and a process a role with mutual TLS on
PostgreSQL, with two gateways that share a Redis. A small service of the tests' own stands in the pipeline's place.
"""

import http.client
import importlib
import json
import pathlib
import sys
import sysconfig
import time
import types
import uuid

import pytest
from grpc_tools import protoc

HERE = pathlib.Path(__file__).resolve().parent
ROLES = ("identity", "compliance", "gateway", "example")

sys.path[:0] = [str(HERE), *(str(HERE.parent / folder) for folder in ("Support", "Attacks", "Telemetry"))]

from running import (  # noqa: E402, F401
    CALL_TIMEOUT, COMMAND_TIMEOUT, ROOT, START_TIMEOUT, STOP_TIMEOUT, Answer, Postgres, Process, Redis, command,
    environment, free_port, program, sets, wait_for)


class Edge:
    """A suite behind one gateway or several."""

    def __init__(self, folder, postgres=None, redis=None, gateways=1, trust=None, default_limits=False, **more):
        """`trust` is the context of clients, where settings give the edge a certificate."""
        self.folder, self.trust = folder, trust
        self.ports = {role: free_port() for role in ROLES} | {f"gateway{n}": free_port() for n in range(1, gateways)}
        self.admin = {role: free_port() for role in self.ports}
        # All tests come from one address, and some of them log in often.
        roomy = {} if default_limits else {
            "gateway.limits.address-rate": 10000, "gateway.limits.address-burst": 100000,
            "gateway.limits.caller-rate": 10000, "gateway.limits.caller-burst": 100000,
            "gateway.limits.organization-rate": 10000, "gateway.limits.organization-burst": 100000,
            "identity.login.source-failures": 10000,
        }
        self.settings = {"data.folder": folder} | roomy | more
        for role in ROLES:
            self.settings[f"{role}.listen"] = f"127.0.0.1:{self.ports[role]}"
            self.settings[f"{role}.admin.listen"] = f"127.0.0.1:{self.admin[role]}"
        self.processes = {}
        try:
            if postgres:
                self._start_apart(postgres, redis, gateways)
            else:
                self.processes["suite"] = Process(("up", "--example"), self.settings)
            self.wait()
            # Signatures tell whole seconds, and what may be older than the memory of nonces is refused.
            time.sleep(1.1)
        except BaseException:
            self.end()
            raise
        self.first = json.loads((pathlib.Path(folder) / "first-admin.json").read_text())

    def _start_apart(self, postgres, redis, gateways):
        command("keys", "development", "--out", f"{self.folder}/keys")
        for role in ("identity", "compliance", "example"):
            self.settings[f"{role}.store.url"] = postgres.database(role)
            command("migrate", role, "up", *sets(self.settings))
        self.settings["gateway.peers.identity"] = f"127.0.0.1:{self.ports['identity']}"
        self.settings["gateway.peers.example"] = f"127.0.0.1:{self.ports['example']}"
        for role in ("identity", "compliance", "example"):
            self.settings[f"{role}.peers.identity"] = f"127.0.0.1:{self.ports['identity']}"
        for role in ("identity", "gateway"):
            self.settings[f"{role}.peers.compliance"] = f"127.0.0.1:{self.ports['compliance']}"
        if redis:
            self.settings["gateway.redis"] = redis.url
        for role in ROLES:
            self.processes[role] = Process(("serve", role), self.settings)
        for number in range(1, gateways):
            name = f"gateway{number}"
            own = {"gateway.listen": f"127.0.0.1:{self.ports[name]}",
                   "gateway.admin.listen": f"127.0.0.1:{self.admin[name]}"}
            self.processes[name] = Process(("serve", "gateway"), self.settings | own)

    def process(self, role):
        return self.processes.get(role) or self.processes["suite"]

    def wait(self, *roles):
        """Waits until roles are ready; all of them if none is named."""
        for role in roles or self.admin:
            wait_for(lambda: self.process(role).ready(self.admin[role]), lambda: f"{role} is not ready:\n{self.text}")

    @property
    def text(self):
        return "\n".join(f"--- {name}\n{process.text}" for name, process in self.processes.items())

    def end(self):
        for process in self.processes.values():
            process.end()

    def connect(self, port):
        if self.trust:
            return http.client.HTTPSConnection("127.0.0.1", port, timeout=CALL_TIMEOUT, context=self.trust)
        return http.client.HTTPConnection("127.0.0.1", port, timeout=CALL_TIMEOUT)

    def url(self, gateway="gateway"):
        return f"{'https' if self.trust else 'http'}://127.0.0.1:{self.ports[gateway]}"

    @property
    def gateways(self):
        return [name for name in self.ports if name.startswith("gateway")]

    def call(self, method, path, body=None, key=None, headers=None, raw=None, gateway="gateway", port=None):
        """One request on a connection of its own.

        `key` is the secret of an API key or an access token; `raw` a body that is not JSON.
        """
        connection = self.connect(port or self.ports[gateway])
        sent = dict(headers or {})
        data = raw
        if body is not None:
            data = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        if key:
            sent.setdefault("Authorization", f"Bearer {key}")
        try:
            connection.request(method, path, data, sent)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def admin_call(self, method, path, body=None, **more):
        return self.call(method, path, body, key=self.first["key"], **more)

    def log_in(self, email=None, password=None, **more):
        return self.call("POST", "/api/v1/sessions:logIn", {
            "email": email or self.first["email"], "password": password or self.first["password"],
        }, **more)

    def make_user(self, roles=("MEMBER_ROLE_VIEWER",), password="seven grey herons wade upstream", **more):
        email = f"{uuid.uuid4().hex[:12]}@example.com"
        answer = self.admin_call("POST", "/api/v1/users", {
            "user": {"email": email, "displayName": "Somebody"}, "roles": list(roles), "password": password}, **more)
        assert answer.status == 200, answer
        return answer.json | {"password": password}

    def make_key(self, key=None, usable=True, **fields):
        answer = self.call("POST", "/api/v1/api-keys", {"displayName": "test"} | fields, key=key or self.first["key"])
        assert answer.status == 200, answer
        if usable:
            # Gateways hear of it within a second.
            for name in self.gateways:
                wait_for(lambda: self.call("GET", "/api/v1/me", key=answer.json["secret"], gateway=name).status == 200,
                         f"{name} does not know a new key", 10)
        return answer.json

    def make_organization(self):
        email = f"{uuid.uuid4().hex[:12]}@example.com"
        password = "seven grey herons wade upstream"
        answer = self.admin_call("POST", "/api/v1/organizations", {
            "organization": {"displayName": "Elsewhere"}, "admin": {"email": email}, "adminPassword": password})
        assert answer.status == 200, answer
        token = self.log_in(email, password)
        assert token.status == 200, token
        return answer.json | {"email": email, "token": token.json["accessToken"]}


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
def one_process(tmp_path_factory):
    edge = Edge(tmp_path_factory.mktemp("one") / "data")
    yield edge
    edge.end()


@pytest.fixture(scope="session")
def apart(tmp_path_factory, postgres, redis):
    edge = Edge(tmp_path_factory.mktemp("apart") / "data", postgres, redis, gateways=2)
    yield edge
    edge.end()


@pytest.fixture(params=["one process, SQLite", "a process a role, PostgreSQL and Redis"])
def edge(request):
    """A suite that tests share: they make what they need, and take nothing away from others."""
    suite = request.getfixturevalue("one_process" if "SQLite" in request.param else "apart")
    begin = {name: len(process.lines) for name, process in suite.processes.items()}
    yield suite
    # pytest shows this where the test fails.
    for name, process in suite.processes.items():
        print(f"--- {name}\n" + "\n".join(process.lines[begin.get(name, 0):]))


@pytest.fixture
def own_edge(tmp_path):
    """Starts suites of a test's own, which it may break."""
    made = []

    def make(**more):
        made.append(Edge(tmp_path / f"data{len(made)}", **more))
        return made[-1]

    yield make
    for suite in made:
        print(suite.text)
        suite.end()


@pytest.fixture(scope="session")
def stubs(tmp_path_factory):
    """Python modules of Identity's, the policy's and the example's protos, made here and now."""
    out = tmp_path_factory.mktemp("stubs")
    site = sysconfig.get_path("purelib")
    roots = {ROOT / "proto": ("datavault/identity/v1", "datavault/policy/v1"),
             ROOT / "Tests/Example/proto": ("datavault/example/v1",)}
    files = [str(file.relative_to(root)) for root, packages in roots.items() for package in packages
             for file in sorted((root / package).glob("*.proto"))]
    includes = [*roots, site, f"{site}/grpc_tools/_proto"]
    words = ["protoc", *(f"-I{path}" for path in includes), f"--python_out={out}", f"--grpc_python_out={out}", *files]
    assert protoc.main(words) == 0
    sys.path.insert(0, str(out))
    names = {
        "users": "datavault.identity.v1.users_service_pb2",
        "users_grpc": "datavault.identity.v1.users_service_pb2_grpc",
        "trust": "datavault.identity.v1.trust_service_pb2",
        "trust_grpc": "datavault.identity.v1.trust_service_pb2_grpc",
        "notes": "datavault.example.v1.notes_service_pb2", "notes_grpc": "datavault.example.v1.notes_service_pb2_grpc",
        "principal": "datavault.policy.v1.principal_pb2", "policy": "datavault.policy.v1.policy_pb2",
    }
    return types.SimpleNamespace(**{key: importlib.import_module(name) for key, name in names.items()})
