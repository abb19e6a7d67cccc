"""A site of which each path behaves, well or badly, in its own way."""
import asyncio
import base64
import gzip
import hashlib
import json
import socket
import struct
import zlib
from urllib.parse import parse_qs, urlsplit

import signatures

TEXT = b"All work and no play. " * 50
BROTLI = (
    "G0sE+I3TBXfzdZJqELYgl+X2lpqIUlmWcMNCvXyPGv4A"
)
ZSTD = (
    "KLUv/WBMA/UAALBBbGwgd29yayBhbmQgbm8gcGxheS4gAQBmyH82AQ=="
)
BROTLI_BOMB = (
    "y///PwAkAOKxQHLv//j//weABEAcFoDu/R////8AkACIwwLQvf/j//8fABIAcVgAuvd//P//A0ACIA4LQPf+j///fwBIAMRhAeje//H//w8ACY"
    "A4LADd+z/+//8BIAEQhwWge/83"
)


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        url = urlsplit(target)
        self.path, self.query = url.path, {k: v[0] for k, v in parse_qs(url.query, keep_blank_values=True).items()}

    def first(self, name):
        return next((value for key, value in self.headers if key.lower() == name), None)


def response(status=200, headers=(), body=b""):
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in headers), f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def zero_bomb(window, size):
    packer = zlib.compressobj(9, zlib.DEFLATED, window)
    zeros = bytes(1 << 20)
    for _ in range(size >> 20):
        if piece := packer.compress(zeros):
            yield piece
    yield packer.flush()


