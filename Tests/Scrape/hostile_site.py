"""Sites that behave badly, each in one way, on one port, with a log of what was asked and when."""

import functools
import gzip
import http.server
import socketserver
import struct
import threading
import time
import zlib

PAGE = "<!doctype html><html><head><title>{title}</title></head><body><h1>{title}</h1>{body}</body></html>"


def page(title, *links, body=""):
    return PAGE.format(title=title, body=body + "".join(f'<a href="{link}">x</a>' for link in links)).encode()


class Site:
    """A server; `paths` maps paths to functions of the handler, `log` lists what was asked: time, path, user agent."""

    def __init__(self, paths=None, robots=None, fallback=None):
        self.paths, self.robots, self.fallback = dict(paths or {}), robots, fallback
        self.log, self.lock, self.active, self.most = [], threading.Lock(), 0, 0
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                with site.lock:
                    site.active += 1
                    site.most = max(site.most, site.active)
                    site.log.append((time.monotonic(), self.path, self.headers.get("User-Agent", "")))
                try:
                    site.answer(self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True
                finally:
                    with site.lock:
                        site.active -= 1

            def log_message(self, *words):
                pass

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True
            request_queue_size = 128

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, handler):
        path = handler.path
        if path == "/robots.txt":
            if callable(self.robots):
                return self.robots(handler)
            if self.robots is None:
                return send(handler, b"", 404)
            return send(handler, self.robots.encode(), type="text/plain")
        if path in self.paths:
            return self.paths[path](handler)
        if self.fallback:
            return self.fallback(handler)
        return send(handler, page("not there"), 404)

    def asked(self, path=None):
        with self.lock:
            return [entry for entry in self.log if path is None or entry[1] == path]

    def end(self):
        self.server.shutdown()
        self.server.server_close()


def send(handler, body, status=200, type="text/html", headers=None):
    handler.send_response(status)
    handler.send_header("Content-Type", type)
    handler.send_header("Content-Length", str(len(body)))
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def sends(*words, **options):
    return lambda handler: send(handler, *words, **options)


def redirects(to, status=302):
    return lambda handler: send(handler, b"", status, headers={"Location": to})


def close(handler):
    handler.close_connection = True


def huge(handler):
    """A body without an end, until the other side has had enough."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.send_header("Connection", "close")
    handler.end_headers()
    piece = b"<p>" + b"x" * 65000
    for _ in range(4000):
        handler.wfile.write(piece)
    close(handler)


@functools.cache
def blanks():
    """A gigabyte of them in a megabyte of gzip."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = b" " * (1 << 20)
    return b"".join(packer.compress(piece) for _ in range(1024)) + packer.flush()


def bomb(handler):
    send(handler, blanks(), headers={"Content-Encoding": "gzip"})


def broken_gzip(handler):
    body = gzip.compress(page("broken"))
    send(handler, body[:20] + b"\xff" * 40 + body[60:], headers={"Content-Encoding": "gzip"})


def dripped(handler):
    """A byte now and then."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    for _ in range(600):
        handler.wfile.write(b"a")
        handler.wfile.flush()
        time.sleep(0.25)
    close(handler)


def broken_chunks(handler):
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"5\r\nhello\r\nZZZ\r\nworld")
    close(handler)


def cut_off(handler):
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"<html>")
    close(handler)


def silent(handler):
    time.sleep(30)
    close(handler)


def no_http(handler):
    handler.wfile.write(b"\x00\x01\x02 this is no HTTP at all\r\n\r\n")
    close(handler)


def many_headers(handler):
    handler.send_response(200)
    for number in range(400):
        handler.send_header(f"X-Header-{number}", "x" * 200)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def reset(handler):
    handler.connection.setsockopt(__import__("socket").SOL_SOCKET, __import__("socket").SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    close(handler)


def nested(depth):
    return (b"<!doctype html><title>deep</title>" + b"<div>" * depth + b"<h1>deep</h1>" + b"</div>" * depth)


def endless(prefix):
    """Each page leads to two that nobody has seen."""
    def answer(handler):
        path = handler.path.rstrip("/")
        send(handler, page(path, f"{path}/a{len(path)}", f"{path}/b{len(path)}", body=path))
    return answer


HOSTILE = {
    "/loop-a": redirects("/loop-b"), "/loop-b": redirects("/loop-a"), "/self": redirects("/self"),
    "/out": redirects("http://example.invalid/"), "/file": redirects("file:///etc/passwd"),
    "/private": redirects("http://169.254.169.254/latest/meta-data/"),
    "/huge": huge, "/bomb": bomb, "/broken-gzip": broken_gzip, "/dripped": dripped, "/broken-chunks": broken_chunks,
    "/cut-off": cut_off, "/silent": silent, "/no-http": no_http, "/many-headers": many_headers, "/reset": reset,
    "/deep": sends(nested(100_000)),
    "/wrong-charset": sends("<title>größer</title><h1>größer</h1>".encode("latin-1"), type="text/html; charset=utf-8"),
    "/unknown-charset": sends(b"<title>x</title><h1>unknown</h1>", type="text/html; charset=klingon"),
    "/missing": sends(page("gone"), 404), "/failing": sends(page("failing"), 500),
    "/image": sends(b"\x89PNG\r\n", type="image/png"), "/empty": sends(b""),
    "/unknown-coding": sends(page("coded"), headers={"Content-Encoding": "rot13"}),
    "/odd-status": sends(page("odd"), 299),
}
