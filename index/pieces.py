"""Runs of bytes looked for in many places at once, at every offset: how an erased document is proved to be gone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from index.schema import storage_errors

SHORTEST_BYTES = 8
_BLOCK_BYTES = 8 * 1024 * 1024
_TABLE_BITS = 20
_MIX = np.uint64(0x9E3779B97F4A7C15)


class Pieces:
    """Bytes to look for.

    Args:
        pieces: Each at least SHORTEST_BYTES long.
    """

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._by_key: dict[int, list[bytes]] = defaultdict(list)
        for piece in pieces:
            self._by_key[int.from_bytes(piece[:SHORTEST_BYTES], "little")].append(piece)
        self._table = np.zeros(1 << _TABLE_BITS, dtype=bool)
        self._table[_slots(np.array(list(self._by_key), dtype=np.uint64))] = True
        self._longest = max(map(len, pieces), default=0)

    def found_in(self, stream: BinaryIO) -> set[bytes]:
        """Which of them a stream holds."""
        found: set[bytes] = set()
        tail = b""
        while block := stream.read(_BLOCK_BYTES):
            window = tail + block
            for shift in range(SHORTEST_BYTES):
                count = (len(window) - shift) // SHORTEST_BYTES
                keys = np.frombuffer(window, dtype="<u8", count=max(0, count), offset=min(shift, len(window)))
                for place in np.flatnonzero(self._table[_slots(keys)]):
                    start = shift + int(place) * SHORTEST_BYTES
                    known = self._by_key.get(int(keys[place]), ())
                    found.update(piece for piece in known if window.startswith(piece, start))
            tail = window[-(self._longest - 1) :] if self._longest > 1 else b""
        return found


def files_holding(directory: Path, pieces: Sequence[bytes]) -> dict[bytes, list[Path]]:
    """Which of the pieces, each at least SHORTEST_BYTES long, are in which files below a directory."""
    found: dict[bytes, list[Path]] = defaultdict(list)
    if not pieces:
        return found
    wanted = Pieces(pieces)
    with storage_errors(directory):
        for path in sorted(path for path in directory.rglob("*") if path.is_file()):
            with path.open("rb") as stream:
                for piece in wanted.found_in(stream):
                    found[piece].append(path)
    return found


def _slots(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A place in a small table for each key, so that almost every byte of a file is passed over at once."""
    return (keys * _MIX) >> np.uint64(64 - _TABLE_BITS)
