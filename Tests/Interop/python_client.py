"""An interop client on grpcio: runs one case against a server and exits 0 if it held."""

import argparse
import faulthandler
import os
import queue
import time

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

import interop_protos as protos

# No case takes this long; it turns a hang into a failure.
CASE_TIMEOUT = 30
LARGE_REQUEST, LARGE_RESPONSE = 271828, 314159
REQUEST_SIZES = (27182, 8, 1828, 45904)
RESPONSE_SIZES = (31415, 9, 2653, 58979)
ECHO_METADATA = (
    ("x-grpc-test-echo-initial", "test_initial_metadata_value"),
    ("x-grpc-test-echo-trailing-bin", b"\xab\xab\xab"),
)
SPECIAL_MESSAGE = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"


def check(holds, claim):
    # Not `assert`, which `python -O` leaves out.
    if not holds:
        raise AssertionError(claim)


def equal(got, wanted, what):
    check(got == wanted, f"{what} is {got!r}, not {wanted!r}")


def failure_of(call):
    """The error `call` ends with."""
    try:
        call()
    except grpc.RpcError as error:
        return error
    raise AssertionError("the call succeeded")


def fails_with(call, code, details=None):
    error = failure_of(call)
    equal(error.code(), code, "status code")
    if details is not None:
        equal(error.details(), details, "status message")


def large_request():
    return protos.SimpleRequest(response_size=LARGE_RESPONSE, payload=protos.zeros(LARGE_REQUEST))


def output_request(*sizes, payload=None):
    request = protos.StreamingOutputCallRequest(
        response_parameters=[protos.ResponseParameters(size=size) for size in sizes]
    )
    if payload is not None:
        request.payload.CopyFrom(protos.zeros(payload))
    return request


def is_zeros(message, size):
    equal(len(message.payload.body), size, "payload size")
    check(message.payload.body == bytes(size), "payload has other bytes than zero")


def one_large_unary(stub, request_size=LARGE_REQUEST, response_size=LARGE_RESPONSE):
    request = protos.SimpleRequest(response_size=response_size, payload=protos.zeros(request_size))
    is_zeros(stub.UnaryCall(request, timeout=CASE_TIMEOUT), response_size)


def empty_unary(run):
    equal(run.stub.EmptyCall(protos.Empty(), timeout=CASE_TIMEOUT), protos.Empty(), "response")


def large_unary(run):
    one_large_unary(run.stub)


def client_streaming(run):
    requests = (protos.StreamingInputCallRequest(payload=protos.zeros(size)) for size in REQUEST_SIZES)
    response = run.stub.StreamingInputCall(requests, timeout=CASE_TIMEOUT)
    equal(response.aggregated_payload_size, sum(REQUEST_SIZES), "aggregated size")


def server_streaming(run):
    responses = list(run.stub.StreamingOutputCall(output_request(*RESPONSE_SIZES), timeout=CASE_TIMEOUT))
    equal(len(responses), len(RESPONSE_SIZES), "number of responses")
    for response, size in zip(responses, RESPONSE_SIZES):
        is_zeros(response, size)


class Turns:
    """Requests handed over one by one, as a test decides."""

    def __init__(self):
        self._queue = queue.Queue()

    def send(self, request):
        self._queue.put(request)

    def finish(self):
        self._queue.put(None)

    def __iter__(self):
        return self

    def __next__(self):
        request = self._queue.get()
        if request is None:
            raise StopIteration
        return request


def ping_pong(run):
    turns = Turns()
    call = run.stub.FullDuplexCall(turns, timeout=CASE_TIMEOUT)
    for response_size, request_size in zip(RESPONSE_SIZES, REQUEST_SIZES):
        turns.send(output_request(response_size, payload=request_size))
        is_zeros(next(call), response_size)
    turns.finish()
    equal(list(call), [], "what follows the last response")
    equal(call.code(), grpc.StatusCode.OK, "status code")


def empty_stream(run):
    call = run.stub.FullDuplexCall(iter(()), timeout=CASE_TIMEOUT)
    equal(list(call), [], "responses")
    equal(call.code(), grpc.StatusCode.OK, "status code")


