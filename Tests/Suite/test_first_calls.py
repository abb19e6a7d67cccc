"""The calls that `datavault up` tells people to begin with, pasted into a shell as they stand; Tests/ReadMe has those of the
README."""

import json
import subprocess

import pytest
from conftest import COMMAND_TIMEOUT

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
