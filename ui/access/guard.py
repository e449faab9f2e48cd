"""The outermost layer: which requests come in, how much of them is read, and what every response says to a browser.

Pure ASGI, so that nothing is buffered and a client that leaves is noticed. A path that no rule names is refused here,
before any body is read; so is every route of a library that the page does not use.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.access.caller import LOCAL, SCOPE_KEY, acting_as
from ui.access.loopback import is_loopback
from ui.problems import Problem, unexpected

Body = Literal["none", "json", "upload"]

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; connect-src 'self'; frame-src 'none'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
JSON_BYTES = 1024 * 1024
UPLOAD_FILES = 2
UPLOAD_SLACK_BYTES = 64 * 1024
BODY_GRACE_S = 10.0
BODY_BYTES_PER_S = 64 * 1024
_SAFE = frozenset({"GET", "HEAD"})
_TYPES = {"json": "application/json", "upload": "multipart/form-data"}
_CORS = re.compile(rb"access-control-.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rule:
    """One address that exists: its methods, its path as a pattern, and the body it takes."""

    methods: frozenset[str]
    path: re.Pattern[str]
    body: Body = "none"


def rule(methods: str, path: str, body: Body = "none") -> Rule:
    return Rule(frozenset(methods.split()), re.compile(path), body)


API_RULES = (
    rule("POST", r"/v1/(answer|coverage|search)", "json"),
    rule("GET", r"/v1/documents"),
    rule("POST", r"/v1/documents", "upload"),
    rule("GET DELETE", r"/v1/documents/[^/]+"),
    rule("GET", r"/v1/documents/[^/]+/text"),
    rule("GET", r"/v1/(answers|changes)"),
    rule("GET DELETE", r"/v1/answers/[^/]+"),
    rule("GET", r"/v1/answers/[^/]+/export"),
    rule("POST", r"/v1/answers/[^/]+/replay"),
    rule("GET", r"/v1/(threads|jobs)/[^/]+"),
    rule("GET HEAD", r"/(livez|readyz|openapi\.json)"),
)
PAGE_RULES = (
    rule("GET HEAD", r"/"),
    rule("GET", r"/(config/?|favicon\.ico|manifest\.json|robots\.txt|theme\.css|pwa_icon(/\d+)?)"),
    rule("GET", r"/(assets|static|svelte)/.+"),
    rule("GET", r"/gradio_api/(info|startup-events|theme\.css|queue/data|upload_progress)/?"),
    rule("GET", r"/gradio_api/heartbeat/[^/]+"),
    rule("GET", r"/gradio_api/call/[^/]+/[^/]+"),
    rule("GET HEAD", r"/gradio_api/file=.+"),
    rule("POST", r"/gradio_api/(queue/join|cancel|reset)/?", "json"),
    rule("POST", r"/gradio_api/(call|run|api)/[^/]+/?", "json"),
    rule("POST", r"/gradio_api/upload", "upload"),
)


def _host_name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


class Guard:
    """Wraps an ASGI application. See the module.

    Args:
        max_file_bytes: Largest file of an upload; a body may be `UPLOAD_FILES` times that and a little more.
        loopback_only: Refuse Host names other than loopback ones, against DNS rebinding.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_file_bytes: int,
        rules: Sequence[Rule] = API_RULES + PAGE_RULES,
        loopback_only: bool = True,
        body_grace_s: float = BODY_GRACE_S,
    ) -> None:
        self._app = app
        self._rules = rules
        self._loopback_only = loopback_only
        self._grace_s = body_grace_s
        self._caps: dict[Body, int] = {
            "none": 0,
            "json": JSON_BYTES,
            "upload": max_file_bytes * UPLOAD_FILES + UPLOAD_SLACK_BYTES,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        exchange = _Exchange(scope, receive, send, self._grace_s)
        try:
            exchange.cap = self._caps[self._admit(scope)]
            exchange.check_length()
            scope[SCOPE_KEY] = LOCAL
            with acting_as(LOCAL):
                await self._app(scope, exchange.receive, exchange.send)
        except Problem as problem:
            exchange.problem = exchange.problem or problem
        except Exception as error:
            if exchange.started and not exchange.ended:
                raise  # the server closes the connection: the client must not take a half for the whole
            if not exchange.ended:
                exchange.problem = exchange.problem or unexpected(error)
        await exchange.finish()

    def _admit(self, scope: Scope) -> Body:
        """The kind of body that the request may bring; raises Problem for one that may not come in."""
        headers = Headers(scope=scope)
        self._check_host(headers)
        method, path = scope["method"], scope["path"]
        matching = [one for one in self._rules if one.path.fullmatch(path)]
        if not matching:
            raise Problem("not-found", "There is nothing at this address.")
        allowed = [one for one in matching if method in one.methods]
        if not allowed:
            names = ", ".join(sorted({name for one in matching for name in one.methods}))
            raise Problem("method-not-allowed", f"Allowed here: {names}.", headers={"Allow": names})
        if method not in _SAFE:
            _check_origin(scope, headers)
        _check_body_headers(headers, allowed[0].body)
        return allowed[0].body

    def _check_host(self, headers: Headers) -> None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not hosts[0]:
            raise Problem("host-missing", "The request needs one Host header.")
        name = _host_name(hosts[0])
        if self._loopback_only and (name is None or not is_loopback(name)):
            raise Problem("misdirected-host", "This server answers to localhost only.")


def _check_origin(scope: Scope, headers: Headers) -> None:
    """Refuse what a page of another site sends: browsers say where a request comes from, other clients say nothing."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Problem("foreign-origin", "A page of another site may not do this.")
    origins = headers.getlist("origin")
    if origins and origins != [f"{scope['scheme']}://{headers['host']}"]:
        raise Problem("foreign-origin", "A page of another site may not do this.")


def _check_body_headers(headers: Headers, body: Body) -> None:
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise Problem("unsupported-content-encoding", "Send the body as it is, without Content-Encoding.")
    if body == "none":
        return
    given = headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != _TYPES[body]:
        raise Problem("unsupported-media-type", f"Content-Type must be {_TYPES[body]}.")


class _Exchange:
    """One request and its response: counts what is read, adds the headers, replaces a response that came too late."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, grace_s: float) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._grace_s = grace_s
        self._began: float | None = None
        self._read = 0
        self._complete = False
        self.cap = 0
        self.started = False
        self.ended = False
        self.problem: Problem | None = None

    def check_length(self) -> None:
        given = Headers(scope=self._scope).get("content-length")
        if given is not None and (not given.isdecimal() or int(given[:20]) > self.cap):
            raise self._too_large()

    def _too_large(self) -> Problem:
        if self.cap == 0:
            return Problem("body-not-expected", "Send this request without a body.")
        return Problem("body-too-large", f"A body may have {self.cap} bytes here.")

    async def receive(self) -> Message:
        if self._complete:
            return await self._receive()
        message = await self._receive_in_time()
        if message["type"] == "http.request":
            self._read += len(message.get("body", b""))
            self._complete = not message.get("more_body", False)
            if self._read > self.cap:
                self.problem = self._too_large()
                raise self.problem
        return message

    async def _receive_in_time(self) -> Message:
        now = asyncio.get_running_loop().time()
        self._began = now if self._began is None else self._began
        deadline = self._began + self._grace_s + self._read / BODY_BYTES_PER_S
        try:
            return await asyncio.wait_for(self._receive(), max(0.0, deadline - now))
        except TimeoutError:
            self.problem = Problem("body-too-slow", "Send the body faster.")
            raise self.problem from None

    async def send(self, message: Message) -> None:
        if self.problem is not None and not self.started:
            return
        await self._pass_on(message)

    async def _pass_on(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            ours = {name for name, _ in HEADERS}
            kept = [
                (name, value)
                for name, value in message.get("headers", [])
                if name.lower() not in ours and not _CORS.fullmatch(name)
            ]
            if self._scope["path"].startswith("/v1/"):
                kept.append((b"cache-control", b"no-store"))
            message = {**message, "headers": [*kept, *HEADERS]}
        else:
            self.ended = not message.get("more_body", False)
        await self._send(message)

    async def finish(self) -> None:
        """Send the problem that stopped the request, if one did and nothing was sent yet."""
        if self.problem is None or self.started:
            return
        response = self.problem.response()
        if self._unread():
            response.headers["Connection"] = "close"  # what still comes is not read and thrown away
        await response(self._scope, self.receive, self._pass_on)

    def _unread(self) -> bool:
        headers = Headers(scope=self._scope)
        length = headers.get("content-length", "0")
        small = length.isdecimal() and int(length[:20]) <= UPLOAD_SLACK_BYTES and "transfer-encoding" not in headers
        return not self._complete and not small
