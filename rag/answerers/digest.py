"""A summary, chosen and never written: the sentences nearest to the middle of a text, spread over it, in its own order.

Centrality by the embedder (the mean of the sentences' vectors, as in Radev et al., 2004), a little for standing at the head, and each
sentence chosen for what the ones before it do not say (maximal marginal relevance: Carbonell and Goldstein, SIGIR 1998).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.outline import outline_of
from index.sentences import sentence_spans
from index.values import Chunk, Document, Span
from rag.answerers.answering import Proposal, Question, quoting
from rag.answerers.subject import subject_of

SENTENCES = 9
MOST_DOCUMENTS, MOST_CHUNKS, MOST_SENTENCES = 12, 60, 240
SHORTEST, LONGEST = 25, 400
HEADING = 60
HEAD, ASKED, NEW, SECTION = 0.15, 0.35, 0.6, 0.3
"""What standing at the head, nearness to the question, repetition and a section of which nothing was chosen yet weigh beside centrality."""
CONFIDENCE = 0.8
"""A digest is never wrong as an answer may be, and never complete: it is shown as answered, not as certain."""

Sentence = tuple[Document, Chunk, Span]


@dataclass(frozen=True, slots=True)
class Digest:
    """Summarises a document, what several say of a subject, or a collection.

    Attributes:
        sentences: How many are chosen.
    """

    sentences: int = SENTENCES

    def propose(self, question: Question) -> Proposal | None:
        documents = question.documents()
        subject = subject_of(question, documents)
        if subject is not None:
            chosen = self._of(question, _sentences(question, subject), self.sentences)
        elif question.query.names or question.query.quoted or _narrow(question, documents):
            found = [piece for hit in question.hits[:MOST_CHUNKS] for piece in _of_chunk(question, hit.chunk)]
            chosen = self._of(question, found, self.sentences)
        else:
            few = max(1, self.sentences // max(1, min(len(documents), MOST_DOCUMENTS)))
            chosen = [
                piece
                for document in documents[:MOST_DOCUMENTS]
                for piece in self._of(question, _sentences(question, document), few)
            ]
        if not chosen:
            return None
        statements, evidence = quoting(chosen)
        return Proposal(statements, evidence, CONFIDENCE)

    def _of(self, question: Question, found: Sequence[Sentence], count: int) -> list[Sentence]:
        """The best of these sentences, in their own order."""
        found = list(found)[:MOST_SENTENCES]
        if not found:
            return []
        vectors = question.embedder.embed_passages([document.text[s.start : s.end] for document, _, s in found])
        middle = vectors.mean(axis=0)
        worth = vectors @ (middle / (np.linalg.norm(middle) or 1.0))
        worth = worth + ASKED * (vectors @ question.embedder.embed_query(question.query.text))
        worth = worth + HEAD * np.exp(-np.arange(len(found)) / 4.0)
        sections = [_section(document, span) for document, _, span in found]
        return [found[n] for n in sorted(spread(worth, vectors, count, sections))]


def spread(
    worth: NDArray[np.float32], vectors: NDArray[np.float32], count: int, sections: Sequence[object] = ()
) -> list[int]:
    """Up to `count` places, each the worthiest after what it repeats of those before it is taken off.

    Args:
        sections: What each place belongs to; one that nothing was chosen of is worth more.
    """
    chosen: list[int] = []
    repeated = np.zeros(len(worth), dtype=np.float32)
    for _ in range(min(count, len(worth))):
        scores = worth - NEW * repeated
        told = {sections[n] for n in chosen} if sections else set()
        scores += SECTION * np.array([one not in told for one in sections], dtype=np.float32) if sections else 0.0
        scores[chosen] = -np.inf
        best = int(np.argmax(scores))
        chosen.append(best)
        repeated = np.maximum(repeated, vectors @ vectors[best])
    return chosen


def _section(document: Document, span: Span) -> tuple[str, int]:
    """The section that a sentence stands in."""
    section = outline_of(document.text).section_at(span.start)
    return document.id, section.heading.start if section else -1


def _narrow(question: Question, documents: Sequence[Document]) -> bool:
    """Whether the best hits come from few of many documents: the question names a subject."""
    found = {hit.chunk.document_id for hit in question.hits[:8]}
    return len(documents) > 2 * len(found)


def _sentences(question: Question, document: Document) -> list[Sentence]:
    chunks = question.corpus.passages(document.id)
    step = max(1, len(chunks) // MOST_CHUNKS)
    return [piece for chunk in chunks[::step] for piece in _in_chunk(document, chunk)]


def _of_chunk(question: Question, chunk: Chunk) -> list[Sentence]:
    return _in_chunk(question.corpus.document(chunk.document_id), chunk)


def _in_chunk(document: Document, chunk: Chunk) -> list[Sentence]:
    """Sentences of a passage that are long enough to say something, without headings."""
    spans = sentence_spans(document.text, chunk.start, chunk.end)
    return [
        (document, chunk, span)
        for span in spans
        if SHORTEST <= span.end - span.start <= LONGEST and not _is_heading(document.text[span.start : span.end])
    ]


def _is_heading(text: str) -> bool:
    """A line that is marked as a heading, or short and without an end.

    >>> _is_heading("## After the storm"), _is_heading("Opening hours of the harbour"), _is_heading("The kiln is hot.")
    (True, True, False)
    """
    return text.startswith("#") or (
        len(text) < HEADING and not text.rstrip("\"'”’»)] ").endswith(tuple(".!?;:…。！？؟۔।"))
    )
