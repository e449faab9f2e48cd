"""How many questions are answered at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ui.problems import busy


class Gate:
    """Lets a fixed number of requests in at once and refuses the rest at once, so that nobody waits for long."""

    def __init__(self, most: int) -> None:
        self._free = threading.BoundedSemaphore(most)

    @contextmanager
    def one(self) -> Iterator[None]:
        if not self._free.acquire(blocking=False):
            raise busy("Too many questions at once.")
        try:
            yield
        finally:
            self._free.release()
