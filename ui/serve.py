"""One process: the API and the page on one port, over the data directory that it owns."""

from __future__ import annotations

import errno
import gc
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from index.errors import DossierError, SettingInvalid
from rag.settings import Settings
from ui.access.credentials import Credentials
from ui.access.exchange import BODY_GRACE_S
from ui.access.guard import Guard
from ui.access.keys import Keys
from ui.access.limits import Limits
from ui.access.loopback import is_loopback
from ui.access.origins import Origins, check_origins
from ui.access.permitted import Permitted
from ui.access.prefix import Prefixed, Rooted, check_root_path
from ui.access.signed_in import SignedIn
from ui.access.signin import signing_in
from ui.access.whence import Hosts
from ui.connections import PatientH11
from ui.http.app import create_app
from ui.observe.logs import configure_logs
from ui.observe.observers import Observers
from ui.observe.watch import Watch
from ui.observe.watched import Watched
from ui.protocols import Dossier, OwnedDossier
from ui.terminal import say

DRAIN_S = 10


class PortInUse(DossierError):
    code = "port-in-use"


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM, then finish what is running and close the data directory.

    Raises:
        SettingInvalid: Other machines can reach the host, and there is no key; every site may ask, and there are keys.
        PortInUse: Another program listens on the port.
        DirectoryOwned: Another process owns the data directory.
    """
    keys = Keys(settings.data)
    check_origins(settings, keys.any_usable)
    check_root_path(settings.root_path)
    with bind(settings.host, settings.port, keys) as listener:
        from rag.build import open_dossier

        run(open_dossier(settings), listener)


def run(dossier: OwnedDossier, listener: socket.socket, *, app: ASGIApp | None = None) -> None:
    """Serve an open Dossier on a listening socket until SIGINT or SIGTERM, then close it."""
    configure_logs(dossier.settings.log_format, dossier.settings.log_level)
    try:
        alone = is_loopback(listener.getsockname()[0])
        server = make_server(build(dossier, alone=alone) if app is None else app)
        url = address(listener)
        with _signals_only_stop():
            dossier.data.announce(url)
            say(_welcome(url, dossier.settings, alone=alone))
            server.run(sockets=[listener])
    finally:
        dossier.close()


def build(dossier: Dossier, *, alone: bool = True) -> ASGIApp:
    """The API and the page over an open Dossier, behind the guard.

    Args:
        alone: Only this machine can reach the server: who has no key is its owner, unless the settings require keys.
    """
    from ui.mcp_http import mount as mount_mcp
    from ui.page import mount

    settings = dossier.settings
    observers = Observers.of(settings, keys_required=settings.require_keys or not alone)
    permitted = Permitted(Watched(dossier, observers))
    app = create_app(permitted, metrics=observers.metrics, when_ready=settle)
    mount_mcp(app, permitted)
    mount(app, permitted)
    return Prefixed(Watch(guarded(app, settings, alone=alone), observers), settings.root_path)


def settle() -> None:
    """What is loaded by now stays: looking through it for garbage would hold up everybody for half a second, again and again."""
    gc.collect()
    gc.freeze()


def guarded(app: Starlette, settings: Settings, *, alone: bool = True, body_grace_s: float = BODY_GRACE_S) -> Guard:
    """What `create_app` made, with the sign-in page, behind the guard."""
    keys, signed_in = Keys(settings.data), SignedIn()
    app.router.routes[:0] = signing_in(keys, signed_in)
    return Guard(
        Rooted(app, settings.root_path),
        credentials=Credentials(keys, signed_in, trust_local=alone and not settings.require_keys),
        hosts=Hosts(settings.hosts, any_name=not alone and not settings.hosts),
        limits=Limits(settings.requests_per_minute),
        origins=Origins(settings.origins),
        room=app.state.slots.let_in,
        max_file_bytes=settings.max_file_bytes,
        body_grace_s=body_grace_s,
    )


def make_server(app: ASGIApp, *, keep_s: int = DRAIN_S) -> uvicorn.Server:
    """A uvicorn server with bounds on headers, connections and shutdown."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=PatientH11,
            loop="asyncio",  # uvloop takes in one new connection for each round of those it has: a crowd keeps others out
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=keep_s,
            h11_max_incomplete_event_size=16 * 1024,
        )
    )


def bind(host: str, port: int, keys: Keys | None = None) -> socket.socket:
    """A listening socket; without a usable key only on a loopback address. Raises SettingInvalid or PortInUse."""
    if not is_loopback(host) and (keys is None or not keys.any_usable()):
        raise SettingInvalid(
            f"Host '{host}' can be reached from other machines, and no key is in use. "
            "Run: dossier keys create --name NAME, or: dossier serve --host 127.0.0.1"
        )
    bare = host.strip().strip("[]")
    if not bare:
        raise SettingInvalid("Host is empty. Run: dossier serve --host 127.0.0.1")
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
    """Where this machine reaches it."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _welcome(url: str, settings: Settings, *, alone: bool) -> str:
    said = f"Dossier is on {url} (Ctrl-C ends it). Documents lie in {settings.data}."
    if alone and not settings.require_keys:
        return f"{said} Only this machine can reach it; no key is needed."
    return f"{said} It asks for a key: dossier keys list, dossier keys create --name NAME."


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
