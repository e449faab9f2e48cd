"""What an answerer of a kind is given and gives; what it proposes passes the same gate as every other draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from index.protocols import Corpus, Embedder
from index.values import Chunk, Document, Filters, Span
from rag.query.kind import Asked
from rag.question.analyse import Query
from rag.values import Draft, DraftStatement, Evidence, Hit, Quote

STATEMENT_CHARS = 400
NONE = Filters()


@dataclass(frozen=True, slots=True)
class Question:
    """A question of some kind, with what was searched for it.

    Attributes:
        hits: What the search found, best first.
        filters: What it was searched under.
    """

    query: Query
    asked: Asked
    corpus: Corpus
    embedder: Embedder
    hits: Sequence[Hit]
    filters: Filters = NONE

    def documents(self) -> list[Document]:
        """The documents that pass the filters, newest published first, then undated."""
        documents = self.corpus.documents()
        if not self.filters:
            return documents
        passing = frozenset(self.corpus.matching(self.filters))
        return [one for one in documents if one.id in passing]


@dataclass(frozen=True, slots=True)
class Proposal:
    """An answer of some kind before the gate.

    Attributes:
        statements: Verbatim, each citing its evidence by number.
        items: What is listed, one by one.
        stand_in: It is shown only where the reader finds no answer.
    """

    statements: tuple[DraftStatement, ...]
    evidence: tuple[Evidence, ...]
    confidence: float
    short: str = ""
    items: tuple[str, ...] = ()
    stand_in: bool = False


def drafted(proposal: Proposal) -> Draft:
    """A proposal as a draft for the gate."""
    return Draft(proposal.statements, proposal.short, proposal.confidence, "extractive")


class KindAnswerer(Protocol):
    """Answers questions of one kind, or leaves them to the reader."""

    def propose(self, question: Question) -> Proposal | None:
        """None when there is nothing good enough of this kind."""


def quoting(pieces: Sequence[tuple[Document, Chunk, Span]]) -> tuple[tuple[DraftStatement, ...], tuple[Evidence, ...]]:
    """Statements that repeat spans word for word, and the passages that they cite, numbered in that order."""
    numbers: dict[str, int] = {}
    evidence: list[Evidence] = []
    statements: list[DraftStatement] = []
    for document, chunk, span in pieces:
        if chunk.id not in numbers:
            numbers[chunk.id] = len(numbers) + 1
            evidence.append(Evidence(numbers[chunk.id], Hit(chunk, numbers[chunk.id], 1.0), document))
        quote = Quote(numbers[chunk.id], span.start, span.end, 1.0)
        statements.append(DraftStatement(document.text[span.start : span.end], (quote,)))
    return tuple(statements), tuple(evidence)
