"""The work of a request: it ends when the client of the request goes away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fastapi import Request

from rag.answer.telling import Listener
from ui.problems import Problem
from ui.slots import Slots
from ui.work import Made, Work


class RequestWork(Work[Made]):
    """To be made once the body of the request is read: from then on its client says nothing but that it leaves."""

    def __init__(self, request: Request, slots: Slots, make: Callable[[Listener], Made]) -> None:
        super().__init__(slots, make)
        self._watch = asyncio.ensure_future(self._watched(request))

    def hang_up(self) -> None:
        self._on_loop(self._watch.cancel)
        super().hang_up()

    async def _watched(self, request: Request) -> None:
        try:
            while (await request.receive())["type"] != "http.disconnect":
                pass
        except Problem as problem:  # a body that should not be there
            self._end(problem)
        else:
            self.hang_up()
