"""The filter that parses, selects and extracts, and pages to ask it about."""

import base64
import json
import os
import pathlib
import random
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARIES = pathlib.Path(os.environ.get("WIRE_BIN", ROOT / ".build" / "debug"))
MANUAL = pathlib.Path("/usr/share/doc/apache2-doc/manual")


class Filter:
    """Asks `extraction-filter`: each call is one request and its answer."""

    def __init__(self):
        self.process = subprocess.Popen([BINARIES / "extraction-filter"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, operation, page, **rest):
        """Returns the answer about a page."""
        request = {"operation": operation, "page": base64.b64encode(page).decode(), **rest}
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"extraction-filter has ended with {self.process.wait()}"
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=10) == 0


@pytest.fixture(scope="session")
def filter():
    """One filter for all tests of a process."""
    running = Filter()
    yield running
    running.close()


def pages(step, offset=0):
    """Each so many pages of Apache's manual, in all its languages and encodings."""
    files = sorted(path for path in MANUAL.rglob("*.html*") if path.is_file() and not path.name.endswith(".gz"))
    assert len(files) > 1000, "apache2-doc is missing: scripts/setup.sh installs it"
    return files[offset::step]


def randoms(count):
    """Seeds; other ones with EXTRACTION_SEED."""
    first = int(os.environ.get("EXTRACTION_SEED", "1"))
    return [random.Random(first * 1_000_000 + number) for number in range(count)]
