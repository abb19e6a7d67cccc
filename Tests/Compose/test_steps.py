"""The scripts that containers and operators run, run here: with the real program, on a real PostgreSQL."""
import os
import stat
import subprocess
import urllib.parse

import pytest
from conftest import COMPOSE, KEEPING, ROLES, ROOT, run, tool

SCRIPTS = [COMPOSE / "make-secrets.sh", COMPOSE / "postgres/roles.sh"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_lint(script):
    run(tool("shellcheck"), "--enable=quote-safe-variables", script)
    assert os.access(script, os.X_OK)


@pytest.fixture(scope="module")
def secrets(datavault, tmp_path_factory):
    folder = tmp_path_factory.mktemp("secrets") / "made"
    run(COMPOSE / "make-secrets.sh", folder, env={**os.environ, "DATAVAULT": datavault})
    return folder


ROOT_KEYS = {"identity-root-key", "compliance-root-key"}


def test_secrets_are_what_compose_takes(secrets, suite):
    made = {path.name for path in secrets.iterdir() if path.is_file()}
    assert made == set(suite["secrets"])
    assert all((secrets / name).read_text().strip() for name in made)
    # The folder keeps others out; containers' users read the files.
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert all(stat.S_IMODE((secrets / name).stat().st_mode) == 0o444 for name in made - ROOT_KEYS)
    # But for those that the program refuses if everybody may read them.
    assert all(stat.S_IMODE((secrets / name).stat().st_mode) == 0o440 for name in ROOT_KEYS)
    passwords = [(secrets / name).read_text() for name in made if name.endswith("password")]
    assert len(set(passwords)) == len(passwords) and all(len(password) == 48 for password in passwords)
    password = (secrets / "redis-password").read_text()
    assert (secrets / "gateway-redis-url").read_text() == f"redis://:{password}@redis:6379"
    for role in KEEPING:
        url = urllib.parse.urlsplit((secrets / f"{role}-store-url").read_text())
        assert (url.username, url.hostname, url.path) == (role, "postgres", f"/{role}")
        assert url.password == (secrets / f"{role}-password").read_text()


def test_certificates_are_for_the_services_names(secrets):
    for role in ROLES:
        text = run("openssl", "x509", "-in", secrets / f"{role}.pem", "-noout", "-ext", "subjectAltName")
        assert f"DNS:{role}" in text and f"/{role}" in text and "URI:spiffe://" in text
        run("openssl", "verify", "-CAfile", secrets / "ca.pem", secrets / f"{role}.pem")


def test_making_them_again_keeps_passwords(secrets, datavault):
    before = {name: (secrets / name).read_text() for name in os.listdir(secrets)
              if "password" in name or "url" in name or "root-key" in name}
    run(COMPOSE / "make-secrets.sh", secrets, env={**os.environ, "DATAVAULT": datavault})
    assert before == {name: (secrets / name).read_text() for name in before}


@pytest.fixture(scope="module")
def postgres():
    process = subprocess.Popen([ROOT / "scripts/postgres.sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    assert line.startswith("ready "), line
    yield urllib.parse.urlsplit(line.split()[1])
    process.stdin.close()
    process.wait(timeout=30)


def test_databases_users_and_migrations(postgres, datavault, tmp_path):
    """The image's first start, then a migration and the role's own look at itself, each as the user that compose gives."""
    roles = ["example", "other"]
    for role in roles:
        (tmp_path / f"{role}-password").write_text(f"of {role}'s")
        (tmp_path / f"{role}-owner-password").write_text(f"{role}'s owner")
    variables = {**os.environ, "PGHOST": postgres.hostname, "PGPORT": str(postgres.port), "PGUSER": postgres.username,
                 "PGPASSWORD": postgres.password, "ROLES": " ".join(roles), "SECRETS": str(tmp_path)}
    run(COMPOSE / "postgres/roles.sh", env=variables)

    def url(user, password, database="example"):
        return f"postgresql://{user}:{urllib.parse.quote(password)}@{postgres.hostname}:{postgres.port}/{database}"

    def psql(user, password, statement, database="example"):
        return subprocess.run(["psql", "-qtA", url(user, password, database), "-c", statement], capture_output=True, text=True)

    plain = {name: value for name, value in os.environ.items() if not name.startswith("DATAVAULT_")}
    settings = {**plain, "DATAVAULT_DATA_FOLDER": str(tmp_path / "data"),
                "DATAVAULT_EXAMPLE_STORE_RUNTIME_ROLE": "example"}
    for name, value in [("STORE_URL", url("example", "of example's")),
                        ("STORE_MIGRATION_URL", url("example_owner", "example's owner"))]:
        (tmp_path / name).write_text(value)
        settings[f"DATAVAULT_EXAMPLE_{name}_FILE"] = str(tmp_path / name)
    assert "applied" in run(datavault, "migrate", "example", "up", env=settings)
    assert "nothing to do" in run(datavault, "migrate", "example", "up", env=settings)
    # The runtime's user works with tables and owns none; others' databases are closed to it.
    assert psql("example", "of example's", "CREATE TABLE t (i INT)").returncode != 0
    assert psql("example", "of example's", "SELECT count(*) FROM notes").returncode == 0
    assert psql("example", "of example's", "DROP TABLE notes").returncode != 0
    assert psql("example", "of example's", "SELECT 1", "other").returncode != 0
    assert psql("other", "of other's", "SELECT 1", "other").returncode == 0
    assert psql("example", "wrong", "SELECT 1").returncode != 0
