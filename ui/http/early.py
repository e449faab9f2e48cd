"""Costly requests while nobody can even wait: refused before a body is read, parsed or given a thread."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from ui.problems import Problem
from ui.slots import Slots

_COSTLY = re.compile(
    r"POST /v1/(answer|search|coverage|chat/completions)|POST /v1/answers/[^/]+/replay|GET /v1/changes"
)


class EarlyRefusal:
    """Pure ASGI, so that a refusal costs next to nothing however many come."""

    def __init__(self, app: ASGIApp, *, slots: Slots) -> None:
        self._app = app
        self._slots = slots

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _COSTLY.fullmatch(f"{scope['method']} {scope['path']}"):
            try:
                self._slots.check()
            except Problem as problem:
                await problem.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)
