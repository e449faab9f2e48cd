"""A query to ranked chunks: dense and lexical search, fused by rank."""

from __future__ import annotations

from dataclasses import dataclass

from index.protocols import Corpus, Embedder, Vectors
from index.values import Filters
from rag.fuse import reciprocal_rank_fusion
from rag.values import Hit


@dataclass(frozen=True, slots=True)
class Retriever:
    """Hybrid search over one collection.

    Attributes:
        depth: Chunks taken from each side before fusion.
        rrf_k: Damping constant of the fusion.
    """

    corpus: Corpus
    embedder: Embedder
    depth: int = 40
    rrf_k: int = 60

    def retrieve(self, query: str, top_k: int, *, filters: Filters | None = None) -> list[Hit]:
        """The `top_k` best chunks for `query`, best first, each with both ranks and scores."""
        return self.retrieve_by_vector(query, self.embedder.embed_query(query), top_k, filters=filters)

    def retrieve_by_vector(
        self, query: str, vector: Vectors, top_k: int, *, filters: Filters | None = None
    ) -> list[Hit]:
        """As `retrieve`, with the query already encoded."""
        depth = max(self.depth, top_k)
        dense = self.corpus.search_dense(vector, depth, filters=filters)
        lexical = self.corpus.search_lexical(query, depth, filters=filters)
        fused = reciprocal_rank_fusion([[chunk_id for chunk_id, _ in side] for side in (dense, lexical)], k=self.rrf_k)
        chunks = self.corpus.chunks([chunk_id for chunk_id, _ in fused])
        dense_ranks = {chunk_id: (rank, score) for rank, (chunk_id, score) in enumerate(dense, start=1)}
        lexical_ranks = {chunk_id: (rank, score) for rank, (chunk_id, score) in enumerate(lexical, start=1)}
        found = [(chunks[chunk_id], score) for chunk_id, score in fused if chunk_id in chunks][:top_k]
        return [
            Hit(chunk, rank, score, *_ranked(dense_ranks, lexical_ranks, chunk.id))
            for rank, (chunk, score) in enumerate(found, start=1)
        ]


def _ranked(
    dense: dict[str, tuple[int, float]], lexical: dict[str, tuple[int, float]], chunk_id: str
) -> tuple[int | None, int | None, float | None, float | None]:
    dense_rank, dense_score = dense.get(chunk_id, (None, None))
    lexical_rank, lexical_score = lexical.get(chunk_id, (None, None))
    return dense_rank, lexical_rank, dense_score, lexical_score
