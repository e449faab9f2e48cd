"""Rows of the catalogue as values, and the ids that follow from what they hold."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import NamedTuple

from index.protocols import Vectors
from index.values import Provenance


class Counts(NamedTuple):
    """How much a collection holds; `original_bytes` is the size of the files that are kept beside it."""

    documents: int
    chunks: int
    original_bytes: int = 0


@dataclass(frozen=True, slots=True)
class StoredSource:
    """What is known of a file without opening it: its bytes as they were last read, and how they were read."""

    document_id: str
    size_bytes: int
    sha256: str
    recipe: str


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the log: a document was added, or removed with its chunks, at `sequence`."""

    sequence: int
    action: str
    document_id: str
    chunk_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexedChunks:
    """Chunks as the search indexes need them, row by row.

    Attributes:
        with_vector: Places of those whose vector can be searched; `vectors` has a row for each of these. The others are found by
            their words alone, until `dossier doctor --repair` embeds them again.
    """

    ids: list[str]
    document_ids: list[str]
    headings: list[str]
    texts: list[str]
    languages: list[str | None]
    with_vector: list[int]
    vectors: Vectors


def document_id_of(text: str, provenance: Provenance) -> str:
    """The id that the same text with the same provenance has everywhere."""
    published = provenance.published
    parts = [
        text, provenance.title, provenance.publisher, provenance.author, provenance.kind,
        published and published.date, published and published.precision, published and published.source,
    ]  # fmt: skip
    return "doc_" + hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()[:32]


def chunk_id_of(document_id: str, start: int, end: int) -> str:
    """The id of a span of a document."""
    return "chk_" + hashlib.sha256(f"{document_id}:{start}:{end}".encode()).hexdigest()[:32]
