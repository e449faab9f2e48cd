"""One question on its way: the answer is made in a thread, and what is heard of it is taken step by step."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rag.answer.telling import Listener
from rag.values import Answer, Citation, EvidenceView, Statement
from ui.slots import Slots
from ui.work import Work

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
        draft: The answer without the language model, which stands until `writing` has written.
    """

    waiting: bool = False
    evidence: tuple[EvidenceView, ...] = ()
    statements: tuple[Statement, ...] = ()
    citations: Mapping[int, Citation] = field(default_factory=dict)
    draft: Answer | None = None
    writing: str = ""


class Live(Work[Answer]):
    """The making of one answer. Ends early when it is stopped, left or over its time."""

    def __init__(self, slots: Slots, make: Callable[[Listener], Answer]) -> None:
        super().__init__(slots, make)
        self._news = asyncio.Event()
        self._made.add_done_callback(lambda _: self._news.set())
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

    def sources(self, evidence: Sequence[EvidenceView]) -> None:
        self._tell(replace(self.so_far, waiting=False, evidence=tuple(evidence)))

    def statement(self, statement: Statement, citations: Sequence[Citation]) -> None:
        known = {**self.so_far.citations, **{one.number: one for one in citations}}
        self._tell(replace(self.so_far, statements=(*self.so_far.statements, statement), citations=known))

    def draft(self, answer: Answer, writing: str) -> None:
        self._tell(replace(self.so_far, draft=answer, writing=writing))

    def _tell(self, so_far: SoFar) -> None:
        self.check()
        self.so_far = so_far
        self._on_loop(self._news.set)
