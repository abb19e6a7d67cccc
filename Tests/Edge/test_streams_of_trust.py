"""Gateways that do not hear what Identity tells them: over real sockets, they fail closed, and cost Identity nothing."""

import pathlib
import signal
import socket
import time

import grpc
from conftest import wait_for

# Changes of credentials that a stream cannot hold, whatever its windows and the sockets' buffers take.
CHANGES = 500
# Seconds: more than Identity lets a stream stand still, and when a client gives up.
STANDSTILL, DEADLINE = 12, 60
# What Identity may grow by for a peer that does not read; its bounds are far lower, the rest is the allocator's.
GROWTH = 64 << 20


def resident(process):
    """Bytes in RAM."""
    for line in pathlib.Path(f"/proc/{process.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


def send_only(suite, gateway, key):
    """A request that is sent, and whose answer is read later."""
    one = socket.create_connection(("127.0.0.1", suite.ports[gateway]), 30)
    one.sendall(f"GET /api/v1/me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\r\n".encode())
    return one


def read_all(one):
    text = b""
    while chunk := one.recv(65536):
        text += chunk
    one.close()
    return text


def test_a_gateway_that_stood_still_believes_nothing_that_it_missed(own_edge, postgres, redis):
    suite = own_edge(postgres=postgres, redis=redis, gateways=2, **{
        "identity.trust.heartbeat": "500ms", "identity.trust.silence-limit": "2s"})
    kept, revoked = suite.make_key(), suite.make_key()
    still = suite.process("gateway")
    still.process.send_signal(signal.SIGSTOP)
    try:
        answer = suite.admin_call("POST", f"/api/v1/{revoked['apiKey']['name']}:revoke", {}, gateway="gateway1")
        assert answer.status == 200, answer
        # Asked while it stands still, so that it may well look at them before it looks at what Identity has told.
        waiting = [send_only(suite, "gateway", revoked["secret"]) for _ in range(20)]
        time.sleep(3)
    finally:
        still.process.send_signal(signal.SIGCONT)
    answers = [read_all(one) for one in waiting]
    for text in answers:
        assert text.startswith((b"HTTP/1.1 503", b"HTTP/1.1 401")), text
        assert b"CREDENTIALS_UNAVAILABLE" in text or b"API_KEY_INVALID" in text, text
    wait_for(lambda: suite.call("GET", "/api/v1/me", key=kept["secret"]).status == 200, "it did not recover", 30)
    assert suite.call("GET", "/api/v1/me", key=revoked["secret"]).status == 401


def test_a_stream_that_nobody_reads_is_ended_and_costs_no_memory(own_edge, postgres, stubs):
    suite = own_edge(postgres=postgres)
    identity = suite.process("identity")
    keys = pathlib.Path(suite.folder) / "keys"
    credentials = grpc.ssl_channel_credentials(
        (keys / "ca.pem").read_bytes(), (keys / "gateway.key").read_bytes(), (keys / "gateway.pem").read_bytes())
    options = [("grpc.http2.lookahead_bytes", 16_384), ("grpc.http2.bdp_probe", 0),
               ("grpc.ssl_target_name_override", "localhost")]
    with grpc.secure_channel(f"127.0.0.1:{suite.ports['identity']}", credentials, options) as channel:
        trust = stubs.trust_grpc.TrustServiceStub(channel)
        # With a deadline, so that one that Identity does not end fails the test instead of waiting for ever.
        streams = [trust.WatchCredentials(stubs.trust.WatchCredentialsRequest(), timeout=DEADLINE) for _ in range(4)]
        for stream in streams:
            # It is there, and then nobody looks at it again.
            assert next(stream).HasField("start")
        before = resident(identity)
        made = suite.make_key()
        name = f"/api/v1/{made['apiKey']['name']}"
        begin, number = time.monotonic(), 0
        # Until windows and buffers are full, and for longer than a stream may stand still.
        while number < CHANGES or time.monotonic() - begin < STANDSTILL:
            # Each is a credential with a hundred networks: some kilobytes of event.
            networks = [f"10.{number % 250}.{block}.0/24" for block in range(99)]
            answer = suite.admin_call("PATCH", name, {"allowedNetworks": [*networks, "127.0.0.1/32"]})
            assert answer.status == 200, answer
            number += 1
        grown = resident(identity) - before
        assert grown < GROWTH, f"{grown >> 20} MiB"
        ends = [read_on(stream) for stream in streams]
        print(f"{number} changes, {grown >> 10} KiB more, {ends}")
        for told, code, details in ends:
            assert (code, told < number) == (grpc.StatusCode.UNAVAILABLE, True), (told, code, details)
            assert "does not read" in details, details
        # The gateway, which reads, heard all of it, and a stream can begin anew.
        assert suite.call("GET", "/api/v1/me", key=made["secret"]).status == 200
        again = trust.WatchCredentials(stubs.trust.WatchCredentialsRequest(), timeout=DEADLINE)
        assert next(again).HasField("start")
        again.cancel()


def read_on(stream):
    """How many events come still, and how the stream ends."""
    told = 0
    try:
        for _ in stream:
            told += 1
    except grpc.RpcError as end:
        return told, end.code(), end.details()
    return told, None, None
