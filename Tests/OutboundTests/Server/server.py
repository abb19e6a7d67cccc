"""Servers of many manners for the tests of Outbound, on free loopback ports.

Prints one line of JSON that says where they are, and ends when its standard input does.
"""
import asyncio
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile

import certificates
import proxy
from manners import Site


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def serve(site, host, tls=None):
    server = await asyncio.start_server(site.connected, host, 0, ssl=tls, backlog=4096, limit=1 << 20)
    return server.sockets[0].getsockname()[1]


def start_nghttpd(folder, keys):
    """HTTP/2 over TLS by nghttpd, with files of its own."""
    root = os.path.join(folder, "h2")
    os.mkdir(root)
    for name, size in [("small", 100), ("large", 24 << 20)]:
        with open(os.path.join(root, name), "wb") as file:
            file.write(bytes(range(256)) * (size // 256) + b"x" * (size % 256))
    port = free_port()
    process = subprocess.Popen(
        ["nghttpd", "--address=127.0.0.1", f"--htdocs={root}", "--echo-upload", str(port), keys.key, keys.certificate],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return port, process


async def wait_for(port):
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        except OSError:
            await asyncio.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port}")


async def main(folder):
    authority = certificates.Authority(folder)
    server_keys = authority.issue("localhost", ["DNS:localhost", "DNS:site.test", "IP:127.0.0.1"])
    client_keys = authority.issue("client", ["DNS:client.test"])
    wrong_keys = authority.issue("elsewhere.test", ["DNS:elsewhere.test"])
    site, forbidden = Site(), Site()

    def context(keys, asks_client=False):
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(keys.certificate, keys.key)
        if asks_client:
            tls.verify_mode = ssl.CERT_REQUIRED
            tls.load_verify_locations(authority.certificate)
        return tls

    nghttpd_port, nghttpd = start_nghttpd(folder, server_keys)
    try:
        await wait_for(nghttpd_port)
        places = {
            "http": await serve(site, "127.0.0.1"),
            # Another host on the same machine, which only some tests allow.
            "other": await serve(forbidden, "127.0.0.2"),
            "https": await serve(site, "127.0.0.1", context(server_keys)),
            "httpsWrongName": await serve(site, "127.0.0.1", context(wrong_keys)),
            "httpsClient": await serve(site, "127.0.0.1", context(server_keys, asks_client=True)),
            "proxy": await proxy.serve("127.0.0.1"),
            "http2": nghttpd_port,
            "unused": free_port(),
            "authority": authority.certificate,
            "clientCertificate": client_keys.certificate,
            "clientKey": client_keys.key,
        }
        try:
            places["http6"] = await serve(site, "::1")
        except OSError:
            places["http6"] = 0
        site.ports = places
        site.forbidden = forbidden
        print(json.dumps(places), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    finally:
        nghttpd.kill()
        nghttpd.wait()


if __name__ == "__main__":
    # The process that starts this one may have signals blocked, which its children would inherit.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(main(folder))
    os._exit(0)
