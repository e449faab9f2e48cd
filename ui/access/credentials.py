"""Who sends a request, by what it brings: a key, a cookie of the sign-in page, or nothing on a machine of its own."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.types import Scope

from ui.access.caller import LOCAL, Caller
from ui.access.keys import PREFIX, Keys
from ui.access.signed_in import COOKIE, SignedIn
from ui.access.whence import was_forwarded
from ui.problems import Problem

SIGN_IN = "/sign-in"
_BEARER = re.compile(r"bearer (\S+)", re.IGNORECASE)
_OTHER_HEADERS = ("x-api-key", "api-key", "proxy-authorization")
_IN_ADDRESS = frozenset("key api_key apikey api-key token access_token auth authorization bearer".split())


class KeyNeeded(Problem):
    """The same words for every reason, so that nobody learns which it was; a browser is shown where to sign in."""

    def __init__(self, *, by_browser: bool = False) -> None:
        super().__init__(
            "key-needed",
            "Send one header 'Authorization: Bearer KEY', and no key elsewhere. To make one: dossier keys create --name NAME",
            headers={"WWW-Authenticate": 'Bearer realm="dossier"'},
        )
        self._by_browser = by_browser

    def response(self) -> Response:
        if self._by_browser:
            return RedirectResponse(SIGN_IN[1:], 303)  # relative: a proxy may show the page under a path
        return super().response()


class Credentials:
    """Recognises callers.

    Args:
        keys: The keys of the data directory.
        signed_in: Who signed in on the page.
        trust_local: Only this machine can reach the server, so a request without a key is its owner's.
    """

    def __init__(self, keys: Keys, signed_in: SignedIn, *, trust_local: bool) -> None:
        self._keys = keys
        self._signed_in = signed_in
        self._trust_local = trust_local

    def close(self) -> None:
        self._keys.close()

    def caller(self, scope: Scope, headers: Headers) -> Caller:
        """Whoever sends the request. Raises Problem for nobody."""
        given = headers.getlist("authorization")
        if self._trust_local and len(given) == 1 and _is_placeholder(given[0]):
            given = []
        elsewhere = _in_address(scope) or any(name in headers for name in _OTHER_HEADERS)
        match = _BEARER.fullmatch(given[0]) if len(given) == 1 and not elsewhere else None
        key = self._keys.presented(match[1] if match else "")
        if key is not None:
            return key.caller()
        if not given and not elsewhere:
            key_id = self._signed_in.key_id(cookie_of(headers))
            key = self._keys.living(key_id) if key_id else None
            if key is not None:
                return key.caller()
            if self._trust_local and not was_forwarded(headers):
                return LOCAL
        raise KeyNeeded(by_browser=not given and _wants_page(scope, headers))


def _is_placeholder(authorization: str) -> bool:
    """Whether it is no key of ours at all but what a client says that cannot say nothing: OpenAI's wants a key for every server."""
    match = _BEARER.fullmatch(authorization)
    return match is not None and not match[1].startswith(PREFIX)


def cookie_of(headers: Headers) -> str:
    return cookie_parser("; ".join(headers.getlist("cookie"))).get(COOKIE, "")


def _in_address(scope: Scope) -> bool:
    """Is there a key in the query? Addresses are written down in too many places to hold one."""
    query = scope["query_string"].decode("latin-1")
    return any(
        name.lower() in _IN_ADDRESS or value.startswith(PREFIX)
        for name, value in parse_qsl(query, keep_blank_values=True)
    )


def _wants_page(scope: Scope, headers: Headers) -> bool:
    return scope["path"] == "/" and "text/html" in headers.get("accept", "")
