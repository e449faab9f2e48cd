"""The vector index: Chroma, embedded. A cache of the catalogue, and the one module that imports chromadb."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from index.errors import StorageFailed
from index.protocols import Vectors
from index.schema import storage_errors

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

COLLECTION = "chunks"
BATCH = 100
CONFIGURATION: Any = {"hnsw": {"space": "cosine", "ef_construction": 100, "ef_search": 128, "max_neighbors": 16}}
_RELEASE_S = 2.0
_RELEASE_STEP_S = 0.002
_LOW_SPACE_BYTES = 32 * 1024 * 1024


class CacheDamaged(Exception):
    """A search index does not work. It is a cache: the collection rebuilds it from the catalogue."""


@contextmanager
def damage(path: Path) -> Iterator[None]:
    """Name whatever an index library raises: a full disk is StorageFailed, anything else is CacheDamaged."""
    try:
        yield
    except (CacheDamaged, StorageFailed, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # a panic in Rust is a BaseException
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        if isinstance(error, MemoryError):
            raise
        text = str(error).lower()
        if (
            "no space" in text
            or "disk is full" in text
            or "quota" in text
            or "file too large" in text
            or _is_full(path)
        ):
            raise StorageFailed(
                f"Cannot write {path}: {error}. Nothing acknowledged is lost. Free space ('df -h {path}'), then run the command again."
            ) from error
        raise CacheDamaged(f"{path}: {type(error).__name__}: {error}") from error


def _is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path).free < _LOW_SPACE_BYTES
    except OSError:
        return False


class DenseIndex:
    """Cosine search over chunk vectors in one directory. Safe for threads, not for processes.

    Its files are opened on first use: whoever needs no vector does not wait for the library, which takes longer to import than a
    question to answer.

    Args:
        path: The index's directory; created when missing.
        opening: Called before the library opens the files: it writes to them even for a search.
    """

    def __init__(self, path: Path, opening: Callable[[], None] = lambda: None) -> None:
        self.path = path
        self._opening = opening
        self._lock = threading.Lock()
        self._client: Any = None
        self._found: Collection | None = None
        self._closed = False
        with storage_errors(path):
            path.mkdir(parents=True, exist_ok=True)

    @property
    def _collection(self) -> Collection:
        with self._lock:
            if self._closed:
                raise CacheDamaged(f"{self.path} is closed")
            if self._found is None:
                self._open()
            assert self._found is not None
            return self._found

    def _open(self) -> None:
        import chromadb
        from chromadb.config import Settings

        self._opening()
        with damage(self.path):
            client: Any = chromadb.PersistentClient(path=str(self.path), settings=Settings(anonymized_telemetry=False))
            try:
                self._found = client.get_or_create_collection(
                    COLLECTION, configuration=CONFIGURATION, embedding_function=None
                )
            except BaseException:
                _close(client)
                raise
            self._client = client

    def close(self) -> None:
        """Release the directory: after this it may be deleted or opened by another process."""
        with self._lock:
            client, self._client, self._found, self._closed = self._client, None, None, True
        if client is not None:
            _close(client)
            _wait_for_release(self.path)

    def count(self) -> int:
        with damage(self.path):
            return self._collection.count()

    def ids(self) -> list[str]:
        """Every chunk id, in no order."""
        with damage(self.path):
            return list(self._collection.get(include=[])["ids"])

    def held(self, ids: Sequence[str]) -> set[str]:
        """Which of the ids are stored."""
        found: set[str] = set()
        with damage(self.path):
            for start in range(0, len(ids), BATCH):
                found.update(self._collection.get(ids=list(ids[start : start + BATCH]), include=[])["ids"])
        return found

    def vectors(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """The vectors as the index holds them."""
        with damage(self.path):
            found = self._collection.get(ids=list(ids), include=["embeddings"])
        rows = found["embeddings"]
        if rows is None:
            return {}
        return dict(zip(found["ids"], np.asarray(rows, dtype=np.float32), strict=True))

    def upsert(self, ids: Sequence[str], document_ids: Sequence[str], vectors: Vectors) -> None:
        """Store vectors; the same id again replaces the old one. Batches are at most `BATCH` rows."""
        with damage(self.path):
            for start in range(0, len(ids), BATCH):
                part = slice(start, start + BATCH)
                self._collection.upsert(
                    ids=list(ids[part]),
                    embeddings=vectors[part],
                    metadatas=[{"document_id": document_id} for document_id in document_ids[part]],
                )

    def delete(self, ids: Sequence[str]) -> None:
        """Delete chunks by id; unknown ids are ignored."""
        with damage(self.path):
            for start in range(0, len(ids), BATCH):
                self._collection.delete(ids=list(ids[start : start + BATCH]))

    def search(self, vector: Vectors, top_k: int) -> list[tuple[str, float]]:
        """Up to `top_k` (chunk id, cosine similarity), best first."""
        with damage(self.path):
            queries: Any = [vector]
            found = self._collection.query(query_embeddings=queries, n_results=top_k, include=["distances"])
        distances = found["distances"]
        if distances is None:
            return []
        return [(chunk_id, 1.0 - distance) for chunk_id, distance in zip(found["ids"][0], distances[0], strict=True)]


def _close(client: Any) -> None:
    """Stop the client's threads and release its files; the class has it, the interface it is typed as does not."""
    client.close()


def _wait_for_release(path: Path) -> None:
    """The client's last files close a few milliseconds after it; where the system tells which files are open, wait for that."""
    descriptors = Path("/proc/self/fd")
    place = f"{path.resolve()}{os.sep}"
    deadline = time.monotonic() + _RELEASE_S
    while descriptors.is_dir() and time.monotonic() < deadline:
        if not any(_target(entry).startswith(place) for entry in descriptors.iterdir()):
            return
        time.sleep(_RELEASE_STEP_S)


def _target(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except OSError:
        return ""
