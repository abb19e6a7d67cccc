"""One trace from the client's `traceparent` through the edge to the service, at a collector made of the published protos."""

import secrets

from collector import Collector, plain
from conftest import wait_for
from opentelemetry.proto.trace.v1 import trace_pb2

SPAN_OF = {"/api/v1/me": "datavault.identity.v1.UsersService/GetMe",
           "/api/v1/notes": "datavault.example.v1.NotesService/ListNotes"}


def chain(collector, trace):
    """The trace's spans by their parents, once those of the service are there."""
    return [(span, resource) for span, resource in collector.spans if span.trace_id == trace]


def test_a_trace_goes_through_the_edge_to_the_service(own_edge, postgres):
    collector = Collector()
    try:
        suite = own_edge(postgres=postgres, **{"tracing.endpoint": collector.url, "tracing.batch-delay": "50ms"})
        for path, method in SPAN_OF.items():
            trace, parent = secrets.token_bytes(16), secrets.token_bytes(8)
            answer = suite.admin_call("GET", path, headers={
                "traceparent": f"00-{trace.hex()}-{parent.hex()}-01", "tracestate": "vendor=seven"})
            assert answer.status == 200, answer
            kinds = trace_pb2.Span
            found = wait_for(lambda: len(chain(collector, trace)) >= 3 and chain(collector, trace),
                             lambda: f"no whole trace: {chain(collector, trace)}", 30)
            edge = [(s, r) for s, r in found if s.parent_span_id == parent]
            assert len(edge) == 1, found
            span, resource = edge[0]
            assert span.kind == kinds.SPAN_KIND_SERVER and resource["service.name"].endswith("gateway"), edge
            assert span.trace_state == "vendor=seven"
            attributes = plain(span.attributes)
            assert path in attributes.values() or path in span.name, (span.name, attributes)
            # The call that the edge makes, and the service's side of it.
            client = [(s, r) for s, r in found if s.parent_span_id == span.span_id]
            assert [s.name for s, _ in client] == [method], found
            served = [(s, r) for s, r in found if s.parent_span_id == client[0][0].span_id]
            assert [(s.name, s.kind) for s, _ in served] == [(method, kinds.SPAN_KIND_SERVER)], found
            service = "identity" if path == "/api/v1/me" else "example"
            assert served[0][1]["service.name"].endswith(service), served
            # No secret leaves with them.
            assert suite.first["key"] not in str(found)
        # What the caller does not record is not recorded, and goes on as such.
        trace, parent = secrets.token_bytes(16), secrets.token_bytes(8)
        quiet = suite.admin_call(
            "GET", "/api/v1/notes", headers={"traceparent": f"00-{trace.hex()}-{parent.hex()}-00"})
        malformed = suite.admin_call("GET", "/api/v1/notes", headers={"traceparent": f"00-{'0' * 32}-{parent.hex()}-01"})
        assert quiet.status == malformed.status == 200
        begun = wait_for(lambda: [s for s, r in collector.spans if not s.parent_span_id
                                  and r["service.name"].endswith("gateway")], "a malformed context begins no trace", 30)
        assert all(s.trace_id != bytes(16) for s in begun)
        assert not chain(collector, trace)
        # A refused request is a span, too, and none of a service's.
        trace = secrets.token_bytes(16)
        assert suite.call("GET", "/api/v1/notes", headers={
            "traceparent": f"00-{trace.hex()}-{parent.hex()}-01"}).status == 401
        found = wait_for(lambda: chain(collector, trace), "a refused request leaves no span", 30)
        assert len(found) == 1 and found[0][1]["service.name"].endswith("gateway"), found
    finally:
        collector.stop()
