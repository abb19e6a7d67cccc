"""The Containerfile: linted; what it copies is there; its runtime has the libraries that the program asks for."""
import functools
import os
import re
import shutil
import subprocess

import pytest
from conftest import COMPOSE, ROOT, run, tool

TEXT = (COMPOSE / "Containerfile").read_text()


def stages():
    """The text of each stage, in order."""
    return re.split(r"(?m)^FROM ", re.sub(r"\\\n", " ", TEXT))[1:]


def installed(stage):
    words = re.search(r"apt-get install -y --no-install-recommends(.*?)&&", stage).group(1).split()
    assert words == sorted(words)
    return set(words)


def test_lint():
    run(tool("hadolint"), COMPOSE / "Containerfile")


def test_it_runs_as_nobody_and_can_be_watched():
    runtime = stages()[-1]
    for line in [r"USER 10001:10001", r"STOPSIGNAL SIGTERM", r'HEALTHCHECK .*CMD \["datavault", "doctor"\]',
                 r'VOLUME \["/var/lib/datavault"\]', r'ENTRYPOINT \["datavault"\]']:
        assert re.search(rf"(?m)^{line}", runtime), line


def test_what_is_copied_is_in_a_clean_tree(tmp_path):
    """The builder's COPY, from what is committed or about to be; then SwiftPM reads the manifest and finds each target."""
    ignored = (COMPOSE / "Containerfile.dockerignore").read_text().splitlines()
    allowed = [line[1:] for line in ignored if line.startswith("!")]
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                            capture_output=True, text=True, check=True).stdout.split("\0")
    for source, target in re.findall(r"(?m)^COPY (?!--from)(\S+) (\S+)$", stages()[0]):
        assert source in allowed, f"{source} is ignored by Containerfile.dockerignore"
        files = [name for name in listed if name == source or name.startswith(f"{source}/")]
        assert files, f"{source} is not there"
        for name in files:
            if not (ROOT / name).is_file():
                continue
            place = tmp_path / target / os.path.relpath(name, source) if target != "./" else tmp_path / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place)
    # The manifest names all its targets' folders; one that the image lacks would only be seen when it is built.
    manifest = run("swift", "package", "--package-path", tmp_path, "dump-package")
    import json
    for target in json.loads(manifest)["targets"]:
        folder = target.get("path") or ("Tests/" if target["type"] == "test" else "Sources/") + target["name"]
        assert (tmp_path / folder).is_dir(), f"{target['name']}: no {folder}"


@functools.cache
def package_of(path):
    """The Debian package that a file is from."""
    for name in (os.path.realpath(path), path, path.removeprefix("/usr"), f"/usr{path}"):
        done = subprocess.run(["dpkg-query", "--search", name], capture_output=True, text=True)
        if done.returncode == 0:
            return done.stdout.split(":")[0]
    pytest.fail(f"{path} is from no package")


def libraries(program):
    """Paths of the libraries that a program names itself."""
    names = re.findall(r"NEEDED\s+(\S+)", run("objdump", "-p", program))
    paths = dict(re.findall(r"(\S+) => (/\S+)", run("ldd", program)))
    # Swift's own are linked into the image's program.
    return [paths[name] for name in names if name in paths and "/swift/" not in paths[name]]


def linked_by_sources():
    """The packages of libraries that the sources link, whether the program has them yet or not."""
    maps = (ROOT / "Sources").glob("*/module.modulemap")
    names = {name for file in maps for name in re.findall(r'link "(\S+)"', file.read_text())}
    folder = "/usr/lib/x86_64-linux-gnu"
    if not os.path.isdir(folder):
        folder = f"/usr/lib/{os.uname().machine}-linux-gnu"
    return {package_of(f"{folder}/{os.path.basename(os.path.realpath(f'{folder}/lib{name}.so'))}") for name in names}


def test_the_runtime_has_the_libraries_and_no_others(datavault):
    listed = installed(stages()[-1])
    needed = {package_of(path) for path in libraries(datavault)}
    # In every Debian.
    assert needed - {"libc6", "libgcc-s1"} <= listed
    assert listed <= needed | linked_by_sources() | {"ca-certificates", "tzdata"}


def test_the_builder_has_what_setup_installs():
    setup = (ROOT / "scripts/setup.sh").read_text()
    block = re.search(r"packages=\(\n(.*?)\n\)", setup, re.DOTALL).group(1)
    wanted = {word for line in block.splitlines() if not line.strip().startswith("#") for word in line.split()}
    assert wanted == installed(stages()[0])
