"""Calls that hold what they were given: places, memory, windows."""

import time

import h2


def test_calls_in_flight(besiege):
    """The limit is everyone's, and nobody may have all of it: who comes later is served."""
    with besiege(maxCallsInFlight=100, maxConcurrentStreams=64) as siege:
        attackers = [siege.connect() for _ in range(3)]
        for attacker in attackers:
            attacker.exchange(b"".join(attacker.call("wait") for _ in range(64)), seconds=0.1)
        refused = sum(len(attacker.replies()) for attacker in attackers)
        # Each stops at four times the places that are left; one may be the well-behaved client's at that moment.
        held = siege.counters()["calls"]
        assert 85 <= held <= 99 and 192 - 99 <= refused <= 192 - 85
        assert {reply["grpc-status"] for one in attackers for reply in one.replies().values()} == {"8"}
        assert siege.counted("calls") >= refused
        for attacker in attackers:
            attacker.socket.close()
        deadline = time.monotonic() + 1
        while siege.counters()["calls"] > 1 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert siege.counters()["calls"] <= 1
        siege.report()
        time.sleep(0.3)
        siege.seen = f"{refused} × RESOURCE_EXHAUSTED"


def ends_with(attacker, stream, seconds):
    attacker.exchange(until=lambda: stream in attacker.replies(), seconds=seconds)
    return attacker.replies().get(stream, {}).get("grpc-status")


def test_slow_body(besiege):
    """A request whose message never becomes whole."""
    with besiege(requestTimeout=400) as siege:
        with siege.connect() as attacker:
            streams = [attacker.stream() for _ in range(50)]
            for stream in streams:
                part = h2.frame(h2.DATA, 0, stream, b"\x00\x00\x00\xff\xff")
                attacker.exchange(attacker.headers(stream) + part)
            for _ in range(6):
                attacker.exchange(b"".join(h2.frame(h2.DATA, 0, stream, b"x") for stream in streams), seconds=0.1)
            assert {ends_with(attacker, stream, 1) for stream in streams} == {"4"}
        assert siege.counted("slow_request") == 50
        siege.seen = "50 × DEADLINE_EXCEEDED"


def test_slow_body_with_a_long_deadline(besiege):
    """A deadline of a hundred hours is no leave to be slow."""
    with besiege(requestTimeout=400) as siege:
        with siege.connect() as attacker:
            stream = attacker.stream()
            part = h2.frame(h2.DATA, 0, stream, b"\x00\x00\x00\xff\xff")
            attacker.exchange(attacker.headers(stream, h2.request_fields(timeout="100H")) + part)
            assert ends_with(attacker, stream, 1) == "4"
        assert siege.counted("slow_request") == 1
        siege.seen = "DEADLINE_EXCEEDED"


def test_slow_headers(besiege):
    """A header block that comes a byte at a time."""
    with besiege(headersTimeout=400) as siege:
        attackers = [siege.connect() for _ in range(20)]
        for attacker in attackers:
            block = attacker.block(h2.request_fields())
            # The frame claims more than has come.
            attacker.exchange(h2.frame(h2.HEADERS, 4, 1, block + bytes(100))[:-100])
        deadline = time.monotonic() + 1.5
        while not all(attacker.ended for attacker in attackers) and time.monotonic() < deadline:
            for attacker in attackers:
                attacker.exchange(b"\x00", seconds=0.002)
        assert all(attacker.ended for attacker in attackers)
        assert siege.counted("slow_request") == 20
        siege.seen = "20 connections closed"


