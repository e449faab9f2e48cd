"""The layer around every other: gives a request its id, counts what goes in and out, and tells the observers how it ended."""

from __future__ import annotations

import secrets
import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.access.caller import SCOPE_KEY, Caller
from ui.access.routes import PAGE_ROUTES, ROUTE_KEY, Route
from ui.observe.observers import Observers
from ui.observe.seen import LEFT, REQUEST, Seen

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = frozenset({"/livez", "/readyz", "/metrics"} | {one.path for one in PAGE_ROUTES})


class Watch:
    """Wraps an ASGI application, refusals of `ui.access.guard.Guard` included."""

    def __init__(self, app: ASGIApp, observers: Observers) -> None:
        self.application = app
        self._observers = observers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            if scope["type"] == "lifespan":
                self._observers.close()
            return
        counted = _Counted(scope, receive, send)
        request = REQUEST.set(counted.request)
        try:
            with self._observers.span(Headers(scope=scope).get("traceparent")) as told:
                try:
                    await self.application(scope, counted.receive, counted.send)
                finally:
                    seen = counted.seen()
                    told(seen)
                    self._observers.request(seen)
        finally:
            REQUEST.reset(request)


class _Counted:
    """One request and its response, counted."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.request = f"req_{secrets.token_hex(8)}"
        self._scope = scope
        self._receive = receive
        self._send = send
        self._began = time.perf_counter()
        self._status = LEFT
        self._in = 0
        self._out = 0

    async def receive(self) -> Message:
        message = await self._receive()
        self._in += len(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            given = (b"x-request-id", self.request.encode())
            message = {**message, "headers": [*message.get("headers", ()), given]}
        self._out += len(message.get("body", b""))
        await self._send(message)

    def seen(self) -> Seen:
        """To be asked at the end: only then is it known where the request led and whose it was."""
        method = self._scope["method"]
        route: Route | None = self._scope.get(ROUTE_KEY)
        caller: Caller | None = self._scope.get(SCOPE_KEY)
        return Seen(
            request=self.request,
            method=method if method in _METHODS else "other",
            route=route.path if route else "none",
            status=self._status,
            ms=round((time.perf_counter() - self._began) * 1000, 2),
            caller=caller.name if caller else "nobody",
            bytes_in=self._in,
            bytes_out=self._out,
            quiet=route is not None and route.path in _QUIET and method in ("GET", "HEAD"),
        )
