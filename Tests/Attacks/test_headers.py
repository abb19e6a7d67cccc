"""Header blocks that are too large, too many, or no header blocks."""

import hpack
import pytest

import h2

CALM = h2.ENHANCE_YOUR_CALM


def send_until_calm(siege, make):
    """Sends requests with the block of `make` until the server has had enough; the replies to the first."""
    with siege.connect() as attacker:
        first = attacker.stream()
        attacker.exchange(make(attacker, first))
        attacker.exchange(until=lambda: any(f[0] in (h2.HEADERS, h2.RST_STREAM) for f in attacker.frames), seconds=1)
        replies = attacker.replies().get(first, {})
        attacker.exchange(b"".join(make(attacker, attacker.stream()) for _ in range(200)))
        assert attacker.await_goaway() == CALM
        assert attacker.await_end()
        return replies


def split(stream, block):
    """HEADERS and CONTINUATION frames."""
    parts = [block[start:start + 16384] for start in range(0, len(block), 16384)]
    frames = []
    for index, part in enumerate(parts):
        flags = (h2.END_HEADERS if index == len(parts) - 1 else 0) | (h2.END_STREAM if index == 0 else 0)
        frames.append(h2.frame(h2.CONTINUATION if index else h2.HEADERS, flags, stream, part))
    return b"".join(frames)


LARGE = {
    "list": [("large", "y" * 20_000)],
    "count": [(f"x{number}", "") for number in range(200)],
    "five_frames": [(f"large{number}", "y" * 16_000) for number in range(5)],
}


@pytest.mark.parametrize("kind", LARGE)
def test_large(besiege, kind):
    with besiege() as siege:
        def attack():
            def make(attacker, stream):
                # Without a dynamic table, so that each block is as large as it looks.
                attacker.encoder.header_table_size = 0
                attacker.encoder.huffman = False
                fields = [hpack.NeverIndexedHeaderTuple(*field) for field in h2.request_fields(extra=LARGE[kind])]
                return split(stream, attacker.encoder.encode(fields, huffman=False))

            replies = send_until_calm(siege, make)
            assert (replies.get(":status"), replies.get("grpc-status")) == ("431", "8")

        times = siege.go_on(attack)
        assert siege.counted("bad_headers") == times
        siege.seen = f"431, then {times} × GOAWAY ENHANCE_YOUR_CALM"


def test_hpack_bomb(besiege):
    """One table entry of 4000 bytes, named 16 000 times a block: 64 MB of fields."""
    with besiege() as siege:
        def attack():
            def make(attacker, stream):
                block = attacker.block(h2.request_fields(extra=[("bomb", "y" * 3900)]))
                bomb = attacker.block([("bomb", "y" * 3900)])
                assert len(bomb) == 1
                return split(stream, block + bomb * 16_000)

            with siege.connect() as attacker:
                for _ in range(60):
                    attacker.exchange(make(attacker, attacker.stream()))
                assert attacker.await_goaway() == CALM

        times = siege.go_on(attack)
        assert siege.counted("bad_headers") == times
        siege.seen = f"{times} × GOAWAY ENHANCE_YOUR_CALM"


def test_malformed(besiege):
    """Blocks that HTTP/2 forbids, though HPACK allows them."""
    with besiege() as siege:
        def attack():
            def make(attacker, stream):
                return attacker.headers(stream, h2.request_fields(extra=[("UPPER", "case")]), end=True)

            send_until_calm(siege, make)

        times = siege.go_on(attack)
        counted = siege.counted("bad_headers") + siege.counted("resets_provoked")
        assert counted == times
        siege.seen = f"{times} × GOAWAY ENHANCE_YOUR_CALM"


def test_no_hpack(besiege):
    with besiege() as siege:
        def attack():
            with siege.connect() as attacker:
                attacker.exchange(h2.frame(h2.HEADERS, 5, 1, b"\xff\xff\xff\xff\xff\xff\xff"))
                assert attacker.await_goaway() == h2.COMPRESSION_ERROR
                assert attacker.await_end()

        siege.seen = f"{siege.go_on(attack)} × GOAWAY COMPRESSION_ERROR"


def test_table_size(besiege):
    """A peer that asks for a huge HPACK table gets no memory for it."""
    with besiege() as siege:
        def attack():
            with siege.connect(first_settings=[(1, 0xFFFFFFFF)]) as attacker:
                attacker.exchange(b"".join(attacker.call("hello") for _ in range(50)))
                assert attacker.exchange(until=lambda: len(attacker.frames) > 100, seconds=1)

        siege.seen = f"{siege.go_on(attack)} connections served"


def test_block_that_outlives_its_stream(besiege):
    """Trailers that go on after the call was answered and its stream closed belong to no call, least of all the next."""
    with besiege() as siege:
        def attack():
            with siege.connect() as attacker:
                stream = attacker.stream()
                attacker.exchange(
                    attacker.headers(stream, h2.request_fields("None"))
                    + h2.frame(h2.HEADERS, h2.END_STREAM, stream, attacker.block([("x-first", "1")])))
                assert attacker.exchange(until=lambda: 0 in attacker.resets(), seconds=1)
                # If these reached a later call, it would be refused.
                rest = attacker.block([("grpc-encoding", "unheard-of"), ("grpc-timeout", "never")])
                attacker.exchange(h2.frame(h2.CONTINUATION, h2.END_HEADERS, stream, rest))
                attacker.exchange(attacker.call("hello"), until=lambda: len(attacker.replies()) == 2, seconds=1)
                assert attacker.replies()[attacker.last]["grpc-status"] == "0"

        siege.seen = f"{siege.go_on(attack)} blocks ignored"
