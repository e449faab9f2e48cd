"""A shelf of documents in memory, one passage each, that obeys `rag.coverage.survey.Shelf`; and a reader that finds nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from index.protocols import Vectors
from index.values import Chunk, Document, Filters
from rag.values import Reading


class ListShelf:
    """Documents in the order given; of those in `gone`, which were removed since they were listed, no passage is left."""

    name, generation = "default", "g1"

    def __init__(self, documents: Sequence[Document], gone: Sequence[str] = ()) -> None:
        self.held = {one.id: one for one in documents}
        self.gone = gone

    def documents(self) -> list[Document]:
        return list(self.held.values())

    def matching(self, filters: Filters) -> list[str]:
        return [one.id for one in self.held.values() if filters.publisher in (None, one.provenance.publisher)]

    def undated(self, filters: Filters) -> int:
        return 0

    def passages(self, document_id: str) -> list[Chunk]:
        text = self.held[document_id].text
        return [] if document_id in self.gone else [Chunk(document_id, document_id, 0, 0, len(text), text)]

    def vectors(self, document_id: str) -> tuple[list[str], Vectors]:
        ids = [one.id for one in self.passages(document_id)]
        return ids, np.ones((len(ids), 64), dtype=np.float32)

    def search_lexical(self, query: str, top_k: int, *, filters: Filters | None = None) -> list[tuple[str, float]]:
        return []


class BlankReader:
    """Finds no answer anywhere."""

    def read(
        self, question: str, passages: Sequence[str], *, titles: Sequence[str | None] = (), spans: int = 1
    ) -> list[Reading]:
        return [Reading(-10.0) for _ in passages]
