"""Vectors in the catalogue, each named by the passage that was embedded, so that the same passage is embedded once."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from index.errors import ModelUnavailable
from index.protocols import Vectors

UNIT_TOLERANCE = 1e-3


def passage_hash(fingerprint: str, passage: str) -> bytes:
    """The name of a vector: the same passage under the same embedder is embedded once."""
    return hashlib.sha256(f"{fingerprint}\0{passage}".encode()).digest()


def known_vectors(connection: sqlite3.Connection, hashes: Sequence[bytes]) -> dict[bytes, int]:
    """Keys of the vectors that are already stored, as one connection sees them."""
    found: dict[bytes, int] = {}
    for start in range(0, len(hashes), 500):
        part = hashes[start : start + 500]
        marks = ",".join("?" * len(part))
        found.update(connection.execute(f"SELECT hash, key FROM embeddings WHERE hash IN ({marks})", part).fetchall())  # noqa: S608
    return found


def store_vectors(connection: sqlite3.Connection, hashes: Sequence[bytes], vectors: Vectors) -> dict[bytes, int]:
    """Store vectors of passages that are not stored yet; returns their keys."""
    first = int(connection.execute("SELECT coalesce(max(key), 0) + 1 FROM embeddings").fetchone()[0])
    keys = {name: first + place for place, name in enumerate(hashes)}
    rows = ((keys[name], name, vector_bytes(vector)) for name, vector in zip(hashes, vectors, strict=True))
    connection.executemany("INSERT INTO embeddings VALUES (?, ?, ?)", rows)
    return keys


def put_vectors(
    connection: sqlite3.Connection, names: Sequence[bytes], fresh: Mapping[bytes, Vectors]
) -> dict[bytes, int] | None:
    """Keys of the named vectors, of which `fresh` are stored now; None when one is in neither place, so a rebuild dropped it."""
    keys = known_vectors(connection, names)
    new = [name for name in fresh if name not in keys]
    if any(name not in keys and name not in fresh for name in names):
        return None
    return keys | store_vectors(connection, new, np.stack([fresh[name] for name in new])) if new else keys


def prune_vectors(connection: sqlite3.Connection) -> int:
    """Delete vectors that no chunk uses; returns how many."""
    return connection.execute("DELETE FROM embeddings WHERE key NOT IN (SELECT embedding FROM chunks)").rowcount


def vector_bytes(vector: Vectors) -> bytes:
    """A vector as it is stored: of unit length, little-endian float32."""
    length = np.linalg.norm(vector)
    return np.asarray(vector if abs(length - 1) <= UNIT_TOLERANCE else vector / length, dtype="<f4").tobytes()


def unsound(blobs: Sequence[bytes], size: int | None = None) -> list[bool]:
    """For each stored vector: whether it cannot be searched, being of another size, not finite or not of unit length.

    Args:
        size: What each must have, in bytes; as most of these have if left out.
    """
    if size is None:
        size = Counter(map(len, blobs)).most_common(1)[0][0] if blobs else 0
    fitting = [isinstance(blob, bytes) and len(blob) == size and size % 4 == 0 for blob in blobs]
    bad = np.ones(len(blobs), dtype=bool)
    if any(fitting):
        rows = np.frombuffer(b"".join(blob for blob, fits in zip(blobs, fitting, strict=True) if fits), dtype="<f4")
        with np.errstate(over="ignore", invalid="ignore"):
            lengths = np.linalg.norm(rows.reshape(-1, size // 4), axis=1)
            bad[np.flatnonzero(fitting)] = ~(np.abs(lengths - 1) <= UNIT_TOLERANCE)
    return [bool(one) for one in bad]


def stack_vectors(blobs: Sequence[bytes]) -> Vectors:
    """Rows of little-endian float32; shape (0, 0) when there are none."""
    if not blobs:
        return np.zeros((0, 0), dtype=np.float32)
    return np.frombuffer(b"".join(blobs), dtype="<f4").reshape(len(blobs), -1).astype(np.float32, copy=False)


def check_vectors(vectors: Vectors, count: int) -> None:
    """Refuse what cannot be searched. Raises ModelUnavailable."""
    if (
        vectors.ndim != 2
        or len(vectors) != count
        or not np.isfinite(vectors).all()
        or not np.linalg.norm(vectors, axis=1).all()
    ):
        raise ModelUnavailable(
            f"The embedder gave vectors that cannot be searched (shape {vectors.shape} for {count} passages, or zero, or not numbers). "
            "Set DOSSIER_EMBEDDER to 'packaged', then run: dossier doctor"
        )
