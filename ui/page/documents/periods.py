"""Publication dates counted by day, week, month, year or decade, whichever makes bars that can be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from index.dates import date_in_words

Step = Literal["day", "week", "month", "year", "decade"]
_STEPS: tuple[Step, ...] = ("day", "week", "month", "year", "decade")
_LONGEST_DAYS = {"day": 31, "week": 190, "month": 5 * 366, "year": 60 * 366}
"""The longest time that is shown in steps of a kind."""
_DIGITS = {"day": 10, "week": 10, "month": 7, "year": 4, "decade": 4}
"""Characters of an ISO date that must be known for it to be counted in a step."""


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time and how many documents were published in it; `since` and `until` are ISO dates, inclusive."""

    since: str
    until: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """Periods without a gap between them, the oldest first.

    Attributes:
        coarser: Dates that are known less exactly than the steps are wide, and so are in none of them.
    """

    step: Step
    periods: tuple[Period, ...]
    coarser: int


def timeline(dates: Iterable[str]) -> Timeline:
    """The periods of ISO dates, which may lack day and month; steps that half of the dates are too coarse for are not used.

    >>> [(one.label, one.count) for one in timeline(["2025-11", "2025-12", "2025-12"]).periods]
    [('November 2025', 1), ('December 2025', 2)]
    """
    known = sorted(dates)
    if not known:
        return Timeline("month", (), 0)
    step = next(one for one in _STEPS if _fits(known, one))
    usable = _usable(known, step)
    counts = Counter(_start(text, step) for text in usable)
    periods: list[Period] = []
    at, end = min(counts), max(counts)
    while at <= end:
        periods.append(_period(at, step, counts[at]))
        at = _next(at, step)
    return Timeline(step, tuple(periods), len(known) - len(usable))


def _fits(dates: Sequence[str], step: Step) -> bool:
    usable = _usable(dates, step)
    if 2 * len(usable) <= len(dates):
        return False
    return step == "decade" or (_day(usable[-1]) - _day(usable[0])).days < _LONGEST_DAYS[step]


def _usable(dates: Sequence[str], step: Step) -> list[str]:
    return [one for one in dates if len(one) >= _DIGITS[step]]


def _day(text: str) -> date:
    return date.fromisoformat((text + "-01-01")[:10])


def _start(text: str, step: Step) -> date:
    day = _day(text)
    if step == "week":
        return day - timedelta(days=day.weekday())
    if step == "day":
        return day
    if step == "month":
        return day.replace(day=1)
    return date(day.year if step == "year" else day.year - day.year % 10, 1, 1)


def _next(at: date, step: Step) -> date:
    if step in ("day", "week"):
        return at + timedelta(days=1 if step == "day" else 7)
    if step == "month":
        return (at + timedelta(days=31)).replace(day=1)
    return date(at.year + (1 if step == "year" else 10), 1, 1)


def _period(at: date, step: Step, count: int) -> Period:
    digits = _DIGITS[step]
    since, until = at.isoformat()[:digits], (_next(at, step) - timedelta(days=1)).isoformat()[:digits]
    label = date_in_words(since)
    if step == "week":
        label = f"week of {label}"
    elif step == "decade":
        label = f"{since}s"
    return Period(since, until, label, count)
