"""The edge's own description of itself: valid, and true."""

import collections
import json
import os
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


HERE = pathlib.Path(__file__).resolve().parent
# Seconds for all that schemathesis sends.
FUZZ_TIME = 40


def schemathesis(suite, folder, document, *more):
    """Calls routes with what a document allows and what it does not; openapi_hooks.py says what does not count."""
    return subprocess.run(
        [pathlib.Path(sys.executable).with_name("schemathesis"), "--config-file", HERE / "schemathesis.toml", "run", document,
         "--header", f"Authorization: Bearer {suite.first['key']}", "--max-examples", "20",
         "--max-time", str(FUZZ_TIME), "--seed", "1", "--workers", "1", "--generation-database", "none",
         "--continue-on-failure", "--no-color", "--warnings", "off", "--request-timeout", "30", "--no-shrink",
         "--suppress-health-check", "all", *more],
        capture_output=True, text=True, cwd=folder,
        env=os.environ | {"SCHEMATHESIS_HOOKS": "openapi_hooks", "PYTHONPATH": str(HERE)},
        timeout=FUZZ_TIME * 3 + 60)


def test_schemathesis_finds_nothing(own_edge, tmp_path):
    """All checks, on every route."""
    # Of its own: it changes whatever it can guess the name of.
    suite = own_edge()
    done = schemathesis(suite, tmp_path, f"{suite.url()}/openapi.json", "--phases", "coverage,fuzzing")
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
    # It was let in: with credentials that are refused it would find nothing, either.
    statuses = [json.loads(line)["status"] for line in suite.processes["suite"].lines if '"status"' in line]
    assert statuses.count(401) * 10 < len(statuses), collections.Counter(statuses)
    assert statuses.count(200) * 20 > len(statuses), collections.Counter(statuses)
    assert suite.admin_call("GET", "/api/v1/me").status == 200


def test_schemathesis_finds_what_is_not_true(own_edge, tmp_path):
    """What does not count hides nothing: bounds that are told too narrow or too wide are found."""
    suite = own_edge()
    document = suite.call("GET", "/openapi.json").json
    sizes = [parameter["schema"] for parameter in document["paths"]["/api/v1/users"]["get"]["parameters"]
             if parameter["name"] == "pageSize"]
    assert [size["maximum"] for size in sizes] == [1000]
    sizes[0]["maximum"] = 10
    rotation = document["paths"]["/api/v1/api-keys/{api_key}:rotate"]["post"]
    overlap = rotation["requestBody"]["content"]["application/json"]["schema"]["properties"]["overlap"]
    assert overlap["x-datavault-maximum"] == "2592000s"
    overlap["pattern"] = "^2592[0-9]{4}s$"
    made = document["paths"]["/api/v1/users"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    document["components"]["schemas"][made["$ref"].rsplit("/", 1)[1]]["required"].append("password")
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    done = schemathesis(suite, tmp_path, "openapi.json", "--url", suite.url(), "--phases", "coverage",
                        "--checks", "negative_data_rejection,positive_data_acceptance",
                        "--include-path-regex", r"/(users|api-keys/\{api_key\}:rotate)$")
    assert done.returncode == 1, done.stdout[-20_000:] + done.stderr
    for title in ("GET /api/v1/users _", "POST /api/v1/users _", "POST /api/v1/api-keys/{api_key}:rotate _"):
        assert title in done.stdout, done.stdout
