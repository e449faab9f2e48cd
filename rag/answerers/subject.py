"""Which documents a question speaks of: those whose title or file name holds its words, else those that the search finds most."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

from index.values import Document
from rag.answerers.answering import Question
from rag.reading.judge import AskedFor, stems

VOTES = 10
CLEAR = 1.4
"""So many times as much speaks for the document that is meant as for the next one."""


def subject_of(question: Question, documents: Sequence[Document]) -> Document | None:
    """The one document that a question is about; None when it is about several, or about all."""
    if len(documents) == 1:
        return documents[0]
    scores, words = scored(question, documents), AskedFor.of(question.query.text).words
    ranked = sorted(documents, key=lambda one: -scores[one.id])
    if not ranked or scores[ranked[0].id] < CLEAR * scores[ranked[1].id]:
        return None
    return ranked[0] if stems(names_of(ranked[0])) & words else None


def scored(question: Question, documents: Sequence[Document]) -> dict[str, float]:
    """What speaks for each document: the rare words of the question in its names, and its share of the best hits."""
    words = AskedFor.of(question.query.text).words
    named = {document.id: stems(names_of(document)) & words for document in documents}
    spread = Counter(word for found in named.values() for word in found)
    rare = {word: math.log(1 + len(documents) / count) - math.log(2) for word, count in spread.items()}
    votes: Counter[str] = Counter()
    for place, hit in enumerate(question.hits[:VOTES]):
        votes[hit.chunk.document_id] += 1 / (place + 2)  # type: ignore[assignment]
    most = sum(votes.values()) or 1.0
    return {
        document.id: sum(rare[word] for word in named[document.id]) + votes[document.id] / most
        for document in documents
    }


def names_of(document: Document) -> str:
    """What a document is called: title, outlet, author, kind and the name of its file."""
    provenance = document.provenance
    files = [PurePath(source).stem.replace("_", " ").replace("-", " ") for source in document.sources]
    told = (provenance.title, provenance.publisher, provenance.author, provenance.kind)
    return " ".join(one for one in (*told, *files) if one)
