"""Facts of a text as values that compare: its numbers, dates and names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.values import Span
from rag.facts.dates import DateMention, dates, expected_year, without_dates
from rag.facts.quantities import Bound, Quantity, quantities
from rag.facts.wording import WORD, base

__all__ = [
    "Bound",
    "DateMention",
    "Name",
    "Quantity",
    "dates",
    "expected_year",
    "names",
    "opens_sentence",
    "quantities",
]


@dataclass(frozen=True, slots=True)
class Name:
    """Neighbouring capitalised words.

    Attributes:
        words: The words' bases (see `rag.facts.wording.base`), one per capitalised word.
        initial: True when the first word would be capitalised anyway, because it opens a sentence.
    """

    text: str
    words: tuple[str, ...]
    initial: bool
    span: Span


def names(text: str) -> tuple[Name, ...]:
    """Runs of capitalised words, month names of dates left out; English writing rules, so none in scripts without case.

    >>> [name.text for name in names("On Friday the envoy Ada Rahn met the WHO.")]
    ['On Friday', 'Ada Rahn', 'WHO']
    """
    masked = without_dates(text)
    found: list[Name] = []
    run: list[re.Match[str]] = []
    for match in WORD.finditer(masked):
        capital = any(letter.isupper() for letter in match[0]) and match[0] != "I"
        gap = masked[run[-1].end() : match.start()] if run else ""
        joined = gap in (" ", "-", "\u00a0") or (gap == ". " and len(run[-1][0]) <= 3)
        if run and not (capital and joined):
            found.append(_name(text, masked, run))
            run = []
        if capital:
            run.append(match)
    if run:
        found.append(_name(text, masked, run))
    return tuple(found)


def opens_sentence(folded: str, start: int) -> bool:
    """True when the word at `start` would be capitalised whatever it is."""
    before = folded[max(0, start - 8) : start].rstrip(" \u00a0\t\"'([*-")
    return start < 1 or not before or before[-1] in ".!?:\n;" or "\n" in folded[max(0, start - 3) : start]


def _name(text: str, folded: str, run: Sequence[re.Match[str]]) -> Name:
    start, end = run[0].start(), run[-1].end()
    return Name(text[start:end], tuple(base(word[0]) for word in run), opens_sentence(folded, start), Span(start, end))
