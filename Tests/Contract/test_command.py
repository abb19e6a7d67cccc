"""`datavault contract`: what the program carries, and what it tells of changes."""

import pathlib
import shutil
import subprocess
import sysconfig

import pytest
from google.protobuf import descriptor_pb2
from grpc_tools import protoc

from conftest import HERE, ROOT, program


def datavault(*words, **options):
    return subprocess.run(
        [program("datavault"), "contract", *map(str, words)], capture_output=True, timeout=30, **options
    )


@pytest.fixture
def compile(tmp_path):
    """Compiles the test contract with one text replaced by another, and gives the descriptor set's file."""
    site = pathlib.Path(sysconfig.get_path("purelib"))

    def make(name, file=None, old="", new=""):
        root = tmp_path / name
        shutil.copytree(HERE / "proto", root)
        if file:
            proto = root / "datavault/test/v1" / file
            text = proto.read_text()
            assert old in text
            proto.write_text(text.replace(old, new))
        output = tmp_path / f"{name}.binpb"
        files = [str(path.relative_to(root)) for path in sorted(root.rglob("*.proto"))]
        includes = [root, ROOT / "proto", site, site / "grpc_tools" / "_proto"]
        words = ["protoc", *(f"-I{path}" for path in includes), "--include_imports", f"--descriptor_set_out={output}"]
        assert protoc.main([*words, *files]) == 0
        return output

    return make


def test_descriptor_set_is_printed():
    done = datavault("descriptor-set")
    assert done.returncode == 0
    files = descriptor_pb2.FileDescriptorSet.FromString(done.stdout).file
    policy = next(file for file in files if file.name == "datavault/policy/v1/policy.proto")
    assert any("Who may make a call" in place.leading_comments for place in policy.source_code_info.location)
    assert done.stdout == (ROOT / "Sources/CDescriptorSet/datavault.binpb").read_bytes()


def test_descriptor_set_is_written(tmp_path):
    output = tmp_path / "set.binpb"
    assert datavault("descriptor-set", "--output", output).returncode == 0
    assert output.read_bytes() == datavault("descriptor-set").stdout
    assert datavault("diff", output).returncode == 0
    failed = datavault("descriptor-set", "--output", tmp_path / "no/such/folder")
    assert failed.returncode == 2 and b"cannot write" in failed.stderr


@pytest.mark.parametrize("file, old, new, sentence", [
    (
        "library.proto", "  double wear = 8 [", "  reserved 8;\n  double tear = 18 [",
        "The field 'wear' (8) of datavault.test.v1.Book is gone.",
    ),
    (
        "library_service.proto", '{permission: "books.read"}', '{permission: "books.write"}',
        "datavault.test.v1.LibraryService.GetBook asks for the permission 'books.read', and asks for the permission "
        "'books.write' now: callers that were let in are refused.",
    ),
    (
        "library_service.proto", '{get: "/api/v1/{name=libraries/*/books/*}"}', '{get: "/api/v1/books/{name}"}',
        "datavault.test.v1.LibraryService.GetBook has moved from GET /api/v1/libraries/*/books/* to "
        "GET /api/v1/books/*.",
    ),
    (
        "library_reason.proto", "REASON_BOOK_UNKNOWN", "REASON_BOOK_MISSING",
        "The error reason BOOK_UNKNOWN of datavault.test.v1 is gone; programs that look for it will not find it.",
    ),
])
def test_breaking_change_is_told(compile, file, old, new, sentence):
    done = datavault("diff", compile("old"), compile("new", file, old, new), text=True)
    assert done.returncode == 1
    assert f"- {sentence}" in done.stdout.splitlines()


def test_nothing_changed(compile):
    old = compile("old")
    done = datavault("diff", old, old, text=True)
    assert (done.returncode, done.stdout) == (0, "Nothing that callers rely on has changed.\n")


def test_what_is_no_descriptor_set(tmp_path):
    text = tmp_path / "text.binpb"
    text.write_text("no descriptor set")
    for path, reason in ((text, "is no descriptor set"), (tmp_path / "none", "cannot read")):
        done = datavault("diff", path, text=True)
        assert done.returncode == 2
        assert reason in done.stderr and str(path) in done.stderr


def test_help_has_examples():
    for words in (["diff", "--help"], ["descriptor-set", "--help"]):
        done = datavault(*words, text=True)
        assert done.returncode == 0 and f"datavault contract {words[0]}" in done.stdout
