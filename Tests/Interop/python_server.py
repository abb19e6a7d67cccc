"""An interop server on grpcio: the foreign peer of Wire's client, with health and reflection for the harness itself."""

import argparse
import concurrent.futures
import signal
import threading
import time

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2

from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

import interop_protos as protos

ECHO_INITIAL = "x-grpc-test-echo-initial"
ECHO_TRAILING = "x-grpc-test-echo-trailing-bin"
ERROR_REASON = "x-wire-test-error-reason"
REFLECTION_V1 = "grpc.reflection.v1.ServerReflection"


def echo_metadata(context):
    for key, value in context.invocation_metadata():
        if key == ECHO_INITIAL:
            context.send_initial_metadata(((key, value),))
        elif key == ECHO_TRAILING:
            context.set_trailing_metadata(((key, value),))


def echo_status(request, context):
    if not request.HasField("response_status") or request.response_status.code == 0:
        return
    wanted = request.response_status
    for key, value in context.invocation_metadata():
        if key == ERROR_REASON:
            abort_with_reason(wanted, value, context)
    for code in grpc.StatusCode:
        if code.value[0] == wanted.code:
            context.abort(code, wanted.message)
    context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"no status has the code {wanted.code}")


def abort_with_reason(wanted, reason, context):
    info = error_details_pb2.ErrorInfo(reason=reason, domain="wire.test", metadata={"key": "välue"})
    detail = any_pb2.Any()
    detail.Pack(info)
    status = status_pb2.Status(code=wanted.code, message=wanted.message, details=[detail])
    context.abort_with_status(rpc_status.to_status(status))


class TestService:
    """What `grpc.testing.TestService` asks for; UnimplementedCall is missing on purpose."""

    def EmptyCall(self, request, context):
        echo_metadata(context)
        return protos.Empty()

    def UnaryCall(self, request, context):
        echo_metadata(context)
        echo_status(request, context)
        if request.HasField("response_compressed"):
            wanted = request.response_compressed.value
            context.set_compression(grpc.Compression.Gzip if wanted else grpc.Compression.NoCompression)
        return protos.SimpleResponse(payload=protos.zeros(request.response_size))

    def CacheableUnaryCall(self, request, context):
        return self.UnaryCall(request, context)

    def StreamingInputCall(self, requests, context):
        total = sum(len(request.payload.body) for request in requests)
        return protos.StreamingInputCallResponse(aggregated_payload_size=total)

    def StreamingOutputCall(self, request, context):
        echo_metadata(context)
        yield from self._answers(request, context)

    def FullDuplexCall(self, requests, context):
        echo_metadata(context)
        for request in requests:
            yield from self._answers(request, context)

    def HalfDuplexCall(self, requests, context):
        echo_metadata(context)
        for request in list(requests):
            yield from self._answers(request, context)

    def _answers(self, request, context):
        echo_status(request, context)
        for parameters in request.response_parameters:
            time.sleep(parameters.interval_us / 1e6)
            yield protos.StreamingOutputCallResponse(payload=protos.zeros(parameters.size))


def reflection_v1(names):
    """The reflection service by its v1 name; grpcio-reflection registers v1alpha alone, whose messages are the same."""
    handler = grpc.stream_stream_rpc_method_handler(
        reflection.ReflectionServicer(names).ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    return grpc.method_handlers_generic_handler(REFLECTION_V1, {"ServerReflectionInfo": handler})


def build_server():
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=32))
    # Blocking, a thread for each watch: the other mode sends under a lock that the end of another watch waits for in
    # the thread that would complete the sending, and then nothing goes on in the whole server.
    states = health.HealthServicer(experimental_non_blocking=False)
    for name in ("", protos.TEST_SERVICE):
        states.set(name, health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(states, server)
    names = [protos.TEST_SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME, REFLECTION_V1]
    reflection.enable_server_reflection(names, server)
    server.add_generic_rpc_handlers((protos.handlers(TestService()), reflection_v1(names)))
    return server


def bind(server, flags):
    address = f"127.0.0.1:{flags.port}"
    if not flags.use_tls:
        return server.add_insecure_port(address)
    with open(flags.tls_key_file, "rb") as key, open(flags.tls_cert_file, "rb") as certificate:
        pair = (key.read(), certificate.read())
    return server.add_secure_port(address, grpc.ssl_server_credentials([pair]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--use_tls", type=protos.boolean, default=False)
    parser.add_argument("--tls_cert_file")
    parser.add_argument("--tls_key_file")
    flags = parser.parse_args()

    server = build_server()
    port = bind(server, flags)
    server.start()
    print(f"listening {port}", flush=True)

    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()
    server.stop(grace=1).wait()


if __name__ == "__main__":
    main()
