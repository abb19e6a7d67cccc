"""Frames that cost the sender nothing: each has a budget, and over it the connection ends."""

import pytest

import h2

CALM = h2.ENHANCE_YOUR_CALM


FLOODS = {
    "pings": lambda stream: h2.ping(),
    "settings": lambda stream: h2.settings(),
    "priorities": lambda stream: h2.priority(stream + 100),
    "empty_data": lambda stream: h2.frame(h2.DATA, 0, stream),
    "window_updates": lambda stream: h2.window_update(0, 1),
}


@pytest.mark.parametrize("kind", FLOODS)
def test_flood(besiege, kind):
    with besiege() as siege:
        def attack():
            with siege.connect() as attacker:
                stream = attacker.stream()
                opening = attacker.headers(stream)
                attacker.exchange(opening + FLOODS[kind](stream) * 5000)
                assert attacker.await_goaway() == CALM
                assert attacker.await_end()

        times = siege.go_on(attack)
        assert siege.counted(kind) == times
        siege.seen = f"{times} connections, each GOAWAY ENHANCE_YOUR_CALM"


def test_stream_window_updates(besiege):
    with besiege() as siege:
        def attack():
            with siege.connect() as attacker:
                opening = attacker.call("wait")
                attacker.exchange(opening + h2.window_update(1, 1) * 5000)
                assert attacker.await_goaway() == CALM

        times = siege.go_on(attack)
        assert siege.counted("window_updates") == times
        siege.seen = f"{times} × GOAWAY ENHANCE_YOUR_CALM"


def test_padded_empty_data(besiege):
    """DATA frames of nothing but padding are empty, too."""
    with besiege() as siege:
        def attack():
            with siege.connect() as attacker:
                stream = attacker.stream()
                padding = h2.frame(h2.DATA, h2.PADDED, stream, b"\x00")
                attacker.exchange(attacker.headers(stream) + padding * 5000)
                assert attacker.await_goaway() == CALM

        times = siege.go_on(attack)
        assert siege.counted("empty_data") == times
        siege.seen = f"{times} × GOAWAY ENHANCE_YOUR_CALM"


@pytest.mark.parametrize("size", [0, 1, 16384])
def test_continuations(besiege, size):
    """A header block that never ends: CVE-2024-28182."""
    with besiege() as siege:
        def attack():
            with siege.connect() as attacker:
                opening = h2.frame(h2.HEADERS, 0, attacker.stream(), attacker.block(h2.request_fields()))
                # Literal fields without indexing, as long as the frame.
                filler = b"\x00\x01x\x7f\xfb\x7e" + b"y" * 16378 if size > 1 else b"\x80"[:size]
                attacker.exchange(opening + h2.frame(h2.CONTINUATION, 0, 1, filler) * 200)
                assert attacker.await_end()
                assert attacker.goaway() in (CALM, h2.COMPRESSION_ERROR)
                return attacker.goaway()

        times = siege.go_on(attack)
        counted = siege.counted("flooded") + siege.counted("bad_headers")
        # A block that is no HPACK ends the connection before the budget is reached.
        assert counted >= times or size == 1
        siege.seen = f"{times} connections ended, {counted} counted"


def test_acknowledgements_nobody_reads(besiege):
    """PING replies pile up for a client that never reads."""
    with besiege(pings="100000000,100000000") as siege:
        def attack():
            with siege.connect(receive_buffer=4096) as attacker:
                attacker.exchange(h2.ping() * 600_000, reads=False)
                assert attacker.await_end()

        times = siege.go_on(attack)
        assert siege.counted("flooded") >= times
        siege.seen = f"{times} connections ended"
