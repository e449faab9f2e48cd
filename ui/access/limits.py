"""How much one key may ask in a minute."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ui.access.routes import QUESTION
from ui.problems import Problem

WINDOW_S = 60.0
MOST_CALLERS = 10_000


@dataclass(slots=True)
class _Spent:
    total: int = 0
    parts: deque[tuple[float, int]] = field(default_factory=deque)


class Limits:
    """What each caller spent in the last minute, by a clock that nobody sets.

    Args:
        per_minute: Questions in any minute; an event of the page costs a tenth of one.
        most_callers: Callers that are remembered; who has not asked for longest goes first.
    """

    def __init__(
        self, per_minute: int, *, clock: Callable[[], float] = time.monotonic, most_callers: int = MOST_CALLERS
    ) -> None:
        self._budget = per_minute * QUESTION
        self._clock = clock
        self._most = most_callers
        self._lock = threading.Lock()
        self._spent: OrderedDict[str, _Spent] = OrderedDict()

    def take(self, caller: str, cost: int) -> None:
        """Count a request; raises Problem, and counts nothing, when it is one too many."""
        if not cost:
            return
        with self._lock:
            now = self._clock()
            spent = self._spent.setdefault(caller, _Spent())
            self._spent.move_to_end(caller)
            while spent.parts and spent.parts[0][0] <= now - WINDOW_S:
                spent.total -= spent.parts.popleft()[1]
            if spent.total + cost > self._budget:
                raise _too_many(spent, spent.total + cost - self._budget, now)
            spent.parts.append((now, cost))
            spent.total += cost
            if len(self._spent) > self._most:
                self._spent.popitem(last=False)


def _too_many(spent: _Spent, over: int, now: float) -> Problem:
    """The refusal, with the seconds until enough of what was spent is a minute old."""
    freed, free_at = 0, now
    for at, cost in spent.parts:
        freed, free_at = freed + cost, at + WINDOW_S
        if freed >= over:
            break
    wait_s = max(1, math.ceil(free_at - now))
    return Problem(
        "too-many-requests", f"This key asked too much. Try again in {wait_s} s.", headers={"Retry-After": str(wait_s)}
    )
