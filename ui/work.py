"""Work that takes a slot: made in a thread once it is its turn, and given up when its time is over or nobody waits any more."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from starlette.concurrency import run_in_threadpool

from rag.answer.telling import Listener
from rag.values import Answer, Citation, EvidenceView, Statement
from ui.problems import Problem
from ui.slots import Slots

Made = TypeVar("Made")


class Over(Exception):
    """Nobody waits for this work any more."""


class Work(Listener, Generic[Made]):
    """One piece of work. `make` is given this, which stops it between two of its steps once nobody waits.

    A place is held until `make` has returned, however long ago whoever waited was told that it took too long.
    """

    def __init__(self, slots: Slots, make: Callable[[Listener], Made]) -> None:
        self._loop = asyncio.get_running_loop()
        self._over = threading.Event()
        self._working = False
        self._made: asyncio.Future[Made] = self._loop.create_future()
        self._made.add_done_callback(lambda made: made.cancelled() or made.exception())  # nobody may be left to ask
        self._turn = asyncio.ensure_future(self._in_turn(slots, make))

    async def whole(self) -> Made:
        """What is made. Raises Problem when the time is over, and what went wrong."""
        try:
            return await self._made
        finally:
            self.hang_up()

    def hang_up(self) -> None:
        """Nobody waits any more; to be said from any thread."""
        self._end(Problem("client-left", "The client went away."))

    def stopped(self) -> bool:
        return self._over.is_set()

    def check(self) -> None:
        """Raises Over when nobody waits any more."""
        if self.stopped():
            raise Over

    def sources(self, evidence: Sequence[EvidenceView]) -> None:
        self.check()

    def statement(self, statement: Statement, citations: Sequence[Citation]) -> None:
        self.check()

    def draft(self, answer: Answer, writing: str) -> None:
        self.check()

    async def _in_turn(self, slots: Slots, make: Callable[[Listener], Made]) -> None:
        try:
            async with slots.turn():
                self.check()
                self._working = True
                end = self._loop.call_later(slots.hold_s, self._end, _too_slow(slots.hold_s))
                try:
                    self._settle(await run_in_threadpool(make, self))
                finally:
                    end.cancel()
        except Over:
            pass  # whoever ended it has said why
        except Exception as error:  # noqa: BLE001 - raised where the work is waited for
            self._fail(error)

    def _end(self, why: Exception) -> None:
        self._over.set()
        self._on_loop(self._ended, why)

    def _ended(self, why: Exception) -> None:
        if not self._working:
            self._turn.cancel()  # leaves the line
        self._fail(why)

    def _settle(self, made: Made) -> None:
        if not self._made.done():
            self._made.set_result(made)

    def _fail(self, error: Exception) -> None:
        if not self._made.done():
            self._made.set_exception(error)

    def _on_loop(self, call: Callable[..., object], *values: object) -> None:
        with contextlib.suppress(RuntimeError):  # the server has gone down
            self._loop.call_soon_threadsafe(call, *values)


def _too_slow(seconds: float) -> Problem:
    return Problem("too-slow", f"It was not done within {seconds:g} s.", headers={"Retry-After": "30"})
