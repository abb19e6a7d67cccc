"""The filter that evaluates expressions: see Filter/main.swift."""

import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARIES = pathlib.Path(os.environ.get("WIRE_BIN", ROOT / ".build" / "debug"))


class Filter:
    """Asks `expression-filter`: each call is one request and its answer."""

    def __init__(self):
        self.process = subprocess.Popen(
            [BINARIES / "expression-filter"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def evaluate(self, expression, fields, rows):
        """The answer to an expression over rows of cells: see ExpressionFilter."""
        request = {"expression": expression, "fields": fields, "rows": rows}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "expression-filter has ended"
        return json.loads(answer)

    def close(self):
        """Ends the filter."""
        self.process.stdin.close()
        assert self.process.wait(10) == 0


@pytest.fixture(scope="session")
def cel():
    """One filter for all tests."""
    running = Filter()
    yield running
    running.close()
