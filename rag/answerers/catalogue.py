"""What is known of the documents themselves: how many, which, who wrote them, who published them and when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.values import Chunk, Document, Published, Span
from rag.answerers.answering import STATEMENT_CHARS, Proposal, Question, quoting
from rag.answerers.subject import scored, subject_of

MOST_LISTED = 50
CONFIDENCE = 0.9
MONTHS = "January February March April May June July August September October November December".split()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Answers from the catalogue; each document is cited by the line that says so, else by its first."""

    def propose(self, question: Question) -> Proposal | None:
        documents = question.documents()
        detail = question.asked.detail
        if detail in ("count", "list"):
            return _listed(question, documents, counted=detail == "count")
        if detail in ("newest", "oldest"):
            dated = sorted((one for one in documents if one.provenance.published), key=_published)
            return _told(question, dated[-1 if detail == "newest" else 0], "title") if dated else None
        subject = subject_of(question, documents) or _best(question, documents)
        return _told(question, subject, str(detail)) if subject and detail else None


def _best(question: Question, documents: Sequence[Document]) -> Document | None:
    scores = scored(question, documents)
    return max(documents, key=lambda one: scores[one.id], default=None)


def _told(question: Question, document: Document, detail: str) -> Proposal | None:
    """One thing that is known of one document; None when it is not."""
    provenance = document.provenance
    found = {
        "author": provenance.author,
        "publisher": provenance.publisher,
        "published": provenance.published and long_date(provenance.published),
        "title": provenance.title,
    }.get(detail)
    piece = _line(question, document, _signs(document, detail))
    if not found or piece is None:
        return None
    statements, evidence = quoting([piece])
    return Proposal(statements, evidence, CONFIDENCE, short=found)


def _listed(question: Question, documents: Sequence[Document], *, counted: bool) -> Proposal | None:
    pieces = [piece for one in documents[:MOST_LISTED] if (piece := _line(question, one, ()))]
    if not pieces:
        return None
    statements, evidence = quoting(pieces)
    items = tuple(one.provenance.title or one.sources[0] for one in documents[:MOST_LISTED])
    return Proposal(statements, evidence, CONFIDENCE, short=str(len(documents)) if counted else "", items=items)


def _signs(document: Document, detail: str) -> Sequence[str]:
    """How the text may write what is known."""
    provenance = document.provenance
    if detail == "published" and provenance.published:
        year, *rest = provenance.published.date.split("-")
        month = MONTHS[int(rest[0]) - 1] if rest else ""
        return (provenance.published.date, *([month] if month else []), year)
    told = {"author": provenance.author, "publisher": provenance.publisher, "title": provenance.title}.get(detail)
    return (told,) if told else ()


def _line(question: Question, document: Document, signs: Sequence[str]) -> tuple[Document, Chunk, Span] | None:
    """The first line in a passage that holds a sign, else the first line of the first passage."""
    chunks = question.corpus.passages(document.id)
    for sign in signs:
        for chunk in chunks[:MOST_LISTED]:
            place = chunk.text.casefold().find(sign.casefold())
            if place >= 0:
                return document, chunk, _line_at(document.text, chunk, chunk.start + place)
    return (document, chunks[0], _line_at(document.text, chunks[0], chunks[0].start)) if chunks else None


def _line_at(text: str, chunk: Chunk, place: int) -> Span:
    while place < chunk.end and text[place].isspace():
        place += 1
    start = max(chunk.start, text.rfind("\n", chunk.start, place) + 1, place - STATEMENT_CHARS // 2)
    end = text.find("\n", place, chunk.end)
    end = min(chunk.end if end < 0 else end, start + STATEMENT_CHARS)
    return Span(start, end - len(re.search(r"\s*$", text[start:end])[0]))  # type: ignore[index]


def long_date(published: Published) -> str:
    """A date as people write it.

    >>> long_date(Published("2025-04-02", "day", "dateline")), long_date(Published("2025-04", "month", "header"))
    ('2 April 2025', 'April 2025')
    """
    year, *rest = published.date.split("-")
    month = f"{MONTHS[int(rest[0]) - 1]} " if rest else ""
    return f"{int(rest[1])} {month}{year}" if len(rest) > 1 else f"{month}{year}"


def _published(document: Document) -> str:
    published = document.provenance.published
    return published.date if published else ""
