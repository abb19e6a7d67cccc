"""Starts `telemetry-probe`, a private Prometheus, and OpenTelemetry collectors made of the published protos.

WIRE_BIN (`.build/debug`) is the folder of the Swift programs, taken from the repository's root if relative.
"""

import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

import grpc
import pytest
from collector import Collector
from grpc_tools import protoc

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
START_TIMEOUT, STOP_TIMEOUT, CALL_TIMEOUT = 30, 20, 30


def program(name):
    path = ROOT / os.environ.get("WIRE_BIN", ".build/debug") / name
    if not path.exists():
        pytest.fail(f"{path} is not built", pytrace=False)
    return str(path)


def tool(name):
    path = shutil.which(name)
    if not path:
        pytest.fail(f"{name} is missing: make setup installs Debian's package prometheus", pytrace=False)
    return path


def eventually(check, timeout=20, interval=0.05):
    """The first true outcome of `check`; the last one once the time is over."""
    end = time.monotonic() + timeout
    while True:
        outcome = check()
        if outcome or time.monotonic() > end:
            return outcome
        time.sleep(interval)


class Probe:
    """A `telemetry-probe`."""

    def __init__(self, folder, *options):
        self.folder = folder
        self.log = folder / "log"
        self.final = folder / "final-metrics"
        words = [program("telemetry-probe"), "--final-metrics", str(self.final), *map(str, options)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=self.log.open("wb"), text=True)
        found = re.fullmatch(r"listening 127\.0\.0\.1:(\d+) (\d+)\n", self.process.stdout.readline())
        if not found:
            self.process.kill()
            raise RuntimeError(self.log.read_text())
        self.port, self.admin = map(int, found.groups())

    def get(self, path, **headers):
        request = urllib.request.Request(f"http://127.0.0.1:{self.admin}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=CALL_TIMEOUT) as response:
            return response.headers["content-type"], response.read().decode()

    def ask(self, path):
        return self.get(path)[1].strip()

    def value(self, series):
        """The value of a series, as it stands in the text format; None: there is none."""
        return value(self.ask("/metrics"), series)

    def resident(self):
        """Bytes in RAM."""
        return self.value("process_resident_memory_bytes")

    def stop(self):
        """Ends it gracefully; what its metrics were at the very end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(STOP_TIMEOUT) == 0, self.log.read_text()
        return self.final.read_text()


def value(text, series):
    for line in text.splitlines():
        if line.startswith(series + " "):
            return float(line.rsplit(" ", 1)[1])
    return None


@pytest.fixture
def probe(tmp_path_factory):
    """Starts probes; ends them after the test."""
    started = []

    def start(*options):
        started.append(Probe(tmp_path_factory.mktemp("probe"), *options))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait(STOP_TIMEOUT)


@pytest.fixture
def collector():
    """Starts collectors; ends them after the test."""
    started = []

    def start(**options):
        started.append(Collector(**options))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture(scope="session")
def echo(tmp_path_factory):
    """Calls `echo.EchoService` of a probe, with stubs made here and now."""
    out = tmp_path_factory.mktemp("stubs")
    protos = ROOT / "Tests/Benchmarks/peers/proto"
    assert protoc.main(["protoc", f"-I{protos}", f"--python_out={out}", "echo.proto"]) == 0
    import sys

    sys.path.insert(0, str(out))
    import echo_pb2

    def call(probe, text, metadata=(), stream=0):
        with grpc.insecure_channel(f"127.0.0.1:{probe.port}") as channel:
            if stream:
                method = channel.unary_stream(
                    "/echo.EchoService/Stream", echo_pb2.StreamReq.SerializeToString, echo_pb2.Echo.FromString)
                request = echo_pb2.StreamReq(count=stream, text=text)
                return [reply.text for reply in method(request, timeout=CALL_TIMEOUT, metadata=metadata)]
            method = channel.unary_unary(
                "/echo.EchoService/Say", echo_pb2.Echo.SerializeToString, echo_pb2.Echo.FromString)
            return method(echo_pb2.Echo(text=text), timeout=CALL_TIMEOUT, metadata=metadata).text

    return call


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def free():
    return free_port


class Prometheus:
    """A private Prometheus that scrapes one target each second."""

    def __init__(self, folder, target):
        self.port = free_port()
        config = folder / "prometheus.yml"
        config.write_text(
            "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
            f"scrape_configs: [{{job_name: probe, static_configs: [{{targets: ['127.0.0.1:{target}']}}]}}]\n"
        )
        subprocess.run([tool("promtool"), "check", "config", str(config)], check=True, capture_output=True, timeout=30)
        self.process = subprocess.Popen(
            [
                tool("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn",
            ],
            stdout=subprocess.DEVNULL, stderr=(folder / "log").open("wb"),
        )

    def ask(self, path, **parameters):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        import json

        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return json.load(response)["data"]
        except OSError:
            return None

    def query(self, text):
        """The values of an expression, by their labels without those of the target."""
        data = self.ask("query", query=text)
        found = {}
        for series in (data or {}).get("result", []):
            labels = {k: v for k, v in series["metric"].items() if k not in ("instance", "job", "__name__")}
            found[tuple(sorted(labels.items()))] = float(series["value"][1])
        return found

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()


@pytest.fixture
def prometheus(tmp_path):
    started = []

    def start(target):
        started.append(Prometheus(tmp_path, target))
        return started[-1]

    yield start
    for one in started:
        one.stop()
