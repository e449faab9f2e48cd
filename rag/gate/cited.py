"""What the quotes of one statement say, taken apart once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import TypeVar

from index.values import Document, Span
from rag.facts.dates import DateMention, dates, odd_dates
from rag.facts.names import names
from rag.facts.quantities import Quantity, quantities
from rag.facts.relative_days import relative_days
from rag.facts.wording import FUNCTION_WORDS, fold, words

Key = TypeVar("Key")
Value = TypeVar("Value")

SHORTEST = 4  # letters of a name that may stand for a longer form
_NOWHERE = Span(0, 0)
_RELATIVE = re.compile(
    r"\b(?:yesterday|tomorrow|(?:next|last|coming|past)\s(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday"
    r"|week(?:end)?|month|year)(?!\sof\b))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Cited:
    """What the quotes of one statement say, taken apart once.

    Attributes:
        dates: What the quotes state, and the days that they count from their publication ("yesterday").
        relative, odd: Dates that compare by their words only.
        quantities: By their number, a range by both its ends.
        beginnings: The vocabulary by its first letters, where other forms of a name are looked for.
        attribution, titles: Words of the outlets' and authors' names, and of the documents' titles.
    """

    texts: tuple[str, ...]
    words: tuple[tuple[str, ...], ...]
    vocabulary: frozenset[str]
    attribution: frozenset[str]
    titles: frozenset[str]
    dates: tuple[DateMention, ...]
    relative: frozenset[str]
    odd: frozenset[str]
    quantities: Mapping[Decimal, tuple[Quantity, ...]]
    acronyms: frozenset[str]
    compounds: frozenset[str]
    beginnings: Mapping[str, tuple[str, ...]]
    published: tuple[str, ...]


def take_apart(quoted: Sequence[tuple[str, Document]]) -> Cited:
    """What quotes say, each without its citation markers and with the document that it is from."""
    texts = tuple(text for text, _ in quoted)
    joined = "\n".join(texts)
    spoken = tuple(tuple(words(text)) for text in texts)
    vocabulary = frozenset(word for text in spoken for word in text)
    provenance = [document.provenance for document in {document.id: document for _, document in quoted}.values()]
    counted = [day for text, document in quoted for day in counted_days(text, _published(document))]
    return Cited(
        texts=texts,
        words=spoken,
        vocabulary=vocabulary,
        attribution=_content(name for source in provenance for name in (source.publisher, source.author)),
        titles=_content(source.title for source in provenance),
        dates=tuple({(date.year, date.month, date.day): date for date in (*dates(joined), *counted)}.values()),
        relative=frozenset(phrase for phrase, _ in relative_phrases(joined)),
        odd=frozenset(odd.text for odd in odd_dates(joined) if odd.possible),
        quantities=_grouped(
            (end, replace(item, span=_NOWHERE))
            for item in quantities(joined)
            for end in (item.number, item.upper)
            if end is not None
        ),
        acronyms=frozenset(acronym for name in names(joined) for acronym in _acronyms(name.words)),
        compounds=frozenset(f"{one}{other}" for text in spoken for one, other in pairwise(text)),
        beginnings=_grouped((word[:SHORTEST], word) for word in vocabulary),
        published=tuple(source.published.date for source in provenance if source.published),
    )


def _published(document: Document) -> str | None:
    published = document.provenance.published
    return published.date if published else None


def _grouped(pairs: Iterable[tuple[Key, Value]]) -> dict[Key, tuple[Value, ...]]:
    found: dict[Key, dict[Value, None]] = {}
    for key, value in pairs:
        found.setdefault(key, {})[value] = None
    return {key: tuple(values) for key, values in found.items()}


def _content(texts: Iterable[str | None]) -> frozenset[str]:
    return frozenset(word for text in texts if text for word in words(text) if word not in FUNCTION_WORDS)


def _acronyms(parts: tuple[str, ...]) -> Iterable[str]:
    letters = "".join(part[0] for part in parts[:8] if part)
    return (letters[start:end] for start in range(len(letters)) for end in range(start + 2, len(letters) + 1))


def relative_phrases(text: str) -> list[tuple[str, Span]]:
    """Days that a text names by when it was written ("next Tuesday"), in lower case, and where."""
    return [(match[0].lower(), Span(*match.span())) for match in _RELATIVE.finditer(fold(text))]


def counted_days(text: str, published: str | None) -> list[DateMention]:
    """The days that a text counts from its publication; not a bare weekday, which may be the one before or after."""
    ends = {span.end for _, span in relative_phrases(text)}
    return [day for day in relative_days(text, published) if day.span.end in ends]
