"""Every document is asked the same thing: a phrase counted word by word, or a question read in the passages nearest to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.protocols import Embedder, Vectors
from index.values import Chunk, Document, Filters
from rag.contradictions.claims import Claim
from rag.contradictions.counting import contradicted, positions_of
from rag.coverage.covered import Nearest, answering, mentioning, position_of
from rag.coverage.mentions import Phrase
from rag.coverage.sought import how_to_read
from rag.coverage.table import Coverage, DocumentCoverage, Reading, count, in_words
from rag.filters import filters_as_json
from rag.pipeline import clean_question
from rag.protocols import Reader
from rag.reading.extract import Candidate, ExtractiveAnswerer
from rag.search.rerank import SPANS
from rag.search.retrieve import query_vector
from rag.settings import Settings
from rag.values import Evidence, FiltersView, Hit, Position

MOST_DOCUMENTS = 1_000
MOST_PER_DOCUMENT = 10
MOST_READ = 2_000
MOST_SEARCHED = 200_000
"""Passages whose nearness is worked out for one question, shared out evenly among the documents."""
_AT_ONCE = 16

Progress = Callable[[str, int, int], None]


class Shelf(Protocol):
    """What a survey needs of a collection; `index.collection.Collection` is the real one."""

    @property
    def name(self) -> str: ...

    @property
    def generation(self) -> str: ...

    def documents(self) -> list[Document]: ...

    def matching(self, filters: Filters) -> list[str]: ...

    def undated(self, filters: Filters) -> int: ...

    def passages(self, document_id: str) -> list[Chunk]: ...

    def vectors(self, document_id: str) -> tuple[list[str], Vectors]: ...

    def search_lexical(self, query: str, top_k: int, *, filters: Filters | None = None) -> list[tuple[str, float]]: ...


@dataclass(frozen=True, slots=True)
class Surveyor:
    """Says of every document of one collection what it says about one thing.

    Attributes:
        reader: Reads the nearest passages of each document.
        extractive: Says how likely they answer, and with which words.
    """

    shelf: Shelf
    embedder: Embedder
    reader: Reader
    extractive: ExtractiveAnswerer
    settings: Settings

    def cover(
        self,
        asked: str,
        *,
        reading: Reading | None = None,
        per_document: int | None = None,
        filters: Filters | None = None,
        progress: Progress | None = None,
    ) -> Coverage:
        """Go through up to MOST_DOCUMENTS documents, the newest first.

        Args:
            asked: A name or phrase, or a question; "Which documents mention X?" asks for X.
            reading: How to take it; None: as it looks.
            per_document: Most passages of one document that are read; None: as many as for an answer, MOST_READ in all.
            filters: Which documents count.
            progress: Told ("read", documents done, documents in all).

        Raises:
            ValueError: There is no word in what is looked for, or `per_document` is not 1 to MOST_PER_DOCUMENT.
        """
        if per_document is not None and not 1 <= per_document <= MOST_PER_DOCUMENT:
            raise ValueError(f"per_document must be 1 to {MOST_PER_DOCUMENT}, got {per_document}")
        began = time.perf_counter()
        generation = self.shelf.generation
        wanted = how_to_read(clean_question(asked, longest=self.settings.max_question_chars), reading)
        documents, left_out = self._scope(filters)
        tell = progress or (lambda stage, done, total: None)
        positions: tuple[Position, ...] = ()
        if wanted.phrase is not None:
            rows = self._mentions(wanted.phrase, documents, tell)
        else:
            most = per_document or self._share(len(documents))
            rows, positions = self._answers(wanted.query, documents, most, filters, tell)
        return Coverage(
            asked=asked,
            query=wanted.query,
            reading=wanted.reading,
            text=in_words(wanted.reading, wanted.query, rows, left_out),
            says=count(rows, "says"),
            contradicts=count(rows, "contradicts"),
            silent=count(rows, "silent"),
            mentions=sum(row.mentions for row in rows),
            positions=positions,
            documents=tuple(rows),
            left_out=left_out,
            passages=sum(row.passages for row in rows),
            searched=sum(row.searched for row in rows),
            read=sum(row.read for row in rows),
            filters=_shown(self.shelf, filters),
            collection=self.shelf.name,
            generation=generation,
            settings_hash=self.settings.answer_hash(),
            timings_ms={"total": round((time.perf_counter() - began) * 1000, 2)},
        )

    def _share(self, documents: int) -> int:
        return max(1, min(self.settings.per_document, MOST_READ // max(1, documents)))

    def _scope(self, filters: Filters | None) -> tuple[list[Document], int]:
        documents = self.shelf.documents()
        if filters:
            passing = frozenset(self.shelf.matching(filters))
            documents = [document for document in documents if document.id in passing]
        return documents[:MOST_DOCUMENTS], max(0, len(documents) - MOST_DOCUMENTS)

    def _mentions(self, phrase: Phrase, documents: Sequence[Document], tell: Progress) -> list[DocumentCoverage]:
        rows: list[DocumentCoverage] = []
        for number, document in enumerate(documents, start=1):
            rows.append(mentioning(number, document, self.shelf.passages(document.id), phrase))
            tell("read", number, len(documents))
        return rows

    def _answers(
        self, query: str, documents: Sequence[Document], per_document: int, filters: Filters | None, tell: Progress
    ) -> tuple[list[DocumentCoverage], tuple[Position, ...]]:
        nearest = self._nearest(query, documents, per_document, filters)
        best: list[Candidate | None] = []
        for start in range(0, len(nearest), _AT_ONCE):
            best += self._read(query, nearest[start : start + _AT_ONCE])
            tell("read", len(best), len(nearest))
        least = self.settings.answer_threshold
        saying = [one for one in best if one is not None and one.support >= least]
        groups = positions_of(query, sorted(saying, key=lambda one: -one.logit))
        held = {_document_of(claim): claim for group in groups for claim in group}
        disputed = {_document_of(claim) for group in groups if contradicted(group, groups) for claim in group}
        rows = [
            answering(number, found, one, least, held.get(found.document.id), disputed=found.document.id in disputed)
            for number, (found, one) in enumerate(zip(nearest, best, strict=True), start=1)
        ]
        numbers = {row.document_id: row.number for row in rows}
        return rows, tuple(position_of(group, groups, numbers) for group in groups)

    def _nearest(
        self, query: str, documents: Sequence[Document], per_document: int, filters: Filters | None
    ) -> list[Nearest]:
        """Of every document the passages nearest to the question, by the same sum as a search of the whole collection."""
        if not documents:
            return []
        vector = query_vector(self.embedder, query)
        matched = dict(self.shelf.search_lexical(query, MOST_SEARCHED, filters=filters))
        weight = self.settings.lexical_weight / (max(matched.values(), default=0.0) or 1.0)
        found: list[Nearest] = []
        everywhere: list[NDArray[np.float64]] = []
        for document in documents:
            chunks, cosines = self._compared(document, vector, MOST_SEARCHED // len(documents))
            scores = cosines + weight * np.array([matched.get(chunk.id, 0.0) for chunk in chunks])
            order = np.argsort(-scores, kind="stable")[:per_document]
            hits = tuple(_hit(chunks[at], float(cosines[at]), float(scores[at]), matched) for at in order)
            found.append(Nearest(document, hits, len(chunks)))
            everywhere.append(scores)
        return _ranked(found, np.sort(np.concatenate(everywhere)))

    def _compared(self, document: Document, vector: Vectors, most: int) -> tuple[list[Chunk], NDArray[np.float32]]:
        """Up to `most` passages of a document with their nearness to the question; none when it was removed meanwhile."""
        ids, vectors = self.shelf.vectors(document.id)
        rows = {chunk_id: row for row, chunk_id in enumerate(ids)}
        chunks = [chunk for chunk in self.shelf.passages(document.id) if chunk.id in rows][:most]
        return chunks, vectors[[rows[chunk.id] for chunk in chunks]] @ vector if chunks else np.zeros(0, np.float32)

    def _read(self, query: str, nearest: Sequence[Nearest]) -> list[Candidate | None]:
        """The best candidate of each document, of those that answer if any does; one pass of the reader over all passages."""
        pairs = [(found.document, hit) for found in nearest for hit in found.hits]
        readings = iter(
            self.reader.read(
                query,
                [hit.chunk.text for _, hit in pairs],
                titles=[document.provenance.title for document, _ in pairs],
                spans=SPANS,
            )
            if pairs
            else ()
        )
        best: list[Candidate | None] = []
        for found in nearest:
            evidence = [
                Evidence(number, hit, found.document, next(readings)) for number, hit in enumerate(found.hits, start=1)
            ]
            ranked = self.extractive.candidates(query, evidence)
            enough = (one for one in ranked if one.support >= self.settings.answer_threshold)
            best.append(next(enough, ranked[0] if ranked else None))
        return best


def _document_of(claim: Claim) -> str:
    return claim.candidate.evidence.document.id


def _hit(chunk: Chunk, cosine: float, score: float, matched: Mapping[str, float]) -> Hit:
    return Hit(chunk, 1, score, dense_score=cosine, lexical_score=matched.get(chunk.id))


def _ranked(found: Sequence[Nearest], scores: NDArray[np.float64]) -> list[Nearest]:
    """Each hit with its rank among the scores of all passages, which are in rising order."""
    return [
        replace(
            one,
            hits=tuple(
                replace(hit, rank=len(scores) - int(np.searchsorted(scores, hit.score, side="right")) + 1)
                for hit in one.hits
            ),
        )
        for one in found
    ]


def _shown(shelf: Shelf, filters: Filters | None) -> FiltersView:
    if not filters:
        return FiltersView()
    return FiltersView(**filters_as_json(filters), undated_left_out=shelf.undated(filters))
