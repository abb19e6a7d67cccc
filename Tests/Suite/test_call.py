"""`datavault call` and a suite that `datavault up` has started: nothing is said of addresses, certificates or keys."""

import json

import pytest


@pytest.fixture
def call(start, command):
    suite = start()
    place = ["--set", f"data.folder={suite.folder}", "--set", f"example.listen=127.0.0.1:{suite.port}"]

    def run(*words, **options):
        return command("call", *place, *words, **options)

    return run


def test_it_works_out_of_the_box(call):
    created = call("--organization", "acme", "NotesService/CreateNote", '{"note": {"text": "hello"}}')
    assert created.returncode == 0, created.stderr
    note = json.loads(created.stdout)
    listed = call("--organization", "acme", "ListNotes")
    (same,) = json.loads(listed.stdout)["notes"]
    # The job that counts words may have been quicker than the second call.
    same.pop("wordCount", None)
    assert same == note
    elsewhere = call("--organization", "other", "GetNote", json.dumps({"name": note["name"]}))
    assert elsewhere.returncode == 1 and "NOT_FOUND" in elsewhere.stderr


def test_without_a_principal_it_says_what_to_do(call):
    failed = call("ListNotes")
    assert failed.returncode == 1
    assert "PRINCIPAL_MISSING" in failed.stderr and "next: --organization ORG" in failed.stderr


def test_roles_call_as_themselves(call):
    words = ["NotesService/CreateNote", '{"note": {"text": "found"}}']
    made = call("--as", "compliance", "--on-behalf", "acme", *words)
    assert made.returncode == 0, made.stderr
    refused = call("--as", "scrape", "--on-behalf", "acme", *words)
    assert refused.returncode == 1 and "ROLE_REFUSED" in refused.stderr and "next: --as ROLE" in refused.stderr
    both = call("--organization", "acme", "--on-behalf", "acme", *words)
    assert both.returncode == 2 and "exclude each other" in both.stderr


def test_contract(call):
    assert "datavault.example.v1.NotesService" in call("--to", "example", "--list").stdout.splitlines()
    assert 'permission: "notes.write"' in call("--describe", "NotesService/CreateNote").stdout


def test_the_role_is_the_one_whose_contract_has_the_name(call):
    # Only a role's name, or nothing to go by: the one is refused, the other asked for.
    unclear = call("--list")
    assert unclear.returncode == 2 and "next: --to ROLE (identity, compliance, scrape, pipeline, example)" in unclear.stderr
    unknown = call("--organization", "acme", "NoSuchService/Nothing")
    assert unknown.returncode == 2 and "no role of this suite has NoSuchService/Nothing" in unknown.stderr
    # Identity listens at a port that the system chose, so that it is found and not reached.
    elsewhere = call("--set", "identity.listen=127.0.0.1:1", "--organization", "acme", "ListApiKeys")
    assert elsewhere.returncode == 3 and "127.0.0.1:1" in elsewhere.stderr


def test_nobody_is_there(command, tmp_path):
    folder = tmp_path / "data"
    nothing = command("call", "--set", f"data.folder={folder}", "--to", "example", "--list")
    assert nothing.returncode == 2 and "next: `datavault up`" in nothing.stderr
    made = command("keys", "development", "--out", folder / "keys")
    assert made.returncode == 0
    words = ["--set", f"data.folder={folder}", "--set"]
    silent = command("call", *words, "example.listen=127.0.0.1:1", "--to", "example", "--list")
    assert silent.returncode == 3 and "cannot reach 127.0.0.1:1: Connection refused" in silent.stderr
    assert "`datavault up` starts one" in silent.stderr
    anywhere = command("call", *words, "example.listen=127.0.0.1:0", "--to", "example", "--list")
    assert anywhere.returncode == 2 and "--address" in anywhere.stderr
    wrong = command("call", *words, "example.lisen=127.0.0.1:0", "--to", "example", "--list")
    assert wrong.returncode == 2 and "did you mean example.listen?" in wrong.stderr
