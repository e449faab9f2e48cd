"""all-MiniLM-L6-v2 through onnxruntime: the packaged embedder, without torch.

The graph is a file of this package, written by `index.minilm_graph`. The weights stay in the file of their own package, where the
graph names each one's place: nothing is converted, and the vectors are those of sentence-transformers but for the last bits.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.embed import PACKAGED_MEND, PACKAGED_SHA256, name_of_vectors, packaged_folder
from index.errors import ModelUnavailable
from index.onnx import open_session
from index.protocols import Vectors
from index.turns import Turns

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from index.onnx import Session

GRAPH = Path(__file__).parent / "models" / "all-minilm-l6-v2.onnx"
GRAPH_SHA256 = "e67b3ffdfbc4c8de7182ecffdd31f095304ac43b2c741fe0a705d7510cce1d4d"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
IDS, MASK, VECTORS = "input_ids", "attention_mask", "vectors"
BATCH = 32
_AT_ONCE = 2048
"""Texts whose tokens are held at once, and among which those of one length are run together."""


class PackagedEmbedder:
    """The packaged model in float32 on the CPU.

    Safe to share between threads. They take turns: two encodes at once on a few cores are slower than one after the other.
    """

    dimension = 384
    max_tokens = 256

    def __init__(self) -> None:
        self._lock = Turns()

    @cached_property
    def _folder(self) -> Path:
        with self._lock:
            return packaged_folder()

    @cached_property
    def fingerprint(self) -> str:
        """The weights are what they have to be, or ModelUnavailable is raised."""
        self._folder  # noqa: B018 - checks their hash
        return name_of_vectors("all-MiniLM-L6-v2", PACKAGED_SHA256)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        """It cuts nothing and pads nothing, so that no call has to change it."""
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from tokenizers import Tokenizer

        content = _checked(self._folder / "tokenizer.json", TOKENIZER_SHA256, PACKAGED_MEND)
        tokenizer = Tokenizer.from_buffer(content)
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _session(self) -> Session:
        graph = _checked(GRAPH, GRAPH_SHA256, "git checkout -- index/models")
        return open_session(graph, weights=self._folder, optimise=False)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Encode passages; texts of like length are run together, so give it many at once."""
        rows = np.empty((len(texts), self.dimension), dtype=np.float32)
        for start in range(0, len(texts), _AT_ONCE):
            rows[start : start + _AT_ONCE] = self._encoded(texts[start : start + _AT_ONCE])
        return rows

    def embed_query(self, query: str) -> Vectors:
        """Encode one question."""
        vector: Vectors = self.embed_passages([query])[0]
        return vector

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text with special tokens, uncut."""
        if not texts:
            return []
        with self._lock:
            return [len(encoding.ids) for encoding in self._tokenizer.encode_batch_fast(list(texts))]

    def _encoded(self, texts: Sequence[str]) -> Vectors:
        with self._lock:
            ids = [self._cut(encoding.ids) for encoding in self._tokenizer.encode_batch_fast(list(texts))]
        order = sorted(range(len(ids)), key=lambda number: len(ids[number]))
        rows = np.empty((len(ids), self.dimension), dtype=np.float32)
        for at in range(0, len(order), BATCH):
            numbers = order[at : at + BATCH]
            with self._lock:  # anew for each batch: a question waits for one, not for a whole upload
                rows[numbers] = self._run([ids[number] for number in numbers])
        return rows

    def _cut(self, ids: list[int]) -> list[int]:
        """The window: the first tokens, and the separator that ends every text."""
        return ids if len(ids) <= self.max_tokens else [*ids[: self.max_tokens - 1], ids[-1]]

    def _run(self, batch: Sequence[Sequence[int]]) -> Vectors:
        padded = np.zeros((len(batch), max(map(len, batch))), dtype=np.int64)
        mask = np.zeros_like(padded)
        for row, ids in enumerate(batch):
            padded[row, : len(ids)] = ids
            mask[row, : len(ids)] = 1
        vectors: Vectors = self._session.run([VECTORS], {IDS: padded, MASK: mask})[0]
        return vectors


def _checked(file: Path, expected: str, mend: str) -> bytes:
    """The content of a file that must have this sha256. Raises ModelUnavailable."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ModelUnavailable(f"{file} cannot be read ({error.strerror}). Run: {mend}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise ModelUnavailable(f"{file} has sha256 {found}, expected {expected}. Run: {mend}")
    return content
