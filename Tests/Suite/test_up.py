"""A suite that was started with nothing set up, and what its first service answers."""

import concurrent.futures
import json
import os
import stat
import uuid

import grpc
import pytest
from errors import failing


@pytest.fixture
def notes(start, gateway):
    return gateway(start())


def test_it_says_where_to_go_and_keeps_its_data_to_itself(start):
    suite = start()
    suite.wait_for(lambda: any("Ctrl-C" in line for line in suite.lines))
    assert f"DataVault is ready." in suite.lines
    base = f"http://127.0.0.1:{suite.ports('gateway')[0]}"
    # What an integrator looks for comes first.
    said = [line.split() for line in suite.lines[suite.lines.index("DataVault is ready.") :] if line]
    assert said[1:4] == [["API", base], ["documentation", f"{base}/docs/"], ["description", f"{base}/openapi.json"]]
    assert str(suite.folder / "first-admin.json") in suite.text and f"127.0.0.1:{suite.admin_port}" in suite.text
    assert stat.S_IMODE((suite.folder / "first-admin.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(os.stat(suite.folder).st_mode) == 0o700
    for key in suite.folder.glob("keys/*.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600, key
    assert suite.stop() == 0
    assert '"message":"ended"' in suite.log[-1]
    # Nothing is made anew at the second start.
    before = {path.name: path.read_bytes() for path in suite.folder.glob("keys/*") if path.is_file()}
    again = start()
    assert {path.name: path.read_bytes() for path in suite.folder.glob("keys/*") if path.is_file()} == before
    assert again.stop() == 0


def test_a_note_is_added_read_and_listed(notes):
    note = notes.create("one two three")
    assert note.name.startswith("notes/") and note.text == "one two three"
    read = notes.call("GetNote", notes.stubs.notes.GetNoteRequest(name=note.name))
    assert (read.name, read.text, read.create_time) == (note.name, note.text, note.create_time)
    names = [note.name] + [notes.create(f"note {number}").name for number in range(6)]
    assert [note.name for note in notes.all_notes(page_size=2)] == names[::-1]


def test_the_same_request_twice_changes_once(notes):
    request_id = str(uuid.uuid4())
    first = notes.create("once", request_id)
    assert notes.create("once", request_id) == first
    assert len(notes.all_notes()) == 1
    with failing() as failures:
        notes.create("something else", request_id)
    assert failures[0].is_(grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")
    assert len(notes.all_notes()) == 1


def test_the_same_request_many_times_at_once_changes_once(notes):
    for _ in range(5):
        request_id = str(uuid.uuid4())
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda _: notes.create("at once", request_id), range(8)))
        assert all(reply == replies[0] for reply in replies)
    assert len(notes.all_notes()) == 5


def test_organizations_see_their_own(start, gateway):
    suite = start()
    acme, other = gateway(suite), gateway(suite, organization="other")
    note = acme.create("of acme")
    assert other.all_notes() == []
    with failing() as failures:
        other.call("GetNote", other.stubs.notes.GetNoteRequest(name=note.name))
    assert failures[0].is_(grpc.StatusCode.NOT_FOUND, "NOTE_UNKNOWN", "datavault.example.v1")
    # An id belongs to its caller's organization.
    request_id = str(uuid.uuid4())
    assert acme.create("a", request_id).name != other.create("b", request_id).name


def test_bad_input_names_every_field_and_changes_nothing(notes):
    with failing() as failures:
        notes.create("x" * 10_001, "no uuid")
    assert failures[0].is_(grpc.StatusCode.INVALID_ARGUMENT, "FIELDS_INVALID")
    assert set(failures[0].fields) == {"note.text", "request_id"}
    with failing() as failures:
        notes.call("ListNotes", notes.stubs.notes.ListNotesRequest(page_token="nonsense"))
    assert failures[0].is_(grpc.StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_INVALID", "datavault.example.v1")
    assert notes.all_notes() == []


def test_without_a_permission_nothing_is_changed(start, gateway):
    suite = start()
    reader = gateway(suite, permissions=("notes.read",))
    with failing() as failures:
        reader.create("x")
    assert failures[0].is_(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING")
    assert reader.all_notes() == []


def test_a_job_follows_its_note(start, gateway):
    suite = start()
    notes = gateway(suite)
    note = notes.create("one two  three\nfour")
    request = notes.stubs.notes.GetNoteRequest(name=note.name)
    suite.wait_for(lambda: notes.call("GetNote", request).HasField("word_count"))
    assert notes.call("GetNote", request).word_count == 4


def test_every_change_is_told_once_and_in_order(start, gateway):
    suite = start()
    acme, other = gateway(suite), gateway(suite, organization="other")
    names = [acme.create(f"note {number}").name for number in range(20)]
    theirs = other.create("of another").name
    suite.wait_for(lambda: len(acme.journal()) == 20 and len(other.journal()) == 1)
    entries = acme.journal()
    assert [entry.resource for entry in entries] == names
    assert {(entry.action, entry.actor, entry.denial) for entry in entries} == {("note.create", "users/ada", "")}
    # What is personal is not told.
    assert all("note 1" not in entry.after and names[0] in entries[0].after for entry in entries)
    assert [entry.resource for entry in other.journal()] == [theirs]


def test_a_refused_call_is_told_too(start, gateway):
    suite = start()
    reader = gateway(suite, permissions=("notes.read", "journal.read"))
    with failing():
        reader.create("x")
    suite.wait_for(lambda: reader.journal())
    (entry,) = reader.journal()
    assert (entry.action, entry.actor, entry.resource) == ("note.create", "users/ada", "")
    assert entry.denial == "PERMISSION_DENIED PERMISSION_MISSING"


def test_nobody_but_its_roles_may_write_the_journal(notes):
    with failing() as failures:
        notes.call("AppendEntries", notes.stubs.journal.AppendEntriesRequest(), service="JournalService")
    assert failures[0].code == grpc.StatusCode.PERMISSION_DENIED


def test_lines_of_a_call_can_be_found_and_tell_no_secret(start, gateway):
    suite = start("log.calls=all", "log.level=debug")
    notes = gateway(suite)
    notes.create("a very personal text")
    suite.wait_for(lambda: any("call ended" in line and "NotesService" in line for line in suite.log))
    lines = [json.loads(line) for line in suite.log]
    ended = next(line for line in lines if line["message"] == "call ended" and "NotesService" in line["method"])
    assert ended["request_id"] == "test-CreateNote"
    assert ended["method"] == "/datavault.example.v1.NotesService/CreateNote"
    assert ended["code"] == "OK"
    assert "very personal" not in suite.text
    assert all(json.loads(line) for line in suite.log)


def test_operators_see_health_and_metrics(start, gateway):
    suite = start()
    gateway(suite).create("x")
    assert suite.get("/livez") == (200, "ok\n")
    status, text = suite.get("/readyz")
    assert status == 200 and "store: ok" in text
    status, text = suite.get("/metrics")
    assert status == 200
    assert 'datavault_calls_total{code="OK",method="CreateNote",service="datavault.example.v1.NotesService"} 1' in text
