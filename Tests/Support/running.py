"""Programs that tests run: the suite's own, PostgreSQL, Redis and nginx, all on free loopback ports.

WIRE_BIN (`.build/debug`) is the folder of the Swift programs, taken from the repository's root if relative.
"""

import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import typing
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
START_TIMEOUT, STOP_TIMEOUT, CALL_TIMEOUT, COMMAND_TIMEOUT = 60, 30, 30, 60


def program():
    path = ROOT / os.environ.get("WIRE_BIN", ".build/debug") / "datavault"
    if not path.exists():
        pytest.fail(f"{path} is not built", pytrace=False)
    return str(path)


def environment(**more):
    """The tester's environment without settings of its own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("DATAVAULT_")} | more


def command(*words, **options):
    done = subprocess.run(
        [program(), *map(str, words)], capture_output=True, text=True, timeout=COMMAND_TIMEOUT, env=environment(),
        **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


# Below the range that outgoing connections take theirs from: a server can be started again on its old port.
PORTS = range(20000, 32000)
# Tests that run side by side take theirs from parts of their own, as a port is found free before it is taken.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4
HANDED_OUT = set()


def free_port():
    own = range(PORTS.start + WORKER * len(PORTS) // 4, PORTS.start + (WORKER + 1) * len(PORTS) // 4)
    for _ in range(1000):
        port = random.choice(own)
        if port in HANDED_OUT:
            continue
        HANDED_OUT.add(port)
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise AssertionError("no free port")


def sets(settings):
    return [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]


def wait_for(condition, what, timeout=START_TIMEOUT):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not in {timeout} s: {what() if callable(what) else what}")


class Process:
    """A running `datavault`, which can be killed and started again as it was."""

    def __init__(self, words, settings):
        self.words, self.settings = words, settings
        self.lines = []
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [program(), *self.words, *sets(self.settings)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=environment())
        self.reader = threading.Thread(target=self._collect, args=(self.process,), daemon=True)
        self.reader.start()

    def _collect(self, process):
        for line in process.stdout:
            self.lines.append(line.rstrip("\n"))

    @property
    def text(self):
        return "\n".join(self.lines)

    def ready(self, port):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.words} ended with {self.process.returncode}:\n{self.text}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
                return answer.status == 200
        except OSError:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait(STOP_TIMEOUT)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_TIMEOUT)

    def end(self):
        if self.process.poll() is None:
            self.kill()
        self.reader.join(5)


class Answer:
    """What the edge answered."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def reason(self):
        """The reason of an error, in either form."""
        document = self.json
        if "reason" in document:
            return document["reason"]
        return next((detail["reason"] for detail in document.get("details", []) if "reason" in detail), None)

    def __repr__(self):
        return f"<{self.status} {self.body[:500]!r}>"


class Postgres:
    """A private PostgreSQL: see scripts/postgres.sh."""

    def __init__(self, *options):
        self.process = subprocess.Popen(
            [ROOT / "scripts/postgres.sh", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("ready "), line
        self.url = line.split()[1]
        self.made = 0

    def database(self, role):
        """A fresh database for a role."""
        self.made += 1
        name = f"{role}_{self.made}"
        done = subprocess.run(
            ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", self.url, "-c", f'CREATE DATABASE "{name}"'],
            capture_output=True, text=True, timeout=COMMAND_TIMEOUT)
        assert done.returncode == 0, done.stderr
        return re.sub(r"/[^/]*$", f"/{name}", self.url)

    def databases(self, role):
        """A fresh database as an operator makes one: its tables belong to one user, and another works with them.

        Gives the settings of the role.
        """
        plain = self.database(role)
        name = plain.rsplit("/", 1)[1]
        password = re.search(r":([^:@/]+)@", plain)[1]
        for user in (f"{name}_owner", name):
            self.sql(f"CREATE ROLE \"{user}\" LOGIN PASSWORD '{password}'")
        self.sql(f'ALTER DATABASE "{name}" OWNER TO "{name}_owner"')
        return {
            f"{role}.store.url": plain.replace("//postgres:", f"//{name}:"),
            f"{role}.store.migration-url": plain.replace("//postgres:", f"//{name}_owner:"),
            f"{role}.store.runtime-role": name,
        }

    def sql(self, text, database="postgres"):
        done = subprocess.run(
            ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", re.sub(r"/[^/]*$", f"/{database}", self.url), "-c", text],
            capture_output=True, text=True, timeout=COMMAND_TIMEOUT)
        assert done.returncode == 0, done.stderr

    def do(self, word):
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "ok\n"

    def stop(self):
        self.process.stdin.close()
        self.process.wait(STOP_TIMEOUT)


class Redis:
    """A private Redis, which forgets everything when it ends."""

    def __init__(self, folder):
        self.port, self.folder = free_port(), folder
        self.url = f"redis://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
             "--dir", str(self.folder)], stdout=subprocess.DEVNULL)
        wait_for(self.answers, "redis-server does not answer")

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as one:
                one.sendall(b"PING\r\n")
                return one.recv(64).startswith(b"+PONG")
        except OSError:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait(STOP_TIMEOUT)


