"""Runs of bytes looked for in many places at once, at every offset: how an erased document is proved to be gone.

What is looked for is known by rolling checksums alone (Karp and Rabin, "Efficient randomized pattern-matching algorithms", 1987),
so that the list can be kept until the proof is done and is itself no copy of what it looks for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from index.schema import storage_errors

SHORTEST_BYTES = 8
LONGEST_BYTES = 40
"""A longer piece is looked for by its first so many bytes: one length is one pass over a file."""
_BLOCK_BYTES = 1024 * 1024
_TABLE_BITS = 20
_MIX = np.uint64(0x9E3779B97F4A7C15)
_BASE = 0xD1342543DE82EF95
_RECORD = np.dtype([("length", "<u8"), ("sum", "<u8")])

_Sums = NDArray[np.uint64]


class Pieces:
    """Runs of bytes to look for; use `of` or `from_bytes`.

    Args:
        sums: Their checksums, by their length.
    """

    def __init__(self, sums: dict[int, _Sums]) -> None:
        self._sums = sums
        self._longest = max(sums, default=0)
        self._tables = {length: np.zeros(1 << _TABLE_BITS, dtype=bool) for length in sums}
        for length, known in sums.items():
            self._tables[length][_slots(known)] = True

    @classmethod
    def of(cls, pieces: Iterable[bytes]) -> Pieces:
        """Those pieces, each at least SHORTEST_BYTES long."""
        by_length: dict[int, set[bytes]] = defaultdict(set)
        for piece in pieces:
            cut = piece[:LONGEST_BYTES]
            by_length[len(cut)].add(cut)
        sums: dict[int, _Sums] = {}
        for length, group in by_length.items():
            rows = np.frombuffer(b"".join(group), dtype=np.uint8).reshape(len(group), length)
            sums[length] = np.unique((rows.astype(np.uint64) * _powers(length)[1]).sum(axis=1, dtype=np.uint64))
        return cls(sums)

    @classmethod
    def from_bytes(cls, kept: bytes) -> Pieces:
        """What `to_bytes` gave, or several of it one after another."""
        records = np.frombuffer(kept, dtype=_RECORD)
        lengths = map(int, np.unique(records["length"]))
        return cls({length: np.unique(records["sum"][records["length"] == length]) for length in lengths})

    def to_bytes(self) -> bytes:
        """16 bytes for each piece: its length and its checksum."""
        parts = []
        for length, known in self._sums.items():
            records = np.zeros(len(known), dtype=_RECORD)
            records["length"], records["sum"] = length, known
            parts.append(records.tobytes())
        return b"".join(parts)

    def __bool__(self) -> bool:
        return bool(self._sums)

    def found_in(self, stream: BinaryIO) -> set[bytes]:
        """Those that a stream holds, as they stand there: as much of each as is looked for."""
        found: set[bytes] = set()
        tail = b""
        while block := stream.read(_BLOCK_BYTES):
            window = tail + block
            found |= self._found_in(window)
            tail = window[-(self._longest - 1) :] if self._longest > 1 else b""
        return found

    def _found_in(self, window: bytes) -> set[bytes]:
        powers, inverse = _powers(1 << (len(window) - 1).bit_length())
        summed = np.zeros(len(window) + 1, dtype=np.uint64)
        np.cumsum(np.frombuffer(window, dtype=np.uint8) * inverse[: len(window)], out=summed[1:])
        found: set[bytes] = set()
        for length, known in self._sums.items():
            count = len(window) - length + 1
            if count < 1:
                continue
            sums = (summed[length:] - summed[:count]) * powers[:count]
            places = np.flatnonzero(self._tables[length][_slots(sums)])
            for place in places[np.isin(sums[places], known)]:
                found.add(window[place : place + length])
        return found


def files_holding(directory: Path, pieces: Pieces | Sequence[bytes]) -> dict[bytes, list[Path]]:
    """Which of the pieces, as much of each as is looked for, are in which files below a directory."""
    found: dict[bytes, list[Path]] = defaultdict(list)
    wanted = pieces if isinstance(pieces, Pieces) else Pieces.of(pieces)
    if not wanted:
        return found
    with storage_errors(directory):
        for path in sorted(path for path in directory.rglob("*") if path.is_file()):
            with path.open("rb") as stream:
                for piece in wanted.found_in(stream):
                    found[piece].append(path)
    return found


@lru_cache(maxsize=2)
def _powers(count: int) -> tuple[_Sums, _Sums]:
    """The first powers of the base and of its inverse, modulo 2**64: from 0 on."""
    made = []
    for base in (_BASE, pow(_BASE, -1, 1 << 64)):
        powers = np.full(count, base, dtype=np.uint64)
        powers[:1] = 1
        made.append(np.cumprod(powers, dtype=np.uint64))
    return made[0], made[1]


def _slots(sums: _Sums) -> _Sums:
    """A place in a small table for each checksum, so that almost every byte of a file is passed over at once."""
    return (sums * _MIX) >> np.uint64(64 - _TABLE_BITS)
