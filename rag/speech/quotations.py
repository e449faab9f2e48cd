"""What stands between quotation marks, and the paragraph that says who speaks it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.values import Span

REACH = 3_000  # characters of a paragraph that are looked at on either side of a sentence
_LONGEST_LINE = 120  # a longer line is a paragraph, so that its end is one
_MOSTLY = 0.5
_BREAK = re.compile(r"\n")
_QUOTE_MARKS = re.compile(r"[“”\"]")
_SINGLE_MARKS = re.compile(r"(?<!\w)[‘'](?=\w)|(?<=[\w.,!?…])[’'](?!\w)")


def paragraph_around(text: str, sentence: Span) -> Span:
    """The paragraph around a sentence; the end of a wrapped line does not end it."""
    low, high = max(0, sentence.start - REACH), min(len(text), sentence.end + REACH)
    start, end = low, high
    for match in _BREAK.finditer(text, low, sentence.start):
        if _breaks(text, match.start()):
            start = match.end()
    for match in _BREAK.finditer(text, sentence.end, high):
        if _breaks(text, match.start()):
            end = match.start()
            break
    return Span(start, end)


def paragraph_before(text: str, paragraph: Span) -> Span | None:
    low = max(0, paragraph.start - REACH)
    end = low + len(text[low : paragraph.start].rstrip())
    return paragraph_around(text, Span(max(0, end - 1), end)) if end > low else None


def _breaks(text: str, newline: int) -> bool:
    """Whether a paragraph ends at this newline: the line is blank, too long for a wrapped one, or another kind follows."""
    start = text.rfind("\n", max(0, newline - _LONGEST_LINE - 1), newline) + 1
    following = text[newline + 1 : newline + 40].lstrip(" \t")[:1]
    return (
        newline - start > _LONGEST_LINE
        or not text[start:newline].strip()
        or following in ("", "\n", "“", "#", "-", "*")
    )


def quotations(text: str, paragraph: Span) -> list[Span]:
    """What stands between quotation marks, the last one up to the end of the paragraph when nobody closes it."""
    marks = list(_QUOTE_MARKS.finditer(text, paragraph.start, paragraph.end)) or list(
        _SINGLE_MARKS.finditer(text, paragraph.start, paragraph.end)
    )
    found: list[Span] = []
    opened: int | None = None
    for mark in marks:
        opens, closes = mark[0] in "“‘", mark[0] in "”’"
        if opened is None and not closes:
            opened = mark.end()
        elif opened is not None and not opens:
            found.append(Span(opened, mark.start()))
            opened = None
    if opened is not None and marks[0][0] in '“"':
        found.append(Span(opened, paragraph.end))
    return found


def quotation_of(sentence: Span, answer: Span | None, quoted: Sequence[Span]) -> Span | None:
    """The quotation that a sentence is part of: one that holds its answer or most of it, or that runs on from before."""
    for quotation in quoted:
        shared = min(quotation.end, sentence.end) - max(quotation.start, sentence.start)
        if shared <= 0:
            continue
        runs_on = quotation.start < sentence.start or quotation.end > sentence.end
        mostly = shared >= _MOSTLY * (sentence.end - sentence.start)
        holds = answer is None or (quotation.start <= answer.start and answer.end <= quotation.end)
        if holds and (mostly or (runs_on and answer is not None)):
            return quotation
    return None
