"""Idle HTTP/2 connections: their settings are exchanged, no stream was ever opened."""

import socket

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS, PING, GOAWAY = 4, 6, 7
ACK = 1


class IdleError(Exception):
    """The server refused or closed a connection."""


def frame(kind: int, flags: int = 0, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + bytes(4) + payload


class Connection:
    """One connection, as idle as HTTP/2 allows."""

    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.received = b""
        self.socket.sendall(PREFACE + frame(SETTINGS))
        missing = {0, ACK}  # the server's own settings, and its word that it has ours
        while missing:
            kind, flags, _ = self.next_frame()
            if kind == SETTINGS:
                missing.discard(flags & ACK)

    def next_frame(self) -> tuple[int, int, bytes]:
        """The next frame; settings and pings are acknowledged."""
        header = self.take(9)
        kind, flags, payload = header[3], header[4], self.take(int.from_bytes(header[:3], "big"))
        if kind == GOAWAY:
            raise IdleError("the server said goodbye")
        if kind in (SETTINGS, PING) and not flags & ACK:
            self.socket.sendall(frame(kind, ACK, payload if kind == PING else b""))
        return kind, flags, payload

    def take(self, count: int) -> bytes:
        while len(self.received) < count:
            chunk = self.socket.recv(4096)
            if not chunk:
                raise IdleError("the server closed the connection")
            self.received += chunk
        taken, self.received = self.received[:count], self.received[count:]
        return taken

    def ping(self) -> None:
        self.socket.sendall(frame(PING, 0, b"are you?"))
        while self.next_frame() != (PING, ACK, b"are you?"):
            pass

    def close(self) -> None:
        # A reset leaves no port behind in TIME_WAIT.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.socket.close()
