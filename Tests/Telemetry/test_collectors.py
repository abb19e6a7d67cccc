"""Collectors that are away, slow, full or broken: callers never wait, and what is lost is counted."""

import socket
import subprocess
import threading
import time

import grpc
import pytest
from collector import Refusal
from conftest import eventually, value
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

DROPPED = 'datavault_trace_spans_dropped_total{reason="%s"}'
EXPORTED = "datavault_trace_spans_exported_total"


# Spans go as soon as there are ten, and not before: however slow the machine is, a burst of ten is one export.
TENS = ("--batch", 10, "--delay-ms", 60_000)


def counts(text):
    """Exported, and dropped by reason; reasons without any are left out."""
    found = {reason: value(text, DROPPED % reason) for reason in ("queue_full", "failed", "rejected", "shutdown")}
    return value(text, EXPORTED), {reason: number for reason, number in found.items() if number}


def test_all_arrive(probe, collector):
    sink = collector()
    server = probe("--otlp", sink.url, "--queue", 100_000, "--batch", 500)
    server.ask("/burst/5000")
    # They are sent at the end at the latest.
    assert counts(server.stop()) == (5000, {})
    assert len(sink.spans) == 5000
    assert max(count for _, count in sink.attempts) == 500


def test_headers_and_compression(probe, collector):
    sink = collector()
    server = probe("--otlp", sink.url, "--otlp-header", "x-api-key=s3cret", "--gzip", "yes")
    server.ask("/burst/100")
    assert counts(server.stop()) == (100, {})
    assert sink.metadata[0]["x-api-key"] == "s3cret"
    assert "s3cret" not in server.log.read_text()


def test_tls(probe, collector, tmp_path):
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=collector", "-addext", "subjectAltName=DNS:collector.test", "-keyout", key, "-out", certificate],
        check=True, capture_output=True, timeout=30)
    credentials = grpc.ssl_server_credentials([(key.read_bytes(), certificate.read_bytes())])
    sink = collector(credentials=credentials)
    server = probe("--otlp", sink.url, "--otlp-ca", certificate, "--otlp-server-name", "collector.test")
    server.ask("/burst/10")
    assert counts(server.stop()) == (10, {})
    stranger = probe("--otlp", sink.url, "--otlp-ca", certificate, "--otlp-server-name", "other.test",
                     "--shutdown-ms", 500)
    stranger.ask("/burst/10")
    assert counts(stranger.stop()) == (0, {"shutdown": 10})


def test_dead_collector(probe, echo, free):
    server = probe("--otlp", f"http://127.0.0.1:{free()}", "--queue", 1000, "--delay-ms", 50, "--backoff-ms", 100,
                   "--shutdown-ms", 1000)
    server.ask("/burst/1000")
    before = server.resident()
    nanoseconds = int(server.ask("/burst/200000"))
    # A span into a full queue costs microseconds, in a debug build on a loaded machine, too; a network would cost more.
    assert nanoseconds / 200_000 < 100_000
    assert server.resident() - before < 32e6
    assert echo(server, "hello") == "hello"
    assert server.value("datavault_trace_queue_spans") <= 1000
    exported, dropped = counts(server.stop())
    assert exported == 0
    assert sum(dropped.values()) == 201_001
    # What was not in the queue, or in the batch that was being sent, was dropped at once.
    assert dropped["shutdown"] <= 1000 + 512
    assert server.log.read_text().count("Spans cannot be exported") == 1


def test_collector_that_comes_back(probe, collector, free):
    port = free()
    server = probe("--otlp", f"http://127.0.0.1:{port}", "--delay-ms", 50, "--backoff-ms", 100)
    server.ask("/burst/700")
    assert eventually(lambda: server.value('datavault_trace_exports_total{code="UNAVAILABLE"}'))
    sink = collector(port=port)
    assert eventually(lambda: len(sink.spans) == 700, timeout=60)
    assert counts(server.stop()) == (700, {})
    assert "Spans are exported again" in server.log.read_text()