class Visit(typing.NamedTuple):
    """A request as a server's log has it, with its times in seconds."""

    begin: float
    end: float
    status: int
    path: str
    agent: str


class Nginx:
    """A private nginx that serves folders, and writes down who asked for what and when."""

    def __init__(self, folder, sites, extra="", others=()):
        """`sites` gives each path's folder; `others` are further servers, each `(sites, extra)`, on `ports` of their own."""
        self.folder = pathlib.Path(folder)
        self.ports = [free_port() for _ in range(1 + len(others))]
        self.port = self.ports[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = self.folder / "access.log"
        servers = "\n".join(map(self._server, self.ports, [(sites, extra), *others]))
        # Absolute paths everywhere, and nothing of the system's own configuration.
        configuration = f"""
            daemon off; worker_processes 1; pid {self.folder}/pid; error_log {self.folder}/error.log;
            {"user root;" if os.geteuid() == 0 else ""}
            events {{ worker_connections 256; }}
            http {{
                types {{ text/html html; text/css css; text/xml xml; text/plain txt; image/png png; }}
                default_type application/octet-stream; keepalive_timeout 60s; sendfile on;
                log_format times '$msec $connection $status $body_bytes_sent "$request" "$http_user_agent" '
                                 '$request_time $server_port';
                access_log {self.log} times;
                client_body_temp_path {self.folder}/body; proxy_temp_path {self.folder}/proxy;
                fastcgi_temp_path {self.folder}/fastcgi; uwsgi_temp_path {self.folder}/uwsgi;
                scgi_temp_path {self.folder}/scgi;
                {servers}
            }}"""
        (self.folder / "nginx.conf").write_text(configuration)
        self.process = subprocess.Popen(
            [shutil.which("nginx") or "/usr/sbin/nginx", "-p", self.folder, "-c", self.folder / "nginx.conf", "-e",
             self.folder / "error.log"])
        wait_for(self.answers, lambda: (self.folder / "error.log").read_text())

    @staticmethod
    def _server(port, site):
        sites, extra = site
        locations = "\n".join(f"location {path} {{ alias {target}; index index.html; }}" for path, target in sites.items())
        return f"server {{ listen 127.0.0.1:{port}; {extra} {locations} }}"

    def answers(self):
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", self.port)) == 0

    def visits(self, port):
        """What a server was asked for, in the order of the requests' beginnings.

        A line is written when an answer has been sent: `$request_time` goes back to the request's first byte.
        """
        pattern = re.compile(r'([0-9.]+) \d+ (\d+) \d+ "\w+ (\S+) [^"]*" "([^"]*)" ([0-9.]+) (\d+)')
        found = [pattern.match(line) for line in self.log.read_text().splitlines()]
        return sorted(
            Visit(float(one[1]) - float(one[5]), float(one[1]), int(one[2]), one[3], one[4])
            for one in found if one and int(one[6]) == port)

    def requests(self):
        """What was asked for: (time, connection, status, bytes, request line, user agent)."""
        pattern = re.compile(r'([0-9.]+) (\d+) (\d+) (\d+) "([^"]*)" "([^"]*)"')
        for line in self.log.read_text().splitlines():
            found = pattern.match(line)
            yield float(found[1]), int(found[2]), int(found[3]), int(found[4]), found[5], found[6]

    def end(self):
        self.process.terminate()
        self.process.wait(STOP_TIMEOUT)
