"""A trace that spans two processes, as a collector takes it."""

import re

import grpc
import pytest
from collector import plain
from conftest import eventually

SERVER, CLIENT, INTERNAL = 2, 3, 1
PARENT = "4bf92f3577b34da6a3ce929d0e0e4736"
CALL = "00f067aa0ba902b7"


@pytest.fixture
def suite(probe, collector):
    """Two roles that send to one collector; the front calls the back."""

    def start(*options):
        sink = collector()
        back = probe("--role", "back", "--otlp", sink.url, "--delay-ms", 50, *options)
        front = probe("--role", "front", "--upstream", back.port, "--otlp", sink.url, "--delay-ms", 50, *options)
        return sink, front, back

    return start


def test_trace_over_two_roles(suite, echo):
    sink, front, back = suite()
    state = "vendor=abc,other@system=1"
    echo(front, "hello", metadata=(("traceparent", f"00-{PARENT}-{CALL}-01"), ("tracestate", state)))
    assert eventually(lambda: len(sink.spans) >= 4)
    by = {(resource["service.name"], span.kind): (span, resource) for span, resource in sink.spans}
    assert sorted(by) == [("back", SERVER), ("front", INTERNAL), ("front", SERVER), ("front", CLIENT)] \
        or set(by) == {("back", SERVER), ("front", INTERNAL), ("front", SERVER), ("front", CLIENT)}
    outer, resource = by["front", SERVER]
    work, _ = by["front", INTERNAL]
    call, _ = by["front", CLIENT]
    inner, back_resource = by["back", SERVER]

    assert {span.trace_id.hex() for span, _ in sink.spans} == {PARENT}
    assert len({span.span_id for span, _ in sink.spans}) == 4
    assert outer.parent_span_id.hex() == CALL
    assert work.parent_span_id == outer.span_id
    assert call.parent_span_id == work.span_id
    assert inner.parent_span_id == call.span_id
    assert {span.trace_state for span, _ in sink.spans} == {state}
    # Sampled, and whether the parent is of another process.
    assert [span.flags for span in (outer, work, call, inner)] == [0x301, 0x101, 0x101, 0x301]

    assert outer.name == call.name == inner.name == "echo.EchoService/Say"
    rpc = {"rpc.system": "grpc", "rpc.service": "echo.EchoService", "rpc.method": "Say", "rpc.grpc.status_code": 0}
    for span in (outer, call, inner):
        assert rpc.items() <= plain(span.attributes).items()
        assert span.status.code == 0
    assert outer.start_time_unix_nano <= work.start_time_unix_nano <= call.start_time_unix_nano
    assert call.end_time_unix_nano <= work.end_time_unix_nano <= outer.end_time_unix_nano
    assert inner.start_time_unix_nano < inner.end_time_unix_nano

    assert resource == {
        "service.name": "front", "service.namespace": "datavault", "service.instance.id": "front-1",
        "service.version": "1.2.3", "deployment.environment.name": "test", "telemetry.sdk.name": "datavault",
        "telemetry.sdk.language": "swift",
    }
    assert back_resource["service.instance.id"] == "back-1"


def test_attributes_events_and_links(suite, echo):
    sink, front, back = suite()
    echo(front, "hello")
    [(work, _)] = eventually(lambda: sink.named("forward"))
    attributes = plain(work.attributes)
    assert attributes.pop("probe.long") == "ä" * 512
    assert attributes == {
        "probe.text": "hello", "probe.count": 7, "probe.ratio": 0.5, "probe.flag": True, "probe.names": ["a", "b"],
        "probe.numbers": [1, -2], "probe.access_token": "[masked]",
    }
    [event] = work.events
    assert (event.name, plain(event.attributes)) == ("begun", {"step": "first", "password": "[masked]"})
    assert work.start_time_unix_nano <= event.time_unix_nano <= work.end_time_unix_nano
    [link] = work.links
    assert (link.trace_id, link.span_id) == (work.trace_id, work.span_id)
    assert plain(link.attributes) == {"why": "test"}
    # It begins a trace of its own.
    assert re.fullmatch(r"[0-9a-f]{32}", work.trace_id.hex()) and set(work.trace_id) != {0}


def test_errors(suite, echo):
    sink, front, back = suite()
    for code, is_fault in ((grpc.StatusCode.NOT_FOUND, False), (grpc.StatusCode.INTERNAL, True)):
        number = code.value[0]
        with pytest.raises(grpc.RpcError) as failure:
            echo(back, f"fail {number}")
        assert failure.value.code() == code
        [(span, _)] = eventually(lambda: sink.named("echo.EchoService/Say", rpc__grpc__status_code=number))
        # OpenTelemetry: on servers only codes that speak of the server itself make a span an error.
        assert span.status.code == (2 if is_fault else 0)
        assert len(span.events) == (1 if is_fault else 0)
        for event in span.events:
            assert event.name == "exception"
            assert plain(event.attributes)["exception.message"] == f"INTERNAL: asked for fail {number}"


def test_streams_have_client_spans(suite, echo):
    sink, front, back = suite()
    assert echo(front, "hello", stream=3) == ["hello"] * 3
    assert eventually(lambda: len(sink.spans) >= 3)
    by = {(resource["service.name"], span.kind): span for span, resource in sink.spans}
    outer, call, inner = by["front", SERVER], by["front", CLIENT], by["back", SERVER]
    assert call.parent_span_id == outer.span_id
    assert inner.parent_span_id == call.span_id
    assert plain(call.attributes)["rpc.grpc.status_code"] == 0


def test_callers_decision_counts(suite, echo):
    sink, front, back = suite("--ratio", 0)
    echo(front, "no", metadata=(("traceparent", f"00-{PARENT}-{CALL}-00"),))
    echo(front, "none")
    echo(front, "yes", metadata=(("traceparent", f"00-{PARENT}-{CALL}-01"),))
    assert eventually(lambda: len(sink.spans) >= 4)
    front.stop()
    back.stop()
    assert len(sink.spans) == 4
    assert {span.trace_id.hex() for span, _ in sink.spans} == {PARENT}


def test_own_exports_are_no_spans(suite, echo):
    sink, front, back = suite()
    echo(front, "hello")
    assert eventually(lambda: len(sink.spans) >= 4)
    echo(front, "again")
    assert eventually(lambda: len(sink.spans) >= 8)
    assert not [span for span, _ in sink.spans if "opentelemetry" in span.name]
    assert not any("traceparent" in metadata for metadata in sink.metadata)
