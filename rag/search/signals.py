"""What speaks for a passage besides its words: its outlet and date, and the question's own dates, numbers, names and quotes.

Every signal lies between 0 and 1 and is absent where it does not apply: a question without a date has no `date_match`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from index.values import Document, Span
from rag.facts.dates import DateMention, expected_year
from rag.facts.quantities import Quantity
from rag.facts.wording import holds_sequence, words
from rag.question.analyse import Query, dates_of, numbers_of
from rag.reading.held import Story

WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "outlet_named": 0.35,
        "author_named": 0.15,
        "date_match": 0.25,
        "published_by": 0.10,
        "period_match": 0.25,
        "recency": 0.05,
        "quoted_in_text": 0.20,
        "date_in_text": 0.15,
        "number_in_text": 0.05,
        "name_in_text": 0.10,
    }
)
"""What each signal adds to `bonus`. Outlet and date of publication weigh most, as the words of a passage do not tell them;
recency least, as a question for "the latest" is about its subject first."""

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SURNAME = 0.5
_NO_MEASURES = {"ordinal", "decade"}


def signals(query: Query, document: Document, passage: str) -> dict[str, float]:
    """The signals of one passage; `signals_of` adds those that compare passages.

    outlet_named: 1 when its outlet is one that the question names. author_named: 1 when its author is; absent otherwise.
    date_match: how exactly a date of the question is the date of publication (`date_match`); absent for an undated source.
    published_by: 1 when it was out by the "as of" date of the question. date_in_text, number_in_text, quoted_in_text: share
    of the question's dates, numbers and quotations that stand in the passage (dates: or in the title), however written.
    name_in_text: the same for names; part of a name counts up to a half. period_match: how well a time that the passage
    tells fits the time asked for.
    """
    provenance = document.provenance
    published = provenance.published.date if provenance.published else None
    found: dict[str, float] = {}
    if query.publishers:
        found["outlet_named"] = float(provenance.publisher in query.publishers)
    if provenance.author and query.names and _holds(_words(query.text), _words(provenance.author)):
        found["author_named"] = 1.0
    if query.dates and published:
        found["date_match"] = max(date_match(mention, published) for mention in query.dates)
    if query.as_of and published:
        size = min(len(query.as_of), len(published))
        found["published_by"] = float(published[:size] <= query.as_of[:size])
    if query.dates:
        stated = dates_of(f"{provenance.title or ''}\n{passage}")
        found["date_in_text"] = _share([_dated(mention, stated, published) for mention in query.dates])
    if query.period:
        found["period_match"] = round(Story.of(passage, Span(0, len(passage)), published).held(query.period), 4)
    if query.numbers:
        counted = numbers_of(passage)
        found["number_in_text"] = _share([_counted(number, counted) for number in query.numbers])
    if query.names or query.quoted:
        text = _words(passage)
        if query.names:
            found["name_in_text"] = _share([_named(_words(name), text) for name in query.names])
        if query.quoted:
            found["quoted_in_text"] = _share([float(_holds(text, _words(phrase))) for phrase in query.quoted])
    return found


def signals_of(query: Query, candidates: Sequence[tuple[Document, str]]) -> list[dict[str, float]]:
    """The signals of each (document, passage), in order.

    A question for the latest adds `recency`: 1 for the newest date of publication among the candidates, falling evenly to
    0 for the oldest; absent for undated sources.
    """
    found = [signals(query, document, passage) for document, passage in candidates]
    if not query.latest:
        return found
    stamps = [document.provenance.published for document, _ in candidates]
    order = sorted({stamp.date for stamp in stamps if stamp})
    places = {day: place / (len(order) - 1) if len(order) > 1 else 1.0 for place, day in enumerate(order)}
    for each, stamp in zip(found, stamps, strict=True):
        if stamp:
            each["recency"] = places[stamp.date]
    return found


def bonus(found: Mapping[str, float], weights: Mapping[str, float] = WEIGHTS) -> float:
    """One number, 0 to 1, for what speaks for a passage; meant to be scaled to less than the gap to a clearly better match.

    >>> bonus({"outlet_named": 1.0, "name_in_text": 0.5})
    0.4
    """
    return round(min(1.0, sum(weights.get(name, 0.0) * value for name, value in found.items())), 6)


def date_match(mention: DateMention, published: str) -> float:
    """How exactly a date of a question is a date of publication (ISO 8601, may be cut to its month or year).

    1 for the day, 0.9 when the question leaves out the year, 0.7 for the month of a day or the day of a month, 0.5 for a
    month without year, 0.4 for the year alone, 0.3 when it came out within three days after; 0 otherwise.

    >>> [date_match(dates_of(text)[0], "2025-11-16") for text in ("16 November 2025", "November 2025", "in 2025")]
    [1.0, 0.7, 0.4]
    """
    year, month, day = (int(part) if part else None for part in (*published.split("-"), "", "")[:3])
    if mention.year is not None and mention.year != year:
        return 0.0
    if mention.month is None or month is None:
        return 0.4 if mention.year is not None else 0.0
    if mention.month != month:
        return 0.0
    if mention.day is None or day is None:
        return 0.7 if mention.year is not None else 0.5
    if mention.day == day:
        return 1.0 if mention.year is not None else 0.9
    return 0.3 if 0 < day - mention.day <= 3 else 0.0


def _dated(mention: DateMention, stated: Sequence[DateMention], published: str | None) -> float:
    """1 when the passage states the date; what a passage leaves out as its year is taken from its publication."""
    for other in stated:
        if mention.month is not None and (mention.month, mention.day or other.day) != (other.month, other.day):
            continue
        year = other.year
        if year is None and other.month is not None and published:
            year = expected_year(other.month, other.day, published)
        if mention.year is None or year is None or mention.year == year:
            if mention.month is None and year is None:
                continue
            return 1.0
    return 0.0


def _counted(number: Quantity, others: Sequence[Quantity]) -> float:
    """1 when the passage states the number; an unknown unit fits any measure, but "third" is not "3"."""
    for other in others:
        units = {number.unit, other.unit}
        if number.number == other.number and (len(units) == 1 or ("" in units and units.isdisjoint(_NO_MEASURES))):
            return 1.0
    return 0.0


def _named(name: Sequence[str], text: Sequence[str]) -> float:
    if _holds(text, name):
        return 1.0
    known = set(text)
    return _SURNAME * _share([float(len(word) > 2 and word in known) for word in name])


def _words(text: str) -> list[str]:
    """Words as they compare, with "LiHua" as two."""
    return words(_CAMEL.sub(" ", text))


def _holds(text: Sequence[str], phrase: Sequence[str]) -> bool:
    return bool(phrase) and holds_sequence(text, phrase)


def _share(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4) if values else 0.0
