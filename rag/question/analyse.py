"""What a question holds besides its words: parts, quotations, names, numbers, dates, outlets, and what it restricts."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date

from index.values import Filters, Span
from rag.facts.dates import DateMention, dates
from rag.facts.periods import Period, period_asked
from rag.facts.quantities import Quantity, quantities
from rag.facts.wording import fold, quoted_phrases, words
from rag.question.names import question_names
from rag.question.outlets import outlet_mentions
from rag.question.planned import PlannedEvent, planned_event
from rag.question.restrict import filters_of, period_of
from rag.question.split import split_question


@dataclass(frozen=True, slots=True)
class Query:
    """A question, taken apart. Everything but `filters` is a hint: it may reorder what was found, never hide it.

    Attributes:
        parts: What can be searched one by one when the question asks more than one thing; empty when it does not.
        quoted: What stands between quotation marks and is no outlet's name.
        names: Names in the order they stand, outlets left out.
        numbers: Numbers that are not part of a date.
        dates: Dates, as far as they are stated; also written together, as in 20251016.
        publishers: The collection's outlets that the question names.
        latest: True when it asks for the latest there is.
        as_of: ISO date of "as of 10 November 2025", else the one that the caller set.
        period: The time for which it asks: what it names, else `as_of`. None also when times shall not count.
        filters: What the question restricts in so many words; empty when it does not.
        planned: The planned event of which it asks what came of it.
    """

    text: str
    parts: tuple[str, ...] = ()
    quoted: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    numbers: tuple[Quantity, ...] = ()
    dates: tuple[DateMention, ...] = ()
    publishers: tuple[str, ...] = ()
    latest: bool = False
    as_of: str | None = None
    period: Period | None = None
    filters: Filters = field(default_factory=Filters)
    planned: PlannedEvent | None = None

    @property
    def asked(self) -> str:
        """The question as passages are read with it."""
        return self.planned.question if self.planned else self.text


_TOGETHER = re.compile(
    r"(?<![0-9.,])(?P<year>(?:19|20)[0-9]{2})(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12][0-9]|3[01])(?![0-9]|[.,][0-9])"
)
_LATEST = re.compile(
    r"\b(?:(?<!at the )latest|(?:most|more) recent(?:ly)?|newest|currently|as of (?:now|today)|right now|at (?:the moment|present)|up[- ]to[- ]date"
    r"|these days|nowadays|so far|(?<!alternating )(?<!electric )(?<!direct )(?<!ocean )(?<!undercurrent )current(?=\s\w)(?!\s(?:of|through|in|flow\w*|density)\b))\b",
    re.IGNORECASE,
)
_AS_OF = re.compile(r"\bas\s(?:of|at)\s(?:the\s)?$", re.IGNORECASE)


def analyse(
    question: str, *, publishers: Collection[str], today: date | None = None, as_of: str | None = None
) -> Query:
    """Take a question apart; never fails, reads nothing but its arguments.

    Args:
        question: One line, at most a few thousand characters.
        publishers: Every outlet of the collection.
        today: What "published yesterday" is counted from; without it such words restrict nothing.
        as_of: ISO date for which the answer shall hold, where the question names no time.

    >>> analyse("According to the Harbour Post, who signed on 3 May?", publishers=["The Harbour Post"]).filters.publisher
    'The Harbour Post'
    """
    mentions = outlet_mentions(question, publishers)
    outlets = [mention.span for mention in mentions]
    dated = dates_of(question)
    as_of = _as_of(question, dated, today) or as_of
    return Query(
        text=question,
        parts=split_question(question),
        quoted=_quoted(question, outlets),
        names=_names(question, outlets),
        numbers=numbers_of(question),
        dates=dated,
        publishers=tuple(dict.fromkeys(name for mention in mentions for name in mention.publishers)),
        latest=bool(_LATEST.search(_unquoted(question))),
        as_of=as_of,
        period=period_asked(question, as_of),
        filters=filters_of(question, mentions, dated, today=today),
        planned=planned_event(question),
    )


def dates_of(text: str) -> tuple[DateMention, ...]:
    """Every date of a text, those of chats and file names included ("20251016_14:00").

    >>> [(mention.year, mention.month, mention.day) for mention in dates_of("What was said on 20251016?")]
    [(2025, 10, 16)]
    """
    together = [
        DateMention(int(match["year"]), int(match["month"]), int(match["day"]), Span(*match.span()))
        for match in _TOGETHER.finditer(text)
    ]
    return (
        tuple(sorted((*together, *dates(_apart(text))), key=lambda mention: mention.span)) if together else dates(text)
    )


def numbers_of(text: str) -> tuple[Quantity, ...]:
    """Every number of a text that is not part of a date."""
    return quantities(_apart(text))


def _apart(text: str) -> str:
    return _TOGETHER.sub(lambda match: " " * len(match[0]), text)


def _unquoted(question: str) -> str:
    return re.sub(r'"[^"]{1,2000}"', " ", fold(question))


def _quoted(question: str, outlets: Sequence[Span]) -> tuple[str, ...]:
    named = {tuple(words(question[span.start : span.end])) for span in outlets}
    phrases = [phrase.strip(" .,;:!?\u00a0") for phrase in quoted_phrases(question)]
    return tuple(dict.fromkeys(phrase for phrase in phrases if words(phrase) and tuple(words(phrase)) not in named))


def _names(question: str, outlets: Sequence[Span]) -> tuple[str, ...]:
    """Names outside outlets; what an outlet's name was joined to ("Fortune Ada Rahn") is left out with it."""
    found = question_names(question)
    apart = [
        name for name in found if not any(name.span.start < span.end and span.start < name.span.end for span in outlets)
    ]
    return tuple(dict.fromkeys(re.sub(r"['’]s?$", "", name.text) for name in apart))


def _as_of(question: str, dated: Sequence[DateMention], today: date | None) -> str | None:
    for mention in dated:
        if _AS_OF.search(question, max(0, mention.span.start - 12), mention.span.start):
            return period_of(mention, today=today)
    return None
