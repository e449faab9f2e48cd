"""A kept answer as CSV: one row for each citation, and nothing in it that a spreadsheet would take for a formula."""

from __future__ import annotations

import csv
import io
import unicodedata

from rag.replay import KeptAnswer
from rag.values import Citation

_FORMULA = frozenset("=+-@")
_ANSWER = ("answer", "asked_at", "question", "query", "verdict", "short", "settings_hash", "generation")
_CITATION = (
    "number", "statements", "quote", "outlet", "author", "headline", "kind", "published", "published_precision",
    "published_source", "page", "start", "end", "document", "from", "document_now",
)  # fmt: skip


def as_csv(kept: KeptAnswer) -> bytes:
    """UTF-8 with a byte order mark, as spreadsheets want it; an answer without citations has one row with none."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(_ANSWER + _CITATION)
    answer = kept.answer
    own = (
        answer.id, kept.asked_at, answer.question, answer.query, answer.verdict, answer.short, answer.settings_hash,
        answer.generation,
    )  # fmt: skip
    for cited in [_citation(one, kept) for one in answer.citations] or [("",) * len(_CITATION)]:
        writer.writerow([inert(cell) for cell in (*own, *cited)])
    return buffer.getvalue().encode("utf-8-sig")


def inert(cell: object) -> str:
    """A cell that is shown as it is: what a spreadsheet would run is led by an apostrophe.

    >>> inert("=1+1"), inert(" \uff20SUM(A1)"), inert("A quote"), inert(None), inert(7)
    ("'=1+1", "' \uff20SUM(A1)", 'A quote', '', '7')
    """
    text = "" if cell is None else str(cell).replace("\0", "\ufffd")
    seen = (char for char in text if not char.isspace() and unicodedata.category(char) != "Cf")
    first = unicodedata.normalize("NFKC", next(seen, ""))
    return f"'{text}" if first in _FORMULA or text.startswith(("\t", "\r", "\n")) else text


def _citation(one: Citation, kept: KeptAnswer) -> tuple[object, ...]:
    said = " ".join(statement.text for statement in kept.answer.statements if one.number in statement.citations)
    now = "erased" if one.document_id in kept.erased else "removed" if one.document_id in kept.removed else "present"
    return (
        one.number, said, one.quote, one.publisher, one.author, one.title, one.kind, one.published, one.published_precision,
        one.published_source, one.page, one.start, one.end, one.document_id, one.uri, now,
    )  # fmt: skip
