"""Near-duplicates: a lightly edited reprint shares its origin with the report it copies, so one report is not counted as two.

Five-word shingles of the body are hashed; the lowest 256 hashes of a document estimate how much two documents share
(bottom-k sketch: Broder, "On the resemblance and containment of documents", 1997). Two articles on one subject share almost no
five words in a row, a reprint shares most.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from index.values import Span

SHINGLE_WORDS = 5
SKETCH_SIZE = 256
LOOKUP_SIZE = 32
MIN_SHINGLES = 16
MAX_WORDS = 200_000
SHARED = 0.7
MAX_LENGTH_RATIO = 2.0
_CANDIDATES = 50
_WORD = re.compile(r"\w+")
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Sketch:
    """The lowest shingle hashes of a document, sorted, and how many different shingles it has."""

    count: int
    hashes: NDArray[np.uint64]

    def to_bytes(self) -> bytes:
        return self.count.to_bytes(8, "little") + self.hashes.astype("<u8").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Sketch:
        return cls(int.from_bytes(data[:8], "little"), np.frombuffer(data[8:], dtype="<u8").astype(np.uint64))

    def lookup(self) -> list[int]:
        """The few hashes by which near-duplicates are found, as SQLite's signed integers; none for a text too short to judge."""
        if self.count < MIN_SHINGLES:
            return []
        return [int(value) for value in self.hashes[:LOOKUP_SIZE].view(np.int64)]


@lru_cache(maxsize=65_536)
def _word_hash(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def sketch(text: str, body: Sequence[Span]) -> Sketch:
    """Sketch of the body of a document; deterministic, the same on every machine."""
    words: list[int] = []
    for span in body:
        words += [_word_hash(word) for word in _WORD.findall(text[span.start : span.end].casefold())]
        if len(words) > MAX_WORDS:
            break
    hashes = np.array(words[:MAX_WORDS], dtype=np.uint64)
    count = len(hashes) - SHINGLE_WORDS + 1
    if count < 1:
        return Sketch(0, np.zeros(0, dtype=np.uint64))
    mixed = np.zeros(count, dtype=np.uint64)
    for place in range(SHINGLE_WORDS):
        mixed = mixed * _MULTIPLIER + hashes[place : place + count]
    mixed ^= mixed >> np.uint64(31)
    mixed *= _MULTIPLIER
    mixed ^= mixed >> np.uint64(29)
    distinct = np.unique(mixed)
    return Sketch(len(distinct), distinct[:SKETCH_SIZE])


def shared_part(one: Sketch, other: Sketch) -> float:
    """Estimated part of the shorter document's shingles that the longer one holds too, 0 to 1."""
    if not one.count or not other.count:
        return 0.0
    union = np.union1d(one.hashes, other.hashes)[:SKETCH_SIZE]
    both = np.intersect1d(np.intersect1d(one.hashes, other.hashes, assume_unique=True), union, assume_unique=True)
    resemblance = len(both) / len(union)
    common = resemblance * (one.count + other.count) / (1 + resemblance)
    return min(1.0, common / min(one.count, other.count))


def near_duplicates(one: Sketch, other: Sketch) -> bool:
    """True for a lightly edited copy: 70 % of the shorter is in the longer, which is at most twice as long."""
    if min(one.count, other.count) < MIN_SHINGLES or max(one.count, other.count) > MAX_LENGTH_RATIO * min(
        one.count, other.count
    ):
        return False
    return shared_part(one, other) >= SHARED


def join_group(connection: sqlite3.Connection, document_id: str, own: Sketch) -> None:
    """Put a document that was just stored into the group of its near-duplicates; its hashes must be stored already."""
    rows = connection.execute(
        """SELECT documents.id, documents.origin, documents.sketch FROM documents JOIN (
            SELECT document, count(*) AS shared FROM shingles WHERE hash IN (SELECT value FROM json_each(?))
            GROUP BY document HAVING shared >= 2 ORDER BY shared DESC, document LIMIT ?
        ) AS candidates ON candidates.document = documents.key WHERE documents.id != ?""",
        (json.dumps(own.lookup()), _CANDIDATES, document_id),
    ).fetchall()
    groups = {origin for _, origin, stored in rows if near_duplicates(own, Sketch.from_bytes(stored))}
    if groups:
        elect(connection, {document_id, *groups})


def elect(connection: sqlite3.Connection, origins: set[str]) -> None:
    """Name one origin for every document whose origin is among `origins`: the first published, then the first that came in."""
    members = json.dumps(sorted(origins))
    row = connection.execute(
        """SELECT id FROM documents WHERE origin IN (SELECT value FROM json_each(?))
        ORDER BY substr(coalesce(published, '9999') || '-99-99', 1, 10), key LIMIT 1""",
        (members,),
    ).fetchone()
    if row is not None:
        connection.execute(
            "UPDATE documents SET origin = ? WHERE origin IN (SELECT value FROM json_each(?)) AND origin != ?",
            (row[0], members, row[0]),
        )
