"""An answer over HTTP while it is made: as server-sent events.

FastAPI's own `EventSourceResponse` begins the response before the first event is there, so that what goes wrong before it
could not be a problem document; here only its format and its ping are used.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from fastapi import Request
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.types import Receive, Scope, Send

from rag.answer.telling import Listener
from rag.values import Answer, Citation, EvidenceView, Statement
from ui.http.refusals import problem_of
from ui.http.work import RequestWork
from ui.slots import Slots

PING_S = 15.0
"""Longest silence of a stream."""

Told = tuple[str, dict[str, Any]]
"""Name and content of an event."""


def as_event(name: str, content: dict[str, Any]) -> bytes:
    """An event as it is sent."""
    return format_sse_event(event=name, data_str=json.dumps(content))


class Hearing(RequestWork[Answer]):
    """One request's ear: what is heard of its answer becomes events."""

    def __init__(self, request: Request, slots: Slots, make: Callable[[Listener], Answer]) -> None:
        self._heard: asyncio.Queue[Told | None] = asyncio.Queue()
        self._first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        super().__init__(request, slots, make)
        self._made.add_done_callback(lambda _: self._heard.put_nowait(None))

    def sources(self, evidence: Sequence[EvidenceView]) -> None:
        super().sources(evidence)
        self._tell("sources", {"evidence": [one.model_dump(mode="json", exclude={"number"}) for one in evidence]})

    def statement(self, statement: Statement, citations: Sequence[Citation]) -> None:
        super().statement(statement, citations)
        self._tell("delta", statement.model_dump(mode="json"))
        for citation in citations:
            self._tell("citation", citation.model_dump(mode="json"))

    def draft(self, answer: Answer, writing: str) -> None:
        super().draft(answer, writing)
        self._tell("draft", {"writing": writing, "answer": answer.model_dump(mode="json")})

    async def begun(self) -> None:
        """Wait for the first event; raises what went wrong before it."""
        try:
            await asyncio.wait((self._made, self._first), return_when=asyncio.FIRST_COMPLETED)
            if self._made.done():
                self._made.result()
        except BaseException:
            self.hang_up()
            raise

    async def events(self) -> AsyncIterator[Told | None]:
        """What is heard, None for a silence of `PING_S`, and the whole answer at the end, or the problem in its place."""
        while True:
            try:
                event = await asyncio.wait_for(self._heard.get(), PING_S)
            except TimeoutError:
                yield None
                continue
            if event is None:
                break
            yield event
        try:
            answer = self._made.result()
        except Exception as error:  # noqa: BLE001 - the response has begun: what went wrong can only be said in it
            yield "error", problem_of(error).content()
            return
        if not answer.statements:
            yield "delta", {"text": answer.text}
        yield "done", answer.model_dump(mode="json")

    def _tell(self, name: str, content: dict[str, Any]) -> None:
        self._on_loop(self._take, (name, content))

    def _take(self, event: Told) -> None:
        self._heard.put_nowait(event)
        if not self._first.done():
            self._first.set_result(None)


class EventStream(StreamingResponse):
    """The events of one answer; when they can be sent no further, the work ends.

    Args:
        form: An event as the client reads it.
    """

    def __init__(self, hearing: Hearing, form: Callable[[str, dict[str, Any]], bytes] = as_event) -> None:
        super().__init__(_formed(hearing, form), media_type="text/event-stream")
        self._hearing = hearing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._hearing.hang_up()


async def _formed(hearing: Hearing, form: Callable[[str, dict[str, Any]], bytes]) -> AsyncIterator[bytes]:
    async for event in hearing.events():
        yield KEEPALIVE_COMMENT if event is None else form(*event)
