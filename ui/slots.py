"""How many questions are answered at once, who waits for a turn, and when the others are to come back."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager

from rag.settings import Settings
from ui.problems import Problem, busy

LONGEST_RETRY_S = 30
COMING_S = 1.0
"""So long a request that was let in counts as one that will wait, until it does: others came at the same moment."""
_NEWEST = 0.2
"""Weight of the newest of the times whose moving mean says how long a turn takes."""

Ticket = Future[None]


class Slots:
    """Places for work that costs, and a short line before them: first come, first served, threads and coroutines alike.

    Attributes:
        most: How many work at once.
        queue: How many may wait.
        wait_s: Longest wait.
        hold_s: Longest work; whoever holds a place keeps to it (`ui.work`).
        used, waiting, refused: Who works, who waits, and how many were sent away so far.
    """

    def __init__(self, most: int = 2, *, queue: int = 8, wait_s: float = 30.0, hold_s: float = 120.0) -> None:
        self.most, self.queue, self.wait_s, self.hold_s = most, queue, wait_s, hold_s
        self.used = 0
        self.refused = 0
        self._line: deque[Ticket] = deque()
        self._coming: deque[float] = deque()
        self._lock = threading.Lock()
        self._mean_s = 1.0

    @classmethod
    def of(cls, settings: Settings) -> Slots:
        return cls(
            settings.answer_slots,
            queue=settings.answer_queue,
            wait_s=settings.queue_wait_s,
            hold_s=settings.answer_deadline_s,
        )

    @property
    def waiting(self) -> int:
        return len(self._line)

    def let_in(self) -> None:
        """Before a request is read: raises Problem when not even a place in the line is free for it."""
        with self._lock:
            now = time.monotonic()
            while self._coming and self._coming[0] <= now - COMING_S:
                self._coming.popleft()
            if self.used + len(self._line) + len(self._coming) >= self.most + self.queue:
                raise self._refusal()
            self._coming.append(now)

    @contextmanager
    def one(self) -> Iterator[None]:
        """A place, for a thread. Raises Problem."""
        ticket = self._join()
        try:
            ticket.result(self.wait_s)
        except TimeoutError:
            raise self._gave_up(ticket) from None
        with self._held():
            yield

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A place, for a coroutine; cancelling it leaves the line. Raises Problem."""
        ticket = self._join()
        try:
            await asyncio.wait_for(asyncio.wrap_future(ticket), self.wait_s)
        except TimeoutError:
            raise self._gave_up(ticket) from None
        except asyncio.CancelledError:
            self._leave(ticket)
            raise
        with self._held():
            yield

    def _refusal(self) -> Problem:
        self.refused += 1
        seconds = math.ceil((len(self._line) + 1) * self._mean_s / self.most)
        return busy("Too many questions at once.", retry_after_s=min(max(seconds, 1), LONGEST_RETRY_S))

    def _join(self) -> Ticket:
        ticket: Ticket = Future()
        ticket.set_running_or_notify_cancel()  # from here on only `_pass_on` settles it
        with self._lock:
            if self._coming:
                self._coming.popleft()
            if self.used + len(self._line) >= self.most + self.queue:
                raise self._refusal()
            self._line.append(ticket)
        self._pass_on()
        return ticket

    def _pass_on(self) -> None:
        """Give free places to the first in the line."""
        with self._lock:
            called = []
            while self._line and self.used < self.most:
                self.used += 1
                called.append(self._line.popleft())
        for ticket in called:
            ticket.set_result(None)

    def _gave_up(self, ticket: Ticket) -> Problem:
        self._leave(ticket)
        with self._lock:
            return self._refusal()

    def _leave(self, ticket: Ticket) -> None:
        with self._lock:
            if ticket in self._line:
                self._line.remove(ticket)
                return
        self._free()  # it was called at the very moment

    @contextmanager
    def _held(self) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                self._mean_s += _NEWEST * (time.monotonic() - began - self._mean_s)
            self._free()

    def _free(self) -> None:
        with self._lock:
            self.used -= 1
        self._pass_on()
