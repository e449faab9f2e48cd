"""Which numbers, dates, quotations and names of a statement do not stand in what it cites."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from index.values import Span
from rag.facts.dates import DateMention, dates, expected_year, odd_dates
from rag.facts.names import Name, names
from rag.facts.quantities import Quantity, quantities
from rag.facts.wording import FUNCTION_WORDS, holds_sequence, quoted_phrases, stem, words
from rag.gate.cited import SHORTEST, Cited, counted_days, relative_phrases

_MEASURES = frozenset({"", "person"})  # units that are guessed from nouns, so never held against a statement
_CODE = re.compile(r"^(?!(?:rs|usd|eur|gbp|pkr|inr)[0-9]).*[^\W\d_][0-9]")
_UPWARD, _DOWNWARD = {"over", "at least"}, {"under", "at most"}
ATTRIBUTION = frozenset(
    map(
        stem,
        ("according", "article", "report", "published", "publication", "wrote", "writes", "written", "dated", "outlet"),
    )
)
_DEMONYMS = frozenset({"i", "is", "n", "ns", "an", "ans", "ian", "ians", "istan", "istani", "istanis"})
_OPENERS = FUNCTION_WORDS | frozenset(
    """additionally consequently eventually generally historically importantly notably originally overall specifically
    typically ultimately usually sources source yes""".split()
)
_HONORIFICS = frozenset({"mr", "mrs", "ms"})


@dataclass(frozen=True, slots=True)
class Missing:
    """What a statement says and its quotes do not.

    Attributes:
        derived: Words of names that stand there only in another form ("Iranian", "Iran"), or only in the document's title.
    """

    numbers: tuple[str, ...]
    dates: tuple[str, ...]
    phrases: tuple[str, ...]
    names: tuple[str, ...]
    derived: tuple[str, ...]

    @property
    def facts(self) -> dict[str, list[str]]:
        """What is missing, by kind; empty when every fact stands."""
        kinds = {
            "missing_numbers": self.numbers,
            "missing_dates": self.dates,
            "missing_phrases": self.phrases,
            "missing_names": self.names,
        }
        return {kind: list(found) for kind, found in kinds.items() if found}


def missing_from(text: str, cited: Cited, ordinary: frozenset[str]) -> Missing:
    """The numbers, dates, quotations and names of a statement that do not stand in what it cites.

    Args:
        ordinary: Words that the evidence writes in lower case: at the start of a sentence they are no names.
    """
    absent, derived = _missing_names(names(text), cited, ordinary)
    return Missing(
        numbers=tuple(_at(text, item) for item in quantities(text) if not _number_stands(item, cited)),
        dates=tuple(_missing_dates(text, cited)),
        phrases=tuple(phrase for phrase in quoted_phrases(text) if not _phrase_stands(phrase, cited)),
        names=tuple(dict.fromkeys([*absent, *_missing_codes(text, cited)])),
        derived=tuple(derived),
    )


def _at(text: str, item: Quantity | DateMention) -> str:
    return text[item.span.start : item.span.end]


def _number_stands(stated: Quantity, cited: Cited) -> bool:
    if not stated.unit and any(date.year == stated.number for date in cited.dates if date.month is None):
        return True
    return any(_same_quantity(stated, source) for source in cited.quantities.get(stated.number, ()))


def _same_quantity(stated: Quantity, source: Quantity) -> bool:
    """Equal numbers of one unit whose bounds do not contradict each other; one end of a range stands where its bound says which."""
    if source.upper is not None and stated.upper is None:
        lower, upper = stated.number == source.number, stated.number == source.upper
        if not (lower and stated.bound in _UPWARD) and not (upper and stated.bound in _DOWNWARD):
            return False
        source = replace(source, number=stated.number, upper=None, bound=stated.bound)
    if (stated.number, stated.upper) != (source.number, source.upper) or (stated.bound == "many") != (
        source.bound == "many"
    ):
        return False
    if {stated.unit, source.unit} & _MEASURES:
        same_unit = "ordinal" not in (stated.unit, source.unit)
    else:
        same_unit = stated.unit == source.unit
    opposite = (stated.bound in _UPWARD and source.bound in _DOWNWARD) or (
        stated.bound in _DOWNWARD and source.bound in _UPWARD
    )
    return same_unit and not opposite


def _missing_dates(text: str, cited: Cited) -> Iterable[str]:
    yield from (_at(text, item) for item in dates(text) if not _date_stands(item, text, cited))
    yield from (odd.text for odd in odd_dates(text) if not (odd.possible and odd.text in cited.odd))
    for phrase, span in relative_phrases(text):
        counted = [day for date in cited.published for day in counted_days(phrase, date)]
        if phrase not in cited.relative and not any(
            _same_date(day, source, cited) for day in counted for source in cited.dates
        ):
            yield text[span.start : span.end]


def _date_stands(stated: DateMention, text: str, cited: Cited) -> bool:
    if any(_same_date(stated, source, cited) for source in cited.dates):
        return True
    if stated.month is None:
        if any(source.unit in ("", "decade") for source in cited.quantities.get(Decimal(stated.year or 0), ())):
            return True
        if any(date.year is None and _year_of(date, cited) == stated.year for date in cited.dates):
            return True
    attributed = {stem(word) for word in words(text)} & (ATTRIBUTION | {stem(word) for word in cited.attribution})
    return bool(attributed) and any(_same_date(stated, _published(date), cited) for date in cited.published)


def _same_date(stated: DateMention, source: DateMention, cited: Cited) -> bool:
    if stated.month is not None and stated.month != source.month:
        return False
    if stated.day is not None and stated.day != source.day:
        return False
    if stated.year is None or stated.year == source.year:
        return True
    if source.year is not None or stated.month is None:
        return False
    year = _year_of(source, cited)
    return year is None or year == stated.year


def _year_of(source: DateMention, cited: Cited) -> int | None:
    """The year of a cited date that states none: the one that puts it nearest to the publication, if that is known."""
    if source.month is None or not cited.published:
        return None
    years = {expected_year(source.month, source.day, published) for published in cited.published}
    return years.pop() if len(years) == 1 else None


def _published(date: str) -> DateMention:
    parts = [int(part) for part in date.split("-") if part.isdigit()] + [0, 0, 0]
    return DateMention(parts[0] or None, parts[1] or None, parts[2] or None, Span(0, 0))


def _phrase_stands(phrase: str, cited: Cited) -> bool:
    needle = words(phrase)
    return any(holds_sequence(haystack, needle) for haystack in cited.words)


def _missing_names(stated: Iterable[Name], cited: Cited, ordinary: frozenset[str]) -> tuple[list[str], list[str]]:
    """The words of names that the quotes lack, and those that stand only in another form or in the title.

    A word that opens a sentence is no name when it is a function word or when the evidence writes it in lower case.
    """
    absent: list[str] = []
    derived: list[str] = []
    known = cited.vocabulary | cited.attribution | cited.acronyms | cited.compounds
    stems = frozenset(stem(word) for word in cited.vocabulary)
    for name in stated:
        for position, word in enumerate(name.words):
            opening = name.initial and position == 0
            if word in known or word.removesuffix("s") in known or f"{word}s" in known:
                continue
            if opening and (word in _OPENERS or stem(word) in stems or word in ordinary):
                continue
            (derived if _in_another_form(word, cited) else absent).append(word)
    return absent, derived


def _in_another_form(word: str, cited: Cited) -> bool:
    if word in cited.titles or (word in _HONORIFICS and not cited.vocabulary & _HONORIFICS):
        return True
    return any(_related(word, other) for other in cited.beginnings.get(word[:SHORTEST], ()))


def _missing_codes(text: str, cited: Cited) -> list[str]:
    """Words such as "h1n1" and "a4b7": their digits alone may occur elsewhere, so the whole word must."""
    return [word for word in words(text) if _CODE.search(word) and word not in cited.vocabulary]


def _related(word: str, other: str) -> bool:
    shorter, longer = sorted((word, other), key=len)
    if len(shorter) < SHORTEST:
        return False
    plural = longer.endswith("ies") and f"{longer[:-3]}y" == shorter
    return plural or (longer.startswith(shorter) and longer[len(shorter) :] in _DEMONYMS)
