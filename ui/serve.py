"""One process: the API and the page on one loopback port, over the data directory that it owns."""

from __future__ import annotations

import errno
import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from index.errors import DossierError, SettingInvalid
from rag.settings import Settings
from ui.access.guard import Guard
from ui.access.loopback import is_loopback
from ui.access.permitted import Permitted
from ui.http.app import create_app
from ui.protocols import Dossier
from ui.terminal import say

HEADER_WAIT_S = 10.0
MOST_CONNECTIONS = 512
DRAIN_S = 10


class PortInUse(DossierError):
    code = "port-in-use"


class PatientH11(H11Protocol):
    """uvicorn's h11 protocol, which of itself waits for ever for a connection's first headers."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._headers_due = self.loop.call_later(HEADER_WAIT_S, self._cut)

    def handle_events(self) -> None:
        super().handle_events()
        if self.cycle is not None:
            self._headers_due.cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        self._headers_due.cancel()
        super().connection_lost(exc)

    def _cut(self) -> None:
        if self.cycle is None:
            self.transport.close()


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM, then finish what is running and close the data directory.

    Raises:
        SettingInvalid: The host is not this machine's own.
        PortInUse: Another program listens on the port.
        DirectoryOwned: Another process owns the data directory.
    """
    with bind(settings.host, settings.port) as listener:
        from rag.build import open_dossier

        run(open_dossier(settings), listener)


def run(dossier: Dossier, listener: socket.socket, *, app: ASGIApp | None = None) -> None:
    """Serve an open Dossier on a listening socket until SIGINT or SIGTERM, then close it."""
    try:
        server = make_server(build(dossier) if app is None else app)
        url = address(listener)
        with _signals_only_stop():
            dossier.data.announce(url)
            say(f"Dossier is on {url} (Ctrl-C ends it). Documents lie in {dossier.settings.data}.")
            server.run(sockets=[listener])
    finally:
        dossier.close()


def build(dossier: Dossier) -> ASGIApp:
    """The API and the page over an open Dossier, behind the guard."""
    from ui.page import mount

    permitted = Permitted(dossier)
    app = create_app(permitted)
    mount(app, permitted)
    return Guard(app, max_file_bytes=dossier.settings.max_file_bytes)


def make_server(app: ASGIApp, *, keep_s: int = DRAIN_S) -> uvicorn.Server:
    """A uvicorn server with bounds on headers, connections and shutdown."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=PatientH11,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=keep_s,
            h11_max_incomplete_event_size=16 * 1024,
        )
    )


def bind(host: str, port: int) -> socket.socket:
    """A listening socket on a loopback address. Raises SettingInvalid or PortInUse."""
    if not is_loopback(host):
        raise SettingInvalid(
            f"Host '{host}' can be reached from other machines, and there are no keys yet. Run: dossier serve --host 127.0.0.1"
        )
    bare = host.strip("[]")
    listener = socket.socket(socket.AF_INET6 if ":" in bare else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((bare, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            other = port + 1 if port < 65535 else port - 1
            raise PortInUse(f"Port {port} on {host} is in use. Run: dossier serve --port {other}") from error
        raise SettingInvalid(
            f"Port {port} on {host} cannot be opened: {error.strerror}. Run: dossier serve --port 7860"
        ) from error
    return listener


def address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def _signals_only_stop() -> Iterator[None]:
    """uvicorn raises a signal again once it has shut down; that must not end the process before the data is closed."""
    before = {}
    for name in (signal.SIGINT, signal.SIGTERM):
        before[name] = signal.signal(name, lambda *_: None)
    try:
        yield
    finally:
        for name, handler in before.items():
            with suppress(TypeError, ValueError):
                signal.signal(name, handler)