def has_echo(initial, trailing):
    for (key, value), (place, metadata) in zip(ECHO_METADATA, (("initial", initial), ("trailing", trailing))):
        equal([got for name, got in metadata if name == key], [value], f"{place} metadata {key}")


def custom_metadata(run):
    _, call = run.stub.UnaryCall.with_call(large_request(), metadata=ECHO_METADATA, timeout=CASE_TIMEOUT)
    has_echo(call.initial_metadata(), call.trailing_metadata())
    requests = iter((output_request(LARGE_RESPONSE, payload=LARGE_REQUEST),))
    stream = run.stub.FullDuplexCall(requests, metadata=ECHO_METADATA, timeout=CASE_TIMEOUT)
    equal(len(list(stream)), 1, "number of responses")
    has_echo(stream.initial_metadata(), stream.trailing_metadata())


def status_code_and_message(run):
    status = protos.EchoStatus(code=2, message="test status message")
    unary = protos.SimpleRequest(response_status=status)
    fails_with(lambda: run.stub.UnaryCall(unary, timeout=CASE_TIMEOUT), grpc.StatusCode.UNKNOWN, status.message)
    turns = Turns()
    turns.send(protos.StreamingOutputCallRequest(response_status=status))
    turns.finish()
    stream = run.stub.FullDuplexCall(turns, timeout=CASE_TIMEOUT)
    fails_with(lambda: list(stream), grpc.StatusCode.UNKNOWN, status.message)


def special_status_message(run):
    request = protos.SimpleRequest(response_status=protos.EchoStatus(code=2, message=SPECIAL_MESSAGE))
    fails_with(lambda: run.stub.UnaryCall(request, timeout=CASE_TIMEOUT), grpc.StatusCode.UNKNOWN, SPECIAL_MESSAGE)


def status_details(run):
    """Not of gRPC's suite: `google.rpc.Status` in `grpc-status-details-bin`."""
    request = protos.SimpleRequest(response_status=protos.EchoStatus(code=2, message="détails"))
    metadata = (("x-wire-test-error-reason", "OUT_OF_CHEESE"),)
    error = failure_of(lambda: run.stub.UnaryCall(request, timeout=CASE_TIMEOUT, metadata=metadata))
    status = rpc_status.from_call(error)
    check(status is not None, "the status has no details")
    equal((status.code, status.message, len(status.details)), (2, "détails", 1), "status")
    info = error_details_pb2.ErrorInfo()
    check(status.details[0].Unpack(info), f"the detail is a {status.details[0].type_url}")
    equal((info.reason, info.domain, dict(info.metadata)), ("OUT_OF_CHEESE", "wire.test", {"key": "välue"}), "detail")


def unimplemented_method(run):
    call = lambda: run.stub.UnimplementedCall(protos.Empty(), timeout=CASE_TIMEOUT)
    fails_with(call, grpc.StatusCode.UNIMPLEMENTED)


def unimplemented_service(run):
    stub = protos.Stub(run.channel, protos.UNIMPLEMENTED_SERVICE)
    call = lambda: stub.UnimplementedCall(protos.Empty(), timeout=CASE_TIMEOUT)
    fails_with(call, grpc.StatusCode.UNIMPLEMENTED)


def cancel_after_begin(run):
    turns = Turns()
    call = run.stub.StreamingInputCall.future(turns, timeout=CASE_TIMEOUT)
    call.cancel()
    check(call.cancelled(), "the call was not cancelled")
    equal(call.code(), grpc.StatusCode.CANCELLED, "status code")
    turns.finish()


def cancel_after_first_response(run):
    turns = Turns()
    turns.send(output_request(RESPONSE_SIZES[0], payload=REQUEST_SIZES[0]))
    call = run.stub.FullDuplexCall(turns, timeout=CASE_TIMEOUT)
    is_zeros(next(call), RESPONSE_SIZES[0])
    call.cancel()
    fails_with(lambda: next(call), grpc.StatusCode.CANCELLED)
    turns.finish()


def timeout_on_sleeping_server(run):
    turns = Turns()
    turns.send(protos.StreamingOutputCallRequest(payload=protos.zeros(REQUEST_SIZES[0])))
    call = run.stub.FullDuplexCall(turns, timeout=0.001)
    fails_with(lambda: next(call), grpc.StatusCode.DEADLINE_EXCEEDED)
    turns.finish()


