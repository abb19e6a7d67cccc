"""Floods at the edge's own port: streams that begin only to be reset, and event streams that come and go."""

import socket
import threading
import time

import h2
import pytest
from conftest import wait_for
from test_gauges import metrics

ROUNDS = 3


class Neighbour:
    """A client that calls on while others misbehave; knows how it was answered."""

    def __init__(self, suite, key):
        self.statuses, self._stops = [], threading.Event()
        self._thread = threading.Thread(target=self._call, args=(suite, key), daemon=True)

    def _call(self, suite, key):
        while not self._stops.is_set():
            try:
                self.statuses.append(suite.call("GET", "/api/v1/me", key=key).status)
            except OSError as error:
                self.statuses.append(repr(error))
            # A neighbour, not a load test.
            time.sleep(0.05)

    def __enter__(self):
        self._thread.start()
        wait_for(lambda: self.statuses, "the neighbour has not begun", 30)
        return self

    def __exit__(self, *_):
        # At least one more request after all that has happened.
        count = len(self.statuses)
        wait_for(lambda: len(self.statuses) > count + 1, "the neighbour waits for ever", 60)
        self._stops.set()
        self._thread.join(60)


def in_flight(suite):
    return metrics(suite, "gateway")["datavault_gateway_requests_in_flight"]


@pytest.mark.parametrize("path", ["/api/v1/users", "/api/v1/nowhere", "/datavault.identity.v1.UsersService/ListUsers"])
def test_a_rapid_reset_is_cut_off_and_nobody_else_feels_it(own_edge, path):
    """CVE-2023-44487, with requests of REST, of no route, and of gRPC."""
    suite = own_edge()
    is_grpc = path.startswith("/datavault")
    fields = [(":method", "POST" if is_grpc else "GET"), (":scheme", "http"), (":path", path), (":authority", "a"),
              ("authorization", f"Bearer {suite.first['key']}")]
    if is_grpc:
        fields += [("te", "trailers"), ("content-type", "application/grpc")]
    refused = 'datavault_gateway_refused_total{{kind="resets_{}"}}'
    begin = in_flight(suite)
    with Neighbour(suite, suite.first["key"]) as neighbour:
        for _ in range(ROUNDS):
            with h2.Attacker(suite.ports["gateway"]) as attacker:
                for _ in range(40):
                    attacker.exchange(b"".join(
                        attacker.headers(attacker.stream(), fields, end=not is_grpc) + attacker.reset_last()
                        for _ in range(100)))
                    if attacker.ended:
                        break
                assert attacker.await_goaway(30) == h2.ENHANCE_YOUR_CALM
                assert attacker.await_end(30)
    assert set(neighbour.statuses) == {200}, neighbour.statuses
    found = metrics(suite, "gateway")
    assert sum(found.get(refused.format(kind), 0) for kind in ("received", "provoked")) == ROUNDS, found
    wait_for(lambda: in_flight(suite) == begin, lambda: f"{in_flight(suite)} requests are still served", 60)


def tail(suite, key):
    """Opens a stream of events and drops it as soon as it is answered; gives the status."""
    with socket.create_connection(("127.0.0.1", suite.ports["gateway"]), 60) as client:
        client.sendall(f"GET /api/v1/audit-logs:tail HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n"
                       "Accept: text/event-stream\r\n\r\n".encode())
        return int(client.recv(4096).split(b" ", 2)[1])


def test_a_storm_of_reconnecting_event_streams_is_bounded(own_edge):
    """Each connect costs its caller, and none leaves anything behind."""
    suite = own_edge(default_limits=True)
    other = suite.make_organization()
    begin = in_flight(suite)
    with Neighbour(suite, other["token"]) as neighbour:
        statuses = [tail(suite, suite.first["key"]) for _ in range(400)]
        # The streams of one log have places, and the caller has a budget: more of them are refused, none hangs.
        assert set(statuses) == {200, 429}, set(statuses)
        assert statuses.count(429) > 50, statuses.count(429)
    assert set(neighbour.statuses) == {200}, neighbour.statuses
    wait_for(lambda: in_flight(suite) == begin, lambda: f"{in_flight(suite)} streams are still served", 60)
    # Whoever waits as it was told is served again: no stream's place was lost.
    wait_for(lambda: tail(suite, suite.first["key"]) == 200, "the caller is shut out", 60)
