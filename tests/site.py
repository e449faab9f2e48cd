"""A small web site on loopback, as a test lays it out: paths to what a real server answers there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Page:
    """What a path answers. `drip_s` is waited between two of the first bytes."""

    content: bytes = b""
    kind: str | None = "text/html"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    drip_s: float = 0.0


@dataclass
class Site:
    url: str
    pages: dict[str, Page]
    asked: list[str] = field(default_factory=list)


@contextmanager
def site(pages: Mapping[str, Page] | Callable[[str], Mapping[str, Page]], host: str = "127.0.0.1") -> Iterator[Site]:
    """Serve pages; a function of the site's address may lay them out."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            page = found.pages.get(self.path, Page(b"nothing here", status=404))
            self.send_response(page.status)
            if page.kind is not None:
                self.send_header("Content-Type", page.kind)
            if "Content-Length" not in page.headers:
                self.send_header("Content-Length", str(len(page.content)))
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                if page.drip_s:
                    for byte in page.content[:200]:
                        self.wfile.write(bytes([byte]))
                        time.sleep(page.drip_s)
                else:
                    self.wfile.write(page.content)
            except OSError:
                pass  # whoever asked has gone

        def log_message(self, format: str, *args: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer((host, 0), Handler)
    server.daemon_threads = True
    found = Site(f"http://{host}:{server.server_address[1]}", {})
    found.pages = dict(pages(found.url) if callable(pages) else pages)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
