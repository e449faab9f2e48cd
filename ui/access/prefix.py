"""A server that is reached under a path of a proxy: its addresses begin there, whether or not the proxy takes the path off."""

from __future__ import annotations

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from index.errors import SettingInvalid
from ui.access.routes import ROUTES


class Prefixed:
    """Wraps an ASGI application, which sees addresses without the prefix, as the table has them. Only the setting says what it is, never a header.

    Args:
        prefix: As "/dossier"; "" changes nothing.
    """

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self.application = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and self._prefix and path == self._prefix and scope["method"] in ("GET", "HEAD"):
            await RedirectResponse(f"{self._prefix}/", 308)(scope, receive, send)  # the page's addresses are relative
            return
        if self._prefix and path.startswith(f"{self._prefix}/"):
            raw = scope.get("raw_path") or b""
            scope = {**scope, "path": path[len(self._prefix) :]}
            if raw.startswith(f"{self._prefix}/".encode()):
                scope["raw_path"] = raw[len(self._prefix) :]
        await self.application(scope, receive, send)


class Rooted:
    """Wraps an ASGI application, which is told the whole path of a request and how much of it is the prefix."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self.application = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._prefix:
            raw = self._prefix.encode() + scope.get("raw_path", scope["path"].encode())
            scope = {**scope, "root_path": self._prefix, "path": self._prefix + scope["path"], "raw_path": raw}
        await self.application(scope, receive, send)


def check_root_path(prefix: str) -> None:
    """Raises SettingInvalid for a prefix that could be mistaken for an address of the server itself."""
    first = prefix.split("/")[1] if prefix else ""
    if first and first in {one.path.split("/")[1] for one in ROUTES}:
        raise SettingInvalid(
            f"Setting 'root_path': '/{first}' is an address of the server itself. Take another: DOSSIER_ROOT_PATH=/dossier"
        )
