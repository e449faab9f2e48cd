"""Which filters a question sets in so many words. A date or an outlet that is merely talked about sets none."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from index.values import Filters, Span
from rag.facts.dates import DateMention
from rag.facts.wording import fold
from rag.question.outlets import OutletMention


@dataclass(frozen=True, slots=True)
class Period:
    """First and last day, month or year, in ISO 8601, both inclusive; None leaves a side open."""

    since: str | None
    until: str | None


_DATE, _OUTLET = "\ue000", "\ue001"
_WHEN = (
    r"(?P<bound>no\slater\sthan|later\sthan|earlier\sthan|prior\sto|up\sto|on\sor\safter|on\sor\sbefore|as\sof|after|before|since|until|till"
    r"|between|from|during|dated|by|on|in|of)?\s*(?:the\s)?"
)
_END = r"(?![-/.,]?\s?\d)"  # "2025-00-10" is no date, and its first half is none either
_DATES = rf"{_WHEN}{_DATE}{_END}(?!\sby\s)(?:\s(?P<more>and|to|until|till|-|through)\s(?:the\s)?{_DATE}{_END})?"
_MANY = (
    r"(?:articles?|headlines|dispatches|op-?eds|editorials|(?:news|press)\s(?:reports?|items?|stor(?:y|ies)|articles?|coverage)"
    r"|news|coverage|reports|documents|sources)"
)
_NEWS = r"(?:articles?|headlines|(?:news|press)\s(?:reports?|items?|stor(?:y|ies)|articles?|coverage)|news)"
_ONE = r"(?:report|reporting|story|piece|interview|review|post|column|article|coverage|editorial|analysis)s?"
_NAMED = rf"(?:{_OUTLET}(?:'s)?\s(?:[\w-]+\s){{0,3}}{_ONE}|{_ONE}\s(?:from|by|in|of)\s{_OUTLET})"
_PRINTED = r"(?:that\s(?:was|were|is|are|has\sbeen|have\sbeen)\s|which\s(?:was|were)\s)?(?:published|written|posted|dated|appearing|appeared)"
_PUBLISHED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:{_MANY}|{_NAMED})\s(?!by\b)(?:[^?.;{_DATE}{_OUTLET}]{{0,80}}\s)??{_PRINTED}\s(?:(?:by|in)\s{_OUTLET}\s)?{_DATES}",
        rf"\b(?:{_NEWS}|{_NAMED})\s(?:(?:by|in|from)\s{_OUTLET}\s)?(?:(?!of\b)|(?<=news\s)){_DATES}",
        rf"\bwhat\s(?:was|were|has\sbeen)\s(?:\w+\s)?(?:reported|published|written)\s(?:by\s{_OUTLET}\s)?{_DATES}",
        rf"\b(?:what|which|how|why|who)\b[^?.;,{_DATE}]{{0,40}}\b(?:did|has)\s{_OUTLET}\s(?:say|report|write|publish|reported|said|written|published)\s{_DATES}",
        rf"\breported\sby\s{_OUTLET}\s{_DATES}",
        rf"^{_DATES},?\s(?:what|which|how|why|who)\b[^?.;,]{{0,40}}\bdid\s{_OUTLET}\s(?:say|report|write|publish)\b",
        rf"{_OUTLET}(?:'s)?\s(?P<bound>){_DATE}(?P<more>),?\s(?:[\w-]+\s){{0,2}}?{_ONE}\b",
        rf"(?:\bthe\s|^)(?P<bound>){_DATE}(?P<more>),?\s(?:{_OUTLET}\s{_ONE}|{_NEWS})\b",
    )
)
_BESIDE = re.compile(
    rf"\b(?:after|before|between|since|following|until|than|unlike|compared\s(?:with|to)|(?:similar|contrast|addition)\sto|(?:consistent|together)\swith)\s+(?:(?:the|an?|that|this|both|its|first)\s+)*(?:{_OUTLET}(?:'s)?\s+)?$",
    re.IGNORECASE,
)
_ANOTHER = re.compile(
    rf"\b(?:another|others?|different|later|earlier|subsequent|previous)\s(?:{_OUTLET}\s)?(?:articles?|reports?|outlets?|pieces?|stor(?:y|ies)|sources?|papers?|one|by|in|from)\b"
    r"|\b(?:compared?|contrast|unlike|versus|vs)\b",
    re.IGNORECASE,
)
_ATTRIBUTED = re.compile(
    r"\b(?:(?i:according\sto|as\s(?:reported|stated|described|covered|mentioned|discussed|told)\s(?:by|in|on)"
    r"|(?:articles?|reports?|piece|story|coverage|another)\s(?:by|from|in)|(?:reported|discussed|provided|noted|covered|described|mentioned|outlined|published|accused)\sby))"
    r"\s(?:(?i:the|an|a|both|an?\sarticle\s(?:by|from|in))\s)*[\"']?(?P<who>[A-Z])"
)
_FOREIGN = re.compile(
    r"\b(?:[Aa]n?|[Tt]he|[Bb]oth|and)\s[\"']?(?P<who>[A-Z][\w.&'-]*)(?:\s(?:of\s)?[A-Z][\w.&'-]*){0,5}[\"']?\s"
    r"(?:articles?|reports?|pieces?|stor(?:y|ies)|reviews?|coverage|interviews?)\b"
)
_RELATIVE = re.compile(
    r"\b(?:(?P<day>today|yesterday)|(?P<which>this|last)\s(?P<unit>week|month|year)"
    r"|the\s(?:last|past)\s(?:(?P<count>[0-9]{1,3})\s)?(?P<units>days?|weeks?|months?|years?))\b",
    re.IGNORECASE,
)
_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}


def filters_of(
    question: str, mentions: Sequence[OutletMention], dated: Sequence[DateMention], *, today: date | None
) -> Filters:
    """The filters that the question sets; empty when it sets none.

    An outlet restricts when the question asks for what it says and names no other source; a date when it is said to be
    the date of publication and the question speaks of one source or of sources in general.

    Args:
        today: What "yesterday" and a date without a year are counted from; without it they restrict nothing.
    """
    text = fold(question)
    publisher = _publisher(text, mentions)
    period = _period(text, mentions, dated, today) if len(mentions) <= 1 else None
    return Filters(publisher, period.since if period else None, period.until if period else None)


def period_of(mention: DateMention, *, today: date | None) -> str | None:
    """A date in ISO 8601, cut to what is stated; None when it cannot be, or lacks a year that `today` could tell."""
    year = mention.year
    if year is None and mention.month is not None and today is not None:
        later = (mention.month, mention.day or 1) > (today.month, today.day)
        year = today.year - 1 if later else today.year
    if year is None:
        return None
    if mention.month is None:
        return f"{year:04d}"
    if mention.day is None:
        return f"{year:04d}-{mention.month:02d}"
    if mention.day > calendar.monthrange(year, mention.month)[1]:
        return None
    return f"{year:04d}-{mention.month:02d}-{mention.day:02d}"


def _publisher(text: str, mentions: Sequence[OutletMention]) -> str | None:
    """The one outlet that is asked for."""
    named = {mention.publishers for mention in mentions}
    if (
        len(named) != 1
        or not any(mention.restricts for mention in mentions)
        or _ANOTHER.search(_masked(text, mentions))
    ):
        return None
    (same,) = named
    spans = [mention.span for mention in mentions]
    elsewhere = [
        match
        for match in (*_ATTRIBUTED.finditer(text), *_FOREIGN.finditer(text))
        if not any(span.start <= match.start("who") < span.end for span in spans)
    ]
    return same[0] if len(same) == 1 and not elsewhere else None


def _period(
    text: str, mentions: Sequence[OutletMention], dated: Sequence[DateMention], today: date | None
) -> Period | None:
    stated: dict[Span, list[DateMention]] = {}
    for mention in dated:
        stated.setdefault(mention.span, []).append(mention)
    relative = {Span(*match.span()): match for match in _RELATIVE.finditer(text)} if today else {}
    outlets = [mention.span for mention in mentions]
    spans = sorted(span for span in {*stated, *relative} if not any(_overlap(span, outlet) for outlet in outlets))
    if any(len(same) > 1 for same in stated.values()) or any(_overlap(*both) for both in pairwise(spans)):
        return None
    masked = _masked(text, mentions, spans)
    if _ANOTHER.search(masked):
        return None
    for pattern in _PUBLISHED:
        for match in pattern.finditer(masked):
            if _BESIDE.search(masked[max(0, match.start() - 60) : match.start()]):
                return None
            first = masked.count(_DATE, 0, match.end()) - match[0].count(_DATE)
            found = spans[first : first + match[0].count(_DATE)]
            periods = [
                _relative(relative[span], today)
                if today and span in relative
                else _whole(period_of(stated[span][0], today=today))
                for span in found
            ]
            return _bounded((match["bound"] or "").lower().split(), periods)
    return None


def _bounded(words: list[str], periods: Sequence[Period | None]) -> Period | None:
    first, last = periods[0], periods[-1]
    if first is None or last is None:
        return None
    if len(periods) > 1:
        return Period(first.since, last.until) if (first.since or "") <= (last.until or "") else None
    bound = " ".join(words)
    if bound in ("after", "later than"):
        return Period(_neighbour(first.until, 1), None)
    if bound in ("before", "earlier than", "prior to"):
        return Period(None, _neighbour(first.since, -1))
    if bound in ("since", "on or after"):
        return Period(first.since, None)
    if bound in ("until", "till", "up to", "by", "no later than", "on or before", "as of"):
        return Period(None, first.until)
    return first


def _neighbour(iso: str | None, step: int) -> str | None:
    """The next (1) or previous (-1) day, month or year.

    >>> _neighbour("2025-11", 1), _neighbour("2025-12", 1), _neighbour("2024-03-01", -1)
    ('2025-12', '2026-01', '2024-02-29')
    """
    if iso is None:
        return None
    parts = [int(part) for part in iso.split("-")]
    if len(parts) == 3:
        return (date(*parts) + timedelta(days=step)).isoformat()
    months = parts[0] * 12 + (parts[1] - 1 + step if len(parts) == 2 else 12 * step)
    return f"{months // 12:04d}" + (f"-{months % 12 + 1:02d}" if len(parts) == 2 else "")


def _whole(iso: str | None) -> Period | None:
    return Period(iso, iso) if iso else None


def _relative(match: re.Match[str], today: date) -> Period:
    if match["day"]:
        day = today - timedelta(days=1 if match["day"].lower() == "yesterday" else 0)
        return Period(day.isoformat(), day.isoformat())
    if match["units"]:
        count = min(int(match["count"] or 1) * _DAYS[match["units"].lower().rstrip("s")], today.toordinal() - 1)
        return Period((today - timedelta(days=count)).isoformat(), today.isoformat())
    back = 1 if match["which"].lower() == "last" else 0
    unit = match["unit"].lower()
    if unit == "week":
        monday = today - timedelta(days=today.weekday() + 7 * back)
        return Period(monday.isoformat(), (monday + timedelta(days=6)).isoformat())
    cut = f"{today.year:04d}" if unit == "year" else f"{today.year:04d}-{today.month:02d}"
    whole = _neighbour(cut, -back)
    return Period(whole, whole)


def _overlap(a: Span, b: Span) -> bool:
    return a.start < b.end and b.start < a.end


def _masked(text: str, mentions: Sequence[OutletMention], dated: Sequence[Span] = ()) -> str:
    """The text with one mark for each outlet and each date."""
    clean = re.sub(f"[{_DATE}{_OUTLET}]", " ", text)
    marks = sorted([(mention.span, _OUTLET) for mention in mentions] + [(span, _DATE) for span in dated])
    pieces, end = [], 0
    for span, mark in marks:
        if span.start >= end:
            pieces += [clean[end : span.start], mark]
            end = span.end
    return "".join((*pieces, clean[end:]))
