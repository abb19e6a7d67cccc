"""proto/README.md's commands for generated clients, run as they stand there, on what `datavault` prints."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
from google.protobuf import descriptor_pb2

from conftest import ROOT, program

README = (ROOT / "proto" / "README.md").read_text()
TIMEOUT = 120


def block(language, kind):
    """The first block of a kind in a language's part."""
    part = re.search(rf"\*\*{language}\*\*(.*?)(?=\n\*\*|\nA generator)", README, re.S).group(1)
    return re.search(rf"```{kind}\n(.*?)```", part, re.S).group(1)


@pytest.fixture
def folder(tmp_path):
    """A folder with the descriptor set, and the names of the suite's files in it."""
    path = tmp_path / "datavault.binpb"
    words = [program("datavault"), "contract", "descriptor-set", "--output", str(path)]
    subprocess.run(words, check=True, timeout=TIMEOUT)
    files = [file.name for file in descriptor_pb2.FileDescriptorSet.FromString(path.read_bytes()).file]
    return tmp_path, [name for name in files if name.startswith("datavault/")]


def run(command, folder):
    """Runs a block of the README, with the tests' Python and its programs in front."""
    environment = os.environ | {"PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euc", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 0, done.stderr


def test_python(folder):
    path, files = folder
    command = block("Python", "sh").replace("FILES", " ".join(files))
    run("\n".join(line for line in command.splitlines() if not line.startswith("pip install")), path)
    modules = [name.removesuffix(".proto").replace("/", ".") + "_pb2" for name in files]
    run(f"cd gen && python -c 'import {', '.join(modules)}'", path)


def test_java(folder):
    path, files = folder
    config = block("Java", "yaml")
    if not shutil.which("protoc-gen-grpc-java"):
        config = "\n".join(line for line in config.splitlines() if "protoc-gen-grpc-java" not in line)
    (path / "buf.gen.yaml").write_text(config)
    run(block("Java", "sh"), path)
    packages = {str(file.parent.relative_to(path / "gen")) for file in (path / "gen").rglob("*.java")}
    # What others publish is not made again.
    assert packages == {f"com/example/{pathlib.PurePath(name).parent}" for name in files}
