"""One request and its response as the outermost layer sees them: what is read is counted, what is sent gets the headers."""

from __future__ import annotations

import asyncio
import re

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from ui.access.origins import Lines
from ui.problems import OPENAI_PATHS, Problem

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
BODY_GRACE_S = 10.0
BODY_BYTES_PER_S = 64 * 1024
SMALL_BYTES = 64 * 1024
DRAINED_BYTES, DRAIN_S = 2 * 1024 * 1024, 2.0
"""Of a body over its cap: so much more is taken in and thrown away, so long, for its sender to hear the reason."""
_CORS = re.compile(rb"access-control-.*", re.IGNORECASE)


class Exchange:
    """One request and its response: counts what is read, adds the headers, replaces a response that came too late."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, grace_s: float) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._grace_s = grace_s
        self._began: float | None = None
        self._read = 0
        self._complete = False
        self._again: bytes | None = None
        self.cap = 0
        self.lines: Lines = ()
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

    async def body(self) -> bytes:
        """The whole body, up to the cap; the application reads it once more. Raises Problem."""
        parts = []
        while not self._complete:
            message = await self.receive()
            if message["type"] != "http.request":
                raise Problem("bad-request", "The request ended before its body did.")
            parts.append(message.get("body", b""))
        self._again = b"".join(parts)
        return self._again

    async def receive(self) -> Message:
        if self._again is not None:
            whole, self._again = self._again, None
            return {"type": "http.request", "body": whole, "more_body": False}
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
            ours = {
                name for name, _ in HEADERS[1:]
            }  # browsers obey every policy that is sent: one of a route narrows ours
            kept = [
                (name, value)
                for name, value in message.get("headers", [])
                if name.lower() not in ours and not _CORS.fullmatch(name)
            ]
            if self._scope["path"].startswith("/v1/"):
                kept.append((b"cache-control", b"no-store"))
            message = {**message, "headers": [*kept, *HEADERS, *self.lines]}
        else:
            self.ended = not message.get("more_body", False)
        await self._send(message)

    async def finish(self) -> None:
        """Send the problem that stopped the request, if one did and nothing was sent yet."""
        if self.problem is None or self.started:
            return
        for_openai = self._scope["path"].startswith(OPENAI_PATHS)
        response = self.problem.openai_response() if for_openai else self.problem.response()
        if not await self._taken_in():
            response.headers["Connection"] = "close"  # what still comes is not read and thrown away
        await response(self._scope, self.receive, self._pass_on)

    async def _taken_in(self) -> bool:
        """Whether no more of the body can come than is small; one over its cap by DRAINED_BYTES at most is thrown away for that.

        A connection that is closed on somebody who still sends is reset, and the reason is lost on the way.
        """
        headers = Headers(scope=self._scope)
        given = headers.get("content-length", "0")
        if self._complete:
            return True
        if not given.isdecimal() or "transfer-encoding" in headers or int(given[:20]) > self.cap + DRAINED_BYTES:
            return False
        if int(given[:20]) <= SMALL_BYTES:
            return True
        try:
            async with asyncio.timeout(DRAIN_S):
                while (message := await self._receive())["type"] == "http.request":
                    if not message.get("more_body", False):
                        self._complete = True
                        return True
        except TimeoutError:
            pass
        return False
