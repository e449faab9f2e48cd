"""Whether a sentence speaks of something still to come or of what happened, and of which day.

What a source expected and what came of it are two statements in the order of their dates, not two answers that disagree.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import replace

from index.values import Span
from rag.facts.cues import decisive_cue
from rag.facts.dates import DateMention, dates, expected_year
from rag.facts.relative_days import relative_days
from rag.facts.wording import fold
from rag.values import Standing

LONGEST = 1_500
"""Characters of a sentence that are looked at."""

_AHEAD = re.compile(
    r"\b(?:upcoming|forthcoming|ahead of|tomorrow|next (?:week|month|year|season|spring|summer|autumn|fall|winter|round|mon|tues|wednes|thurs|fri|satur|sun)"
    r"|later this (?:week|month|year)|(?:in the )?coming (?:days|weeks|months|years)|(?:is|are|remain|remains) pending|to be (?:held|announced|decided|signed)"
    r"|yet to|on the agenda|in the pipeline)",
    re.IGNORECASE,
)


def standing_of(text: str, sentence: Span, published: str | None) -> Standing:
    """Whether a sentence speaks of something still to come ("expected") or of what happened ("reported").

    The main clause decides: what ended, with another round to come, is reported. What "was to" happen or "had been
    expected to" is an expectation, told later. A day after publication makes an arrangement, or a sentence whose verbs
    do not tell, an expectation.

    Args:
        published: ISO date of the document, maybe cut to its month or year; None when unknown.

    >>> standing_of("Talks will resume on Friday.", Span(0, 28), None), standing_of("Talks failed.", Span(0, 13), None)
    ('expected', 'reported')
    """
    part = fold(text[sentence.start : min(sentence.end, sentence.start + LONGEST)])
    decisive = decisive_cue(part)
    force = decisive.force if decisive else "hint"
    if force == "expected" or force == "reported":
        return force
    looks_ahead = bool(_AHEAD.search(part)) or _names_day_after(part, published)
    return "expected" if looks_ahead or (decisive is not None and force == "hint") else "reported"


def event_date(text: str, sentence: Span, published: str | None) -> DateMention | None:
    """The date of which a sentence speaks: the one that follows the verb that decides, with its year as publication has it.

    Spans are offsets of `text`. None when the sentence names no date that is one (31 November is none).
    """
    part = text[sentence.start : min(sentence.end, sentence.start + LONGEST)]
    ahead = standing_of(text, sentence, published) == "expected"
    decisive = decisive_cue(fold(part))
    at = decisive.start if decisive else 0
    found = sorted(
        (*_stated(part, published), *relative_days(part, published, ahead=ahead)), key=lambda mention: mention.span
    )
    if not found:
        return None
    best = min(
        found, key=lambda mention: (mention.month is None, mention.span.start < at, abs(mention.span.start - at))
    )
    return replace(best, span=Span(best.span.start + sentence.start, best.span.end + sentence.start))


_OUTCOME = re.compile(
    r"\b(?:results?|outcomes?|upshot) (?:of|from|for)\b|\b(?:what|which)\b.{0,40}\b(?:results?|outcomes?)\b"
    r"|\bhow (?:did|does|do)\b.{1,200}\b(?:end|go|turn out|conclude|finish|fare)\b(?! (?:up|about|to))"
    r"|\bwhat (?:came (?:out )?of|became of|happened|has happened|resulted|was (?:agreed|decided|achieved|concluded))\b"
    r"|^(?:(?:and|but|so|then) )?(?:did|have|has|had)\b.{1,200}\b(?:succeed|fail|collapse|end|agree|happen|reach|sign|break)(?:ed)?\b"
    r"|^(?:(?:and|but|so|then) )?(?:did|have|has|had)\b.{1,200}\b(?:work(?:ed)? out|take place|taken place|go ahead|gone ahead|broken (?:down|through))\b"
    r"|^(?:(?:and|but|so|then) )?(?:was|were|has|have)\b.{1,160}\b(?:reached|struck|held|successful|signed|ratified|adopted|passed|approved"
    r"|called off|cancelled|postponed)\b",
    re.IGNORECASE,
)


def asks_for_outcome(question: str) -> bool:
    """Whether a question asks what came of something.

    >>> asks_for_outcome("What was the result of the talks planned for 6 November?"), asks_for_outcome("Who spoke?")
    (True, False)
    """
    return bool(_OUTCOME.search(fold(question[:LONGEST])))


def _names_day_after(part: str, published: str | None) -> bool:
    """Whether a sentence names a date after the day, month or year of publication."""
    if not published:
        return False
    named = ("-".join(_numbers(mention)) for mention in _stated(part, published) if mention.year)
    return any(iso[: len(published)] > published[: len(iso)] for iso in named)


def _numbers(mention: DateMention) -> list[str]:
    """Year, month and day as in ISO 8601, as far as they are known."""
    return [
        f"{number:0{width}}"
        for number, width in zip((mention.year, mention.month, mention.day), (4, 2, 2), strict=True)
        if number
    ]


def _stated(part: str, published: str | None) -> list[DateMention]:
    """Every date with its year as publication has it; 29 February of a year without one is left out."""
    return [
        dated
        for dated in (_with_year(mention, published) for mention in dates(part))
        if not (dated.year and dated.month and dated.day) or dated.day <= monthrange(dated.year, dated.month)[1]
    ]


def _with_year(mention: DateMention, published: str | None) -> DateMention:
    if mention.year is not None or mention.month is None or not published:
        return mention
    return replace(mention, year=expected_year(mention.month, mention.day, published))
