"""The outermost layer: who comes in, to which addresses, how much of a request is read, and what every response says to a browser.

Pure ASGI, so that nothing is buffered and a client that leaves is noticed. Everything is decided before a body is read.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from index.errors import DossierError
from ui.access.caller import LOCAL, SCOPE_KEY, Caller, acting_as
from ui.access.credentials import Credentials
from ui.access.exchange import BODY_GRACE_S, SMALL_BYTES, Exchange
from ui.access.limits import Limits
from ui.access.origins import Origins, is_preflight
from ui.access.page_sessions import PageSessions, session_of
from ui.access.routes import PAGE_ROUTES, ROUTE_KEY, Body, Route, find_route
from ui.access.whence import Hosts, check_origin
from ui.problems import Problem, of_error, unexpected

JSON_BYTES = 1024 * 1024
FORM_BYTES = 4 * 1024
UPLOAD_FILES = 2
_SAFE = frozenset({"GET", "HEAD"})
_TYPES = {
    "json": "application/json",
    "upload": "multipart/form-data",
    "form": "application/x-www-form-urlencoded",
}


class Guard:
    """Wraps an ASGI application. See the module.

    Args:
        credentials: Recognise callers.
        hosts: Names that the server answers to.
        limits: How much a key may ask.
        origins: Other sites whose pages may call the API.
        max_file_bytes: Largest file of an upload; a body may be `UPLOAD_FILES` times that and a little more.
        room: Raises Problem while no question can even wait for its turn.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        credentials: Credentials,
        hosts: Hosts,
        limits: Limits,
        max_file_bytes: int,
        origins: Origins | None = None,
        room: Callable[[], None] = lambda: None,
        body_grace_s: float = BODY_GRACE_S,
    ) -> None:
        self.application = app
        self._credentials = credentials
        self._hosts = hosts
        self._limits = limits
        self._origins = origins or Origins()
        self._room = room
        self._grace_s = body_grace_s
        self._sessions = PageSessions()
        self._caps: dict[Body, int] = {
            "none": 0,
            "form": FORM_BYTES,
            "json": JSON_BYTES,
            "upload": max_file_bytes * UPLOAD_FILES + SMALL_BYTES,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            try:
                await self.application(scope, receive, send)
            finally:
                self._credentials.close()
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        exchange = Exchange(scope, receive, send, self._grace_s)
        try:
            if is_preflight(scope["method"], headers := Headers(scope=scope)):
                self._hosts.check(headers)
                scope[ROUTE_KEY], exchange.lines = self._origins.preflight(scope["path"], headers)
                await Response(status_code=204)(scope, exchange.receive, exchange.send)
                return
            exchange.lines = self._origins.lines(scope["path"], headers)
            caller = await self._admit(scope, exchange)
            scope[SCOPE_KEY] = caller
            with acting_as(caller) if caller is not None else nullcontext():
                await self.application(scope, exchange.receive, exchange.send)
        except Problem as problem:
            exchange.problem = exchange.problem or problem
        except Exception as error:
            if exchange.started and not exchange.ended:
                raise  # the server closes the connection: the client must not take a half for the whole
            if not exchange.ended:
                known = of_error(error) if isinstance(error, DossierError) else unexpected(error)
                exchange.problem = exchange.problem or known
        await exchange.finish()

    async def _admit(self, scope: Scope, exchange: Exchange) -> Caller | None:
        """The caller, None for somebody at an open address; raises Problem for a request that may not come in."""
        headers = Headers(scope=scope)
        self._hosts.check(headers)
        route, slots = find_route(scope["method"], scope["path"])
        scope[ROUTE_KEY] = route
        caller = None
        if route.need != "open":
            caller = scope[SCOPE_KEY] = self._credentials.caller(scope, headers)
            _check_need(route, caller)
        if scope["method"] not in _SAFE or route.cost:
            by_cookie = caller not in (None, LOCAL) and "authorization" not in headers
            check_origin(
                scope, headers, vouched=by_cookie, allowed=self._origins.allow(headers) and not _of_page(route)
            )
        _check_body_headers(headers, route.body)
        exchange.cap = self._caps[route.body]
        exchange.check_length()
        if route.asks:
            self._room()
        if caller is not None and caller != LOCAL:
            self._limits.take(caller.name, route.cost)
        if caller is not None and route.session is not None:
            self._sessions.check(await session_of(route.session, scope, slots, exchange), caller.name)
        return caller


def _of_page(route: Route) -> bool:
    return route in PAGE_ROUTES


def _check_need(route: Route, caller: Caller) -> None:
    if route.need == "write" and not caller.may_write:
        raise Problem("read-only-key", "This key may read, not write.")
    if route.need == "all" and caller.collections is not None:
        raise Problem("limited-key", "This key is for some collections; this address tells of all.")


def _check_body_headers(headers: Headers, body: Body) -> None:
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise Problem("unsupported-content-encoding", "Send the body as it is, without Content-Encoding.")
    if body == "none":
        return
    given = headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != _TYPES[body]:
        raise Problem("unsupported-media-type", f"Content-Type must be {_TYPES[body]}.")