def test_slow_collector(probe, collector):
    gate = threading.Event()
    sink = collector(answer=lambda n, request: gate.wait(20) and None)
    server = probe("--otlp", sink.url, "--queue", 100, *TENS, "--timeout-ms", 30_000)
    server.ask("/burst/10")
    assert eventually(lambda: len(sink.attempts) == 1)
    server.ask("/burst/1000")
    assert counts(server.ask("/metrics"))[1] == {"queue_full": 900}
    assert len(sink.attempts) == 1
    gate.set()
    assert eventually(lambda: len(sink.spans) == 110)
    assert counts(server.stop()) == (110, {"queue_full": 900})


def test_collector_that_never_answers(probe, collector):
    gate = threading.Event()
    sink = collector(answer=lambda n, request: gate.wait(60) and None)
    server = probe("--otlp", sink.url, *TENS, "--timeout-ms", 300, "--retry-ms", 1, "--shutdown-ms", 500)
    server.ask("/burst/10")
    # DEADLINE_EXCEEDED may be sent again, but here the time for that is over.
    assert eventually(lambda: server.value(DROPPED % "failed") == 10)
    assert server.value('datavault_trace_exports_total{code="DEADLINE_EXCEEDED"}') == 1
    gate.set()


def test_waits_as_long_as_it_is_asked_to(probe, collector):
    def answer(number, request):
        if number == 1:
            raise Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, retry_after=1.2)

    sink = collector(answer=answer)
    server = probe("--otlp", sink.url, *TENS, "--backoff-ms", 10)
    server.ask("/burst/10")
    assert eventually(lambda: len(sink.spans) == 10)
    (first, _), (second, _) = sink.attempts
    assert second - first >= 1.2
    assert counts(server.stop()) == (10, {})


@pytest.mark.parametrize("code", [
    grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.UNIMPLEMENTED,
], ids=lambda code: code.name)
def test_never_again(probe, collector, code):
    def answer(number, request):
        raise Refusal(code)

    sink = collector(answer=answer)
    server = probe("--otlp", sink.url, *TENS, "--backoff-ms", 10)
    server.ask("/burst/10")
    assert eventually(lambda: server.value(DROPPED % "failed") == 10)
    assert counts(server.stop()) == (0, {"failed": 10})
    assert len(sink.attempts) == 1


@pytest.mark.parametrize("code", [
    grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.ABORTED, grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.OUT_OF_RANGE, grpc.StatusCode.DATA_LOSS,
], ids=lambda code: code.name)
def test_again(probe, collector, code):
    def answer(number, request):
        if number <= 2:
            raise Refusal(code)

    sink = collector(answer=answer)
    server = probe("--otlp", sink.url, *TENS, "--backoff-ms", 10)
    server.ask("/burst/10")
    assert eventually(lambda: len(sink.spans) == 10)
    assert counts(server.stop()) == (10, {})
    assert len(sink.attempts) == 3


def test_partial_success(probe, collector):
    partial = trace_service_pb2.ExportTracePartialSuccess(rejected_spans=4, error_message="four are no good")
    sink = collector(answer=lambda n, request: partial)
    server = probe("--otlp", sink.url, *TENS)
    server.ask("/burst/10")
    assert eventually(lambda: server.value(EXPORTED) == 6)
    assert counts(server.stop()) == (6, {"rejected": 4})
    assert len(sink.attempts) == 1
    assert "four are no good" in server.log.read_text()


def test_connections_that_are_reset(probe, collector, free):
    """A collector that resets each connection once bytes have come, then one that works in its place."""
    port = free()
    listener = socket.create_server(("127.0.0.1", port))
    resets = []

    def reset():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.recv(1)
            # With no time to linger, closing is a RST.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.close()
            resets.append(time.monotonic())

    thread = threading.Thread(target=reset, daemon=True)
    thread.start()
    server = probe("--otlp", f"http://127.0.0.1:{port}", "--delay-ms", 20, "--backoff-ms", 50)
    server.ask("/burst/10")
    assert eventually(lambda: len(resets) >= 3)
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    sink = collector(port=port)
    assert eventually(lambda: len(sink.spans) == 10, timeout=60)
    assert counts(server.stop()) == (10, {})
