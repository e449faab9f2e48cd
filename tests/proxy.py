"""A small proxy that shows a server under a path: it takes the path off, or leaves it, and may add headers of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

WAIT_S = 120


@contextmanager
def proxied(url: str, prefix: str, *, strips: bool = True, headers: Mapping[str, str] | None = None) -> Iterator[str]:
    """The address under which the server at `url` is reached through the proxy, its path included."""
    listener = socket.create_server(("127.0.0.1", 0))
    accepting = threading.Thread(target=_accept, args=(listener, url, prefix, strips, headers or {}), daemon=True)
    accepting.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}{prefix}"
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join(30)


def _accept(listener: socket.socket, url: str, prefix: str, strips: bool, headers: Mapping[str, str]) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_exchange, args=(client, url, prefix, strips, headers), daemon=True).start()


def _exchange(client: socket.socket, url: str, prefix: str, strips: bool, headers: Mapping[str, str]) -> None:
    """One request of a connection, passed on; the response ends it."""
    parts = urlsplit(url)
    with client, socket.create_connection((parts.hostname or "", parts.port or 0), timeout=WAIT_S) as server:
        client.settimeout(WAIT_S)
        received = b""
        while b"\r\n\r\n" not in received:
            if not (more := client.recv(65536)):
                return
            received += more
        head, _, body = received.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, target, version = lines[0].split(" ")
        if not target.startswith(prefix):
            client.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        target = (target[len(prefix) :] or "/") if strips else target
        kept = [line for line in lines[1:] if not line.lower().startswith("connection:")]
        sent = [f"{method} {target} {version}", *kept, "Connection: close", *(f"{k}: {v}" for k, v in headers.items())]
        server.sendall("\r\n".join(sent).encode("latin-1") + b"\r\n\r\n" + body)
        threading.Thread(target=_pump, args=(client, server), daemon=True).start()
        _pump(server, client)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            sink.sendall(chunk)
