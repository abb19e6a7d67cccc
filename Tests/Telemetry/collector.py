"""An OpenTelemetry collector made of the published protos, which answers as a test wants."""

import concurrent.futures
import threading

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

CODES = {code.value[0]: code for code in grpc.StatusCode}


class Refusal(Exception):
    """An answer other than success: a code, and seconds after which to come again."""

    def __init__(self, code, retry_after=None):
        super().__init__(code)
        self.code, self.retry_after = code, retry_after


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Keeps what it takes. `answer(n, request)` is asked for the n-th export, from 1: it raises a `Refusal`, waits, or
    gives an ExportTracePartialSuccess or None."""

    def __init__(self, answer=lambda n, request: None, port=0, credentials=None):
        self.answer = answer
        self.lock = threading.Lock()
        self.attempts = []
        self.taken = []
        self.metadata = []
        self.server = grpc.server(concurrent.futures.ThreadPoolExecutor(4), options=[("grpc.so_reuseport", 0)])
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(self, self.server)
        address = f"127.0.0.1:{port}"
        self.port = (
            self.server.add_secure_port(address, credentials) if credentials else self.server.add_insecure_port(address)
        )
        assert self.port
        self.url = f"{'https' if credentials else 'http'}://127.0.0.1:{self.port}"
        self.server.start()

    def Export(self, request, context):
        import time

        with self.lock:
            self.attempts.append((time.monotonic(), sum(1 for _ in spans_of(request))))
            self.metadata.append(dict(context.invocation_metadata()))
            number = len(self.attempts)
        try:
            partial = self.answer(number, request)
        except Refusal as refusal:
            self._refuse(context, refusal)
        with self.lock:
            self.taken.append(request)
        return trace_service_pb2.ExportTraceServiceResponse(partial_success=partial)

    @staticmethod
    def _refuse(context, refusal):
        message = f"refused with {refusal.code.name}"
        if refusal.retry_after is not None:
            detail = any_pb2.Any()
            delay = duration_pb2.Duration()
            delay.FromNanoseconds(int(refusal.retry_after * 1e9))
            detail.Pack(error_details_pb2.RetryInfo(retry_delay=delay))
            status = status_pb2.Status(code=refusal.code.value[0], message=message, details=[detail])
            context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(refusal.code, message)

    @property
    def spans(self):
        """All spans taken, with their resource's attributes."""
        with self.lock:
            requests = list(self.taken)
        return [pair for request in requests for pair in spans_of(request)]

    def named(self, name, **attributes):
        """The span of that name with these attributes (dots are written __), as soon as it has come."""
        return [
            (span, resource) for span, resource in self.spans
            if span.name == name
            and all(plain(span.attributes).get(k.replace("__", ".")) == v for k, v in attributes.items())
        ]

    def stop(self):
        self.server.stop(0).wait(10)


def spans_of(request):
    for group in request.resource_spans:
        resource = plain(group.resource.attributes)
        for scope in group.scope_spans:
            for span in scope.spans:
                yield span, resource


def plain(attributes):
    """Attributes as a dictionary of Python values; each key once."""
    found = {}
    for attribute in attributes:
        assert attribute.key not in found, f"{attribute.key} comes twice"
        found[attribute.key] = plain_value(attribute.value)
    return found


def plain_value(value):
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [plain_value(element) for element in value.array_value.values]
    return getattr(value, kind)
