"""One question on its way: the answer is made in a thread, and what is heard of it is taken step by step."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from starlette.concurrency import run_in_threadpool

from rag.answer.telling import Listener
from rag.values import Answer, Citation, EvidenceView, Statement
from ui.problems import Problem
from ui.slots import Slots

BEAT_S = 1.0
"""Longest silence: only between two steps does the page learn that its reader has gone."""


class Stopped(Exception):
    """Nobody waits for this answer any more."""


@dataclass(frozen=True, slots=True)
class SoFar:
    """What is known of an answer that is being made.

    Attributes:
        waiting: Other questions are answered first.
        evidence: Passages that are being read.
        statements, citations: What has passed, with its sources by number.
    """

    waiting: bool = False
    evidence: tuple[EvidenceView, ...] = ()
    statements: tuple[Statement, ...] = ()
    citations: Mapping[int, Citation] = field(default_factory=dict)


class Live(Listener):
    """The making of one answer, once it is its turn. Ends early when it is stopped, left or over its time.

    Args:
        make: Gets this to tell what it does; a place is held until it has returned.
    """

    def __init__(self, slots: Slots, make: Callable[[Listener], Answer]) -> None:
        self._slots, self._make = slots, make
        self._over = threading.Event()
        self._working = False
        self._news = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._made: asyncio.Future[Answer] = self._loop.create_future()
        self._made.add_done_callback(self._settled)
        self._turn = asyncio.ensure_future(self._in_turn())
        self.so_far = SoFar()

    async def steps(self) -> AsyncIterator[SoFar | None]:
        """What is known each time that it is more; None for a beat without news. Ends when the answer is there."""
        try:
            while not self._made.done():
                try:
                    await asyncio.wait_for(self._news.wait(), BEAT_S)
                except TimeoutError:
                    if self._working or self.so_far.waiting:
                        yield None
                        continue
                    self.so_far = replace(self.so_far, waiting=True)
                self._news.clear()
                if not self._made.done():
                    yield self.so_far
        finally:
            self.stop()

    def answer(self) -> Answer:
        """The answer, after the last step. Raises Stopped, and what went wrong."""
        return self._made.result()

    def stop(self) -> None:
        """End it; from any thread."""
        self._end(Stopped())

    # ---- heard in the thread that makes the answer

    def sources(self, evidence: Sequence[EvidenceView]) -> None:
        self._tell(replace(self.so_far, waiting=False, evidence=tuple(evidence)))

    def statement(self, statement: Statement, citations: Sequence[Citation]) -> None:
        known = {**self.so_far.citations, **{one.number: one for one in citations}}
        self._tell(replace(self.so_far, statements=(*self.so_far.statements, statement), citations=known))

    def stopped(self) -> bool:
        return self._over.is_set()

    def _tell(self, so_far: SoFar) -> None:
        if self.stopped():
            raise Stopped
        self.so_far = so_far
        self._on_loop(self._news.set)

    # ---- on the loop

    async def _in_turn(self) -> None:
        try:
            async with self._slots.turn():
                if self.stopped():
                    return
                self._working = True
                late = Problem("too-slow", f"It was not done within {self._slots.hold_s:g} s.")
                end = self._loop.call_later(self._slots.hold_s, self._end, late)
                try:
                    self._settle(await run_in_threadpool(self._make, self))
                finally:
                    end.cancel()
        except Exception as error:  # noqa: BLE001 - raised where the answer is waited for
            self._fail(error)

    def _end(self, error: Exception) -> None:
        self._over.set()
        self._on_loop(self._ended, error)

    def _ended(self, error: Exception) -> None:
        if not self._working:
            self._turn.cancel()  # leaves the line; work keeps its place until it has stopped
        self._fail(error)

    def _settle(self, answer: Answer) -> None:
        if not self._made.done():
            self._made.set_result(answer)

    def _fail(self, error: Exception) -> None:
        if not self._made.done():
            self._made.set_exception(error)

    def _settled(self, made: asyncio.Future[Answer]) -> None:
        self._news.set()
        _ = made.cancelled() or made.exception()  # nobody may be left to ask

    def _on_loop(self, call: Callable[..., object], *values: object) -> None:
        with contextlib.suppress(RuntimeError):  # the server has gone down
            self._loop.call_soon_threadsafe(call, *values)
