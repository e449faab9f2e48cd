"""What the headline check reads: a question, and the sentence of a span with the one before it, the span marked.

The span is marked by the token types: the words of the passage are of the second type, those of the span of the first, as the
question's own. So no mark is put into the text, and every offset stays.
"""

from __future__ import annotations

from index.outline import outline_of
from index.sentences import sentence_spans
from index.values import Chunk, Document, Span

CHARS = 420
"""Longest stretch that is read with a span."""


def heading_above(document: Document, chunk: Chunk) -> str:
    """What stands above a passage: its document's title, and the headings of the section that it begins in."""
    title = document.provenance.title or ""
    names = [title, *outline_of(document.text).path_at(chunk.start)]
    return " - ".join(dict.fromkeys(name for name in names if name and (name == title or name not in title)))


def stretch(text: str, span: Span, within: Span) -> Span:
    """The sentence that holds the span, with the sentence before it where both fit into CHARS; never beyond `within`.

    >>> text = "Ada leads the team. She joined in May. It rains."
    >>> (lambda found: text[found.start : found.end])(stretch(text, Span(30, 33), Span(0, 48)))
    'Ada leads the team. She joined in May.'
    """
    sentences = list(sentence_spans(text, within.start, within.end))
    touched = [n for n, one in enumerate(sentences) if one.start < span.end and one.end > span.start]
    if not touched:
        return _around(span, within)
    first, last = touched[0], touched[-1]
    if sentences[last].end - sentences[first].start > CHARS:
        return _around(span, Span(sentences[first].start, sentences[last].end))
    if first and sentences[last].end - sentences[first - 1].start <= CHARS:
        first -= 1
    return Span(sentences[first].start, sentences[last].end)


def _around(span: Span, within: Span) -> Span:
    """A stretch of CHARS around the middle of a span."""
    start = max(within.start, min(span.start, (span.start + span.end - CHARS) // 2))
    return Span(start, max(span.end, min(within.end, start + CHARS)))
