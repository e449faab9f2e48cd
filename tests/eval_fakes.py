"""What is measured in tests: a corpus in memory, a pipeline that quotes, a reader that finds known strings, hashed systems."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from eval.observe import DENSE, FUSED, LEXICAL, Passage, Ranker
from eval.sets.corpus import IndexedSet
from index.collection import Collection
from index.directory import DataDirectory
from index.errors import UnknownDocument
from index.protocols import Vectors
from index.values import Chunk, Document, Filters, Provenance
from rag.values import Answer, Citation, Conflict, Hit, Position, Reading, SpanAnswer, Statement
from tests.fakes import WordHashEmbedder

TEXTS = {
    "harbour.md": "The harbour at Sel opened on 18 October. It cost 1.7 million crowns. Mira Tolle runs it.",
    "mill.md": "The mill in Orba burned down in 2019. Jon Ask rebuilt it with 40 workers.",
    "bridge.md": "The bridge over the Lenn is 240 metres long. The town says that it cost 2 million crowns.",
}


def words(text: str) -> set[str]:
    return set(re.findall(r"\w{3,}", text.lower()))


class MemoryCorpus:
    """One chunk per sentence; dense by hashed words, lexical by shared words."""

    name = "default"
    generation = "g1"

    def __init__(self, texts: dict[str, str] | None = None) -> None:
        self.embedder = WordHashEmbedder()
        self._documents = {
            f"d-{name}": Document(
                f"d-{name}", text, "text/markdown", Provenance(), (), (f"/papers/{name}",), f"d-{name}", 1, "2025-01-01"
            )
            for name, text in (TEXTS if texts is None else texts).items()
        }
        self._chunks: dict[str, Chunk] = {}
        for document in self._documents.values():
            for ordinal, match in enumerate(re.finditer(r"\S.*?\.(?=\s|$)", document.text)):
                chunk_id = f"{document.id}#{ordinal}"
                self._chunks[chunk_id] = Chunk(chunk_id, document.id, ordinal, match.start(), match.end(), match[0])

    @property
    def chunk_count(self) -> int:
        return len(self._chunks)

    def search_dense(self, vector: Vectors, top_k: int, *, filters: Filters | None = None) -> list[tuple[str, float]]:
        scores = {chunk.id: float(self.embedder.embed_query(chunk.text) @ vector) for chunk in self._chunks.values()}
        return sorted(scores.items(), key=lambda pair: -pair[1])[:top_k]

    def search_lexical(self, query: str, top_k: int, *, filters: Filters | None = None) -> list[tuple[str, float]]:
        scores = {chunk.id: float(len(words(chunk.text) & words(query))) for chunk in self._chunks.values()}
        return sorted(((i, s) for i, s in scores.items() if s), key=lambda pair: (-pair[1], pair[0]))[:top_k]

    def chunks(self, ids: Sequence[str]) -> dict[str, Chunk]:
        return {chunk_id: self._chunks[chunk_id] for chunk_id in ids if chunk_id in self._chunks}

    def document(self, document_id: str) -> Document:
        if document_id not in self._documents:
            raise UnknownDocument(f"no document {document_id}")
        return self._documents[document_id]

    def documents(self) -> list[Document]:
        return list(self._documents.values())

    def languages(self) -> list[str]:
        return []

    def matching(self, filters: Filters) -> list[str]:
        return list(self._documents)

    def undated(self, filters: Filters) -> int:
        return 0

    def publishers(self) -> list[str]:
        return []


class FakePipeline:
    """Answers with the best lexical chunk, whole, when it shares two words with the question.

    Args:
        shift: Added to every citation's offsets; anything but 0 makes every citation false.
        broken: Search finds the worst passages instead of the best.
    """

    def __init__(self, corpus: MemoryCorpus, *, shift: int = 0, broken: bool = False) -> None:
        self.corpus, self.shift, self.broken = corpus, shift, broken
        self.asked: list[str] = []

    @property
    def retriever(self) -> FakePipeline:
        """Fused search is the whole route here: nothing reranks."""
        return self

    def retrieve(self, query: str, top_k: int, *, filters: Filters | None = None) -> list[Hit]:
        return self.search(query, top_k=top_k, filters=filters)

    def search(self, query: str, *, top_k: int = 10, filters: Filters | None = None) -> list[Hit]:
        found = [] if self.broken else self.corpus.search_lexical(query, top_k, filters=filters)
        chunks = self.corpus.chunks([chunk_id for chunk_id, _ in found])
        return [Hit(chunks[chunk_id], rank, score) for rank, (chunk_id, score) in enumerate(found, start=1)]

    def answer(self, question: str, *, filters: Filters | None = None, as_of: str | None = None) -> Answer:
        self.asked.append(question)
        hits = [hit for hit in self.search(question, top_k=2, filters=filters) if hit.score >= 2]
        common = {
            "id": "ans",
            "question": question,
            "query": question,
            "answered_by": "extractive",
            "settings_hash": "s",
            "generation": "g1",
        }
        if not hits:
            return Answer(verdict="not_stated", text="The documents do not say.", short="", confidence=0.1, **common)
        citations = tuple(self._cite(number, hit.chunk) for number, hit in enumerate(hits, start=1))
        statements = tuple(Statement(text=c.quote, citations=(c.number,), status="verified") for c in citations)
        conflicts = (
            Conflict(about="", positions=tuple(Position(value=c.quote, citations=(c.number,)) for c in citations)),
        )
        verdict = "conflicting" if len(hits) > 1 else "answered"
        text = " ".join(f"{c.quote} [{c.number}]" for c in citations)
        return Answer(
            verdict=verdict, text=text, short=hits[0].chunk.text, confidence=min(1.0, hits[0].score / 4), statements=statements,
            citations=citations, conflicts=conflicts if len(hits) > 1 else (), **common,
        )  # fmt: skip

    def _cite(self, number: int, chunk: Chunk) -> Citation:
        return Citation(
            number=number, document_id=chunk.document_id, chunk_id=chunk.id, quote=chunk.text, start=chunk.start + self.shift,
            end=chunk.end + self.shift,
        )  # fmt: skip


class KnownReader:
    """Finds the first of its known strings that a passage holds; `answers` is that string's weight, or -5.

    Args:
        known: Log-odds by string, in the order in which they are looked for.
        shift: Added to offsets, to stand for a reader whose spans fall into the title.
    """

    def __init__(self, known: Mapping[str, float], *, shift: int = 0) -> None:
        self._known = known
        self._shift = shift
        self.asked: list[tuple[str, tuple[str, ...], tuple[str | None, ...]]] = []

    def read(
        self, question: str, passages: Sequence[str], *, titles: Sequence[str | None] = (), spans: int = 1
    ) -> list[Reading]:
        self.asked.append((question, tuple(passages), tuple(titles)))
        return [self._read(passage) for passage in passages]

    def _read(self, passage: str) -> Reading:
        for text, weight in self._known.items():
            at = passage.find(text)
            if at >= 0:
                start = at + self._shift
                return Reading(weight, (SpanAnswer(start, start + len(text), weight / 2),))
        return Reading(-5.0)


class HashedSystems:
    """Lexical, dense and fused rows over a real collection; `asked` counts searches.

    Args:
        fails_at: The search that raises KeyboardInterrupt, as when a person ends the run.
    """

    def __init__(self, data: DataDirectory, *, made_with: str = "s1", fails_at: int | None = None) -> None:
        self.data, self.made_with, self.fails_at = data, made_with, fails_at
        self.embedder = WordHashEmbedder()
        self.asked = 0

    def collection(self, name: str) -> Collection:
        return self.data.collection(name, self.embedder, create=True)

    def rankers(self, indexed: IndexedSet, questions: Sequence[str], folder: Path) -> Mapping[str, Ranker]:
        found = indexed.collection

        def lexical(question: str, top_k: int) -> list[str]:
            return [chunk_id for chunk_id, _ in found.search_lexical(question, top_k)]

        def dense(question: str, top_k: int) -> list[str]:
            return [chunk_id for chunk_id, _ in found.search_dense(self.embedder.embed_query(question), top_k)]

        def fused(question: str, top_k: int) -> list[str]:
            both = zip(lexical(question, top_k), dense(question, top_k), strict=False)
            return list(dict.fromkeys(chunk_id for pair in both for chunk_id in pair))[:top_k]

        def row(search: Callable[[str, int], list[str]]) -> Ranker:
            def rank(question: str, top_k: int, filters: Filters | None) -> tuple[Passage, ...]:
                self.asked += 1
                if self.asked == self.fails_at:
                    raise KeyboardInterrupt
                chunks = found.chunks(search(question, top_k))
                return tuple(Passage(c.document_id, c.start, c.end, 1.0) for c in chunks.values())

            return rank

        return {LEXICAL: row(lexical), DENSE: row(dense), FUSED: row(fused)}
