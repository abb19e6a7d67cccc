"""compose.yaml: linted, whole in itself, and as tight as it says."""
import re

import pytest
from conftest import COMPOSE, KEEPING, ROLES, ROOT, run, tool

STORES = ["postgres", "redis", "s3"]


def test_lint():
    run(tool("yamllint"), "--strict", "-c", COMPOSE / "yamllint.yaml", COMPOSE)


def test_all_roles_and_migrations_are_there(suite):
    expected = set(ROLES) | {f"migrate-{role}" for role in KEEPING} | set(STORES) | {"prometheus", "grafana"}
    assert set(suite["services"]) == expected
    for role in ROLES:
        assert suite["services"][role]["command"] == ["serve", role]
    for role in KEEPING:
        assert suite["services"][f"migrate-{role}"]["command"] == ["migrate", role, "up"]


def test_only_the_gateway_is_published(suite):
    assert [name for name, service in suite["services"].items() if "ports" in service] == ["gateway"]
    # To this machine only, unless somebody says otherwise.
    assert suite["services"]["gateway"]["ports"][0].startswith("${GATEWAY_ADDRESS:-127.0.0.1}:")
    for name in STORES:
        assert suite["services"][name]["networks"] == ["stores"]
    assert suite["networks"]["stores"]["internal"] and suite["networks"]["roles"]["internal"]
    assert {role for role in ROLES if "outside" in suite["services"][role]["networks"]} == {"scrape", "pipeline"}


def test_every_service_is_bounded_and_confined(suite):
    for name, service in suite["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        limits = service["deploy"]["resources"]["limits"]
        assert {"cpus", "memory", "pids"} <= set(limits), name
        assert "max-size" in service["logging"]["options"], name
        assert "privileged" not in service and "pid" not in service and service.get("network_mode") is None, name
        assert not re.search(r"docker\.sock", str(service.get("volumes", []))), name


def test_every_service_that_stays_says_how_it_is(suite):
    for name, service in suite["services"].items():
        if name.startswith("migrate-"):
            assert service["restart"] == "no" and service["healthcheck"] == {"disable": True}
            continue
        assert service["restart"] == "unless-stopped", name
        assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL"), name
        assert service["healthcheck"]["timeout"], name
    for role in ROLES:
        assert suite["services"][role]["healthcheck"]["test"] == ["CMD", "datavault", "doctor", "--role", role]


def test_dependencies_are_waited_for(suite):
    services = suite["services"]
    for name, service in services.items():
        for other, condition in (service.get("depends_on") or {}).items():
            expected = "service_completed_successfully" if other.startswith("migrate-") else "service_healthy"
            assert condition == {"condition": expected}, f"{name} on {other}"
            assert other in services
    for role in KEEPING:
        assert f"migrate-{role}" in services[role]["depends_on"]
    assert set(services["gateway"]["depends_on"]) == {"redis", *KEEPING}


def test_what_is_started_is_in_the_program(suite, datavault):
    """Without a profile only roles that the program has, and nothing that waits for another one."""
    services = suite["services"]
    started = {name for name, service in services.items() if "profiles" not in service}
    for name in started:
        assert set(services[name].get("depends_on") or {}) <= started, name
    assert set(ROLES) <= started
    for role in started & set(ROLES):
        run(datavault, "config", "show", "--set", f"{role}.listen=127.0.0.1:0")


def test_redis_forgets_nothing_by_itself(suite):
    """A nonce that Redis had evicted could be used twice."""
    (command,) = suite["services"]["redis"]["command"]
    assert "--maxmemory-policy noeviction" in command


def test_secrets_are_files_that_are_declared_and_used(suite):
    used = set()
    for name, service in suite["services"].items():
        own = set(service.get("secrets", []))
        assert own <= set(suite["secrets"]), name
        used |= own
        for value in (service.get("environment") or {}).values():
            if str(value).startswith("/run/secrets/"):
                assert value.removeprefix("/run/secrets/") in own, f"{name}: {value}"
        # No secret stands in the file itself.
        for key, value in (service.get("environment") or {}).items():
            if re.search(r"PASSWORD|SECRET|TOKEN|_URL", key) and key != "DATAVAULT_OBJECTS_URL":
                assert str(value).startswith("/run/secrets/"), f"{name}: {key}"
    assert used == set(suite["secrets"])
    # A role has its own secrets, and the owner's none but the migration.
    for role in ROLES:
        for other in ROLES:
            own = suite["services"][role]["secrets"]
            assert other == role or not [secret for secret in own if secret.startswith(f"{other}-") or secret == f"{other}.key"]
        assert f"{role}-store-migration-url" not in suite["services"][role]["secrets"]
    for role in ("identity", "compliance"):
        key = f"{role}-root-key"
        assert [name for name, one in suite["services"].items() if key in one.get("secrets", [])] == [role]


def test_files_and_volumes_exist(suite):
    for name, service in suite["services"].items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (COMPOSE / source).exists(), f"{name}: {source}"
            else:
                assert source in suite["volumes"], f"{name}: {source}"
        if "env_file" in service:
            for environment in ("development", "testing", "staging", "production"):
                path = service["env_file"].replace("${ENVIRONMENT:-development}", environment)
                assert (COMPOSE / path).is_file()
        assert set(service.get("networks", [])) <= set(suite["networks"])


def test_the_grace_is_longer_than_the_programs(suite):
    """The slowest environment's delay and grace must fit into the time before the engine kills."""
    from test_environments import settings

    for environment in ("development", "testing", "staging", "production"):
        values = settings(environment)
        seconds = sum(int(values[f"DATAVAULT_SHUTDOWN_{part}"].value.rstrip("s")) for part in ("DELAY", "GRACE"))
        for role in ROLES:
            assert seconds < int(suite["services"][role]["stop_grace_period"].rstrip("s"))


@pytest.mark.parametrize("path", ["compose/secrets/x", "compose/.env"])
def test_secrets_are_not_committed(path):
    run("git", "-C", ROOT, "check-ignore", "--no-index", path)
