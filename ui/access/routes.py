"""The table of every address that exists: what it takes, who may come in, what it costs. What it does not name is refused.

A test compares it with the routes of the application and of Gradio: a new route fails until it stands here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from ui.problems import Problem

Body = Literal["none", "json", "upload", "form"]
Need = Literal["open", "read", "write", "all"]
Session = Literal["query", "path", "body"]

ROUTE_KEY = "dossier.route"
"""Where an ASGI scope carries the route that it was found to be."""

QUESTION = 10
EVENT = 1
_FILE = r"[A-Za-z0-9_.@+~-]{1,200}(?:/[A-Za-z0-9_.@+~-]{1,200}){0,9}"
"""What {path:path} may be: a part of the page, by a name that a file system takes."""
_SLOT = re.compile(r"\{(\w+)(:path)?\}")


@dataclass(frozen=True, slots=True)
class Route:
    """One address.

    Attributes:
        methods: What may be done at it.
        path: As FastAPI writes it: {name} stands for one part, {name:path} for the rest.
        need: "open" to everyone, "read", "write", or "all": a caller who may see every collection.
        body: What a request may bring.
        cost: Tenths of a question, as the limit of requests per minute counts; a whole one takes a slot too.
        session: Where a request of the page names its session.
    """

    methods: frozenset[str]
    path: str
    need: Need
    body: Body = "none"
    cost: int = 0
    session: Session | None = None
    pattern: re.Pattern[str] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        parts, at = [], 0
        for slot in _SLOT.finditer(self.path):
            parts += [
                re.escape(self.path[at : slot.start()]),
                f"(?P<{slot[1]}>{_FILE if slot[1] == 'path' else '.+' if slot[2] else '[^/]+'})",
            ]
            at = slot.end()
        object.__setattr__(self, "pattern", re.compile("".join([*parts, re.escape(self.path[at:])])))

    @property
    def asks(self) -> bool:
        """Does it take an answer slot?"""
        return self.cost >= QUESTION


def route(methods: str, path: str, need: Need, body: Body = "none", *, cost: int = 0) -> Route:
    return Route(frozenset(methods.split()), path, need, body, cost)


def page(methods: str, path: str, *, body: Body = "none", cost: int = 0, session: Session | None = None) -> Route:
    return Route(frozenset(methods.split()), path, "read", body, cost, session)


API_ROUTES = (
    route("POST", "/v1/answer", "read", "json", cost=QUESTION),
    route("POST", "/v1/coverage", "read", "json", cost=QUESTION),
    route("POST", "/v1/search", "read", "json", cost=QUESTION),
    route("POST", "/v1/chat/completions", "read", "json", cost=QUESTION),
    route("POST", "/v1/responses", "read", "json", cost=QUESTION),
    route("POST", "/v1/embeddings", "read", "json", cost=QUESTION),
    route("POST", "/v1/rerank", "read", "json", cost=QUESTION),
    route("GET", "/v1/models", "read"),
    route("GET", "/v1/models/{model:path}", "read"),
    route("GET", "/v1/collections", "read"),
    route("POST", "/v1/collections", "write", "json"),
    route("DELETE", "/v1/collections/{name}", "write"),
    route("POST", "/v1/feedback", "read", "json"),
    route("GET", "/v1/feedback", "read"),
    route("DELETE", "/v1/feedback/{feedback_id}", "write"),
    route("GET", "/v1/gold", "read"),
    route("GET", "/v1/documents", "read"),
    route("POST", "/v1/documents", "write", "upload"),
    route("GET", "/v1/documents/{document_id}", "read"),
    route("PATCH", "/v1/documents/{document_id}", "write", "json"),
    route("DELETE", "/v1/documents/{document_id}", "write"),
    route("GET", "/v1/documents/{document_id}/text", "read"),
    route("GET", "/v1/documents/{document_id}/file", "read"),
    route("GET", "/v1/documents/{document_id}/pages/{page}.png", "read", cost=EVENT),
    route("GET", "/v1/jobs/{job_id}", "read"),
    route("GET", "/v1/answers", "read"),
    route("GET", "/v1/answers/{answer_id}", "read"),
    route("DELETE", "/v1/answers/{answer_id}", "write"),
    route("GET", "/v1/answers/{answer_id}/export", "read"),
    route("POST", "/v1/answers/{answer_id}/replay", "read", cost=QUESTION),
    route("GET", "/v1/changes", "read", cost=QUESTION),
    route("GET", "/v1/threads", "read"),
    route("GET", "/v1/threads/{thread_id}", "read"),
    route("PATCH", "/v1/threads/{thread_id}", "read", "json"),
    route("DELETE", "/v1/threads/{thread_id}", "read"),
    route("GET", "/metrics", "all"),
    route("GET HEAD", "/openapi.json", "read"),
    route("GET HEAD", "/readyz", "read"),
    route("GET HEAD", "/livez", "open"),
)
PAGE_ROUTES = (
    route("GET HEAD", "/sign-in", "open"),
    route("POST", "/sign-in", "open", "form"),
    route("POST", "/sign-out", "open", "form"),
    page("GET HEAD", "/"),
    page("GET", "/config"),
    page("GET", "/theme.css"),
    page("GET", "/favicon.ico"),
    page("GET", "/assets/{path:path}"),
    page("GET", "/static/{path:path}"),
    page("GET", "/svelte/{path:path}"),
    page("GET", "/gradio_api/heartbeat/{session_hash}", session="path"),
    page("GET", "/gradio_api/queue/data", session="query"),
    page("POST", "/gradio_api/queue/join", body="json", cost=EVENT, session="body"),
    page("POST", "/gradio_api/cancel", body="json", session="body"),
)
MCP = "/mcp"
MCP_ROUTES = (route("POST", MCP, "read", "json", cost=EVENT),)
"""For assistants; what a call of theirs asks takes its slot itself."""
ROUTES = API_ROUTES + MCP_ROUTES + PAGE_ROUTES


def find_route(method: str, path: str, routes: Sequence[Route] = ROUTES) -> tuple[Route, dict[str, str]]:
    """The route of a request and what stands in its slots; raises Problem for an address or method that is not there."""
    matching = [(one, found) for one in routes if (found := one.pattern.fullmatch(path))]
    if not matching:
        raise Problem("not-found", "There is nothing at this address.")
    for one, found in matching:
        if method in one.methods:
            return one, found.groupdict()
    names = ", ".join(sorted({name for one, _ in matching for name in one.methods}))
    raise Problem("method-not-allowed", f"Allowed here: {names}.", headers={"Allow": names})
