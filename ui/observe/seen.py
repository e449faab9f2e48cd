"""One request as those who run the server see it: names, counts and times, never a query, a question or a text."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

REQUEST: ContextVar[str] = ContextVar("dossier_request")
"""Id of the request at hand; unset outside of one."""

LEFT = 499
"""Status of a request whose client went away before there was a response."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that has ended.

    Attributes:
        request: Its id, which the client gets as `X-Request-Id`.
        route: The address as the table of routes has it, without ids; "none" for one that does not exist.
        caller: Who it was; "nobody" when it was refused before that was known.
        quiet: Nothing that anybody did: a health check, a part of the page.
    """

    request: str
    method: str
    route: str
    status: int
    ms: float
    caller: str
    bytes_in: int
    bytes_out: int
    quiet: bool = False
