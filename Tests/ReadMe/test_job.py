"""The README's first sections, pasted into a shell as they stand, against a suite that was started as they say.

Only what differs on a tester's machine is put in its place: ports, the folder of programs, and a Python environment that
is there already.
"""

import csv
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Support"))

from running import ROOT, Process, environment, free_port, program, wait_for  # noqa: E402

ROLES = ("identity", "compliance", "scrape", "pipeline", "gateway")
JOB_TIMEOUT = 300


def blocks(heading):
    """The commands that the README shows below a heading."""
    text = (ROOT / "README.md").read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    # An empty line within a block is no end of it.
    found = re.findall(r"(?:^    .*\n(?:\n(?=    ))?)+", text, re.M)
    return [re.sub(r"^    ", "", one, flags=re.M) for one in found]


class ReaderOfTheReadMe:
    """A folder as the repository's, a suite, and a shell."""

    def __init__(self, folder):
        self.folder = folder
        self.port, self.operators = free_port(), free_port()
        # Nobody pastes as fast as this.
        self.settings = {
            "data.folder": folder / "run-data", "gateway.limits.address-burst": 100000,
            "gateway.limits.caller-burst": 100000, "gateway.limits.organization-burst": 100000,
        }
        for role in ROLES:
            self.settings[f"{role}.listen"] = f"127.0.0.1:{free_port()}"
            self.settings[f"{role}.admin.listen"] = f"127.0.0.1:{free_port()}"
        self.settings["gateway.listen"] = f"127.0.0.1:{self.port}"
        self.settings["gateway.admin.listen"] = f"127.0.0.1:{self.operators}"
        (folder / "proto").symlink_to(ROOT / "proto")
        (folder / "docs/examples").mkdir(parents=True)
        for file in (ROOT / "docs/examples").glob("*.py"):
            (folder / "docs/examples" / file.name).write_text(self.moved(file.read_text()))
        self.suite = Process(("up",), self.settings)
        wait_for(lambda: "Ctrl-C ends it." in self.suite.lines or self.suite.process.poll() is not None, self.suite.text)
        assert self.suite.process.poll() is None, self.suite.text

    def moved(self, text):
        return text.replace("127.0.0.1:8080", f"127.0.0.1:{self.port}").replace(
            "127.0.0.1:8180", f"127.0.0.1:{self.operators}").replace(
            "$PWD/.build/debug", os.path.dirname(program()))

    def paste(self, *texts):
        named = {f"DATAVAULT_{name.upper().replace('.', '_').replace('-', '_')}": str(value)
                 for name, value in self.settings.items() if name != "data.folder"}
        done = subprocess.run(
            ["bash", "-c", self.moved("".join(texts))], cwd=self.folder, env=environment(**named), capture_output=True,
            text=True, timeout=JOB_TIMEOUT)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def rows(self, name="pages.csv"):
        with open(self.folder / name, newline="") as file:
            return list(csv.DictReader(file))

    def check(self, rows):
        """What the pages themselves say."""
        by_path = {row["_url"].split(f":{self.port}")[1]: row for row in rows}
        assert len(by_path) == len(rows) > 100
        assert by_path["/docs/guides/collect"]["title"] == "Collect a site"
        assert by_path["/docs/guides/collect"]["section"] == "Guides"
        assert by_path["/docs/reference/identity/users-service/create-user"]["section"] == "UsersService"


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    reader = ReaderOfTheReadMe(tmp_path_factory.mktemp("readme"))
    yield reader
    reader.suite.end()


@pytest.fixture(scope="module")
def path():
    """The line that makes the programs known to a shell."""
    line = blocks("The job")[1].splitlines(keepends=True)[0]
    assert line.startswith("export PATH=")
    return line


def test_the_first_start_shows_the_job(reader):
    wait_for(lambda: any("first run is done" in line or "did not succeed" in line for line in reader.suite.lines),
             lambda: reader.suite.text, JOB_TIMEOUT)
    first = reader.folder / "run-data/first-run"
    assert "did not succeed" not in reader.suite.text, reader.suite.text
    reader.check(reader.rows("run-data/first-run/records.csv"))
    report = json.loads((first / "report.json").read_text())
    assert report["proof"]["holds"] and report["rows"] == len(reader.rows("run-data/first-run/records.csv"))
    assert (first / "proof.ndjson").stat().st_size > 0
    # The permission for it ended with it.
    assert (reader.folder / "run-data/allowed-addresses").read_text() == ""


def test_the_job(reader, path):
    make_run, job = blocks("The job")
    assert make_run == "make run\n"
    done = reader.paste(job)
    reader.check(reader.rows())
    assert "left out" in done.stdout and "the log of it is whole" in done.stdout
    report = json.loads((reader.folder / "pages.report.json").read_text())
    assert report["proof"]["holds"] and report["endReason"] == "COMPLETE"
    assert (reader.folder / "run-data/allowed-addresses").read_text() == ""


def test_the_same_over_rest(reader, path):
    curl, python = blocks("The same over REST")
    (reader.folder / "pages.csv").unlink(missing_ok=True)
    reader.paste(path, curl)
    reader.check(reader.rows())
    (reader.folder / "pages.csv").unlink()
    done = reader.paste(path, python)
    reader.check(reader.rows())
    assert f"{len(reader.rows())} records" in done.stdout


def test_the_same_over_grpc(reader, path):
    (block,) = blocks("The same over gRPC")
    install, *rest = block.splitlines(keepends=True)
    requirements = (ROOT / "Tests/requirements.txt").read_text().splitlines()
    for package in re.findall(r"[a-z-]+==[0-9.]+", install):
        assert package in requirements, package
    rest = [line.replace("grpc-env/bin/python", sys.executable) for line in rest]
    (reader.folder / "pages.csv").unlink(missing_ok=True)
    reader.paste("echo 127.0.0.1/32 > run-data/allowed-addresses\n", path, *rest)
    reader.check(reader.rows())


def test_for_operators(reader, path):
    (block,) = blocks("For operators")
    done = reader.paste(path, block)
    assert "FAIL" not in done.stdout.upper()
