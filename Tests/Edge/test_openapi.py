"""The edge's own description of itself: valid, and true."""

import os
import subprocess
import sys

from conftest import HERE
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
