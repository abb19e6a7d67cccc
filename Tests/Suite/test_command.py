"""What `datavault` says of settings and of what is wrong."""

import json
import shutil
import socket

import pytest
from conftest import ANY_PORTS, ROOT, environment


def test_the_reference_is_the_one_that_is_committed(command):
    assert command("config", "reference").stdout == (ROOT / "docs/configuration.md").read_text(), (
        "make generate writes docs/configuration.md anew"
    )
    entries = json.loads(command("config", "reference", "--format", "json").stdout)
    assert all(entry["summary"] and entry["environment"].startswith("DATAVAULT_") for entry in entries)
    template = command("config", "reference", "--format", "env").stdout
    assert all(f"#{entry['environment']}=" in template for entry in entries)


def test_wrong_settings_stop_the_start_with_all_of_them_named(command, tmp_path):
    file = tmp_path / "settings.yaml"
    file.write_text("log:\n  level: loud\n  bogus: 1\n")
    done = command("up", "--config", file, "--set", "example.listn=x", env=environment(DATAVAULT_THREADS="many"))
    assert done.returncode == 2
    for words in ("settings.yaml:2: log.level must be", "settings.yaml:3: log.bogus", "did you mean example.listen?",
                  "DATAVAULT_THREADS: threads must be"):
        assert words in done.stderr
    assert not (tmp_path / "datavault-data").exists()


def test_settings_and_their_origins_are_shown_without_secrets(command):
    shown = command(
        "config", "show", "--changed", "--set", "log.level=debug",
        env=environment(DATAVAULT_EXAMPLE_STORE_URL="postgresql://u:sesame@h/x"),
    )
    assert shown.stdout == (
        "log.level = debug  (argument, --set log.level)\n"
        "example.store.url = (secret)  (environment, DATAVAULT_EXAMPLE_STORE_URL)\n"
    )


@pytest.mark.parametrize("words", [[], ["up"], ["serve"], ["migrate"], ["config"], ["doctor"], ["keys"]])
def test_help_shows_how(command, words):
    done = command(*words, "--help")
    assert done.returncode == 0
    if words and words[0] in ("up", "serve", "migrate", "doctor"):
        assert f"datavault {words[0]}" in done.stdout.split("OVERVIEW")[1].split("USAGE")[0]


class TestDoctor:
    @pytest.fixture
    def doctor(self, command, tmp_path):
        assert command("keys", "development", "--out", tmp_path / "data/keys").returncode == 0

        def run(*settings, **more):
            values = {"data.folder": tmp_path / "data"} | dict(one.split("=", 1) for one in (*ANY_PORTS, *settings))
            sets = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
            done = command("doctor", "--format", "json", *sets, **more)
            assert done.stderr == "", done.stderr
            return done.returncode, {one["subject"]: one for one in json.loads(done.stdout)}

        return run

    def test_all_is_well(self, doctor):
        code, found = doctor()
        assert code == 0
        assert {one["verdict"] for one in found.values()} <= {"ok", "warning"}

    def test_postgresql_is_down(self, doctor, postgres):
        postgres.do("stop")
        code, found = doctor(f"example.store.url={postgres.url}")
        assert code == 1
        store = found["example store"]
        assert store["verdict"] == "failure" and "PostgreSQL does not serve" in store["finding"]
        assert "example.store.url" in store["advice"]
        assert postgres.url not in json.dumps(found)

    def test_tables_are_missing(self, doctor, postgres):
        code, found = doctor(f"example.store.url={postgres.url}")
        assert code == 1
        assert "datavault migrate example up" in found["example store"]["advice"]
        assert found["example store clock"]["verdict"] == "ok"

    def test_a_port_is_taken(self, doctor):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            code, found = doctor(f"example.listen=127.0.0.1:{taken.getsockname()[1]}")
        assert code == 1
        assert "another program has it" in found["example.listen"]["finding"]

    def test_a_role_that_runs_is_no_failure(self, start, doctor, tmp_path):
        suite = start(folder=tmp_path / "data")
        code, found = doctor(f"example.admin.listen=127.0.0.1:{suite.admin_port}")
        assert code == 0, found
        assert "the role is running" in found["example.listen"]["finding"]

    def test_peers_are_asked(self, start, doctor, tmp_path):
        suite = start(folder=tmp_path / "data")
        ports = (f"example.listen=127.0.0.1:{suite.port}", f"example.admin.listen=127.0.0.1:{suite.admin_port}")
        _, found = doctor(*ports, f"example.peers.example=127.0.0.1:{suite.port}")
        assert found["example peer example"]["verdict"] == "ok"
        assert "spiffe://datavault.local/pipeline and serves" in found["example peer example"]["finding"]
        # A peer that is away is no failure, as roles start in any order; the advice says what to do.
        code, found = doctor(*ports, f"example.peers.example=127.0.0.1:1")
        assert code == 0 and found["example peer example"]["verdict"] == "warning"
        assert "example.peers.example" in found["example peer example"]["advice"]

    def test_a_key_is_wrong(self, doctor, tmp_path):
        keys = tmp_path / "data/keys"
        shutil.copy(keys / "gateway.key", keys / "pipeline.key")
        code, found = doctor()
        assert code == 1
        assert found["example certificate"]["verdict"] == "failure"
        assert "keys issue pipeline" in found["example certificate"]["advice"]
        shutil.copy(keys / "gateway.pem", keys / "pipeline.pem")
        code, found = doctor()
        assert "is for spiffe://datavault.local/gateway" in found["example certificate"]["finding"]

    @pytest.mark.parametrize("shift,subject,words", [
        ("-2h", "clock", "before the newest file"),
        ("-2h", "example certificate", "begins at"),
        ("+200d", "example certificate", "ended at"),
    ])
    def test_the_clock_is_off(self, doctor, shift, subject, words):
        code, found = doctor(prefix=("faketime", "-f", shift), env=environment(NO_FAKE_STAT="1"))
        assert code == 1
        assert words in found[subject]["finding"]
        assert "clock" in found[subject]["advice"]
