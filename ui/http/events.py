"""An answer over HTTP while it is made: as server-sent events or in whole, and an end to the work when the client has gone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from fastapi import Request
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from index.errors import DossierError
from rag.answer.telling import Listener
from rag.values import Answer, Citation, EvidenceView, Statement
from ui.problems import Problem, of_error, of_http, unexpected

_LOOK_S = 0.5
"""Between two looks whether the client of a request for a whole answer is still there."""


class Hearing(Listener):
    """One request's ear: the answer is made in a thread of its own, and what is heard of it becomes events."""

    def __init__(self, make: Callable[[Listener], Answer]) -> None:
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._first: asyncio.Future[None] = self._loop.create_future()
        self._gone = threading.Event()
        self._made = asyncio.ensure_future(run_in_threadpool(self._make, make))
        self._made.add_done_callback(lambda made: made.cancelled() or made.exception())  # nobody may be left to ask

    def sources(self, evidence: Sequence[EvidenceView]) -> None:
        self._put("sources", {"evidence": [one.model_dump(mode="json", exclude={"number"}) for one in evidence]})

    def statement(self, statement: Statement, citations: Sequence[Citation]) -> None:
        self._put("delta", statement.model_dump(mode="json"))
        for citation in citations:
            self._put("citation", citation.model_dump(mode="json"))

    def stopped(self) -> bool:
        return self._gone.is_set()

    def hang_up(self) -> None:
        """Nobody listens any more."""
        self._gone.set()

    async def begun(self) -> None:
        """Wait for the first event; raises what went wrong before it."""
        await asyncio.wait((self._made, self._first), return_when=asyncio.FIRST_COMPLETED)
        if self._made.done():
            self._made.result()

    async def events(self) -> AsyncIterator[bytes]:
        """What is heard, and the whole answer at the end, or the problem in its place."""
        while (event := await self._events.get()) is not None:
            yield event
        try:
            answer = await self._made
        except Exception as error:  # noqa: BLE001 - the response has begun: what went wrong can only be said in it
            yield _event("error", json.loads(_problem(error).body()))
            return
        if not answer.statements:
            yield _event("delta", {"text": answer.text})
        yield _event("done", answer.model_dump(mode="json"))

    async def whole(self, request: Request) -> Answer:
        """The answer; the work is told when the client of the request goes away."""
        while not (await asyncio.wait((self._made,), timeout=_LOOK_S))[0]:
            if await request.is_disconnected():
                self.hang_up()
        return self._made.result()

    def _make(self, make: Callable[[Listener], Answer]) -> Answer:
        try:
            return make(self)
        finally:
            self._hand_over(None)

    def _put(self, name: str, content: dict[str, Any]) -> None:
        self._hand_over(_event(name, content))

    def _hand_over(self, event: bytes | None) -> None:
        with contextlib.suppress(RuntimeError):  # the server has gone down
            self._loop.call_soon_threadsafe(self._take, event)

    def _take(self, event: bytes | None) -> None:
        self._events.put_nowait(event)
        if event is not None and not self._first.done():
            self._first.set_result(None)


class EventStream(StreamingResponse):
    """The events of one answer; when they can be sent no further, the work ends."""

    def __init__(self, hearing: Hearing) -> None:
        super().__init__(hearing.events(), media_type="text/event-stream")
        self._hearing = hearing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._hearing.hang_up()


def _problem(error: Exception) -> Problem:
    if isinstance(error, HTTPException):
        return of_http(error)
    return of_error(error) if isinstance(error, DossierError) else unexpected(error)


def _event(name: str, content: dict[str, Any]) -> bytes:
    return format_sse_event(event=name, data_str=json.dumps(content))
