"""What a document that came in is greeted with: its outline, key sentences with their proof, the dates and tables found in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from index.outline import outline_of
from index.values import Document, Span
from rag.facts.dates import dates
from rag.values import Answer, Citation, Statement
from ui.words import title_of

MOST_GREETED = 2
MOST_SENTENCES, MOST_HEADINGS, MOST_DATES, MOST_TABLES = 4, 8, 6, 4
MOST_CHARS = 60_000
"""So much of a document is looked through."""


@dataclass(frozen=True, slots=True)
class Found:
    """Something in a document, in words, and where it stands."""

    words: str
    span: Span


@dataclass(frozen=True, slots=True)
class Greeting:
    """What can be said of a document before anything was asked; every part may be empty.

    Attributes:
        sentences: Of its summary, each with what it cites.
    """

    document: Document
    sentences: tuple[Statement, ...]
    citations: tuple[Citation, ...]
    headings: tuple[Found, ...]
    dates: tuple[Found, ...]
    tables: tuple[Found, ...]


def newest(documents: Sequence[Document]) -> list[Document]:
    """The MOST_GREETED that came in last."""
    return sorted(documents, key=lambda one: one.added_at, reverse=True)[:MOST_GREETED]


def asking_for(document: Document) -> str:
    """The question whose answer is the document's summary."""
    return f"What is “{title_of(document)[:200]}” about?"


def greeting(document: Document, summary: Answer) -> Greeting:
    """The greeting of a document; of its summary only what is of this document."""
    own = {one.number: one for one in summary.citations if one.document_id == document.id}
    said = [one for one in summary.statements if one.citations and set(one.citations) <= own.keys()]
    text = document.text[:MOST_CHARS]
    outline = outline_of(text)
    return Greeting(
        document,
        tuple(said[:MOST_SENTENCES]),
        tuple(own.values()),
        headings=tuple(Found(one.path[-1], one.heading) for one in islice(outline.sections, MOST_HEADINGS) if one.path),
        dates=_dates(text),
        tables=tuple(
            Found(f"{', '.join(one.heads[:5])} ({len(one.rows):,} rows)", one.span)
            for one in islice(outline.tables, MOST_TABLES)
        ),
    )


def _dates(text: str) -> tuple[Found, ...]:
    """The first days that the text states in full, each once."""
    found: dict[tuple[int | None, ...], Found] = {}
    for one in dates(text):
        if one.year and one.month and one.day:
            words = " ".join(text[one.span.start : one.span.end].split())
            found.setdefault((one.year, one.month, one.day), Found(words, one.span))
    return tuple(islice(found.values(), MOST_DATES))
