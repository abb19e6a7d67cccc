"""Bytes that are no HTTP/2."""

import random
import zlib

import pytest

import h2

NOISE = random.Random(7)
BYTES = {
    "noise": lambda: NOISE.randbytes(20_000),
    "http1": lambda: b"GET / HTTP/1.1\r\nhost: target\r\n\r\n",
    "tls": lambda: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    "noise_after_preface": lambda: h2.PREFACE + h2.settings() + NOISE.randbytes(20_000),
    "no_settings": lambda: h2.PREFACE + h2.ping(),
    "huge_length": lambda: h2.PREFACE + h2.settings() + b"\xff\xff\xff\x00\x00\x00\x00\x00\x01",
    "data_on_stream_0": lambda: h2.PREFACE + h2.settings() + h2.frame(h2.DATA, 0, 0, b"data"),
    "push": lambda: h2.PREFACE + h2.settings() + h2.frame(h2.PUSH, 4, 1, b"\x00\x00\x00\x02\x82"),
    "even_stream": lambda: h2.PREFACE + h2.settings() + h2.frame(h2.HEADERS, 5, 2, b"\x83\x86\x84"),
}


@pytest.mark.parametrize("kind", BYTES)
def test_bytes(besiege, kind):
    with besiege(handshakeTimeout=500) as siege:
        codes = set()

        def attack():
            with siege.connect(raw=True) as attacker:
                attacker.exchange(BYTES[kind]())
                assert attacker.await_end()
                codes.add(attacker.goaway())

        times = siege.go_on(attack, 0.5)
        assert siege.counters()["calls"] <= 1
        siege.seen = f"{times} connections closed, GOAWAY {sorted(map(str, codes))}"


def test_message_prefixes(besiege):
    """gRPC messages that claim gigabytes, or are compressed without saying how."""
    with besiege() as siege:
        def attack():
            with siege.connect() as attacker:
                for prefix in (b"\x00\xff\xff\xff\xff", b"\x01\x00\x00\x00\x01z", b"\x07\x00\x00\x00\x01z"):
                    stream = attacker.stream()
                    attacker.exchange(attacker.headers(stream) + h2.frame(h2.DATA, h2.END_STREAM, stream, prefix))
                assert attacker.exchange(until=lambda: len(attacker.replies()) == 3, seconds=1)
                codes = [reply["grpc-status"] for _, reply in sorted(attacker.replies().items())]
                assert codes == ["8", "13", "13"]

        siege.seen = f"{siege.go_on(attack)} × RESOURCE_EXHAUSTED, INTERNAL, INTERNAL"


def bomb():
    """gzip of 100 MiB of zeros, which fits into a stream's window."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(100)) + packer.flush()


def test_gzip_bomb(besiege):
    packed = bomb()
    message = b"\x01" + len(packed).to_bytes(4, "big") + packed
    parts = [message[start:start + 16384] for start in range(0, len(message), 16384)]
    with besiege() as siege:
        def attack():
            with siege.connect() as attacker:
                stream = attacker.stream()
                opening = attacker.headers(stream, h2.request_fields(extra=[("grpc-encoding", "gzip")]))
                frames = [h2.frame(h2.DATA, h2.END_STREAM if part is parts[-1] else 0, stream, part) for part in parts]
                attacker.exchange(opening + b"".join(frames))
                assert attacker.exchange(until=lambda: stream in attacker.replies(), seconds=1.5)
                assert attacker.replies()[stream]["grpc-status"] == "8"

        siege.seen = f"{siege.go_on(attack)} × RESOURCE_EXHAUSTED"
