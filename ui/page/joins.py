"""What reaches the page's events: only a call that an event can take, and nothing of it in a log when an event fails.

Gradio answers a call of an event that does not exist with an error of its own making, and prints what it received to the terminal.
"""

from __future__ import annotations

import logging
import traceback
from typing import Any

import gradio as gr
from gradio import queueing, route_utils, routes
from starlette.requests import Request
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Message, Receive, Scope, Send

from ui.problems import Problem
from ui.requests import parse_json

JOIN = "/gradio_api/queue/join"
_LOG = logging.getLogger("dossier")


def check_joins(application_routes: list[BaseRoute], page: gr.Blocks) -> None:
    """Look at every call before Gradio does, and let failures be told by our log, which quotes nobody."""
    mount = next(one for one in reversed(application_routes) if isinstance(one, Mount))
    application_routes.insert(0, Route(JOIN, Joins(mount, page), methods=["POST"]))
    for module in (queueing, routes, route_utils):
        vars(module)["traceback"] = _Logged()


class Joins:
    """The queue's address in front of Gradio's own."""

    def __init__(self, mount: Mount, page: gr.Blocks) -> None:
        self._mount = mount
        self._inputs = {number: len(event.inputs) for number, event in page.fns.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await Request(scope, receive).body()
        self.check(parse_json(body))
        sent = False

        async def again() -> Message:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        _, found = self._mount.matches(scope)
        scope.update(found)
        await self._mount.handle(scope, again, send)

    def check(self, call: Any) -> None:
        """Raises Problem for a call that no event of the page takes."""
        number = call.get("fn_index") if isinstance(call, dict) else None
        if type(number) is not int or number not in self._inputs:
            raise Problem("invalid-request", "fn_index: the page has no such event")
        data = call.get("data")
        if not isinstance(data, list) or len(data) != self._inputs[number]:
            raise Problem("invalid-request", f"data: the event takes a list of {self._inputs[number]} values")


class _Logged:
    """Stands in for the module `traceback` where Gradio prints one."""

    def __getattr__(self, name: str) -> Any:
        return getattr(traceback, name)

    def print_exc(self, *_: object, **__: object) -> None:
        _LOG.error("an event of the page failed", exc_info=True)
