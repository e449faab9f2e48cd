"""Calendar dates that a text states, as values that compare: 'Oct. 18' and '2025-10-18' may be one date."""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass

from index.values import Span
from rag.facts.units import scaled_at, unit_at
from rag.facts.wording import fold


@dataclass(frozen=True, slots=True)
class DateMention:
    """A calendar date that a text states, as far as it states it."""

    year: int | None
    month: int | None
    day: int | None
    span: Span


@dataclass(frozen=True, slots=True)
class OddDate:
    """What looks like a date and names no day: 05/06/07 reads several ways, 31 November does not exist.

    Attributes:
        text: As it stands, folded and in lower case: an ambiguous date compares with itself only, an impossible one with nothing.
    """

    text: str
    possible: bool
    span: Span


_MONTHS = {
    name: number
    for number, forms in enumerate(
        ("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
         "september sept sep", "october oct", "november nov", "december dec"),
        start=1,
    )
    for name in forms.split()
}  # fmt: skip
_MONTH = r"(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\b"
_DAY = r"[0-3]?[0-9](?:st|nd|rd|th)?"
_DAYS = rf"{_DAY}(?:\s?(?:-|to|and|or|&)\s?{_DAY}){{0,3}}"
_YEAR = r"(?:1[0-9]|20|21)[0-9]{2}(?![0-9])"
_DAY_FIRST = (
    rf"(?<![\w.,/])(?P<days>{_DAYS})\s(?:day\s)?(?:of\s)?(?P<month>{_MONTH})\.?(?:,?\s(?:of\s)?(?P<year>{_YEAR}))?"
)
_MONTH_FIRST = rf"\b(?P<month_1>{_MONTH})\.?\s(?:the\s)?(?P<days_1>{_DAYS})(?![0-9:]|[.,][0-9]|\s(?:of\s)?{_MONTH})(?:,?\s(?P<year_1>{_YEAR}))?"
_MONTH_OF_YEAR = rf"\b(?P<month_2>{_MONTH})\.?,?\s(?:of\s)?(?P<year_2>{_YEAR})"
_FULL_DATES = (
    re.compile(r"(?<![0-9-])(?P<year>[12][0-9]{3})-(?P<number>[01][0-9])-(?P<days>[0-3][0-9])(?![0-9])"),
    re.compile(r"(?<![0-9/.])(?P<days>[0-3]?[0-9])[/.](?P<number>[01]?[0-9])[/.](?P<year>[12][0-9]{3})(?![0-9])"),
    re.compile(r"(?<![0-9/.])(?P<number>[01]?[0-9])/(?P<days>[0-3]?[0-9])/(?P<year>[12][0-9]{3})(?![0-9])"),
    re.compile(f"{_DAY_FIRST}|{_MONTH_FIRST}|{_MONTH_OF_YEAR}", re.IGNORECASE),
)
_SEVERAL_WAYS = re.compile(
    r"(?<![0-9/.-])[0-3]?[0-9](?P<sign>[/.-])[0-3]?[0-9](?P=sign)(?:[0-9]{4}|[0-9]{2})(?![0-9])(?![/.-][0-9])"
)
_MONTH_ONLY = re.compile(rf"\b{_MONTH}", re.IGNORECASE)
_AMBIGUOUS_MONTHS = {"may", "march", "mar", "jan", "jun", "sep", "dec"}
_BEFORE_MONTH = re.compile(
    r"\b(?:in|of|since|by|until|till|early|late|mid|last|this|next|through|from|to|and|between|during)[\s-]$", re.I
)

_BARE_YEAR = re.compile(r"(?<![0-9.,:/])(?<![$€£₹¥#])((?:1[5-9]|20|21)[0-9]{2})(?![0-9]|s\b|[.,:/][0-9]|%)")


def dates(text: str) -> tuple[DateMention, ...]:
    """Every date of the text in order; a day needs a month, and what is no date of one calendar day is none.

    >>> [(date.month, date.day) for date in dates("From Oct. 18 to 20 November, not 31 November")]
    [(10, 18), (11, 20)]
    """
    return _read(text)[0]