def soak(flags, iterate):
    """Runs `iterate` as often as asked and allows as many failures, in all no longer than the overall timeout."""
    started, failures, done = time.monotonic(), [], 0
    while done < flags.soak_iterations and time.monotonic() - started < flags.soak_overall_timeout_seconds:
        began = time.monotonic()
        try:
            iterate()
        except grpc.RpcError as error:
            failures.append(f"iteration {done}: {error.code()} {error.details()}")
        else:
            took = 1000 * (time.monotonic() - began)
            if took > flags.soak_per_iteration_max_acceptable_latency_ms:
                failures.append(f"iteration {done} took {took:.0f} ms")
        done += 1
        time.sleep(max(0, flags.soak_min_time_ms_between_rpcs / 1000 - (time.monotonic() - began)))
    equal(done, flags.soak_iterations, "iterations within the overall timeout")
    first = "; ".join(failures[:5])
    check(len(failures) <= flags.soak_max_failures, f"{len(failures)} iterations failed, first: {first}")


def rpc_soak(run):
    flags = run.flags
    soak(flags, lambda: one_large_unary(run.stub, flags.soak_request_size, flags.soak_response_size))


def channel_soak(run):
    flags = run.flags

    def iterate():
        with connect(flags) as channel:
            one_large_unary(protos.Stub(channel), flags.soak_request_size, flags.soak_response_size)

    soak(flags, iterate)


CASES = (
    empty_unary, large_unary, client_streaming, server_streaming, ping_pong, empty_stream, custom_metadata,
    status_code_and_message, special_status_message, status_details, unimplemented_method, unimplemented_service,
    cancel_after_begin, cancel_after_first_response, timeout_on_sleeping_server, rpc_soak, channel_soak,
)


def connect(flags):
    # Without the pool of its own, a "new" channel to the same address would share the old one's connection.
    options = [("grpc.use_local_subchannel_pool", 1)]
    address = f"{flags.server_host}:{flags.server_port}"
    if not flags.use_tls:
        return grpc.insecure_channel(address, options)
    if flags.server_host_override:
        options.append(("grpc.ssl_target_name_override", flags.server_host_override))
    roots = None
    if flags.ca_file:
        with open(flags.ca_file, "rb") as file:
            roots = file.read()
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(roots), options)


class Run:
    """What a case works with."""

    def __init__(self, flags, channel):
        self.flags, self.channel, self.stub = flags, channel, protos.Stub(channel)


def parse_flags():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server_host", default="127.0.0.1")
    parser.add_argument("--server_port", type=int, required=True)
    parser.add_argument("--test_case", required=True, choices=[case.__name__ for case in CASES])
    parser.add_argument("--use_tls", type=protos.boolean, default=False)
    parser.add_argument("--ca_file")
    parser.add_argument("--server_host_override")
    parser.add_argument("--soak_iterations", type=int, default=10)
    parser.add_argument("--soak_max_failures", type=int, default=0)
    parser.add_argument("--soak_per_iteration_max_acceptable_latency_ms", type=int, default=1000)
    parser.add_argument("--soak_overall_timeout_seconds", type=int, default=10)
    parser.add_argument("--soak_min_time_ms_between_rpcs", type=int, default=0)
    parser.add_argument("--soak_request_size", type=int, default=LARGE_REQUEST)
    parser.add_argument("--soak_response_size", type=int, default=LARGE_RESPONSE)
    return parser.parse_args()


def main():
    flags = parse_flags()
    case = next(case for case in CASES if case.__name__ == flags.test_case)
    with connect(flags) as channel:
        case(Run(flags, channel))
    print(f"{flags.test_case} passed", flush=True)


if __name__ == "__main__":
    # A client that does not end says where it stands, before the test gives it up.
    faulthandler.dump_traceback_later(60)
    main()
    # Not by way of the interpreter's own end: there, after the channel is closed, grpcio has been seen to wait for ever
    # for a thread of its own on a busy machine, and what is tested here is the calls.
    os._exit(0)
