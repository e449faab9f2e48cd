"""Dates as sources write them. Strict on purpose: what a date does not say is not filled in.

A date in words is not parsed by dateparser: it reads "May" and "2010" loosely and picks an order for 05/06/2025. Its names of
months serve `index.worded_dates`, for texts in other languages than English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime

from index.language import ENGLISH
from index.values import DatePrecision, DateSource, Published

EARLIEST_YEAR = 1800

_MONTH_NAMES = (
    "january jan",
    "february feb",
    "march mar",
    "april apr",
    "may",
    "june jun",
    "july jul",
    "august aug",
    "september sept sep",
    "october oct",
    "november nov",
    "december dec",
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()}
_MONTH = r"(?P<month>" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\b\.?"
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b\.?,?\s+)?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4})"
_TIME = r"(?:,?[T\s]+(?:at\s+)?\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?\s*(?:[ap]\.?m\.?)?\s*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}|[A-Z]{2,4})?)?"
_PATTERNS = tuple(
    re.compile(rf"(?<![\w/.-]){pattern}(?!\w|[/-]\d)", re.IGNORECASE)
    for pattern in (
        rf"{_YEAR}-(?P<month>\d{{1,2}})-(?P<day>\d{{1,2}}){_TIME}",
        rf"{_YEAR}/(?P<month>\d{{1,2}})/(?P<day>\d{{1,2}}){_TIME}",
        rf"{_WEEKDAY}{_DAY}(?:\s+of)?[\s-]+{_MONTH},?[\s-]+{_YEAR}{_TIME}",
        rf"{_WEEKDAY}{_MONTH}\s+{_DAY},?\s+{_YEAR}{_TIME}",
        rf"(?P<first>\d{{1,2}})(?P<mark>[/.])(?P<second>\d{{1,2}})(?P=mark){_YEAR}{_TIME}",
        rf"{_MONTH},?\s+{_YEAR}",
        rf"{_YEAR}-(?P<month>\d{{1,2}})",
    )
)
_ONLY_YEAR = re.compile(r"\d{4}")
_LONGEST_DATE = 80


def date_in_words(date: str) -> str:
    """An ISO date, which may lack day and month, as people write it in English, whatever the machine's language.

    >>> date_in_words("2025-11-06"), date_in_words("2025-11"), date_in_words("2025")
    ('6 November 2025', 'November 2025', '2025')
    """
    year, *rest = date.split("-")
    months = [_MONTH_NAMES[int(month) - 1].split()[0].capitalize() for month in rest[:1]]
    return " ".join([*(str(int(day)) for day in rest[1:2]), *months, year])


def parse_date(
    text: str, *, today: date | None = None, language: str | None = None
) -> tuple[str, DatePrecision] | None:
    """Read a text that is a date and nothing else.

    Args:
        text: For example "16 November 2025", "Nov. 16, 2025", "2025-11-16T09:30:00Z", "16/11/2025" or "November 2025".
        today: The day against which a date in the future is refused.
        language: Of the text around it. Where it is known and not English, its own words are read too, and the day stands
            before the month.

    Returns:
        The date in ISO 8601, cut to what is known, and how much that is. None for anything else: 31 November, a year before
        1800 or a day after tomorrow, a weekday. "05/06/2025" says neither its day nor its month, so only the year is kept.

    >>> parse_date("Nov. 16, 2025"), parse_date("05/06/2025"), parse_date("31 November 2025")
    (('2025-11-16', 'day'), ('2025', 'year'), None)
    """
    stripped = text.strip().rstrip(".")
    if len(stripped) > _LONGEST_DATE:
        return None
    if _ONLY_YEAR.fullmatch(stripped):
        return _checked(int(stripped), None, None, today)
    if _is_foreign(language):
        for start, end, worded in _worded(text.strip(), str(language), today):
            if start == 0 and not text.strip()[end:].strip(" .。"):
                return worded
    for pattern in _PATTERNS:
        if match := pattern.fullmatch(stripped):
            return _from_match(match, today)
    return None


def dates_in(
    text: str, *, today: date | None = None, language: str | None = None
) -> Iterator[tuple[int, int, str, DatePrecision]]:
    """Every date with at least a month and a year in `text`, as (start, end, ISO date, precision), in order, not overlapping; for short texts."""
    seen: list[tuple[int, int]] = []
    found: list[tuple[int, int, str, DatePrecision]] = []
    if _is_foreign(language):
        for start, end, read in _worded(text, str(language), today):
            seen.append((start, end))
            found += [(start, end, *read)] if read else []
    for pattern in _PATTERNS[:-1]:
        for match in pattern.finditer(text):
            # What is not a date stays taken, or "31 November 2025" would be read as "November 2025".
            if any(match.start() < end and start < match.end() for start, end in seen):
                continue
            seen.append(match.span())
            if read := _from_match(match, today):
                found.append((*match.span(), *read))
    yield from sorted(found)


def published(
    text: str, source: DateSource, *, today: date | None = None, language: str | None = None
) -> Published | None:
    """What `source` says about publication, or None when `text` is not a date."""
    read = parse_date(text, today=today, language=language)
    return Published(read[0], read[1], source) if read else None


def published_by_header(text: str, *, today: date | None = None) -> Published | None:
    """The day of an e-mail's Date header (RFC 2822), as its sender wrote it."""
    try:
        sent = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    read = _checked(sent.year, sent.month, sent.day, today)
    return Published(read[0], read[1], "header") if read else None


def _is_foreign(language: str | None) -> bool:
    return language is not None and language != ENGLISH


def _worded(
    text: str, language: str, today: date | None
) -> Iterator[tuple[int, int, tuple[str, DatePrecision] | None]]:
    """Dates in the words of a language, with None for one that cannot be."""
    if not any(character.isdigit() for character in text) and "年" not in text:
        return
    from index.worded_dates import worded_dates

    for one in worded_dates(text, language):
        yield one.start, one.end, _checked(one.year, one.month, one.day, today)


def _from_match(match: re.Match[str], today: date | None) -> tuple[str, DatePrecision] | None:
    parts = match.groupdict()
    year = int(parts["year"])
    if "first" in parts:
        first, second = int(parts["first"]), int(parts["second"])
        if first > 12 or first == second:
            return _checked(year, second, first, today)
        if second > 12:
            return _checked(year, first, second, today)
        return _checked(year, None, None, today) if first and second else None
    month = _MONTHS.get(parts["month"].lower()) or int(parts["month"])
    return _checked(year, month, int(parts["day"]) if parts.get("day") else None, today)


def _checked(year: int, month: int | None, day: int | None, today: date | None) -> tuple[str, DatePrecision] | None:
    latest = (today or datetime.now(UTC).date()) + timedelta(days=1)
    if year < EARLIEST_YEAR:
        return None
    try:
        first_day = date(year, 1 if month is None else month, 1 if day is None else day)
    except ValueError:
        return None
    if first_day > latest:
        return None
    if month is None:
        return f"{year:04d}", "year"
    if day is None:
        return f"{year:04d}-{month:02d}", "month"
    return first_day.isoformat(), "day"
