"""The seams of the index: what an embedder and a search index must do, so that each can be swapped or faked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.values import Chunk, Document, Filters

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Text to vectors of unit length."""

    @property
    def fingerprint(self) -> str:
        """Name and hash of the weights, and how they are run: vectors of different fingerprints do not compare."""

    @property
    def dimension(self) -> int: ...

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """One row per text, float32, L2-normalised, in the order given."""

    def embed_query(self, query: str) -> Vectors:
        """One vector, shape (dimension,)."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text as the model sees it, special tokens included."""

    @property
    def max_tokens(self) -> int:
        """Longest input the model reads without cutting, special tokens included."""


class Corpus(Protocol):
    """What answering needs of a collection; `index.collection.Collection` is the real one.

    A hit whose chunk is no longer in the catalogue is dropped by `chunks`, so nothing deleted can be cited.
    """

    @property
    def name(self) -> str: ...

    @property
    def generation(self) -> str:
        """Id of the index generation that answers now."""

    @property
    def chunk_count(self) -> int: ...

    def search_dense(self, vector: Vectors, top_k: int, *, filters: Filters | None = None) -> list[tuple[str, float]]:
        """Up to `top_k` (chunk id, cosine similarity), best first."""

    def search_lexical(self, query: str, top_k: int, *, filters: Filters | None = None) -> list[tuple[str, float]]:
        """Up to `top_k` (chunk id, BM25 score), best first. Any text is a valid query: no syntax, no error."""

    def chunks(self, ids: Sequence[str]) -> dict[str, Chunk]:
        """The chunks of `ids` that are still in the catalogue."""

    def document(self, document_id: str) -> Document:
        """One document with its text. Raises UnknownDocument."""

    def documents(self) -> list[Document]:
        """Every document, newest published first, then undated."""

    def passages(self, document_id: str) -> list[Chunk]:
        """Every chunk of a document, in the order of its text."""

    def publishers(self) -> list[str]:
        """Every outlet named by a document, sorted."""

    def matching(self, filters: Filters) -> list[str]:
        """Ids of the documents that pass a filter."""

    def undated(self, filters: Filters) -> int:
        """How many documents a filter by date leaves out for having none; 0 where it asks for no date."""

    def languages(self) -> list[str]:
        """Every language that a document is in, ISO 639-1, sorted; those whose text does not say are left out."""
