"""Connections that come in numbers, or never say anything."""

import ssl
import socket
import time

import h2


def ended_in_time(attackers, seconds):
    """How many connections the server has ended after `seconds`."""
    deadline = time.monotonic() + seconds
    for attacker in attackers:
        attacker.await_end(max(deadline - time.monotonic(), 0.001))
    return sum(attacker.ended for attacker in attackers)


def close(attackers):
    for attacker in attackers:
        attacker.socket.close()


def test_connections(besiege):
    with besiege(maxConnections=50) as siege:
        attackers = [siege.connect(raw=True) for _ in range(200)]
        assert ended_in_time(attackers, 1.5) == 151
        assert siege.counted("connections") == 151
        close(attackers)
        time.sleep(0.2)
        with siege.connect() as late:
            late.exchange(late.call("hello"), until=lambda: late.replies(), seconds=1)
            assert late.replies()
        siege.seen = "151 of 200 closed at once"


def test_connections_per_address(besiege):
    with besiege(maxConnectionsPerAddress=20) as siege:
        attackers = [siege.connect(raw=True, source="127.0.0.2") for _ in range(200)]
        assert ended_in_time(attackers, 1.5) == 180
        assert siege.counted("connections_per_address") == 180
        close(attackers)
        siege.seen = "180 of 200 closed at once"


def test_connect_and_leave(besiege):
    """As many connections as one core makes: each comes and goes."""
    with besiege() as siege:
        def attack():
            with siege.connect(raw=True) as attacker:
                attacker.socket.send(h2.PREFACE[:10])

        siege.seen = f"{siege.go_on(attack, 1.5)} connections"


def test_half_open(besiege):
    """Connections that say nothing, or half a preface."""
    with besiege(handshakeTimeout=500) as siege:
        attackers = [siege.connect(raw=True) for _ in range(400)]
        for attacker in attackers[::2]:
            attacker.exchange(h2.PREFACE[:12])
        for attacker in attackers[::4]:
            attacker.exchange(h2.PREFACE[12:])
        assert ended_in_time(attackers, 2) == 400
        assert siege.counted("handshake_timeout") == 400
        assert attackers[0].goaway() == h2.SETTINGS_TIMEOUT
        siege.seen = "400 connections: GOAWAY SETTINGS_TIMEOUT, closed"


def test_slow_preface(besiege):
    """A byte now and then does not put the handshake's end off."""
    with besiege(handshakeTimeout=500) as siege:
        with siege.connect(raw=True) as attacker:
            start = time.monotonic()
            for byte in h2.PREFACE:
                attacker.exchange(bytes([byte]), seconds=0.05)
            assert attacker.ended and time.monotonic() - start < 1.5
        assert siege.counted("handshake_timeout") == 1
        siege.seen = "closed"


def test_half_open_tls(besiege, certificate):
    """Connections that stop inside the TLS handshake, or after it."""
    with besiege(tls=certificate, handshakeTimeout=800) as siege:
        attackers = [siege.connect(raw=True) for _ in range(100)]
        for attacker in attackers[::2]:
            attacker.exchange(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100))
        context = ssl.create_default_context(cafile=certificate / "cert.pem")
        context.set_alpn_protocols(["h2"])
        with context.wrap_socket(socket.create_connection(("127.0.0.1", siege.port)), server_hostname="localhost") as shy:
            shy.settimeout(2)
            assert ended_in_time(attackers, 2) == 100
            try:
                while shy.recv(4096):
                    pass
            except (ssl.SSLError, ConnectionResetError):
                pass
        assert siege.counted("handshake_timeout") == 101
        siege.seen = "101 connections closed"


def test_no_first_request(besiege):
    with besiege(firstRequestTimeout=500) as siege:
        attackers = [siege.connect() for _ in range(100)]
        deadline = time.monotonic() + 2
        while not all(attacker.ended for attacker in attackers) and time.monotonic() < deadline:
            for attacker in attackers:
                # PINGs are no request.
                attacker.exchange(h2.ping(), seconds=0.001)
        assert all(attacker.ended for attacker in attackers)
        assert {attacker.goaway() for attacker in attackers} == {0}
        assert siege.counted("first_request_timeout") == 100
        siege.seen = "100 × GOAWAY NO_ERROR, closed"


def test_never_reads_and_never_asks(besiege):
    """A connection that does not read is closed by the same clocks."""
    with besiege(firstRequestTimeout=300) as siege:
        with siege.connect(receive_buffer=4096) as attacker:
            attacker.exchange(h2.ping() * 800, reads=False)
            time.sleep(0.8)
            assert attacker.await_end(1)
        siege.seen = "closed"


def test_idle_peers_that_are_gone(besiege):
    """Peers that do not answer PINGs are taken for gone."""
    with besiege(keepaliveInterval=300, keepaliveTimeout=300) as siege:
        attackers = [siege.connect() for _ in range(50)]
        assert ended_in_time(attackers, 2) == 50
        siege.seen = "50 connections closed"
