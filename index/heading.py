"""What stands above a chunk where it is embedded and searched: its document's title, outlet and date."""

from __future__ import annotations

from index.dates import date_in_words
from index.values import Provenance

MAX_TITLE_CHARS = 200


def heading(title: str | None, publisher: str | None, published: str | None) -> str:
    """What a document is called and where it stands, in one line, as questions name it.

    >>> heading("Talks resume", "The Harbour Post", "2031-05-04")
    'Talks resume (The Harbour Post, 4 May 2031)'
    """
    told = [part[:MAX_TITLE_CHARS] for part in (publisher, date_in_words(published) if published else None) if part]
    where = f"({', '.join(told)})" if told else ""
    return " ".join(part for part in ((title or "")[:MAX_TITLE_CHARS], where) if part)


def heading_of(provenance: Provenance) -> str:
    """The heading of a document that is not stored yet."""
    published = provenance.published
    return heading(provenance.title, provenance.publisher, published.date if published else None)


def passage_text(head: str, chunk_text: str) -> str:
    """What is embedded for a chunk: its document's heading above it, so that a passage that names nothing is still found."""
    return f"{head}\n{chunk_text}" if head else chunk_text
