"""The layout that the design gives: who may import whom, and how large files get."""

import json
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SERVICES = ("IdentityService", "ScrapeService", "PipelineService", "ComplianceService")
FEATURES = {
    "ExistentialAny", "InternalImportsByDefault", "MemberImportVisibility", "NonisolatedNonsendingByDefault",
}
SWIFT = re.compile(r"^(?:@\w+(?:\(\w+\))?\s+)*(?:public |package |internal |private )?import (?:\w+ )?(\w+)", re.MULTILINE)


@pytest.fixture(scope="module")
def targets():
    done = subprocess.run(
        ["swift", "package", "dump-package"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    found = {}
    for target in json.loads(done.stdout)["targets"]:
        names = [next(iter(item.values()))[0] for item in target["dependencies"]]
        folder = ROOT / (target.get("path") or f"{'Tests' if target['type'] == 'test' else 'Sources'}/{target['name']}")
        kinds = [setting["kind"] for setting in target["settings"] if setting["tool"] == "swift"]
        found[target["name"]] = {
            "type": target["type"], "dependencies": names, "folder": folder,
            "settings": {next(iter(kind)) for kind in kinds},
            "features": {kind["enableUpcomingFeature"]["_0"] for kind in kinds if "enableUpcomingFeature" in kind},
        }
    return found


def imports(folder):
    return {
        (file.relative_to(ROOT), name)
        for file in folder.rglob("*.swift")
        for name in SWIFT.findall(file.read_text())
    }


def closure(targets, name):
    """All targets of the package that one depends on."""
    seen, open_ = set(), [name]
    while open_:
        for other in targets[open_.pop()]["dependencies"]:
            if other in targets and other not in seen:
                seen.add(other)
                open_.append(other)
    return seen


@pytest.mark.parametrize("module,owners", [
    ("CNghttp2", {"Wire"}), ("COpenSSL", {"Wire"}), ("CPostgres", {"Persistence"}), ("GRDB", {"Persistence"}),
    ("CProtobufC", {"Transcoding"}), ("CSimdJSON", {"Transcoding", "PipelineService"}), ("CCurl", {"Outbound"}),
    ("X509", {"ServiceKit"}), ("Yams", {"ServiceKit"}),
])
def test_a_library_has_one_importer(targets, module, owners):
    found = {
        file.parts[1] for target in targets.values() if target["folder"].is_relative_to(ROOT / "Sources")
        for file, name in imports(target["folder"]) if name == module
    }
    assert found <= owners


def test_wire_knows_nothing_of_the_suite(targets):
    assert closure(targets, "Wire") == {"WireProtos", "CNghttp2", "COpenSSL", "CZlib"}


@pytest.mark.parametrize("name,forbidden", [
    ("Persistence", {"Wire", "ServiceKit", "Jobs", "Policy"}),
    ("Jobs", {"Wire", "ServiceKit", "Policy"}),
    ("Outbound", {"Wire", "ServiceKit", "Persistence", "Policy"}),
    ("Transcoding", {"Wire", "Policy", "ServiceKit"}),
    ("Policy", {"ServiceKit", "Persistence", "Transcoding", "Jobs"}),
    ("ServiceKit", {"Transcoding", *SERVICES, "Gateway"}),
])
def test_imports_point_one_way(targets, name, forbidden):
    if name in targets:
        assert not closure(targets, name) & forbidden


def test_services_do_not_import_each_other(targets):
    for name in SERVICES:
        if name in targets:
            assert not closure(targets, name) & ({*SERVICES, "Gateway"} - {name})
    if "Gateway" in targets:
        # What it transcodes it knows by reflection. Its own imports are Identity's contract alone; ServiceKit, on which
        # every role stands, brings the audit log's, as every role with a store tells of its changes.
        contracts = {one for one in targets["Gateway"]["dependencies"] if one.endswith("Contract")}
        assert contracts <= {"GatewayContract", "IdentityContract", "PolicyContract", "GoogleAPIContract"}
        contracts = {one for one in closure(targets, "Gateway") if one.endswith("Contract")}
        assert not contracts & {"ScrapeContract", "PipelineContract"}
        assert not closure(targets, "Gateway") & set(SERVICES)


def test_what_is_imported_is_declared(targets):
    for name, target in targets.items():
        if target["type"] == "system" or not target["folder"].is_relative_to(ROOT / "Sources"):
            continue
        own = {other for _, other in imports(target["folder"]) if other in targets}
        assert own - {name} <= set(target["dependencies"]), name


def test_files_stay_small():
    """Nine in ten under 300 lines."""
    sizes = {
        file: len(file.read_text().splitlines())
        for file in (ROOT / "Sources").rglob("*.swift")
        if "Generated" not in file.parts and not file.name.endswith((".pb.swift", ".wire.swift", ".rules.swift"))
    }
    large = [file for file, size in sizes.items() if size > 300]
    assert len(large) * 10 <= len(sizes), sorted(large)
    assert not [file for file, size in sizes.items() if size > 500 and file.name != "StandardDescriptors.swift"]


def test_settings_are_strict(targets):
    """Code of our own is built with strict settings and no warning; generated code, and the example of the README, which
    is built as its reader would, are the exceptions."""
    for name, target in targets.items():
        files = list(target["folder"].rglob("*.swift"))
        is_generated = all(
            file.name.endswith((".pb.swift", ".wire.swift", ".rules.swift", "Descriptors.swift")) for file in files
        )
        if not files or is_generated or name == "readme-example":
            continue
        assert {"swiftLanguageMode", "strictMemorySafety", "treatAllWarnings"} <= target["settings"], name
        assert FEATURES <= target["features"], name
