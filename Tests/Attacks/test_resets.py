"""Streams that begin only to be reset, by either side, and streams over the announced limit."""

import struct

import pytest

import h2

CALM = h2.ENHANCE_YOUR_CALM


@pytest.mark.parametrize("burst", [50, 3000])
def test_rapid_reset(besiege, burst):
    """CVE-2023-44487."""
    # A handler that is cancelled takes a moment to end, and its stream's place with it.
    text = "hello" if burst < 256 else "wait"
    with besiege() as siege:
        def attack():
            with siege.connect() as attacker:
                for _ in range(3000 // burst):
                    attacker.exchange(b"".join(attacker.call(text) + attacker.reset_last() for _ in range(burst)))
                    if attacker.ended:
                        break
                assert attacker.await_goaway() == CALM
                assert attacker.await_end()

        times = siege.go_on(attack)
        # Streams that begin and end within one read count as open until its end, so that many of them are refused.
        assert siege.counted("resets_received") + siege.counted("resets_provoked") == times
        assert burst > 256 or siege.counted("resets_received") == times
        siege.seen = f"{times} × GOAWAY ENHANCE_YOUR_CALM"


def test_reset_while_handlers_ignore_it(besiege):
    """Handlers that go on after their stream was reset keep its place among the connection's streams."""
    with besiege(maxConcurrentStreams=32, resetsReceived="100000,100000", resetsProvoked="100000,100000") as siege:
        def attack():
            with siege.connect() as attacker:
                before = siege.counters()["calls"]
                for _ in range(300):
                    attacker.exchange(attacker.call("stubborn") + attacker.reset_last())
                started = siege.counters()["calls"] - before
                assert started <= 33, f"{started} handlers run"
                assert attacker.exchange(until=lambda: h2.REFUSED_STREAM in attacker.resets(), seconds=1)

        times = siege.go_on(attack)
        assert siege.counted("streams") > 0
        siege.seen = f"{times} connections, REFUSED_STREAM × {siege.counted('streams')}"


def provoke(besiege, make, **limits):
    """Resets that the server is made to send: CVE-2025-8671."""
    with besiege(**limits) as siege:
        codes = set()

        def attack():
            with siege.connect() as attacker:
                attacker.exchange(b"".join(make(attacker) for _ in range(1000)))
                assert attacker.await_end()
                assert attacker.goaway() is not None
                codes.add(attacker.goaway())

        times = siege.go_on(attack)
        siege.seen = f"{times} × GOAWAY code {sorted(codes)}"
        return codes, times, siege


def test_provoked_by_window_overflow(besiege):
    overflow = lambda attacker: attacker.call("wait") + h2.window_update(attacker.last, 0x7FFFFFFF)
    codes, times, siege = provoke(besiege, overflow)
    assert codes == {CALM}
    assert siege.counted("resets_provoked") == times


def test_provoked_by_zero_window_update(besiege):
    zero = lambda attacker: attacker.call("wait") + h2.window_update(attacker.last, 0)
    codes, _, _ = provoke(besiege, zero)
    assert codes <= {CALM, h2.PROTOCOL_ERROR}


def test_provoked_by_data_after_end(besiege):
    more = lambda attacker: attacker.call("wait") + h2.frame(h2.DATA, 0, attacker.last, b"more")
    codes, _, _ = provoke(besiege, more)
    assert codes <= {CALM, h2.STREAM_CLOSED}


def test_provoked_by_headers_after_end(besiege):
    more = lambda attacker: attacker.call("wait") + attacker.headers(attacker.last, end=True)
    codes, _, _ = provoke(besiege, more)
    assert codes <= {CALM, h2.STREAM_CLOSED, h2.PROTOCOL_ERROR}


def test_provoked_by_content_length(besiege):
    def wrong(attacker):
        stream = attacker.stream()
        fields = h2.request_fields(extra=[("content-length", "3")])
        return attacker.headers(stream, fields) + h2.frame(h2.DATA, h2.END_STREAM, stream, b"four")

    codes, times, siege = provoke(besiege, wrong)
    assert codes == {CALM}
    assert siege.counted("resets_provoked") == times


def test_provoked_by_self_dependency(besiege):
    itself = lambda attacker: attacker.call("wait") + h2.priority(attacker.last, attacker.last)
    codes, _, _ = provoke(besiege, itself)
    assert codes <= {CALM, h2.PROTOCOL_ERROR}


def test_provoked_by_bad_lengths(besiege):
    short = lambda attacker: attacker.call("wait") + h2.frame(h2.WINDOW_UPDATE, 0, attacker.last, b"\x00")
    codes, _, _ = provoke(besiege, short)
    assert codes <= {CALM, h2.FRAME_SIZE_ERROR}


def test_streams_over_the_limit(besiege):
    """Before its SETTINGS are acknowledged the server refuses streams; after, the client knows what it does."""
    with besiege(maxConcurrentStreams=32) as siege:
        def attack(acknowledges):
            with siege.connect() as attacker:
                announced = lambda: any(f[0] == h2.SETTINGS and not f[1] for f in attacker.frames)
                assert attacker.exchange(until=announced, seconds=1)
                values = {key: value for f in attacker.frames if f[0] == h2.SETTINGS for key, value in
                          struct.iter_unpack("!HI", f[3])}
                assert values[3] == 32
                if acknowledges:
                    attacker.exchange(h2.settings(ack=True))
                attacker.exchange(b"".join(attacker.call("wait") for _ in range(100)), seconds=0.05)
                assert siege.counters()["calls"] <= 34
                if acknowledges:
                    assert attacker.await_goaway() == h2.PROTOCOL_ERROR
                else:
                    assert attacker.resets().count(h2.REFUSED_STREAM) == 68

        times = siege.go_on(lambda: attack(False), 0.5), siege.go_on(lambda: attack(True), 0.5)
        assert siege.counted("streams") == 68 * times[0] + times[1]
        siege.seen = f"{times[0]} × REFUSED_STREAM × 68, {times[1]} × GOAWAY"


def test_refusals_nobody_reads(besiege):
    """Frames that the server owes to a client that never reads must not pile up."""
    limits = {"resetsProvoked": "100000000,100000000", "badHeaders": "100000000,100000000"}
    with besiege(maxConcurrentStreams=16, **limits) as siege:
        def attack():
            with siege.connect(receive_buffer=4096, first_settings=[(h2.INITIAL_WINDOW_SIZE, 0x7FFFFFFF)]) as attacker:
                fill = b"".join(attacker.call("full", "Stream", 1_000_000) for _ in range(15))
                attacker.exchange(h2.window_update(0, 0x7FFF0000) + fill, seconds=0.2, reads=False)
                block = attacker.block(h2.request_fields())
                refused = b"".join(h2.frame(h2.HEADERS, 5, attacker.stream(), block) for _ in range(200_000))
                attacker.exchange(refused, reads=False)
                attacker.await_end()
                assert attacker.ended

        times = siege.go_on(attack)
        assert siege.counted("flooded") == times
        siege.seen = f"{times} connections ended"


def test_bodies_of_refused_streams(besiege):
    """What was sent on refused streams comes back to the connection's window, or it would close for good."""
    with besiege(maxConcurrentStreams=16) as siege:
        with siege.connect() as attacker:
            attacker.exchange(b"".join(attacker.call("wait") for _ in range(16)), seconds=0.05)
            windows = lambda: sum(struct.unpack("!I", f[3])[0] for f in attacker.frames if f[0] == 8 and f[2] == 0)
            first, sent = windows(), 0
            for _ in range(150):
                stream = attacker.stream()
                body = h2.frame(h2.DATA, 0, stream, bytes(16000)) * 3
                attacker.exchange(attacker.headers(stream) + body, seconds=0.002)
                sent += 48_000
            attacker.exchange(seconds=0.2)
            assert attacker.resets().count(h2.REFUSED_STREAM) == 150
            assert not attacker.ended and windows() - first > sent - (4 << 20)
            siege.seen = f"150 × REFUSED_STREAM, {(windows() - first) >> 10} KiB of {sent >> 10} given back"
