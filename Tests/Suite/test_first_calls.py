"""The calls that `datavault up` and the README tell people to begin with, pasted into a shell as they stand."""

import json
import os
import re
import subprocess

import pytest
from conftest import COMMAND_TIMEOUT, ROOT, environment, program

START = "First calls, from another terminal:"


def announced(suite):
    suite.wait_for(lambda: "Ctrl-C ends it." in suite.lines)
    first, last = suite.lines.index(START), suite.lines.index("Ctrl-C ends it.")
    return [line.strip() for line in suite.lines[first + 1 : last] if line]


def paste(lines, **options):
    """What a shell prints when lines are pasted; each line on its own, as a person's."""
    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)], capture_output=True, text=True, timeout=COMMAND_TIMEOUT, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["data", "it's a \"folder\" & more"])
def test_what_is_announced_works(start, tmp_path, name):
    suite = start(folder=tmp_path / name)
    me, note = map(json.loads, paste(announced(suite)).splitlines())
    admin = json.loads((suite.folder / "first-admin.json").read_text())
    assert (me["organization"], me["subject"]) == (admin["organization"], admin["key_name"])
    assert note["text"] == "hello" and note["name"].startswith("notes/")


def test_a_second_start_says_the_same(start):
    suite = start()
    before = announced(suite)[0]
    assert suite.stop() == 0
    assert announced(start())[0] == before


def test_without_the_file_nothing_is_said_of_it(start):
    suite = start()
    announced(suite)
    assert suite.stop() == 0
    (suite.folder / "first-admin.json").unlink()
    again = start()
    again.wait_for(lambda: "Ctrl-C ends it." in again.lines)
    assert START not in again.lines and "first-admin" not in "\n".join(again.lines)


def block(heading):
    """The commands that the README shows below a heading."""
    text = (ROOT / "README.md").read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    return [[line[4:] for line in one.splitlines()] for one in re.findall(r"(?:^    .*\n)+", text, re.M)]


def test_the_readme_shows_what_is_announced(start, tmp_path):
    suite = start(folder=tmp_path / "run-data")
    edge = f"127.0.0.1:{suite.ports('gateway')[0]}"
    said = [line.replace(str(suite.folder), "run-data").replace(edge, "127.0.0.1:8080") for line in announced(suite)]
    integrators, operators = block("The first call")
    assert integrators[: len(said)] == said

    moved = [line.replace("127.0.0.1:8080", edge) for line in integrators]
    replies = [json.loads(line) for line in paste(moved, cwd=tmp_path).splitlines()]
    assert replies[0]["organization"].startswith("organizations/")
    assert [note["name"] for note in replies[2]["notes"]] == [replies[1]["name"]]

    # The same on the operators' side, with the ports of this suite.
    settings = environment(
        DATAVAULT_EXAMPLE_LISTEN=f"127.0.0.1:{suite.port}", DATAVAULT_EXAMPLE_ADMIN_LISTEN=f"127.0.0.1:{suite.admin_port}")
    for role in ("identity", "gateway"):
        port, admin = suite.ports(role)
        settings |= {f"DATAVAULT_{role.upper()}_LISTEN": f"127.0.0.1:{port}",
                     f"DATAVAULT_{role.upper()}_ADMIN_LISTEN": f"127.0.0.1:{admin}"}
    for role, peer in (("IDENTITY", "identity"), ("EXAMPLE", "identity"), ("GATEWAY", "identity"), ("GATEWAY", "example"),
                       ("EXAMPLE", "example")):
        settings[f"DATAVAULT_{role}_PEERS_{peer.upper()}"] = f"127.0.0.1:{suite.ports(peer)[0]}"
    assert operators[0].startswith("export PATH=$PWD/.build/debug:$PATH ")
    moved = [line.replace("$PWD/.build/debug", os.path.dirname(program())).replace(
        "127.0.0.1:8180", f"127.0.0.1:{suite.ports('gateway')[1]}") for line in operators]
    done = paste(moved, cwd=tmp_path, env=settings)
    assert "credentials: ok" in done and '"notes"' in done and "FAIL" not in done.upper()
