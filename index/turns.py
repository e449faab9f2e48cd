"""A lock that is given in the order in which it was asked for: whoever takes it again and again keeps nobody out."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from index.errors import Busy


class Turns:
    """Held by one thread at a time, which may take it more than once. Use it with `with`, or `within` for a bounded wait."""

    def __init__(self) -> None:
        self._state = threading.Lock()
        self._owner: int | None = None
        self._depth = 0
        self._waiting: deque[tuple[int, threading.Event]] = deque()

    @contextmanager
    def within(self, seconds: float, what: str) -> Iterator[None]:
        """Raises Busy when it is not this thread's turn in time. `what` says what is waited for."""
        if not self._take(seconds):
            raise Busy(f"{what} waits for another change of the same documents. Try again in a while.")
        try:
            yield
        finally:
            self._give()

    def __enter__(self) -> None:
        self._take(None)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._give()

    def _take(self, seconds: float | None) -> bool:
        me = threading.get_ident()
        with self._state:
            if self._owner is None or self._owner == me:
                self._owner = me
                self._depth += 1
                return True
            turn = (me, threading.Event())
            self._waiting.append(turn)
        if turn[1].wait(seconds):
            return True
        with self._state:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return False
        return True  # it came at the very moment

    def _give(self) -> None:
        with self._state:
            self._depth -= 1
            if self._depth:
                return
            self._owner = None
            if self._waiting:
                self._owner, called = self._waiting.popleft()
                self._depth = 1
                called.set()


class Shared:
    """Work that may go on side by side, and work that must be alone. Who must be alone is not overtaken by what comes later."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._side_by_side = 0
        self._alone_waiting = 0
        self._alone = False

    @contextmanager
    def together(self) -> Iterator[None]:
        """Beside others that work so."""
        with self._changed:
            self._changed.wait_for(lambda: not self._alone and not self._alone_waiting)
            self._side_by_side += 1
        try:
            yield
        finally:
            with self._changed:
                self._side_by_side -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """When nobody else works."""
        with self._changed:
            self._alone_waiting += 1
            try:
                self._changed.wait_for(lambda: not self._alone and not self._side_by_side)
            finally:
                self._alone_waiting -= 1
            self._alone = True
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()
