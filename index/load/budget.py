"""How a parser that reads a file in parts, each of which takes long, says that it goes on: every part gets the time of a file."""

from __future__ import annotations

from collections.abc import Callable

MOST_PARTS = 2_000
"""Parts of one file that get time of their own."""

_renew: Callable[[], None] | None = None


def renew_with(renew: Callable[[], None]) -> None:
    """What gives the next part its time; outside of the sandbox nothing is needed."""
    global _renew
    _renew = renew


def go_on() -> None:
    """The next part begins."""
    if _renew is not None:
        _renew()
