"""Whose a session of the page is: Gradio lets whoever names one hear its events."""

from __future__ import annotations

import threading
from collections import OrderedDict
from urllib.parse import parse_qs

from starlette.types import Scope

from ui.access.exchange import Exchange
from ui.access.routes import Session
from ui.problems import Problem
from ui.requests import parse_json

NAME = "session_hash"
LONGEST = 100
MOST = 20_000


class PageSessions:
    """The first caller who names a session has it; to all others it does not exist. The longest unused are forgotten."""

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._owners: OrderedDict[str, str] = OrderedDict()

    def check(self, session: str, caller: str) -> None:
        """Raises Problem for a session of another caller."""
        with self._lock:
            owner = self._owners.setdefault(session, caller)
            if owner != caller:
                raise Problem("not-found", "There is nothing at this address.")
            self._owners.move_to_end(session)
            if len(self._owners) > self._most:
                self._owners.popitem(last=False)


async def session_of(place: Session, scope: Scope, slots: dict[str, str], exchange: Exchange) -> str:
    """The session that a request names, once and in the place where it belongs. Raises Problem."""
    if place == "path":
        found: object = slots[NAME]
    elif place == "query":
        given = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True).get(NAME, [])
        found = given[0] if len(given) == 1 else None
    else:
        content = parse_json(await exchange.body())
        found = content.get(NAME) if isinstance(content, dict) else None
    if not isinstance(found, str) or not 0 < len(found) <= LONGEST:
        raise Problem("invalid-request", f"{NAME}: the request must name one session of the page")
    return found
