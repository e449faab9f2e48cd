"""Erase: a document leaves every file of its collection, and the files are searched to prove it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.catalogue import Catalogue
from index.changes import remove_document
from index.errors import StorageFailed
from index.generations import Generations
from index.schema import storage_errors

PIECE_CHARS = 40
MAX_PIECES = 2_000
VECTOR_BYTES = 64
_BLOCK_BYTES = 8 * 1024 * 1024
_KEY_BYTES = 8
_TABLE_BITS = 20
_MIX = np.uint64(0x9E3779B97F4A7C15)


def erase_document(catalogue: Catalogue, generations: Generations, directory: Path, document_id: str) -> None:
    """Remove, build the indexes anew without it, scrub the catalogue, then look for what is left.

    What other documents hold too stays with them and is not looked for.

    Raises:
        UnknownDocument: There is no such document.
        StorageFailed: Something is left; the message names the files.
    """
    document = catalogue.document(document_id)
    with catalogue.writing() as connection:
        own_vectors = connection.execute(
            """SELECT DISTINCT embeddings.vector FROM chunks JOIN embeddings ON embeddings.key = chunks.embedding
            WHERE chunks.document = ? AND NOT EXISTS (
                SELECT 1 FROM chunks AS other WHERE other.embedding = embeddings.key AND other.document != chunks.document)""",
            (document_id,),
        ).fetchall()
        remove_document(connection, document_id)
    generations.rebuild()
    generations.drain()
    catalogue.scrub()
    pieces = text_pieces(document.text) + [piece for (vector,) in own_vectors for piece in vector_pieces(vector)]
    found = files_holding(directory, list(dict.fromkeys(pieces)))
    found = {piece: paths for piece, paths in found.items() if not catalogue.holds(piece)}
    left = {str(path.relative_to(directory)) for paths in found.values() for path in paths}
    if left:
        raise StorageFailed(
            f"Document {document_id} is removed, but parts of it are still in {', '.join(sorted(left))} below {directory}. "
            "Run: dossier rebuild, then dossier doctor"
        )


def text_pieces(text: str) -> list[bytes]:
    """Up to MAX_PIECES pieces of a text, evenly spread, as UTF-8; a short text is one piece."""
    starts = range(0, max(1, len(text) - PIECE_CHARS + 1), PIECE_CHARS)
    step = max(1, -(-len(starts) // MAX_PIECES))
    pieces = (text[start : start + PIECE_CHARS].encode() for start in starts[::step])
    return [piece for piece in dict.fromkeys(pieces) if len(piece.strip()) >= _KEY_BYTES]


def vector_pieces(vector: bytes) -> list[bytes]:
    """Three runs of bytes of a stored vector: a file may hold it in parts."""
    last = max(0, len(vector) - VECTOR_BYTES)
    return list(dict.fromkeys(vector[start : start + VECTOR_BYTES] for start in (0, last // 2, last)))


def files_holding(directory: Path, pieces: Sequence[bytes]) -> dict[bytes, list[Path]]:
    """Which of the pieces, each at least 8 bytes long, are in which files below a directory; every byte offset is compared."""
    found: dict[bytes, list[Path]] = defaultdict(list)
    if not pieces:
        return found
    by_key: dict[int, list[bytes]] = defaultdict(list)
    for piece in pieces:
        by_key[int.from_bytes(piece[:_KEY_BYTES], "little")].append(piece)
    table = np.zeros(1 << _TABLE_BITS, dtype=bool)
    table[_slots(np.array(list(by_key), dtype=np.uint64))] = True
    longest = max(map(len, pieces))
    with storage_errors(directory):
        for path in sorted(path for path in directory.rglob("*") if path.is_file()):
            for piece in _pieces_in(path, by_key, table, longest):
                found[piece].append(path)
    return found


def _pieces_in(path: Path, by_key: dict[int, list[bytes]], table: NDArray[np.bool_], longest: int) -> set[bytes]:
    found: set[bytes] = set()
    tail = b""
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            window = tail + block
            for shift in range(_KEY_BYTES):
                count = (len(window) - shift) // _KEY_BYTES
                keys = np.frombuffer(window, dtype="<u8", count=max(0, count), offset=min(shift, len(window)))
                for place in np.flatnonzero(table[_slots(keys)]):
                    start = shift + int(place) * _KEY_BYTES
                    found.update(piece for piece in by_key.get(int(keys[place]), ()) if window.startswith(piece, start))
            tail = window[-(longest - 1) :] if longest > 1 else b""
    return found


def _slots(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A place in a small table for each key, so that almost every byte of a file is passed over at once."""
    return (keys * _MIX) >> np.uint64(64 - _TABLE_BITS)
