"""A role with PostgreSQL: migrated by its owner, run by a user who owns nothing, through the server's absence."""

import concurrent.futures
import uuid

import grpc
from errors import Failure
from google.rpc import error_details_pb2
from grpc_status import rpc_status


def prepare(postgres):
    postgres.sql("""
        CREATE ROLE example_owner LOGIN PASSWORD 'owner-password';
        CREATE ROLE example LOGIN PASSWORD 'runtime-password';
        CREATE DATABASE example OWNER example_owner;
    """)
    return (
        f"example.store.url=postgresql://example:runtime-password@{postgres.host}/example",
        f"example.store.migration-url=postgresql://example_owner:owner-password@{postgres.host}/example",
        "example.store.runtime-role=example",
    )


def sets(settings):
    return [word for setting in settings for word in ("--set", setting)]


def test_a_role_waits_for_its_tables_and_outlives_its_database(start, gateway, postgres, command, tmp_path):
    settings = prepare(postgres)
    keys = command("keys", "development", "--out", tmp_path / "data/keys")
    assert keys.returncode == 0, keys.stderr
    migrated = command("migrate", "identity", "up", *sets([f"data.folder={tmp_path}/data"]))
    assert migrated.returncode == 0, migrated.stderr
    identity = start(words=("serve", "identity"), role="identity")
    settings = (*settings, f"example.peers.identity=127.0.0.1:{identity.port}")
    suite = start(*settings, words=("serve", "example"), wait=False)
    # Alive, not ready, and it says what to do.
    suite.wait_for(lambda: "datavault migrate example up" in suite.ready()[1])
    assert suite.get("/livez")[0] == 200
    migrated = command("migrate", "example", "up", *sets((*settings, f"data.folder={tmp_path}/data")))
    assert migrated.returncode == 0, migrated.stderr
    suite.wait_for(lambda: suite.ready()[0] == 200)

    # Which keys are believed Identity has told, though no gateway has listed one yet.
    status, text = suite.ready()
    assert "store: ok" in text and "principal keys: ok" in text
    postgres.do("crash")
    suite.wait_for(lambda: suite.ready()[0] == 503)
    assert "store: unavailable" in suite.ready()[1]
    assert "runtime-password" not in suite.ready()[1]
    postgres.do("start")
    suite.wait_for(lambda: suite.ready()[0] == 200)
    assert suite.stop() == 0
    assert "runtime-password" not in suite.text


def test_a_role_without_identity_says_whom_it_waits_for(start, command, tmp_path):
    keys = command("keys", "development", "--out", tmp_path / "data/keys")
    assert keys.returncode == 0, keys.stderr
    migrated = command("migrate", "example", "up", *sets([f"data.folder={tmp_path}/data"]))
    assert migrated.returncode == 0, migrated.stderr
    suite = start("example.peers.identity=127.0.0.1:1", words=("serve", "example"), wait=False)
    suite.wait_for(lambda: "identity does not answer at 127.0.0.1:1" in suite.ready()[1])
    status, text = suite.ready()
    assert status == 503 and "example.peers.identity" in text
    assert "identity has not yet told which keys principals are signed with" in text
    assert suite.get("/livez")[0] == 200 and suite.stop() == 0


def test_the_whole_suite_on_postgresql(start, gateway, postgres):
    url = f"example.store.url={postgres.url}"
    suite = start(url)
    notes = gateway(suite)
    names = [notes.create(f"note {number}").name for number in range(5)]
    assert [note.name for note in notes.all_notes(page_size=2)] == names[::-1]
    postgres.do("stop")
    try:
        notes.create("x", timeout=20)
        raise AssertionError("a write without a database")
    except grpc.RpcError as error:
        failure = Failure(error)
        assert failure.is_(grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE"), error
        details = rpc_status.from_call(error).details
        retry = error_details_pb2.RetryInfo()
        assert any(detail.Unpack(retry) for detail in details) and retry.retry_delay.nanos > 0
    postgres.do("start")
    suite.wait_for(lambda: suite.ready()[0] == 200)
    names.append(notes.create("after").name)
    assert {note.name for note in notes.all_notes()} == set(names)


def test_the_same_request_many_times_at_once_changes_once(start, gateway, postgres):
    notes = gateway(start(f"example.store.url={postgres.url}"))
    for _ in range(5):
        request_id = str(uuid.uuid4())
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda _: notes.create("at once", request_id), range(8)))
        assert all(reply == replies[0] for reply in replies)
    assert len(notes.all_notes()) == 5


def test_forward_and_back(command, postgres, tmp_path):
    words = sets((*prepare(postgres), f"data.folder={tmp_path}"))
    run = lambda *more: command("migrate", "example", *more, *words)
    assert "pending: example 001 notes" in run("status").stdout
    assert "applied: example 001 notes" in run("up").stdout
    assert "nothing to do" in run("up").stdout
    assert "taken back: example 001 notes" in run("down", "--to", "replay 001 replies").stdout
    assert run("down").returncode == 64
    assert "taken back: replay 001 replies" in run("down", "--all").stdout
    wrong = run("up", "--to", "no such migration")
    assert wrong.returncode == 2 and "no migration is called" in wrong.stderr
