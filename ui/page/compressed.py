"""The document of the page goes out compressed: Gradio compresses its scripts and styles, not the page that holds ours."""

from __future__ import annotations

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

LEAST_BYTES = 1000


class Compressed:
    """Wraps an ASGI application; what is not the page passes as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._plain = app
        self._compressed = GZipMiddleware(app, minimum_size=LEAST_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_page = scope["type"] == "http" and scope["path"].removeprefix(scope.get("root_path", "")) in ("", "/")
        await (self._compressed if is_page else self._plain)(scope, receive, send)
