"""Hits to evidence: at most a few passages per document, one of several copies, numbered."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from index.errors import UnknownDocument
from index.protocols import Corpus
from index.values import Document
from rag.values import Evidence, Hit

COPY_SHARE = 0.8


def select_evidence(hits: Sequence[Hit], corpus: Corpus, *, limit: int, per_document: int) -> list[Evidence]:
    """The hits worth reading, in rank order, numbered from 1.

    A passage that repeats one already kept from the same origin (a reprint) is left out: copies of one report are
    one source.

    Args:
        limit: Most passages in all.
        per_document: Most passages of one document, so that one long document cannot crowd out the rest.
    """
    kept: list[Evidence] = []
    per: Counter[str] = Counter()
    documents: dict[str, Document] = {}
    for hit in hits:
        if len(kept) == limit:
            break
        document_id = hit.chunk.document_id
        if per[document_id] == per_document:
            continue
        if document_id not in documents:
            try:
                documents[document_id] = corpus.document(document_id)
            except UnknownDocument:  # removed since the search
                continue
        document = documents[document_id]
        if any(_is_copy(hit, document, other) for other in kept):
            continue
        per[document_id] += 1
        kept.append(Evidence(len(kept) + 1, hit, document))
    return kept


def as_evidence(hits: Sequence[Hit], corpus: Corpus) -> list[Evidence]:
    """Every hit with its document, numbered from 1; nothing is left out but what was removed since the search."""
    documents: dict[str, Document | None] = {}
    for hit in hits:
        if hit.chunk.document_id not in documents:
            try:
                documents[hit.chunk.document_id] = corpus.document(hit.chunk.document_id)
            except UnknownDocument:
                documents[hit.chunk.document_id] = None
    found = [(hit, document) for hit in hits if (document := documents[hit.chunk.document_id]) is not None]
    return [Evidence(number, hit, document) for number, (hit, document) in enumerate(found, start=1)]


def _is_copy(hit: Hit, document: Document, other: Evidence) -> bool:
    """True when both come from one origin and most words of the shorter passage are in the other."""
    if document.origin != other.document.origin or document.id == other.document.id:
        return False
    a, b = (Counter(re.findall(r"\w+", text.lower())) for text in (hit.chunk.text, other.hit.chunk.text))
    return sum((a & b).values()) >= COPY_SHARE * min(a.total(), b.total())
