"""The time of which a sentence or a question speaks, as an interval of days: 'from 2009 to 2012', 'since May', 'the 1990s'."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from index.values import Span
from rag.facts.dates import DateMention, dates, expected_year
from rag.facts.relative_days import relative_days
from rag.facts.wording import fold

LONGEST = 8_000
"""Characters of a text that are looked at."""
YEAR = 365
NEAR_DAYS = 2 * YEAR
_OPEN_DAYS = 20 * YEAR
"""How long what has no stated end is taken to have lasted, when two periods are compared for likeness."""

Kind = Literal["at", "range", "since", "until"]


@dataclass(frozen=True, slots=True)
class Period:
    """An interval that a text names.

    Attributes:
        first, last: ISO days, both included; None where the text leaves the end open.
        span: Where it is named, with the words that relate to it ("from", "until").
        kind: "at" for a plain date, whether a day or a century.
    """

    first: str | None
    last: str | None
    span: Span
    kind: Kind = "at"


_SHORT_RANGE = re.compile(
    r"(?<![0-9.,:/-])(?P<year>(?:1[5-9]|20)[0-9]{2})\s?(?P<sign>[-/])\s?(?P<last>[0-9]{2})(?![0-9]|\s?[-/][0-9]|[.,:][0-9]|s\b)(?P<season>\s(?:season|campaign))?"
)
_DECADE = re.compile(r"(?<![0-9.,])(?:(?P<full>(?:1[0-9]|20)[0-9]0)|'(?P<short>[2-9]0))'?s\b")
_CENTURY = re.compile(r"\b(?P<number>1[0-9]|2[01])(?:st|nd|rd|th)[ -]century\b", re.IGNORECASE)
_PART = re.compile(
    r"\b(?P<part>early|mid|middle|late|start|beginning|end|spring|summer|autumn|fall|winter)(?:[ -]|(?:[ -]of)?(?: the)? )(?:in )?(?:the )?$",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"\b(?P<word>since|from|starting(?: in)?|as (?:of|from)|after|following|until|till|up to|through|before|prior to|between|in|on|at|during|by|for|of)\s(?:the\s)?$",
    re.IGNORECASE,
)
_JOIN = re.compile(r"\s?(?:-|to|until|till|through|up to|to the|until the)\s?", re.IGNORECASE)
_AND = re.compile(r"\s(?:and|&)\s(?:the\s)?", re.IGNORECASE)
_ONWARD = re.compile(
    r"(?:\s?(?:-|to|until|till)\s?(?:the\s)?(?:present|date|now|today)\b|\s?-\s?(?=\))|,?\s(?:on|onwards?|forward)\b)",
    re.IGNORECASE,
)
_SINCE = {"since", "from", "starting", "starting in", "as from", "after", "following"}
_UNTIL = {"until", "till", "up to", "through", "before", "prior to"}
_SEASONS = {"spring": (3, 5), "summer": (6, 8), "autumn": (9, 11), "fall": (9, 11), "winter": (1, 3)}
_THIRDS = {"early": 0, "start": 0, "beginning": 0, "mid": 1, "middle": 1, "late": 2, "end": 2}


def periods(text: str, published: str | None = None) -> tuple[Period, ...]:
    """Every time that a text names, in order. What is no date (31 November, 05/06/07) is none.

    Args:
        published: ISO date from which a missing year, "yesterday" and "next Tuesday" are counted; without it such a date
            has the year of the date named before it, or is left out.

    >>> [(p.first, p.last) for p in periods("From May 2009 to 2011 in Sel, since then (2012-) in Orba.")]
    [('2009-05-01', '2011-12-31'), ('2012-01-01', None)]
    """
    folded = fold(text[:LONGEST])
    named = list(_named(folded, published))
    found: list[Period] = []
    at = 0
    while at < len(named):
        here, following = named[at], named[at + 1] if at + 1 < len(named) else None
        lead = _LEAD.search(folded, max(0, here.span.start - 16), here.span.start)
        word = lead["word"].lower() if lead else ""
        start = lead.start() if lead else here.span.start
        if following is not None and _joined(folded, here, following, word):
            found.append(Period(here.first, following.last, Span(start, following.span.end), "range"))
            at += 1
        else:
            found.append(_related(folded, here, word, start))
        at += 1
    return tuple(period for period in found if not (period.first and period.last) or period.first <= period.last)


def period_asked(question: str, as_of: str | None = None) -> Period | None:
    """The time for which a question asks, or the day `as_of` (ISO); None when neither names one.

    Of several, one with two ends, else the last: "What did the mill of 1890 make in 1920?"

    >>> asked = period_asked("What team did he play for before May 2007?")
    >>> (asked.first, asked.last) if asked else None
    (None, '2007-04-30')
    """
    named = periods(question, as_of)
    if named:
        return max(named, key=lambda period: (period.kind == "range", period.kind != "at", period.span))
    if as_of is None:
        return None
    return next(iter(periods(as_of)), None)


def fit(asked: Period, stated: Sequence[Period]) -> float:
    """How well the best of the stated periods holds at the asked time, 0 to 1.

    1 for the same interval; from 0.7 when it covers all that is asked; less when it overlaps; up to 0.3 when it lies within
    two years. An end that the question leaves open asks for the year at its known end.
    """
    return max((_fit(asked, each) for each in stated), default=0.0)


def _fit(asked: Period, stated: Period) -> float:
    first, last = asked_days(asked)
    start = (
        day_number(stated.first) if stated.first else min(first, day_number(stated.last or "0001-01-01") - _OPEN_DAYS)
    )
    end = day_number(stated.last) if stated.last else max(last, start + _OPEN_DAYS)
    shared = min(last, end) - max(first, start) + 1
    if shared <= 0:
        return 0.3 * max(0.0, 1 - (1 - shared) / NEAR_DAYS)
    together = max(last, end) - min(first, start) + 1
    return shared / (last - first + 1) * (0.7 + 0.3 * shared / together)


def asked_days(asked: Period) -> tuple[int, int]:
    """The first and the last day asked for; an open end asks for a year."""
    if asked.first is None:
        last = day_number(asked.last or "0001-01-01")
        return last - YEAR, last
    first = day_number(asked.first)
    return first, day_number(asked.last) if asked.last else first + YEAR


def day_number(iso: str) -> int:
    """Days since the year 1."""
    return date.fromisoformat(iso).toordinal()


def _named(folded: str, published: str | None) -> Iterator[Period]:
    """Dates, decades and centuries in order, each with the part of it that is meant ("late 2008")."""
    found: list[Period] = []
    masked = folded
    for pattern in (_SHORT_RANGE, _DECADE, _CENTURY):
        for match in pattern.finditer(masked):
            if period := _from_match(match):
                found.append(period)
        masked = pattern.sub(lambda match: " " * len(match[0]), masked)
    found += _dated(masked, published)
    end = -1
    for period in sorted(found, key=lambda period: (period.span.start, -period.span.end)):
        if period.span.start >= end:
            end = period.span.end
            yield _part_of(folded, period)


def _from_match(match: re.Match[str]) -> Period | None:
    parts, span = match.groupdict(), Span(*match.span())
    if "number" in parts:
        last = 100 * int(parts["number"])
        return _years(last - 99, last, span)
    if "full" in parts:
        first = int(parts["full"]) if parts["full"] else 1900 + int(parts["short"])
        return _years(first, first + 9, span)
    first = int(parts["year"])
    last = first - first % 100 + int(parts["last"])
    last += 100 if first % 100 == 99 and last < first else 0
    if last <= first:
        return None
    if last == first + 1 and (parts["season"] or parts["sign"] == "/"):
        return Period(f"{first}-07-01", f"{last}-06-30", span, "range")
    return replace(_years(first, last, span), kind="range")


def _dated(masked: str, published: str | None) -> list[Period]:
    mentions = [*dates(masked), *relative_days(masked, published)]
    mentions.sort(key=lambda mention: mention.span)
    found: list[Period] = []
    for at, mention in enumerate(mentions):
        year = mention.year
        if year is None and mention.month is not None:
            year = _missing_year(mention, mentions, at, published)
        period = _interval(year, mention.month, mention.day, mention.span) if year else None
        if period is None:
            continue
        if found and found[-1].span == period.span:  # "3-5 May 2009"
            found[-1] = replace(found[-1], last=period.last, kind="range")
        else:
            found.append(period)
    return found


def _missing_year(mention: DateMention, mentions: Sequence[DateMention], at: int, published: str | None) -> int | None:
    """The year of the date that follows at once ("from May to June 2009"), of publication, or of the date before."""
    following = mentions[at + 1] if at + 1 < len(mentions) else None
    if (
        following
        and following.year
        and following.month
        and mention.month
        and following.span.start - mention.span.end <= 6
    ):
        return following.year - (mention.month > following.month)
    if published:
        return expected_year(mention.month or 1, mention.day, published)
    return next((earlier.year for earlier in reversed(mentions[:at]) if earlier.year), None)


def _interval(year: int, month: int | None, day: int | None, span: Span) -> Period | None:
    if not 1 <= year <= 9998:
        return None
    if month is None:
        return _years(year, year, span)
    length = monthrange(year, month)[1]
    if day is not None:
        return (
            Period(f"{year:04d}-{month:02d}-{day:02d}", f"{year:04d}-{month:02d}-{day:02d}", span)
            if day <= length
            else None
        )
    return Period(f"{year:04d}-{month:02d}-01", f"{year:04d}-{month:02d}-{length:02d}", span)


def _years(first: int, last: int, span: Span) -> Period:
    return Period(f"{first:04d}-01-01", f"{last:04d}-12-31", span)


def _part_of(folded: str, period: Period) -> Period:
    """The third or the season of a period that the words before it name."""
    match = _PART.search(folded, max(0, period.span.start - 24), period.span.start)
    if not match or not period.first or not period.last:
        return period
    part, span = match["part"].lower(), Span(match.start(), period.span.end)
    if months := _SEASONS.get(part):
        year = int(period.first[:4])
        if period.first[5:] != "01-01" or period.last != f"{year:04d}-12-31":
            return period
        first, last = _interval(year, months[0], None, span), _interval(year, months[1], None, span)
        return Period(first.first, last.last, span) if first and last else period
    start, end = day_number(period.first), day_number(period.last)
    third = (end - start + 1) // 3
    if not third:
        return period
    low = start + third * _THIRDS[part]
    high = end if _THIRDS[part] == 2 else low + third - 1
    return Period(date.fromordinal(low).isoformat(), date.fromordinal(high).isoformat(), span, period.kind)


def _joined(folded: str, here: Period, following: Period, word: str) -> bool:
    between = folded[here.span.end : following.span.start]
    if here.kind == "range" or following.kind == "range" or len(between) > 12:
        return False
    return bool(_AND.fullmatch(between)) if word == "between" else bool(_JOIN.fullmatch(between))


def _related(folded: str, here: Period, word: str, start: int) -> Period:
    """A period alone, with the word that stands before it or after it."""
    span = Span(start, here.span.end)
    if onward := _ONWARD.match(folded, here.span.end, here.span.end + 16):
        return Period(here.first, None, Span(start, onward.end()), "since")
    if here.kind == "range":
        return replace(here, span=span)
    if word in _SINCE:
        first = _day_after(here.last) if word in ("after", "following") else here.first
        return Period(first, None, span, "since")
    if word in _UNTIL:
        last = _day_before(here.first) if word in ("before", "prior to") else here.last
        return Period(None, last, span, "until")
    return replace(here, span=span)


def _day_after(iso: str | None) -> str | None:
    return date.fromordinal(day_number(iso) + 1).isoformat() if iso else None


def _day_before(iso: str | None) -> str | None:
    return date.fromordinal(max(1, day_number(iso) - 1)).isoformat() if iso else None
