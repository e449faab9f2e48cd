"""A public retrieval set in frozen values: documents, questions, which document answers which, and what a row found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from index.values import Span


@dataclass(frozen=True, slots=True)
class SetDocument:
    """One document of a set; `published` is an ISO date, cut to what is known, `kind` a word such as "opinion"."""

    id: str
    title: str
    text: str
    publisher: str | None = None
    author: str | None = None
    published: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class SetQuery:
    """One question of a set.

    Attributes:
        answers: Accepted forms of the answer, where the set has them.
        spans: Places of the answer in document `doc_id`; any of them will do.
        references: Passages of document `doc_id` that answer together; all are wanted.
        kind: What kind of question the set calls it.
        doc_id: The document that the question was written on.
        relevant: Documents that answer it; empty when the set says that none does.
        test: It is listed in test_ids.txt: no training pool holds it.
    """

    id: str
    text: str
    answers: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    references: tuple[Span, ...] = ()
    answerable: bool = True
    kind: str | None = None
    doc_id: str | None = None
    relevant: frozenset[str] = frozenset()
    test: bool = False


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """A set that was read whole.

    Attributes:
        digest: Hash of its files: another digest is another set.
    """

    name: str
    documents: tuple[SetDocument, ...]
    queries: tuple[SetQuery, ...]
    digest: str

    @property
    def documents_by_id(self) -> dict[str, SetDocument]:
        return {document.id: document for document in self.documents}

    @property
    def searched(self) -> tuple[SetQuery, ...]:
        """The questions with a relevant document: those that a ranking can be right or wrong about."""
        return tuple(query for query in self.queries if query.relevant)


@dataclass(frozen=True, slots=True)
class SetProblem:
    """What is wrong with one line; prints as "dev/queries.jsonl.gz line 3: field 'text' is missing"."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file} line {self.line}: {self.reason}" if self.line else f"{self.file}: {self.reason}"


@dataclass(frozen=True, slots=True)
class SetRanking:
    """What one row found for one question.

    Attributes:
        key: Hash of the question, the row, the set, the code and the settings.
        documents: The first documents under the set's ids; a document ranks where its first passage ranks.
        passages: The first passages: the set's id of the document, and the span in the stored text.
        passage_count: Passages that the row gave, of those asked for.
        seconds: Time of this one search.
    """

    key: str
    query_id: str
    row: str
    documents: tuple[str, ...]
    passages: tuple[tuple[str, int, int], ...]
    passage_count: int
    seconds: float

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> SetRanking:
        """Raises KeyError, TypeError or ValueError when `raw` is not a ranking."""
        return cls(
            key=str(raw["key"]),
            query_id=str(raw["query_id"]),
            row=str(raw["row"]),
            documents=tuple(str(document_id) for document_id in raw["documents"]),
            passages=tuple((str(document_id), int(start), int(end)) for document_id, start, end in raw["passages"]),
            passage_count=int(raw["passage_count"]),
            seconds=float(raw["seconds"]),
        )
