"""One survey on its way: made once it is its turn, and given up when it is stopped or over its time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

from rag.coverage.table import Coverage
from ui.protocols import Progress
from ui.slots import Slots
from ui.work import Work

BEAT_S = 0.5
"""Longest silence: only between two steps does the page learn that its reader has gone."""

Read = tuple[int, int]
"""Documents read, and documents in all; (0, 0) while others have their turn."""


class Surveying(Work[Coverage]):
    """The making of one table.

    Args:
        make: Is told how to report its progress; what that raises ends it.
    """

    def __init__(self, slots: Slots, make: Callable[[Progress], Coverage]) -> None:
        super().__init__(slots, lambda _: make(self._progress))
        self._read: Read = (0, 0)

    async def steps(self) -> AsyncGenerator[Read | Coverage, None]:
        """How far it is, again and again, then the table. Raises what went wrong."""
        try:
            while not (await asyncio.wait((self._made,), timeout=BEAT_S))[0]:
                yield self._read
            yield self._made.result()
        finally:
            self.hang_up()

    def _progress(self, _stage: str, done: int, total: int) -> None:
        self.check()
        self._read = done, total
