"""What a system did with one gold case: its rankings, its answer, and what is wrong with its citations. No judgement yet."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from eval.cases import Filtering, GoldCase
from eval.measures import citation_faults
from index.errors import UnknownDocument
from index.protocols import Corpus, Embedder
from index.values import Document, Filters
from rag.values import Answer, Hit

TOP_K = 10
"""Passages per ranking: the deepest cutoff of any measure."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One hit of a ranking, as far as a measure needs it."""

    document_id: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything measured of one case; kept as one line of JSON so that a run can go on where it stopped.

    Attributes:
        key: Hash of the case, the settings, the code and the index generation.
        rankings: Passages by row name, as in ROWS, best first; empty when nothing was found.
        answer: The answer without its evidence, which the rankings repeat.
    """

    key: str
    case_id: str
    rankings: Mapping[str, tuple[Passage, ...]]
    answer: Answer
    citation_faults: tuple[str, ...]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "case_id": self.case_id,
            "rankings": {name: [asdict(passage) for passage in ranking] for name, ranking in self.rankings.items()},
            "answer": self.answer.model_dump(mode="json"),
            "citation_faults": list(self.citation_faults),
            "seconds": self.seconds,
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Observation:
        """Raises KeyError, TypeError or ValueError when `raw` is not an observation."""
        return cls(
            key=str(raw["key"]),
            case_id=str(raw["case_id"]),
            rankings={
                name: tuple(Passage(**passage) for passage in ranking) for name, ranking in raw["rankings"].items()
            },
            answer=Answer.model_validate(raw["answer"]),
            citation_faults=tuple(raw["citation_faults"]),
            seconds=float(raw["seconds"]),
        )


class Retrieving(Protocol):
    """Dense and lexical search, fused; `rag.search.retrieve.Retriever` is the real one."""

    def retrieve(self, query: str, top_k: int, *, filters: Filters | None = None) -> Sequence[Hit]: ...


class Answering(Protocol):
    """What is evaluated; `rag.pipeline.Pipeline` is the real one. `search` is the whole route's ranking."""

    @property
    def retriever(self) -> Retrieving: ...

    def answer(self, question: str, *, filters: Filters | None = None, as_of: str | None = None) -> Answer: ...

    def search(self, query: str, *, top_k: int, filters: Filters | None = None) -> Sequence[Hit]: ...


Ranker = Callable[[str, int, Filters | None], tuple[Passage, ...]]
"""(query, top_k, filters) to passages, best first: one row of the report."""

LEXICAL, DENSE, FUSED, RERANKED, QUICKSTART = "lexical", "dense", "fused", "reranked", "quickstart"
ROWS = (LEXICAL, DENSE, FUSED, RERANKED, QUICKSTART)
"""The rows of every report, side by side: each retriever alone, both fused, the whole route, and llama-index's defaults."""


def standard_rankers(
    pipeline: Answering,
    collection: Corpus,
    embedder: Embedder,
    documents: Callable[[], Sequence[Document]],
    *,
    rows: Sequence[str] = ROWS,
) -> dict[str, Ranker]:
    """The rows of a report, in the order of `rows`.

    Args:
        documents: What the quickstart peer searches; asked for, and embedded once more, at its first query only.
    """

    def lexical(query: str, top_k: int, filters: Filters | None) -> tuple[Passage, ...]:
        return _passages(collection, collection.search_lexical(query, top_k, filters=filters))

    def dense(query: str, top_k: int, filters: Filters | None) -> tuple[Passage, ...]:
        return _passages(collection, collection.search_dense(embedder.embed_query(query), top_k, filters=filters))

    def fused(query: str, top_k: int, filters: Filters | None) -> tuple[Passage, ...]:
        return _of_hits(pipeline.retriever.retrieve(query, top_k, filters=filters))

    known: dict[str, Ranker] = {
        LEXICAL: lexical,
        DENSE: dense,
        FUSED: fused,
        RERANKED: whole_route(pipeline),
        QUICKSTART: _quickstart(documents, embedder),
    }
    unknown = [row for row in rows if row not in known]
    if unknown:
        raise ValueError(f"rows must be among {', '.join(known)}, got {', '.join(unknown)}")
    return {row: known[row] for row in rows}


def whole_route(pipeline: Answering) -> Ranker:
    """The ranking that a person gets from this pipeline."""
    return lambda query, top_k, filters: _of_hits(pipeline.search(query, top_k=top_k, filters=filters))


def _quickstart(documents: Callable[[], Sequence[Document]], embedder: Embedder) -> Ranker:
    """The peer, set up when it is first asked."""
    opened: list[Ranker] = []

    def rank(query: str, top_k: int, filters: Filters | None) -> tuple[Passage, ...]:
        if not opened:
            from eval.peers.quickstart import quickstart_ranker

            opened.append(quickstart_ranker(documents(), embedder))
        return opened[0](query, top_k, filters)

    return rank


def _of_hits(hits: Sequence[Hit]) -> tuple[Passage, ...]:
    return tuple(Passage(hit.chunk.document_id, hit.chunk.start, hit.chunk.end, hit.score) for hit in hits)


def observe(
    key: str, case: GoldCase, rankers: Mapping[str, Ranker], pipeline: Answering, collection: Corpus
) -> Observation:
    """Ask one question of every row and of the answerer."""
    asked: Filtering = case.filtering
    started = time.perf_counter()
    rankings = {name: rank(case.question, TOP_K, asked.filters) for name, rank in rankers.items()}
    answer = pipeline.answer(case.question, filters=asked.filters, as_of=asked.as_of)
    faults = citation_faults(answer, stored_text(collection))
    seconds = time.perf_counter() - started
    return Observation(key, case.id, rankings, answer.model_copy(update={"evidence": ()}), tuple(faults), seconds)


def stored_text(collection: Corpus) -> Callable[[str], str | None]:
    """Reads documents again from the collection, so that an answer cannot vouch for itself."""

    def read(document_id: str) -> str | None:
        try:
            return collection.document(document_id).text
        except UnknownDocument:
            return None

    return read


def _passages(collection: Corpus, hits: Sequence[tuple[str, float]]) -> tuple[Passage, ...]:
    chunks = collection.chunks([chunk_id for chunk_id, _ in hits])
    found = ((chunks[chunk_id], score) for chunk_id, score in hits if chunk_id in chunks)
    return tuple(Passage(chunk.document_id, chunk.start, chunk.end, float(score)) for chunk, score in found)
