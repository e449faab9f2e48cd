"""What of the evidence a language model gets to read: as much as its window holds, and of a passage what bears on the question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.sentences import sentence_spans
from index.values import Span
from rag.values import Evidence

MOST_ON_THIS_MACHINE = 4
"""Passages for a model whose reading costs seconds: the reader has put the best first."""
_BRIEF_CHARS = (520, 420, 320, 320)
"""About how long an excerpt of each of them is; a longer sentence that holds what the reader found stays whole."""
_SPANS = 2
_GAP = " … "


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What is shown of one passage, under its number."""

    item: Evidence
    text: str


def tokens_of(text: str) -> int:
    """About how many tokens a text has, rather too many than too few: tokenizers differ.

    >>> tokens_of("The harbour reopened."), tokens_of("Гавань открыта")
    (8, 14)
    """
    plain = sum(character.isascii() for character in text)
    return plain // 3 + (len(text) - plain) + 1


def whole(evidence: Sequence[Evidence], *, tokens: int, most: int | None = None) -> list[Excerpt]:
    """Passages from the best on, whole or not at all, but for a first one that is longer than there is room."""
    taken: list[Excerpt] = []
    left = tokens
    for item in evidence[:most]:
        text = item.hit.chunk.text
        if (cost := tokens_of(text)) <= left:
            taken.append(Excerpt(item, text))
            left -= cost
        elif not taken:
            return [Excerpt(item, _within(text, tokens))]
    return taken


def brief(evidence: Sequence[Evidence], *, tokens: int, most: int = MOST_ON_THIS_MACHINE) -> list[Excerpt]:
    """Of the best passages the sentences around what the reader found in them, in the order of the text."""
    taken: list[Excerpt] = []
    left = tokens
    for place, item in enumerate(evidence[:most]):
        text = _around(item, _BRIEF_CHARS[min(place, len(_BRIEF_CHARS) - 1)])
        if (cost := tokens_of(text)) > left:
            if not taken:
                return [Excerpt(item, _within(text, tokens))]
            break
        taken.append(Excerpt(item, text))
        left -= cost
    return taken


def _around(item: Evidence, chars: int) -> str:
    text = item.hit.chunk.text
    if len(text) <= chars:
        return text
    sentences = sentence_spans(text)
    spans = item.reading.spans[:_SPANS] if item.reading else ()
    held = [
        place for span in spans for place, one in enumerate(sentences) if one.start < span.end and span.start < one.end
    ]
    chosen = dict.fromkeys(held[:1] or [0])
    spent = sum(_length(sentences[place]) for place in chosen)
    for place in _nearest(list(chosen), held, len(sentences)):
        if place not in chosen and spent + _length(sentences[place]) <= chars:
            chosen[place] = None
            spent += _length(sentences[place])
    return _joined(text, sentences, sorted(chosen))


def _nearest(chosen: Sequence[int], held: Sequence[int], count: int) -> list[int]:
    """The other sentences that hold something, then the neighbours of the first, the nearest first and what follows before what leads."""
    middle = chosen[0]
    return [*held, *sorted(range(count), key=lambda place: (abs(place - middle), -place))]


def _joined(text: str, sentences: Sequence[Span], chosen: Sequence[int]) -> str:
    said = ""
    for before, place in zip([None, *chosen], chosen, strict=False):
        one = sentences[place]
        if before is not None:
            said += text[sentences[before].end : one.start] if place == before + 1 else _GAP
        said += text[one.start : one.end]
    return said


def _length(span: Span) -> int:
    return span.end - span.start


def _within(text: str, tokens: int) -> str:
    """The beginning of a text that has about so many tokens."""
    while tokens_of(text) > tokens:
        text = text[: max(0, int(len(text) * min(0.9, tokens / tokens_of(text))))]
    return text
