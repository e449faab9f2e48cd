"""Which upload is read next: callers and collections take turns, small ones first, and what is large goes in by parts."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from index.files import SourceFile

PART_BYTES = 2 * 1024 * 1024
PART_FILES = 32
SMALL_BYTES = 32 * 1024
MOST_PASSED = 8
"""So often others may go before a job; then it is its turn."""
WAITING_PER_CALLER = 16
WAITING = 64

Job = TypeVar("Job")
Pair = tuple[str, str | None]


@dataclass(slots=True, eq=False)
class Place(Generic[Job]):
    """A job in the line.

    Attributes:
        pair: Its caller and collection.
        parts: The files that are still to be read, in the parts in which they are.
        sizes: The bytes of each part.
    """

    job: Job
    pair: Pair
    parts: list[Sequence[SourceFile]]
    sizes: list[int]
    passed: int = 0
    number: int = 0

    @property
    def left(self) -> int:
        return sum(self.sizes)


def in_parts(files: Sequence[SourceFile]) -> tuple[list[Sequence[SourceFile]], list[int]]:
    """Files in parts of bounded size, in order, and the bytes of each; one part for none."""
    parts: list[Sequence[SourceFile]] = []
    sizes: list[int] = []
    part: list[SourceFile] = []
    size = 0
    for file in files:
        own = file.path.stat().st_size
        if part and (size + own > PART_BYTES or len(part) >= PART_FILES):
            parts.append(part)
            sizes.append(size)
            part, size = [], 0
        part.append(file)
        size += own
    return [*parts, part], [*sizes, size]


@dataclass(slots=True)
class Line(Generic[Job]):
    """Jobs that wait for a worker. Safe for threads."""

    _waiting: list[Place[Job]] = field(default_factory=list)
    _running: Counter[Pair] = field(default_factory=Counter)
    _served: dict[Pair, int] = field(default_factory=dict)
    _count: int = 0
    _closed: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def join(self, job: Job, pair: Pair, files: Sequence[SourceFile]) -> bool:
        """Put a job at its place; False when too many wait already, of this caller or in all."""
        parts, sizes = in_parts(files)
        with self._changed:
            own = sum(one.pair[0] == pair[0] for one in self._waiting)
            if own >= WAITING_PER_CALLER or len(self._waiting) >= WAITING:
                return False
            self._count += 1
            self._waiting.append(Place(job, pair, parts, sizes, number=self._count))
            self._changed.notify_all()
            return True

    def next(self, *, small: bool = False) -> Place[Job] | None:
        """Wait for the next job, and take it out of the line; None once the line is closed and empty.

        Args:
            small: Take only what is small.
        """
        with self._changed:
            while True:
                ready = [one for one in self._waiting if not small or one.left <= SMALL_BYTES]
                if ready:
                    return self._called(min(ready, key=self._rank))
                if self._closed and (small or not self._waiting):
                    return None
                self._changed.wait()

    def back(self, place: Place[Job]) -> None:
        """A part of a job is done; what is left of it, if anything, waits again."""
        with self._changed:
            self._running[place.pair] -= 1
            if place.parts:
                self._waiting.append(place)
            self._changed.notify_all()

    def close(self) -> None:
        """Nobody joins any more; workers get what waits, and then nothing."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _rank(self, one: Place[Job]) -> tuple[bool, int, int, int, int]:
        return (
            one.passed < MOST_PASSED,
            self._running[one.pair],
            self._served.get(one.pair, 0),
            one.left,
            one.number,
        )

    def _called(self, place: Place[Job]) -> Place[Job]:
        self._waiting.remove(place)
        for other in self._waiting:
            other.passed += other.number < place.number
        place.passed = 0
        self._running[place.pair] += 1
        self._count += 1
        self._served[place.pair] = self._count
        if len(self._served) > 10 * WAITING:
            waiting = {one.pair for one in self._waiting}
            self._served = {pair: turn for pair, turn in self._served.items() if pair in waiting}
        return place
