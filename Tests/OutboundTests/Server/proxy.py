"""A small HTTP proxy: CONNECT for tunnels, absolute addresses for http. Wants user:secret."""
import asyncio
import base64
from urllib.parse import urlsplit

CREDENTIALS = "Basic " + base64.b64encode(b"user:secret").decode()


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def connected(reader, writer):
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *fields = head.split("\r\n")
        method, target, _ = line.split(" ")
        headers = dict(field.split(": ", 1) for field in fields if ": " in field)
        if headers.get("Proxy-Authorization") != CREDENTIALS:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            writer.close()
            return
        if method == "CONNECT":
            host, port = target.rsplit(":", 1)
            # The test's names are known to its proxy only.
            upstream = await asyncio.open_connection("127.0.0.1", int(port))
            writer.write(b"HTTP/1.1 200 Connection established\r\nX-Proxy: tunnel\r\n\r\n")
        else:
            url = urlsplit(target)
            upstream = await asyncio.open_connection("127.0.0.1", url.port or 80)
            kept = [f"{name}: {value}" for name, value in headers.items() if not name.startswith("Proxy-")]
            path = url.path + (f"?{url.query}" if url.query else "")
            upstream[1].write(
                "\r\n".join([f"{method} {path} HTTP/1.1", *kept, "Via: test", "", ""]).encode("latin-1"))
        await asyncio.gather(pump(reader, upstream[1]), pump(upstream[0], writer))
    except (OSError, ValueError, asyncio.IncompleteReadError):
        writer.close()


async def serve(host):
    server = await asyncio.start_server(connected, host, 0)
    return server.sockets[0].getsockname()[1]
