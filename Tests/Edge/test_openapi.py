"""The edge's own description of itself: valid, and true."""

import pathlib
import subprocess
import sys

from openapi_spec_validator import OpenAPIV31SpecValidator


def test_the_document_is_valid(edge):
    answer = edge.call("GET", "/openapi.json")
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/json"
    assert list(OpenAPIV31SpecValidator(answer.json).iter_errors()) == []
    assert answer.json["openapi"].startswith("3.1")


def test_every_route_of_it_is_there(one_process):
    document = one_process.call("GET", "/openapi.json").json
    assert len(document["paths"]) > 20
    for path, operations in document["paths"].items():
        for verb in operations:
            answer = one_process.call(verb.upper(), path.replace("{", "").replace("}", ""), raw=b"",
                                      headers={"Content-Type": "application/json"})
            assert answer.reason not in ("ROUTE_UNKNOWN", "METHOD_NOT_ALLOWED"), (verb, path, answer)


# Seconds for all that schemathesis sends.
FUZZ_TIME = 40
# Checks that say something else here than elsewhere.
NOT_CHECKED = {
    # protobuf's canonical JSON takes several spellings of a value: numbers as strings, enumerations as numbers, names
    # in snake case, null for what is not set. A schema of the one spelling that answers have cannot tell them.
    "negative_data_rejection",
    # What no schema can say is checked, too: that an address is free, a password strong, a time in the future, the
    # header Idempotency-Key the same as the body's request_id.
    "positive_data_acceptance",
}


def test_schemathesis_finds_nothing(own_edge, tmp_path):
    """Every route is called with what the document allows and what it does not."""
    # Of its own: it changes whatever it can guess the name of.
    suite = own_edge()
    done = subprocess.run(
        [pathlib.Path(sys.executable).with_name("schemathesis"), "run", f"{suite.url()}/openapi.json",
         "--header", f"Authorization: Bearer {suite.first['key']}", "--phases", "coverage,fuzzing",
         "--exclude-checks", ",".join(sorted(NOT_CHECKED)), "--max-examples", "20", "--max-time", str(FUZZ_TIME),
         "--seed", "1", "--workers", "1", "--generation-database", "none", "--continue-on-failure", "--no-color",
         "--warnings", "off", "--request-timeout", "30", "--no-shrink", "--suppress-health-check", "all"],
        capture_output=True, text=True, cwd=tmp_path, timeout=FUZZ_TIME * 3 + 60)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
    # It was let in: with a key that is refused it would find nothing, either.
    assert suite.admin_call("GET", "/api/v1/me").status == 200
    assert len(suite.admin_call("GET", "/api/v1/users?pageSize=1000").json["users"]) > 1
