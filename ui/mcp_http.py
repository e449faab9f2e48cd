"""MCP over streamable HTTP at /mcp: the tools of standard input and output, for whoever the guard lets in.

Each request stands for itself: no session is kept, so that a caller is always the one whose key came with the request.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ui.access.caller import acting
from ui.access.routes import MCP
from ui.desk import LocalDesk
from ui.problems import Problem
from ui.protocols import Dossier


def mount(app: Starlette, dossier: Dossier) -> None:
    """Put the server at MCP, over the slots of the application; without the SDK a sentence stands there that says what is missing."""
    if find_spec("mcp") is None:
        app.router.routes.insert(0, Route(MCP, _Missing(), methods=["POST"]))
        return
    from ui.mcp import Server, Tools

    settings = dossier.settings
    tools = Tools(LocalDesk(dossier), usual=lambda: acting().own_default(settings.collection), turn=app.state.slots.one)
    requests = Server(tools).over_http()
    app.router.routes.insert(0, Route(MCP, _Requests(requests), methods=["POST"]))
    running = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[Any]:
        async with running(app) as state, requests.run():
            yield state

    app.router.lifespan_context = lifespan


class _Requests:
    """Each runs in a copy of the context of its request, and so on behalf of its caller."""

    def __init__(self, requests: Any) -> None:
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._requests.handle_request(scope, receive, send)


class _Missing:
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise Problem("not-found", "MCP over HTTP needs the official SDK on the server. Run: pip install 'mcp>=2.3,<3'")
