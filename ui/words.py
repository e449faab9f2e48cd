"""Names, dates and counts as people say them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from index.dates import date_in_words
from index.values import Document
from rag.values import FiltersView, Position, Standing, Status, Verdict
from rag.views import shown_name

VERDICTS: dict[Verdict, str] = {
    "answered": "Answered",
    "conflicting": "The sources disagree",
    "partial": "Partly answered",
    "not_stated": "The documents don’t say",
}
DOUBTS: dict[Status, str] = {
    "verified": "",
    "weak": "The source supports this only in part: read the quote.",
    "unsupported": "No source was found for this.",
}
STANDINGS: dict[Standing, str] = {"reported": "", "expected": "expected then", "superseded": "no longer in force"}
KINDS: dict[str, str] = {
    "fact": "a fact",
    "yesno": "yes or no",
    "list": "a list",
    "count": "a count",
    "compare": "a comparison",
    "table": "a look-up in a table",
    "definition": "a definition",
    "howto": "steps",
    "why": "reasons",
    "summary": "a summary",
    "about": "about the documents",
    "chat": "small talk",
}
"""What a question asks for, by the kind of the contract."""
_KNOWN_FROM = {
    "front matter": "as its front matter says",
    "json-ld": "as its metadata says",
    "meta": "as its metadata says",
    "dateline": "as its dateline says",
    "header": "as its header says",
    "file name": "as its file name says",
    "edited": "set by hand",
}


def written(date: str | None) -> str:
    """A date as people write it; "undated" for None."""
    return date_in_words(date) if date else "undated"


def date_with_source(date: str | None, precision: str | None, source: str | None) -> str:
    """The date, how much of it is known, and what said so."""
    if not date:
        return "undated"
    parts = [date_in_words(date)]
    if precision in ("month", "year"):
        parts.append("day not known" if precision == "month" else "month not known")
    if source:
        parts.append(_KNOWN_FROM.get(source, f"from {source}"))
    return f"{parts[0]} ({', '.join(parts[1:])})" if parts[1:] else parts[0]


def count(number: int, noun: str, plural: str | None = None) -> str:
    """
    >>> count(1, "document"), count(1200, "document")
    ('1 document', '1,200 documents')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def size_in_words(size_bytes: int) -> str:
    """
    >>> size_in_words(25 * 1024 * 1024), size_in_words(2048), size_in_words(7)
    ('25 MB', '2 KB', '7 bytes')
    """
    for unit, factor in (("MB", 1024 * 1024), ("KB", 1024)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.0f} {unit}"
    return f"{size_bytes} bytes"


def source_name(source: str) -> str:
    """The file name of a source, without its folders."""
    return shown_name(PurePosixPath(source.replace("\\", "/")).name)


def title_of(document: Document) -> str:
    """Its title, or else the name of the file it came from."""
    if document.provenance.title:
        return document.provenance.title
    return source_name(document.sources[0]) if document.sources else "Untitled"


def searched(filters: FiltersView) -> str:
    """What a search was narrowed to; "" where it was not."""
    asked = filters.metadata.items()
    undated = count(filters.undated_left_out, "undated document") if filters.undated_left_out else ""
    return listed(
        [
            f"only {filters.publisher}" if filters.publisher else None,
            f"from {written(filters.since)}" if filters.since else None,
            f"until {written(filters.until)}" if filters.until else None,
            f"as of {written(filters.as_of)}" if filters.as_of else None,
            f"tagged {' and '.join(filters.tags)}" if filters.tags else None,
            f"in {' or '.join(filters.sources)}" if filters.sources else None,
            f"only {count(len(filters.documents), 'named document')}" if filters.documents else None,
            *(f"{key} {_asked(condition)}" for key, condition in asked),
            f"{undated} left out" if undated else None,
        ],
        ", ",
    )


def _asked(condition: Any) -> str:
    if isinstance(condition, Mapping):
        words = {"min": "from", "max": "to", "contains": "with"}
        return " ".join(f"{words[name]} {value}" for name, value in condition.items())
    return " or ".join(map(str, condition)) if isinstance(condition, list) else str(condition)


def listed(parts: Iterable[str | None], between: str = " · ") -> str:
    return between.join(part for part in parts if part)


def backing_of(position: Position) -> str:
    """How many stand behind a position, where that says more than its one source does; "" where it does not."""
    several = position.documents > 1
    return listed(
        [
            STANDINGS[position.standing],
            count(position.documents, "document") if several else None,
            _independent(position) if several else None,
            "one report against several" if position.outvoted else None,
        ],
        ", ",
    )


def _independent(position: Position) -> str:
    """How many of the documents are reports of their own: copies of one are one."""
    if position.origins == position.documents:
        return "each on its own"
    return "copies of one report" if position.origins == 1 else f"{position.origins:,} independent reports"
