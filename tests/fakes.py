"""Fakes that obey the protocols. The embedder hashes words, so nearness is real."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np

from index.protocols import Vectors


class WordHashEmbedder:
    """Bag of hashed words: texts that share words are near, in 64 dimensions."""

    def __init__(self, name: str = "word-hash", dimension: int = 64) -> None:
        self.fingerprint = f"{name}:{dimension}"
        self.dimension = dimension
        self.max_tokens = 256
        self.embedded: list[str] = []

    def _vector(self, text: str) -> np.ndarray:
        vector = np.full(self.dimension, 1e-3, dtype=np.float32)
        for word in re.findall(r"\w+", text.lower()):
            digest = hashlib.blake2b(word.encode(), digest_size=8).digest()
            slot = int.from_bytes(digest[:4], "little") % self.dimension
            vector[slot] += 1.0 if digest[4] & 1 else -1.0
        return vector / np.linalg.norm(vector)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.embedded.extend(texts)
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.stack([self._vector(text) for text in texts]).astype(np.float32)

    def embed_query(self, query: str) -> Vectors:
        return self._vector(query).astype(np.float32)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(re.findall(r"\w+|[^\w\s]", text)) + 2 for text in texts]
