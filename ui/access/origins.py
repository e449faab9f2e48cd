"""Pages of other sites that may call the API: none, unless the setting names them. The page itself is only ever its own.

No credentials mode: a cookie of another site is never honoured; such a page sends a key, or nothing where none is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from starlette.datastructures import Headers

from index.errors import SettingInvalid
from rag.settings import Settings
from ui.access.loopback import is_loopback
from ui.access.routes import PAGE_ROUTES, Route, find_route
from ui.problems import Problem

ANY = "*"
KEPT_S = 600
_TOLD = "retry-after, x-request-id, mcp-session-id"
_HEADER_NAMES = re.compile(r"[a-z0-9-]{1,64}( ?, ?[a-z0-9-]{1,64}){0,63}")
_ALWAYS = "authorization, content-type"

Lines = tuple[tuple[bytes, bytes], ...]
"""Headers of a response."""


class Origins:
    """Which origins besides the server's own may send requests, and what a browser is told about it."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = frozenset(names)

    def allow(self, headers: Headers) -> bool:
        """Does the request come from a page that the setting names?"""
        given = headers.getlist("origin")
        return len(given) == 1 and (ANY in self._names or given[0].lower() in self._names)

    def lines(self, path: str, headers: Headers) -> Lines:
        """What lets the page read the response; nothing for a page that is not named, or an address of our own page."""
        if not self._names or any(one.pattern.fullmatch(path) for one in PAGE_ROUTES):
            return ()
        varies = (b"vary", b"origin")
        if not self.allow(headers):
            return (varies,)
        return (
            varies,
            (b"access-control-allow-origin", headers["origin"].encode("latin-1")),
            (b"access-control-expose-headers", _TOLD.encode()),
        )

    def preflight(self, path: str, headers: Headers) -> tuple[Route, Lines]:
        """The answer to a browser that asks before it sends. Raises Problem for what would be refused anyway."""
        route, _ = find_route(headers["access-control-request-method"].upper(), path)
        if route in PAGE_ROUTES or not self.allow(headers):
            raise Problem(
                "foreign-origin",
                "A page of another site may not do this. The server's setting 'origins' lists the sites that may.",
            )
        wanted = headers.get("access-control-request-headers", "").lower()
        names = wanted if _HEADER_NAMES.fullmatch(wanted) else _ALWAYS
        told: Lines = (
            (b"access-control-allow-methods", ", ".join(sorted(route.methods)).encode()),
            (b"access-control-allow-headers", names.encode()),
            (b"access-control-max-age", str(KEPT_S).encode()),
        )
        if headers.get("access-control-request-private-network") == "true":
            told += ((b"access-control-allow-private-network", b"true"),)
        return route, (*self.lines(path, headers), *told)


def is_preflight(method: str, headers: Headers) -> bool:
    return method == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers


def check_origins(settings: Settings, any_key: Callable[[], bool]) -> None:
    """Raises SettingInvalid when every site may ask and there are keys: one of them would be sent from anywhere."""
    if ANY in settings.origins and (settings.require_keys or not is_loopback(settings.host) or any_key()):
        raise SettingInvalid(
            "Setting 'origins': '*' is for a server without keys, and this one has keys. "
            "Name the sites: DOSSIER_ORIGINS=https://app.example.org"
        )
