"""A query to ranked chunks: dense and lexical search, fused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from index.errors import ModelUnavailable
from index.protocols import Corpus, Embedder, Vectors
from index.values import Filters
from rag.search.fuse import Fusion, fuse_scores, interleave
from rag.values import Hit

LEXICAL_WEIGHT = 0.4
"""Of the best BM25 score, beside cosines; the mean over public sets is flat from 0.3 to 0.6 (ADR 0006)."""
by_scores: Fusion = partial(fuse_scores, lexical_weight=LEXICAL_WEIGHT)


@dataclass(frozen=True, slots=True)
class Retriever:
    """Hybrid search over one collection.

    Attributes:
        depth: Chunks taken from each side before fusion.
        fusion: How the two sides become one ranking.
    """

    corpus: Corpus
    embedder: Embedder
    depth: int = 40
    fusion: Fusion = by_scores

    def retrieve(
        self, query: str, top_k: int, *, parts: Sequence[str] = (), filters: Filters | None = None
    ) -> list[Hit]:
        """The `top_k` best chunks for `query`, best first, each with both ranks and scores.

        Args:
            parts: What the query asks, one by one; each is searched too, and the rankings take turns.
        """
        rankings = [self._search(text, max(self.depth, top_k), filters) for text in (query, *parts)]
        best: dict[str, Hit] = {}
        for hit in (hit for ranking in rankings for hit in ranking):
            if hit.chunk.id not in best or hit.score > best[hit.chunk.id].score:
                best[hit.chunk.id] = hit
        order = interleave([[hit.chunk.id for hit in ranking] for ranking in rankings])[:top_k]
        return [replace(best[chunk_id], rank=rank) for rank, chunk_id in enumerate(order, start=1)]

    def _search(self, query: str, depth: int, filters: Filters | None) -> list[Hit]:
        dense = self.corpus.search_dense(query_vector(self.embedder, query), depth, filters=filters)
        lexical = self.corpus.search_lexical(query, depth, filters=filters)
        fused = self.fusion(dense, lexical)[:depth]
        chunks = self.corpus.chunks([chunk_id for chunk_id, _ in fused])
        places = [
            {chunk_id: (rank, score) for rank, (chunk_id, score) in enumerate(side, start=1)}
            for side in (dense, lexical)
        ]
        found = [(chunks[chunk_id], score) for chunk_id, score in fused if chunk_id in chunks]
        return [
            Hit(chunk, rank, score, *_places(places[0], places[1], chunk.id))
            for rank, (chunk, score) in enumerate(found, start=1)
        ]


def query_vector(embedder: Embedder, query: str) -> Vectors:
    """The query as a vector. Raises ModelUnavailable where nothing could be near to it: some indexes would answer all the same."""
    vector = embedder.embed_query(query)
    if not np.isfinite(vector).all() or not vector.any():
        raise ModelUnavailable("The embedder gave a vector that cannot be searched. Run: dossier doctor")
    return vector


def _places(
    dense: dict[str, tuple[int, float]], lexical: dict[str, tuple[int, float]], chunk_id: str
) -> tuple[int | None, int | None, float | None, float | None]:
    dense_rank, dense_score = dense.get(chunk_id, (None, None))
    lexical_rank, lexical_score = lexical.get(chunk_id, (None, None))
    return dense_rank, lexical_rank, dense_score, lexical_score