def odd_dates(text: str) -> tuple[OddDate, ...]:
    """Dates that read several ways, and dates that do not exist, in order.

    >>> [(date.text, date.possible) for date in odd_dates("05/06/07 or 31 November")]
    [('05/06/07', True), ('31 november', False)]
    """
    return _read(text)[1]


def without_dates(text: str) -> str:
    """The folded text with a blank for every character of a date, so that other facts keep their offsets."""
    found, odd = _read(text)
    return blank(fold(text), [*(date.span for date in found), *(date.span for date in odd)])


def _read(text: str) -> tuple[tuple[DateMention, ...], tuple[OddDate, ...]]:
    folded = fold(text)
    masked = folded
    found: list[DateMention] = []
    odd: list[Span] = []
    for pattern in _FULL_DATES:
        fresh = [mention for match in pattern.finditer(masked) for mention in _mentions(match)]
        odd += [mention.span for mention in fresh if not _exists(mention)]
        masked = blank(masked, [mention.span for mention in fresh])
        found += filter(_exists, fresh)
    several = [Span(*match.span()) for match in _SEVERAL_WAYS.finditer(masked)]
    masked = blank(masked, several)
    for match in _MONTH_ONLY.finditer(masked):
        word = match[0]
        before = masked[max(0, match.start() - 12) : match.start()]
        if word[0].isupper() and (word.lower() not in _AMBIGUOUS_MONTHS or _BEFORE_MONTH.search(before)):
            found.append(DateMention(None, _MONTHS[word.lower()], None, Span(*match.span())))
    for match in _BARE_YEAR.finditer(masked):
        if not unit_at(masked, match.start(), match.end()) and not scaled_at(masked, match.end()):
            found.append(DateMention(int(match[1]), None, None, Span(*match.span())))
    impossible = set(odd)
    strange = [
        OddDate(folded[span.start : span.end].lower(), span not in impossible, span) for span in {*impossible, *several}
    ]
    return tuple(sorted(found, key=lambda date: date.span)), tuple(sorted(strange, key=lambda date: date.span))


def _exists(date: DateMention) -> bool:
    """False for 31 November; 29 February needs a leap year where one is stated."""
    if date.month is None or date.day is None:
        return True
    return date.day <= calendar.monthrange(date.year or 2024, date.month)[1]


def expected_year(month: int, day: int | None, published: str) -> int:
    """The year that puts a date without one nearest to a publication date (ISO 8601, may be cut to a year or month)."""
    year = int(published[:4])
    if len(published) < 7:
        return year
    middle = datetime.date(year, int(published[5:7]), 15).toordinal()
    years = [candidate for candidate in (year, year - 1, year + 1) if 1 <= candidate <= 9999]
    return min(
        years, key=lambda candidate: abs(datetime.date(candidate, month, min(day or 15, 28)).toordinal() - middle)
    )


def _mentions(match: re.Match[str]) -> list[DateMention]:
    parts = {name.partition("_")[0]: text for name, text in match.groupdict().items() if text}
    month = int(parts["number"]) if "number" in parts else _MONTHS[parts["month"].lower()]
    year = int(parts["year"]) if "year" in parts else None
    days = [int(day) for day in re.findall("[0-9]+", parts.get("days", ""))]
    if not 1 <= month <= 12 or any(not 1 <= day <= 31 for day in days):
        return []
    if "number" in parts and "-" not in match[0] and days[0] <= 12 and days[0] != month:
        return []  # 03/04/2025 reads two ways
    span = Span(*match.span())
    return [DateMention(year, month, day, span) for day in days] or [DateMention(year, month, None, span)]


def blank(text: str, spans: Iterable[Span]) -> str:
    """The text with a blank for every character of the spans, so that every offset stays where it was."""
    pieces, end = [], 0
    for span in sorted(set(spans)):
        pieces += [text[end : span.start], " " * (span.end - max(span.start, end))]
        end = max(end, span.end)
    return "".join((*pieces, text[end:]))
