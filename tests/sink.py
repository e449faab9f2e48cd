"""A loopback server that nothing may ever reach: it remembers every connection and every address that was asked for."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Sink:
    """Where requests would land.

    Attributes:
        port: Its port on 127.0.0.1.
        seen: "connection" for each connection, then the path of each request.
    """

    port: int
    seen: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def sinking() -> Iterator[Sink]:
    """A sink on a free port."""

    class Remember(http.server.BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            sink.seen.append("connection")
            super().handle_one_request()

        def do_GET(self) -> None:
            sink.seen.append(self.path)
            self.send_response(204)
            self.end_headers()

        do_POST = do_HEAD = do_OPTIONS = do_GET

        def log_message(self, *_: Any) -> None:
            """Nothing is printed."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Remember) as server:
        sink = Sink(server.server_port)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield sink
        finally:
            server.shutdown()
            thread.join()
