"""gRPC's interop cases between Wire and foreign programs, and among those as a control of the programs themselves."""

import pytest

PLAIN_CASES = (
    "empty_unary", "large_unary", "client_streaming", "server_streaming", "ping_pong", "empty_stream",
    "custom_metadata", "status_code_and_message", "special_status_message", "unimplemented_method",
    "unimplemented_service", "cancel_after_begin", "cancel_after_first_response", "timeout_on_sleeping_server",
    "rpc_soak", "channel_soak",
    # Not of gRPC's suite, as grpcio-status reads and writes it.
    "status_details",
)
COMPRESSED_CASES = (
    "client_compressed_unary", "server_compressed_unary", "client_compressed_streaming",
    "server_compressed_streaming",
)
# Client, server and the cases both of them know.
PAIRS = (
    ("python", "wire", PLAIN_CASES),
    ("cpp", "wire", COMPRESSED_CASES),
    ("wire", "python", PLAIN_CASES),
    ("wire", "cpp", COMPRESSED_CASES),
    ("wire", "wire", PLAIN_CASES + COMPRESSED_CASES),
    ("python", "python", PLAIN_CASES),
    ("cpp", "cpp", COMPRESSED_CASES),
)
FLAGS = {
    # Enough iterations to reuse and to leave connections, few enough for every run. The bound on one iteration tells
    # a stall from a busy machine.
    case: (
        "--soak_iterations=20", "--soak_per_iteration_max_acceptable_latency_ms=5000",
        "--soak_overall_timeout_seconds=60",
    )
    for case in ("rpc_soak", "channel_soak")
} | {
    # The servers here refuse a false claim of either kind, which goes beyond what the suite asks.
    case: ("--both_probes=true",) for case in ("client_compressed_unary", "client_compressed_streaming")
}


def marks(*kinds):
    return () if "wire" in kinds else (pytest.mark.control,)


def runs():
    for client, server, cases in PAIRS:
        for case in cases:
            for security in ("h2c", "tls"):
                yield pytest.param(
                    client, server, case, security == "tls", id=f"{client}-to-{server}-{security}-{case}",
                    marks=marks(client, server),
                )


@pytest.mark.parametrize(("client", "serving", "case", "tls"), list(runs()))
def test_case(client, serving, case, tls, server, run_client):
    code, log = run_client(client, server(serving, tls), case, *FLAGS.get(case, ()))
    assert code == 0, log


# A case that both clients of the pair know, since only the handshake counts.
STRICT = (("wire", "python", "empty_unary"), ("wire", "cpp", "server_compressed_unary"),
          ("python", "wire", "empty_unary"), ("cpp", "wire", "server_compressed_unary"),
          ("python", "python", "empty_unary"), ("cpp", "cpp", "server_compressed_unary"))


@pytest.mark.parametrize("wrong", ("authority", "name"))
@pytest.mark.parametrize(
    ("client", "serving", "case"),
    [pytest.param(*pair, id=f"{pair[0]}-to-{pair[1]}", marks=marks(*pair[:2])) for pair in STRICT],
)
def test_refuses_certificate(client, serving, case, wrong, server, run_client, certificates):
    """A client refuses a certificate of an authority it does not trust, and one of another name."""
    other = {"ca": certificates.stranger} if wrong == "authority" else {"name": "elsewhere.wire.test"}
    peer = server(serving, True)
    code, log = run_client(client, peer, case, **other)
    # A code of its own, not a signal or a timeout.
    assert isinstance(code, int) and code > 0, log
    # The same server takes the next client as before.
    code, log = run_client(client, peer, case)
    assert code == 0, log
