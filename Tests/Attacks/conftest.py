"""Attacks on a real server process over loopback: see README.md."""

import os
import pathlib
import subprocess

import pytest

from siege import Siege

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ROWS = []


@pytest.fixture(scope="session")
def program():
    folder = ROOT / os.environ.get("WIRE_BIN", ".build/debug")
    found = folder / "wire-attack-target"
    if not found.exists():
        pytest.fail(f"{found} is not built", pytrace=False)
    return found


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A folder with cert.pem and key.pem for localhost."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem", "-out",
            folder / "cert.pem",
        ],
        check=True, capture_output=True, timeout=30,
    )
    return folder


@pytest.fixture
def besiege(request, program):
    """A function from limits to a `Siege`; what it saw goes into the table at the end."""
    sieges = []

    def start(rss_limit=64, tls=None, tolerated=None, **limits):
        sieges.append(Siege(program, limits, rss_limit, tls, tolerated))
        return sieges[-1]

    yield start
    complaints = []
    for siege in sieges:
        if hasattr(siege, "rss_after"):
            ROWS.append([request.node.name.removeprefix("test_"), *siege.row()])
        complaints += filter(None, [siege.stop()])
    if complaints:
        pytest.fail("; ".join(complaints), pytrace=False)


def pytest_terminal_summary(terminalreporter):
    if not ROWS:
        return
    titles = ["attack", "p50/p99 before, ms", "during", "RSS before/peak/after, MiB", "seen"]
    widths = [max(len(row[column]) for row in [titles, *ROWS]) for column in range(len(titles))]
    terminalreporter.section("attacks")
    for row in [titles, *ROWS]:
        terminalreporter.write_line("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