class Site:
    def __init__(self):
        self.accepted = self.open = self.requests = self.uploaded = 0
        self.ports, self.forbidden = {}, None

    async def connected(self, reader, writer):
        self.accepted += 1
        self.open += 1
        number = self.accepted
        try:
            while request := await self.read(reader, writer):
                self.requests += 1
                if not await self.answer(request, writer, number):
                    break
                await writer.drain()
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.open -= 1
            writer.close()

    async def read(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *fields = head.split("\r\n")
        method, target, _ = line.split(" ")
        headers = [tuple(field.split(": ", 1)) if ": " in field else (field.rstrip(":"), "")
                   for field in fields if field]
        values = {name.lower(): value for name, value in headers}
        if target.startswith("/refuse-upload"):
            return Request(method, target, headers, b"")
        body = b""
        slow = float(parse_qs(urlsplit(target).query).get("slow", ["0"])[0])
        if "content-length" in values:
            left = int(values["content-length"])
            while left:
                piece = await reader.read(min(left, 1 << 20))
                if not piece:
                    raise OSError("ended")
                left -= len(piece)
                self.uploaded += len(piece)
                body += piece
                await asyncio.sleep(slow)
        elif values.get("transfer-encoding") == "chunked":
            while size := int(await reader.readline(), 16):
                body += await reader.readexactly(size)
                self.uploaded += size
                await reader.readline()
            await reader.readline()
        return Request(method, target, headers, body)

    async def answer(self, request, writer, number):
        """Writes a response; true if the connection goes on."""
        name = request.path.strip("/").split("/")[0].replace("-", "_")
        manner = getattr(self, f"get_{name}", None)
        if manner is None:
            writer.write(response(404))
            return True
        self.number = number
        result = await manner(request, writer)
        if isinstance(result, bytes):
            if request.method == "HEAD":
                result = result[:result.index(b"\r\n\r\n") + 4]
            writer.write(result)
            return True
        return bool(result)

    # What a site should do.

    async def get_hello(self, request, writer):
        return response(body=b"hello")

    async def get_echo(self, request, writer):
        return response(headers=[("Content-Type", "application/json")], body=json.dumps({
            "method": request.method, "target": request.target, "headers": request.headers,
            "body": request.body.decode("latin-1") if len(request.body) < 100_000 else "",
            "length": len(request.body), "sha256": hashlib.sha256(request.body).hexdigest()}).encode())

    async def get_status(self, request, writer):
        return response(int(request.path.split("/")[2]), body=b"status")

    async def get_connection(self, request, writer):
        return response(body=str(self.number).encode())

    async def get_stats(self, request, writer):
        other = self.forbidden
        return response(body=json.dumps({
            "accepted": self.accepted, "open": self.open, "requests": self.requests, "uploaded": self.uploaded,
            "otherAccepted": other.accepted if other else 0}).encode())

    async def get_bytes(self, request, writer):
        return response(body=bytes(int(request.path.split("/")[2])))

    async def get_chunked(self, request, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-After\r\n\r\n")
        for piece in [b"one ", b"two ", b"three"]:
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
        writer.write(b"0\r\nX-After: yes\r\n\r\n")
        return True

    async def get_interim(self, request, writer):
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        return response(headers=[("X-Final", "yes")], body=b"final")

    async def get_delay(self, request, writer):
        await asyncio.sleep(float(request.path.split("/")[2]))
        return response(body=b"late")

    async def get_close(self, request, writer):
        writer.write(response(headers=[("Connection", "close")], body=b"bye"))
        return False

    # Redirects and cookies.

    async def get_redirect(self, request, writer):
        headers = [("Location", request.query["to"])]
        if cookie := request.query.get("cookie"):
            headers.append(("Set-Cookie", cookie))
        return response(int(request.path.split("/")[2]), headers, b"moved")

    async def get_loop(self, request, writer):
        return response(302, [("Location", request.target)])

    async def get_set_cookie(self, request, writer):
        cookies = [value for key, value in request.query.items() if key.startswith("c")]
        return response(headers=[("Set-Cookie", cookie) for cookie in cookies], body=b"set")

    # Encodings.

    async def get_gzip(self, request, writer):
        return response(headers=[("Content-Encoding", "gzip")], body=gzip.compress(TEXT))

    async def get_gzip_members(self, request, writer):
        return response(headers=[("Content-Encoding", "x-gzip")],
                        body=gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:]) + bytes(7))

    async def get_deflate(self, request, writer):
        return response(headers=[("Content-Encoding", "deflate")], body=zlib.compress(TEXT))

    async def get_raw_deflate(self, request, writer):
        return response(headers=[("Content-Encoding", "deflate")], body=zlib.compress(TEXT)[2:-4])

    async def get_br(self, request, writer):
        return response(headers=[("Content-Encoding", "br")], body=base64.b64decode(BROTLI))

    async def get_zstd(self, request, writer):
        return response(headers=[("Content-Encoding", "zstd")], body=base64.b64decode(ZSTD))

    async def get_gzip_of_br(self, request, writer):
        return response(headers=[("Content-Encoding", "br, gzip")], body=gzip.compress(base64.b64decode(BROTLI)))

    async def get_unknown_coding(self, request, writer):
        return response(headers=[("Content-Encoding", "utf-8")], body=TEXT)

    async def get_cut_gzip(self, request, writer):
        return response(headers=[("Content-Encoding", "gzip")], body=gzip.compress(TEXT)[:-10])

    async def get_false_coding(self, request, writer):
        return response(headers=[("Content-Encoding", request.path.split("/")[2])], body=b"not encoded at all")

    async def get_bomb(self, request, writer):
        kind = request.path.split("/")[2]
        if kind == "br":
            return response(headers=[("Content-Encoding", "br")], body=base64.b64decode(BROTLI_BOMB))
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Encoding: {kind}\r\nConnection: close\r\n\r\n".encode())
        for piece in zero_bomb(31 if kind == "gzip" else 15, 64 << 20):
            writer.write(piece)
            await writer.drain()
        return False

    # What a site should not do.

    async def get_silent(self, request, writer):
        await asyncio.sleep(3600)

    async def get_stall(self, request, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegun")
        await writer.drain()
        await asyncio.sleep(3600)

    async def get_drip(self, request, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(100_000):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    async def get_endless(self, request, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(1 << 16))
            await writer.drain()

    async def get_endless_headers(self, request, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(1_000_000):
            writer.write(b"X-Header-%d: value\r\n" % number)
            await writer.drain()

    async def get_many_headers(self, request, writer):
        count = int(request.path.split("/")[2])
        return response(headers=[(f"X-{number}", "v") for number in range(count)])

    async def get_long_header(self, request, writer):
        return response(headers=[("X-Long", "v" * int(request.path.split("/")[2]))])

    async def get_endless_interim(self, request, writer):
        while True:
            writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
            await writer.drain()

    async def get_truncated(self, request, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this")
        return False

    async def get_truncated_chunks(self, request, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        return False

    async def get_announced(self, request, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n" % request.path.split("/")[2].encode())
        await writer.drain()
        await asyncio.sleep(3600)

    async def get_garbage(self, request, writer):
        writer.write(b"\x00\x01\x02 no HTTP at all\r\n\r\n")
        return False

    async def get_nothing(self, request, writer):
        return False

    async def get_reset(self, request, writer):
        if request.path.endswith("midway"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegun")
            await writer.drain()
            await asyncio.sleep(0.1)
        # Unsent data is thrown away and the peer gets a reset.
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def get_then_gone(self, request, writer):
        """Promises to keep the connection, and closes it."""
        writer.write(response(body=b"kept"))
        await writer.drain()
        return False

    async def get_refuse_upload(self, request, writer):
        writer.write(response(413, [("Connection", "close")], b"too large"))
        await writer.drain()
        await asyncio.sleep(0.5)
        return False

    # S3.

    async def get_bucket(self, request, writer):
        problem = signatures.problem(request)
        return response(403 if problem else 200, body=(problem or "signed").encode())
