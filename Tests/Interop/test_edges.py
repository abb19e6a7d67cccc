"""What gRPC's interop cases leave out: limits, codings, many calls at once, and the end of Wire's server, seen by
grpcio; and servers that end and come back, seen by Wire's client."""

import signal
import threading
import time

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

import interop_protos as protos
from conftest import SERVER_NAME, Server

TIMEOUT = 10


def connect(peer, certificates):
    # A pool of its own: a channel of another test must not lend its connection.
    options = [("grpc.use_local_subchannel_pool", 1)]
    if not peer.tls:
        return grpc.insecure_channel(peer.address, options)
    options.append(("grpc.ssl_target_name_override", SERVER_NAME))
    return grpc.secure_channel(peer.address, grpc.ssl_channel_credentials(certificates.ca.read_bytes()), options)


@pytest.fixture(params=["h2c", "tls"])
def tls(request):
    return request.param == "tls"


@pytest.fixture
def channel(tls, server, certificates):
    with connect(server("wire", tls), certificates) as channel:
        yield channel


@pytest.fixture
def stub(channel):
    return protos.Stub(channel)


def output_request(*sizes, compressed=()):
    request = protos.StreamingOutputCallRequest()
    for index, size in enumerate(sizes):
        parameters = request.response_parameters.add(size=size)
        if index in compressed:
            parameters.compressed.value = True
    return request


def test_compression_begins_after_the_first_response(stub):
    """The coding is named in the headers, which go with the first response: what was not named may not be used."""
    responses = stub.StreamingOutputCall(output_request(5000, 7000, 9000, compressed=(1,)), timeout=TIMEOUT)
    assert [response.payload.body for response in responses] == [bytes(5000), bytes(7000), bytes(9000)]


@pytest.mark.parametrize("coding", [grpc.Compression.Gzip, grpc.Compression.NoCompression])
def test_coding_of_requests(stub, coding):
    request = protos.SimpleRequest(response_size=9, payload=protos.zeros(100_000))
    request.expect_compressed.value = coding == grpc.Compression.Gzip
    assert stub.UnaryCall(request, compression=coding, timeout=TIMEOUT).payload.body == bytes(9)


def test_unknown_coding_is_unimplemented(stub):
    request = protos.SimpleRequest(response_size=9, payload=protos.zeros(100_000))
    with pytest.raises(grpc.RpcError) as failure:
        stub.UnaryCall(request, compression=grpc.Compression.Deflate, timeout=TIMEOUT)
    assert failure.value.code() == grpc.StatusCode.UNIMPLEMENTED, failure.value.details()


# Packed, the zeros are far below the limit; what counts is the message.
@pytest.mark.parametrize("coding", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_large_request_is_refused(stub, coding):
    request = protos.SimpleRequest(payload=protos.zeros(5 << 20))
    for _ in range(3):
        with pytest.raises(grpc.RpcError) as failure:
            stub.UnaryCall(request, compression=coding, timeout=TIMEOUT)
        assert failure.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, failure.value.details()
    assert stub.EmptyCall(protos.Empty(), timeout=TIMEOUT) == protos.Empty()


def test_many_calls_at_once(stub):
    """More calls than a connection has streams, of sizes that share its window."""
    calls = [
        stub.UnaryCall.future(protos.SimpleRequest(response_size=size, payload=protos.zeros(size)), timeout=6 * TIMEOUT)
        for size in (1, 20_000, 70_000) * 200
    ]
    assert all(len(call.result().payload.body) in (1, 20_000, 70_000) for call in calls)


def endless():
    """A response at once, and then none for longer than any test takes."""
    request = output_request(1, 1)
    request.response_parameters[1].interval_us = 600_000_000
    return request


@pytest.fixture
def own_server(tls, tmp_path, certificates):
    """A server that no other test calls."""
    own = Server("wire", tls, tmp_path / "server.log", certificates)
    yield own
    if own.is_running():
        own.process.kill()
        own.process.wait()


def ends(server):
    """Asks the server to end, for which it waits until every handler has returned."""
    server.process.terminate()
    assert server.process.wait(TIMEOUT) == 0, server.output()


def test_cancelled_calls_end_their_handlers(own_server, certificates):
    with connect(own_server, certificates) as channel:
        stub = protos.Stub(channel)
        for _ in range(5):
            calls = [stub.StreamingOutputCall(endless(), timeout=TIMEOUT) for _ in range(100)]
            for call in calls:
                next(call)
            for call in calls:
                call.cancel()
        assert stub.EmptyCall(protos.Empty(), timeout=TIMEOUT) == protos.Empty()
    ends(own_server)


def test_deadline_ends_a_handler_that_sleeps(own_server, certificates):
    with connect(own_server, certificates) as channel:
        call = protos.Stub(channel).StreamingOutputCall(endless(), timeout=0.3)
        next(call)
        with pytest.raises(grpc.RpcError) as failure:
            next(call)
        assert failure.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    ends(own_server)


def test_sigterm_lets_calls_finish(own_server, certificates):
    with connect(own_server, certificates) as channel:
        stub = protos.Stub(channel)
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=TIMEOUT)
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        request = output_request(3, 4)
        request.response_parameters[1].interval_us = 400_000
        running = stub.StreamingOutputCall(request, timeout=TIMEOUT)
        assert len(next(running).payload.body) == 3

        own_server.process.terminate()
        # Load balancers hear it first.
        assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
        assert [len(response.payload.body) for response in running] == [4]
        assert running.code() == grpc.StatusCode.OK
        assert own_server.process.wait(TIMEOUT) == 0, own_server.output()
        with pytest.raises(grpc.RpcError) as failure:
            stub.EmptyCall(protos.Empty(), timeout=TIMEOUT)
        assert failure.value.code() == grpc.StatusCode.UNAVAILABLE


def test_sigterm_ends_calls_that_do_not_finish(own_server, certificates):
    with connect(own_server, certificates) as channel:
        running = protos.Stub(channel).StreamingOutputCall(endless(), timeout=TIMEOUT)
        next(running)
        own_server.process.terminate()
        with pytest.raises(grpc.RpcError) as failure:
            next(running)
        assert failure.value.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
        assert own_server.process.wait(TIMEOUT) == 0, own_server.output()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=["drained", "killed"])
def test_client_finds_a_server_that_comes_back(end, tls, tmp_path, certificates, run_client):
    """Some calls fail while there is no server; the channel's later ones go through again."""
    peer = Server("cpp", tls, tmp_path / "first.log", certificates)
    servers = [peer]

    def restart():
        time.sleep(0.5)
        peer.process.send_signal(end)
        peer.process.wait(TIMEOUT)
        # Long enough for calls, and the attempt to connect again, to fail.
        time.sleep(0.2)
        servers.append(Server("cpp", tls, tmp_path / "second.log", certificates, port=peer.port))

    try:
        restarting = threading.Thread(target=restart)
        restarting.start()
        # Four seconds of calls, of which the channel's first wait before it connects again may cost one, and its
        # second another two.
        code, log = run_client(
            "wire", peer, "rpc_soak", "--soak_iterations=80", "--soak_min_time_ms_between_rpcs=50",
            "--soak_request_size=1", "--soak_response_size=1", "--soak_max_failures=60",
            "--soak_overall_timeout_seconds=60", "--soak_per_iteration_max_acceptable_latency_ms=5000",
        )
        restarting.join()
        assert code == 0, log
        assert len(servers) == 2
    finally:
        for server in servers:
            server.process.kill()
            server.process.wait()
