"""HTTP/2 as an attacker writes it: frames byte by byte, on a blocking socket that gives up in time."""

import select
import socket
import struct
import time

import hpack

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
PROTOCOL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED = 1, 3, 4, 5
FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, ENHANCE_YOUR_CALM = 6, 7, 8, 9, 11
INITIAL_WINDOW_SIZE = 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


def settings(values=(), ack=False):
    return frame(SETTINGS, ACK if ack else 0, 0, b"".join(struct.pack("!HI", *value) for value in values))


def ping(payload=b"attacker"):
    return frame(PING, 0, 0, payload)


def reset(stream, code=CANCEL):
    return frame(RST_STREAM, 0, stream, struct.pack("!I", code))


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack("!I", increment))


def priority(stream, dependency=0, weight=15):
    return frame(PRIORITY, 0, stream, struct.pack("!IB", dependency, weight))


def echo_message(text, count=None):
    """The gRPC message of an Echo, or of a StreamReq."""
    text = text.encode()
    body = b"\x0a" + bytes([len(text)]) + text if count is None else b""
    if count is not None:
        body = b"\x08" + _varint(count) + b"\x12" + bytes([len(text)]) + text
    return b"\x00" + struct.pack("!I", len(body)) + body


def _varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def request_fields(method="Say", timeout=None, extra=()):
    fields = [
        (":method", "POST"), (":scheme", "http"), (":path", f"/echo.EchoService/{method}"), (":authority", "target"),
        ("te", "trailers"), ("content-type", "application/grpc"),
    ]
    if timeout:
        fields.append(("grpc-timeout", timeout))
    return [*fields, *extra]


class Attacker:
    """One connection; what the server sends is kept as (kind, flags, stream, payload) in `frames`."""

    def __init__(self, port, source=None, receive_buffer=None, raw=False, first_settings=()):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            self.socket.bind((source, 0))
        self.socket.settimeout(3)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setblocking(False)
        self.encoder, self.frames, self.ended = hpack.Encoder(), [], False
        self._input = bytearray()
        self._next = 1
        if not raw:
            self.exchange(PREFACE + settings(first_settings))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    # Requests

    def stream(self):
        self._next += 2
        return self._next - 2

    @property
    def last(self):
        """The stream begun last."""
        return self._next - 2

    def reset_last(self):
        return reset(self.last)

    def block(self, fields):
        return self.encoder.encode(fields)

    def headers(self, stream, fields=None, end=False):
        return frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream, self.block(fields or request_fields()))

    def call(self, text="wait", method="Say", count=None):
        """A whole request on a new stream."""
        stream = self.stream()
        message = frame(DATA, END_STREAM, stream, echo_message(text, count))
        return self.headers(stream, request_fields(method)) + message

    # Bytes

    def exchange(self, data=b"", until=None, seconds=0.0, reads=True):
        """Sends `data` and reads meanwhile; then reads for `seconds`, until `until` holds or the server has ended.

        True if `until` holds, or all was sent where there is none.
        """
        view, deadline = memoryview(data), time.monotonic() + max(seconds, 2 if data else 0)
        calm = None
        while not self.ended:
            if until and until():
                return True
            now = time.monotonic()
            if not view and calm is None:
                calm = now + seconds
            if now >= (deadline if calm is None else calm):
                break
            wait = (deadline if calm is None else calm) - now
            readable, writable, _ = select.select([self.socket] if reads else [], [self.socket] if view else [], [], wait)
            if readable:
                self._read()
            if writable:
                try:
                    view = view[self.socket.send(view[:65536]):]
                except (BrokenPipeError, ConnectionResetError):
                    view = view[:0]
                    # What the server said before it closed is still to be read.
                    while reads and not self.ended:
                        self._read()
                    self.ended = True
                except BlockingIOError:
                    pass
        return bool(until and until()) or (until is None and not view)

    def _read(self):
        try:
            data = self.socket.recv(1 << 18)
        except BlockingIOError:
            return
        except ConnectionResetError:
            data = b""
        if not data:
            self.ended = True
        self._input += data
        start = 0
        while len(self._input) - start >= 9:
            length = int.from_bytes(self._input[start:start + 3], "big")
            if len(self._input) - start < 9 + length:
                break
            kind, flags, stream = struct.unpack_from("!BBI", self._input, start + 3)
            self.frames.append((kind, flags, stream, bytes(self._input[start + 9:start + 9 + length])))
            start += 9 + length
        del self._input[:start]

    # What the server said

    def goaway(self):
        """The code of the last GOAWAY; None if there was none."""
        codes = [struct.unpack_from("!I", f[3], 4)[0] for f in self.frames if f[0] == GOAWAY]
        return codes[-1] if codes else None

    def resets(self):
        """The codes of all RST_STREAM frames."""
        return [struct.unpack("!I", f[3])[0] for f in self.frames if f[0] == RST_STREAM]

    def windows(self):
        """What WINDOW_UPDATE frames have added, by stream."""
        found = {}
        for kind, _, stream, payload in self.frames:
            if kind == WINDOW_UPDATE:
                found[stream] = found.get(stream, 0) + int.from_bytes(payload, "big")
        return found

    @property
    def initial_window(self):
        """The window that the server's SETTINGS give each stream."""
        for kind, flags, _, payload in self.frames:
            if kind == SETTINGS and not flags & ACK:
                for start in range(0, len(payload), 6):
                    name, value = struct.unpack_from("!HI", payload, start)
                    if name == INITIAL_WINDOW_SIZE:
                        return value
        return 65_535

    def replies(self):
        """The fields of all header blocks, by stream."""
        decoder, found = hpack.Decoder(), {}
        decoder.max_allowed_table_size = 1 << 20
        for kind, _, stream, payload in self.frames:
            if kind == HEADERS:
                found.setdefault(stream, {}).update(decoder.decode(payload))
        return found

    def await_goaway(self, seconds=1.5):
        self.exchange(until=lambda: self.goaway() is not None, seconds=seconds)
        return self.goaway()

    def await_end(self, seconds=1.5):
        """Whether the server closes the connection in time."""
        self.exchange(until=lambda: self.ended, seconds=seconds)
        return self.ended