def test_large_bodies_that_never_end(besiege):
    """A hundred messages of nearly the size limit, none of which becomes whole, as fast as the windows let them come.

    Together they are 400 MiB. What is held is the connection's limit, one message past it and a window for each stream:
    16 + 4 + 100 × 1/4 MiB, and what queues that grow leave behind.
    """
    with besiege(rss_limit=90, requestTimeout=20_000) as siege:
        with siege.connect() as attacker:
            streams = [attacker.stream() for _ in range(100)]
            size, start = 4 << 20, 65_535
            prefix = b"\x00" + size.to_bytes(4, "big")
            # The windows of the server's SETTINGS hold from their acknowledgement on.
            attacker.exchange(until=lambda: attacker.initial_window > start, seconds=1)
            attacker.exchange(h2.settings(ack=True) + b"".join(
                attacker.headers(stream) + h2.frame(h2.DATA, 0, stream, prefix) for stream in streams))
            windows = attacker.windows()
            sent = dict.fromkeys(streams, len(prefix))
            connection = 100 * len(prefix)
            deadline, calm = time.monotonic() + 8, time.monotonic()
            while time.monotonic() < min(deadline, calm + 1):
                batch = []
                for stream in streams:
                    # The last byte never comes.
                    room = min(
                        windows.get(stream, 0) + attacker.initial_window - sent[stream],
                        windows.get(0, 0) + start - connection, size - 1 + len(prefix) - sent[stream], 16384)
                    if room > 0:
                        batch.append(h2.frame(h2.DATA, 0, stream, bytes(room)))
                        sent[stream] += room
                        connection += room
                        calm = time.monotonic()
                attacker.exchange(b"".join(batch), seconds=0.0 if batch else 0.02)
                windows = attacker.windows()
            assert not attacker.ended and not attacker.resets()
            assert siege.counted("gathered_messages") > 0
            whole = sum(count == size - 1 + len(prefix) for count in sent.values())
            total = sum(sent.values()) >> 20
            assert whole >= 1 and total <= 16 + 4 + 25 + 2
        siege.seen = f"{total} of 400 MiB taken"


def test_window_never_opened(besiege):
    """Replies that the client asks for and never takes."""
    with besiege(stallTimeout=500) as siege:
        with siege.connect(first_settings=[(h2.INITIAL_WINDOW_SIZE, 1)]) as attacker:
            attacker.exchange(b"".join(attacker.call("large", "Stream", 1_000_000) for _ in range(200)))
            attacker.exchange(until=lambda: len(attacker.resets()) == 200, seconds=2)
            assert set(attacker.resets()) == {h2.ENHANCE_YOUR_CALM}
            assert siege.counted("window_stall") >= 200
        siege.seen = "200 × RST_STREAM ENHANCE_YOUR_CALM"


def test_window_dripped(besiege):
    """Replies that the client takes a byte at a time: that is no progress."""
    with besiege(stallTimeout=500) as siege:
        with siege.connect(first_settings=[(h2.INITIAL_WINDOW_SIZE, 1)]) as attacker:
            attacker.exchange(b"".join(attacker.call("large", "Stream", 1_000_000) for _ in range(50)))
            streams = range(1, attacker.last + 1, 2)
            deadline = time.monotonic() + 3
            while len(attacker.resets()) < 50 and time.monotonic() < deadline:
                attacker.exchange(b"".join(h2.window_update(stream, 1) for stream in streams), seconds=0.1)
            assert attacker.resets() == [h2.ENHANCE_YOUR_CALM] * 50
        assert siege.counted("window_stall") >= 50
        siege.seen = "50 × RST_STREAM ENHANCE_YOUR_CALM"


def test_socket_never_read(besiege):
    """The windows are open, but nobody reads the socket."""
    # 500 streams hold up to maxBufferedOutput and a message each.
    with besiege(rss_limit=128, stallTimeout=500) as siege:
        attackers = []
        for _ in range(10):
            attacker = siege.connect(receive_buffer=4096, first_settings=[(h2.INITIAL_WINDOW_SIZE, 0x7FFFFFFF)])
            calls = b"".join(attacker.call("large", "Stream", 1_000_000) for _ in range(50))
            attacker.exchange(h2.window_update(0, 0x7FFF0000) + calls, reads=False)
            attackers.append(attacker)
        time.sleep(1.2)
        assert siege.counters()["calls"] <= 1
        assert siege.counted("window_stall") > 0
        for attacker in attackers:
            assert attacker.await_end(1)
        siege.seen = "10 connections closed"


def test_short_replies_never_read(besiege):
    """Replies that are all headers stall, too."""
    with besiege(stallTimeout=500, maxConcurrentStreams=1000, resetsReceived="100000,100000") as siege:
        with siege.connect(receive_buffer=4096, first_settings=[(h2.INITIAL_WINDOW_SIZE, 0x7FFFFFFF)]) as attacker:
            fill = attacker.call("full", "Stream", 1_000_000)
            attacker.exchange(h2.window_update(0, 0x7FFF0000) + fill, seconds=0.2, reads=False)
            attacker.exchange(h2.reset(1) + b"".join(attacker.call("x", "None") for _ in range(500)), reads=False)
            for _ in range(8):
                attacker.exchange(h2.ping(), seconds=0.2, reads=False)
            assert attacker.await_end(1)
        siege.seen = "the connection closed"
