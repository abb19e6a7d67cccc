"""Writes the first inputs of the `server` and `client` corpora: what grpcio's client and server say to each other.

    python Tests/Fuzz/capture.py        # needs Tests/requirements.txt

The other corpora's first inputs are made here as well, by hand.
"""

import gzip
import pathlib
import socket
import struct
import threading
import time
from concurrent import futures

import grpc

CORPUS = pathlib.Path(__file__).resolve().parent / "Corpus"
METADATA = (("x-text", "value"), ("x-bytes-bin", b"\x00\xff\x80"))


class Recorder:
    """A proxy for one connection that keeps the bytes of both directions."""

    def __init__(self, port):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.upstream = self.listener.getsockname()[1], port
        self.sent, self.received = bytearray(), bytearray()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        near, _ = self.listener.accept()
        far = socket.create_connection(("127.0.0.1", self.upstream))
        threading.Thread(target=self._pump, args=(near, far, self.sent), daemon=True).start()
        self._pump(far, near, self.received)

    @staticmethod
    def _pump(source, target, kept):
        try:
            while data := source.recv(65536):
                kept += data
                target.sendall(data)
        except OSError:
            pass


def answer_say(request, context):
    context.send_initial_metadata(METADATA)
    context.set_trailing_metadata(METADATA)
    if request == b"fail":
        context.abort(grpc.StatusCode.NOT_FOUND, "nothing of that näme\n")
    return request


def serve():
    handlers = {
        "Say": grpc.unary_unary_rpc_method_handler(answer_say),
        "Stream": grpc.unary_stream_rpc_method_handler(lambda request, _: iter([request] * 5)),
        "Upload": grpc.stream_unary_rpc_method_handler(lambda requests, _: b"".join(requests)),
        "Chat": grpc.stream_stream_rpc_method_handler(lambda requests, _: (request for request in requests)),
    }
    server = grpc.server(futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("echo.EchoService", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def expect_failure(call):
    try:
        call()
    except grpc.RpcError:
        return
    raise AssertionError("the call should have failed")


def say(channel, message=b"hello", **options):
    return channel.unary_unary("/echo.EchoService/Say")(message, **options)


def stream(channel):
    return list(channel.unary_stream("/echo.EchoService/Stream")(b"hello"))


def all_kinds(channel):
    # In the order of the calls that ClientFuzzing has open.
    say(channel, metadata=METADATA, timeout=5)
    stream(channel)
    channel.stream_unary("/echo.EchoService/Upload")(iter([b"a", b"b"]))
    list(channel.stream_stream("/echo.EchoService/Chat")(iter([b"a", b"b"])))


def cancelled(channel):
    requests = channel.stream_stream("/echo.EchoService/Chat")(iter(lambda: time.sleep(0.05) or b"on", None))
    next(requests)
    requests.cancel()


SCENES = {
    "unary": lambda channel: say(channel),
    "kinds": all_kinds,
    "gzip": lambda channel: say(channel, b"z" * 2000, compression=grpc.Compression.Gzip),
    "large": lambda channel: say(channel, b"y" * 17_000),
    "failed": lambda channel: expect_failure(lambda: say(channel, b"fail")),
    "unknown": lambda channel: expect_failure(lambda: channel.unary_unary("/echo.EchoService/None")(b"")),
    "late": lambda channel: expect_failure(lambda: say(channel, timeout=0)),
    "cancelled": cancelled,
    "streams": lambda channel: [stream(channel) for _ in range(3)],
}


def capture():
    server, port = serve()
    for name, scene in SCENES.items():
        recorder = Recorder(port)
        with grpc.insecure_channel(f"127.0.0.1:{recorder.port}") as channel:
            scene(channel)
            time.sleep(0.05)
        # The first byte says how the bytes are delivered: whole, and with nothing put before them.
        keep("server", name, b"\x00" + recorder.sent)
        keep("server", f"{name}-slowly", b"\x02" + recorder.sent)
        keep("client", name, b"\x00" + recorder.received)
        keep("client", f"{name}-slowly", b"\x02" + recorder.received)
    server.stop(0)


def message(content, packed=False):
    return struct.pack("!BI", packed, len(content)) + content


def by_hand():
    packed = gzip.compress(b"hello" * 20, mtime=0)
    keep("framing", "messages", b"\x40" + message(b"hello") + message(b"") + message(packed, True))
    keep("framing", "slowly", b"\x03" + message(b"hello") + message(packed, True))
    keep("framing", "gzip", packed)
    keep("framing", "huge", b"\x05\x00\xff\xff\xff\xff")
    keep("framing", "cut", b"\x40" + message(packed[:-4], True))
    keep("metadata", "status", b"grpc-status=5\ngrpc-message=n%C3%A4me%0\ngrpc-status-details-bin=CAUSA25vdA\n")
    keep("metadata", "custom", b":path=/a/b\nx-text=value\nx-bytes-bin=AAEC,/+8=\ngrpc-timeout=99999999H\n")
    keep("metadata", "timeouts", b"a=1n\na=20u\na=300m\na=4000S\na=50000M\na=00000001H\na=999999999S\n")
    keep("metadata", "informational", b":status=103\nlink=<a>\n")
    keep("metadata", "codings", b"grpc-encoding=gzip\ngrpc-accept-encoding=identity, deflate,gzip\n")


def keep(corpus, name, data):
    folder = CORPUS / corpus
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


capture()
by_hand()
