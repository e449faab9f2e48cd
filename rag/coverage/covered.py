"""What was found in one document, as a row that can be shown: status, quote, value, and how much of it was looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from index.sentences import sentence_spans
from index.values import Chunk, Document, Span
from rag.contradictions.claims import Claim
from rag.contradictions.counting import origins
from rag.coverage.mentions import Phrase, find_mentions
from rag.coverage.table import DocumentCoverage, Status
from rag.reading.extract import Candidate
from rag.speech.attribution import attribution_of, speaker_of
from rag.values import Hit, Position

_MOST_PLACES = 100
_AROUND = 1_000


@dataclass(frozen=True, slots=True)
class Nearest:
    """The passages of one document that are nearest to a question, of the `searched` ones that were compared."""

    document: Document
    hits: tuple[Hit, ...]
    searched: int


def mentioning(number: int, document: Document, chunks: Sequence[Chunk], phrase: Phrase) -> DocumentCoverage:
    """The row of a document in which a phrase was counted."""
    body = _body_of(document.text, chunks)
    found = list(find_mentions(phrase, document.text, body))
    seen: dict[str, Any] = {name: len(chunks) for name in ("passages", "searched", "read")}
    if not found:
        return _row_of(number, document, "silent", **seen)
    places = tuple((span.start, span.end) for span in found[:_MOST_PLACES])
    quote = _quoted(document, _sentence_at(document.text, found[0], body), found[0])
    return _row_of(number, document, "says", mentions=len(found), places=places, support=1.0, **quote, **seen)


def answering(
    number: int, nearest: Nearest, best: Candidate | None, least: float, claim: Claim | None, *, disputed: bool
) -> DocumentCoverage:
    """The row of a document that was read.

    Args:
        best: What answers best in it.
        least: Probability of answering under which it is silent.
        claim: The value that it holds, when that compares; `disputed` when others hold another.
    """
    document = nearest.document
    seen: dict[str, Any] = {
        "passages": document.chunk_count,
        "searched": nearest.searched,
        "read": len(nearest.hits),
        "support": round(best.support, 4) if best else 0.0,
    }
    if best is None or best.support < least:
        return _row_of(number, document, "silent", **seen)
    quote = _quoted(document, best.sentence, claim.value.span if claim else best.span)
    return _row_of(number, document, "contradicts" if disputed else "says", **quote, **seen)


def _row_of(number: int, document: Document, status: Status, **more: Any) -> DocumentCoverage:
    said = document.provenance
    return DocumentCoverage(
        number=number,
        document_id=document.id,
        origin=document.origin,
        title=said.title,
        publisher=said.publisher,
        author=said.author,
        kind=said.kind,
        published=said.published.date if said.published else None,
        published_precision=said.published.precision if said.published else None,
        status=status,
        **more,
    )


def _quoted(document: Document, sentence: Span, value: Span) -> dict[str, Any]:
    text = document.text
    return {
        "quote": text[sentence.start : sentence.end],
        "start": sentence.start,
        "end": sentence.end,
        "page": document.page_of(sentence.start),
        "value": text[value.start : value.end],
        "attribution": attribution_of(document, speaker_of(text, sentence, value)),
    }


def position_of(group: Sequence[Claim], groups: Sequence[Sequence[Claim]], numbers: Mapping[str, int]) -> Position:
    first = group[0]
    said = first.candidate.evidence.document.provenance
    return Position(
        value=first.value.text,
        citations=tuple(sorted(numbers[one.candidate.evidence.document.id] for one in group)),
        publisher=said.publisher,
        published=said.published.date if said.published else None,
        standing=first.standing,
        documents=len(group),
        origins=origins(group),
        outvoted=origins(group) == 1 < max(origins(other) for other in groups),
    )


def _body_of(text: str, chunks: Sequence[Chunk]) -> list[Span]:
    """The searched text of a document: neighbouring chunks are one span, as a phrase may run from one into the next."""
    body: list[Span] = []
    for chunk in chunks:
        if body and not text[body[-1].end : chunk.start].strip():
            body[-1] = Span(body[-1].start, chunk.end)
        else:
            body.append(Span(chunk.start, chunk.end))
    return body


def _sentence_at(text: str, span: Span, body: Sequence[Span]) -> Span:
    """The sentence that holds a mention."""
    part = next(part for part in body if part.start <= span.start < part.end)
    low, high = max(part.start, span.start - _AROUND), min(part.end, span.end + _AROUND)
    touched = (one for one in sentence_spans(text, low, high) if one.start <= span.start < one.end)
    return next(touched, span)
