"""Days that a text names from the day on which it was written: 'tomorrow', 'next Tuesday', 'on Friday'."""

from __future__ import annotations

import re
from datetime import date, timedelta

from index.values import Span
from rag.facts.dates import DateMention
from rag.facts.wording import fold

_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_DAY = re.compile(
    rf"\b(?:(?P<shift>yesterday|today|tonight|tomorrow)|(?:(?P<which>next|last|this|coming|past)\s)?(?P<weekday>{'|'.join(_WEEKDAYS)}))\b",
    re.IGNORECASE,
)
_SHIFTS = {"yesterday": -1, "today": 0, "tonight": 0, "tomorrow": 1}
_AHEAD = {"next", "coming"}
_BACK = {"last", "past"}


def relative_days(text: str, published: str | None, *, ahead: bool = False) -> tuple[DateMention, ...]:
    """Every day that is counted from the publication date; none when that is not known to the day.

    Args:
        published: ISO date of publication, maybe cut to its month or year.
        ahead: A bare weekday is the next one, not the last one (or the day itself).

    >>> [(d.month, d.day) for d in relative_days("It met on Friday and meets next Tuesday.", "2025-11-16")]
    [(11, 14), (11, 18)]
    """
    written = day_of(published)
    if written is None:
        return ()
    found: list[DateMention] = []
    for match in _DAY.finditer(fold(text)):
        days = _SHIFTS[match["shift"].lower()] if match["shift"] else _days_to_weekday(written, match, ahead)
        try:
            day = written + timedelta(days=days)
        except OverflowError:
            continue
        found.append(DateMention(day.year, day.month, day.day, Span(*match.span())))
    return tuple(found)


def day_of(iso: str | None) -> date | None:
    """The day of an ISO date that is known to the day."""
    try:
        return date.fromisoformat(iso) if iso and len(iso) == 10 else None
    except ValueError:
        return None


def _days_to_weekday(written: date, match: re.Match[str], ahead: bool) -> int:
    which = (match["which"] or "").lower()
    forward = (_WEEKDAYS.index(match["weekday"].lower()) - written.weekday()) % 7
    if which in _AHEAD or (ahead and which not in _BACK):
        return forward or 7
    if which == "this":
        return forward
    back = forward - 7 if forward else 0
    return back or (-7 if which in _BACK else 0)
