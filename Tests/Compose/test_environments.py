"""The templates of environments against what the program knows: no setting too many, none missing."""
import collections
import json
import re

import environments
import pytest
from conftest import COMPOSE, KEEPING, ROLES, run

ENVIRONMENTS = ["development", "testing", "staging", "production"]
Setting = collections.namedtuple("Setting", "value isSet isFile")


def settings(environment):
    """The settings of a template by their variables, those that are commented out with the value that stands there."""
    found = {}
    for line in (COMPOSE / "environments" / f"{environment}.env").read_text().splitlines():
        if match := re.fullmatch(r"(#?)(DATAVAULT_[A-Z0-9_]+?)(_FILE)?=(.*)", line):
            mark, name, suffix, value = match.groups()
            # Some settings are paths themselves and end so, too.
            if suffix and f"{name}_FILE" in PATHS:
                name, suffix = f"{name}_FILE", None
            assert name not in found, f"{name} stands there twice"
            found[name] = Setting(value, not mark, bool(suffix))
        else:
            assert not line or line.startswith("# "), line
    return found


PATHS = {
    "DATAVAULT_TRACING_CA_FILE", "DATAVAULT_IDENTITY_ROOT_KEY_FILE", "DATAVAULT_COMPLIANCE_ROOT_KEY_FILE",
    "DATAVAULT_GATEWAY_EDGE_CERTIFICATE_FILE", "DATAVAULT_GATEWAY_EDGE_KEY_FILE",
} | {
    f"DATAVAULT_{role.upper()}_TLS_{part}_FILE" for role in ROLES for part in ("CA", "CERTIFICATE", "KEY")}


@pytest.fixture(scope="session")
def reference(datavault):
    return json.loads(run(datavault, "config", "reference", "--format", "json"))


def roles_of(reference):
    return {entry["name"].split(".")[0] for entry in reference if entry["name"].endswith(".admin.listen")}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_templates_have_every_setting_and_no_other(environment, reference):
    found = set(settings(environment))
    known = {entry["environment"] for entry in reference}
    present = roles_of(reference)
    # Settings of no role: exactly those of the program.
    prefixes = tuple(f"DATAVAULT_{role.upper()}_" for role in present | set(ROLES))
    assert {name for name in found if not name.startswith(prefixes)} == {
        name for name in known if not name.startswith(prefixes)}
    for role in ROLES:
        prefix = f"DATAVAULT_{role.upper()}_"
        own = {name.removeprefix(prefix) for name in found if name.startswith(prefix)}
        if role in present:
            assert own == {name.removeprefix(prefix) for name in known if name.startswith(prefix)}, role
        else:
            # A role that the program does not have yet has what all roles have.
            shapes = [{entry["name"].removeprefix(f"{other}.") for entry in reference
                       if entry["name"].startswith(f"{other}.")} for other in present]
            # As those that are there and keep something.
            shapes = [shape for shape in shapes if "store.url" in shape]
            shared = set.intersection(*shapes)
            shared = {name.upper().replace(".", "_").replace("-", "_") for name in shared
                      if name.startswith(environments.SHARED)}
            assert own == shared, role


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_values_are_taken_by_the_program(environment, datavault, reference, tmp_path):
    """Each value that is set is given to the real program, under the name of a role that it has."""
    present = sorted(roles_of(reference))
    variables = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    for name, setting in settings(environment).items():
        if not setting.isSet:
            continue
        role = next((role for role in ROLES if name.startswith(f"DATAVAULT_{role.upper()}_")), None)
        if role and role not in present:
            name = name.replace(f"_{role.upper()}_", f"_{present[0].upper()}_", 1)
        variables[name] = setting.value
    shown = run(datavault, "config", "show", "--changed", env=variables)
    assert "log.level" in shown or environment == "testing"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_secrets_are_paths_or_given_by_compose(environment, reference):
    secret = {entry["name"].split(".", 1)[1] for entry in reference if entry["secret"] and "store" in entry["name"]}
    found = settings(environment)
    for role in KEEPING:
        for suffix in secret:
            name = f"DATAVAULT_{role.upper()}_" + suffix.upper().replace(".", "_").replace("-", "_")
            assert not found[name].isSet and not found[name].value, name
    for entry in reference:
        if entry["secret"] and entry["environment"] in found:
            setting = found[entry["environment"]]
            assert not setting.isSet and not setting.value, entry["name"]
    assert found["DATAVAULT_TRACING_HEADERS"].isFile and found["DATAVAULT_IDENTITY_FIRST_ADMIN_PASSWORD"].isFile


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_peers_are_the_other_containers(environment):
    """Roles find each other by their containers' names."""
    found = settings(environment)
    assert found["DATAVAULT_GATEWAY_PEERS_IDENTITY"] == Setting("identity:7400", True, False)
    assert not [name for name in found if "EXAMPLE" in name], "the role of the tests is no one's to configure"
    assert all(setting.value.removesuffix(":7400") in ROLES for name, setting in found.items()
               if "_PEERS_" in name and setting.isSet)


def test_templates_are_what_is_generated(datavault, tmp_path):
    run("python3", COMPOSE / "environments.py", "--datavault", datavault, "--out", tmp_path)
    for environment in ENVIRONMENTS:
        committed = (COMPOSE / "environments" / f"{environment}.env").read_text()
        assert (tmp_path / f"{environment}.env").read_text() == committed, "run compose/environments.py"


def test_variables_of_compose_are_known(suite, reference):
    """What compose.yaml sets by itself exists, too."""
    present = sorted(roles_of(reference))
    known = {entry["environment"] for entry in reference} | {
        f"{entry['environment']}_FILE" for entry in reference if entry["secret"]}
    for name, service in suite["services"].items():
        for variable in service.get("environment") or {}:
            if not variable.startswith("DATAVAULT_"):
                continue
            role = name.removeprefix("migrate-")
            if role not in present:
                variable = variable.replace(f"_{role.upper()}_", f"_{present[0].upper()}_", 1)
            assert variable in known, f"{name}: {variable}"
