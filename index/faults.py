"""What is wrong with a catalogue: SQLite's own checks, then every row against its checksum, then what rows say of each other."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator

from index.catalogue import Catalogue
from index.checksums import changed_rows, lost_rows, sequences_changed
from index.duplicates import Sketch
from index.schema import schema_rows
from index.vectors import unsound

_SHOWN = 3
_AT_ONCE = 2_000
_CALLED = {
    "documents": "documents",
    "sources": "sources of documents",
    "embeddings": "vectors",
    "chunks": "passages",
    "answers": "kept answers",
    "answer_documents": "notes of what an answer read",
    "edits": "corrections by hand",
    "feedback": "judgements",
    "log": "notes of changes",
    "generations": "notes of a search index",
    "meta": "values of the collection",
    "erasures": "notes of an erasure",
    "originals": "notes of originals",
}


def catalogue_faults(catalogue: Catalogue) -> Iterator[str]:
    """Each fault in words; none for a catalogue that is as it was written."""
    with catalogue.reading() as connection:
        said = [row[0] for row in connection.execute("PRAGMA integrity_check(10)")]
        if said != ["ok"]:
            yield f"SQLite finds it damaged: {'; '.join(said[:_SHOWN])}"
            return
        if set(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")) != schema_rows():
            yield "its tables are not those that Dossier makes"
            return
        broken = connection.execute("PRAGMA foreign_key_check").fetchmany(_SHOWN)
        if broken:
            yield f"rows of {', '.join(sorted({row[0] for row in broken}))} refer to rows that are not there"
        yield from _changed(connection)
        for words, query in _CHECKS:
            count = int(connection.execute(f"SELECT count(*) FROM ({query})").fetchone()[0])  # noqa: S608
            if count:
                yield f"{count} {words}"
        if bad := unsound_vectors(connection):
            yield f"{len(bad)} vectors are not finite or not of unit length"
        if count := len(wrong_shingles(connection)):
            yield f"{count} documents are not found by what their sketch says"


def _changed(connection: sqlite3.Connection) -> Iterator[str]:
    counts = Counter(row.table for row in changed_rows(connection))
    for table, count in sorted(counts.items()):
        yield f"{count} {_CALLED.get(table, f'rows of {table}')} are not as they were written"
    for table, count in sorted(Counter(place for place, _, _ in lost_rows(connection)).items()):
        yield f"{count} {_CALLED.get(table, f'rows of {table}')} are missing"
    if sequences_changed(connection):
        yield "its counters are not as they were written"


def unsound_vectors(connection: sqlite3.Connection) -> list[int]:
    """Keys of the vectors that cannot be searched, whatever their checksums say."""
    keys: list[int] = []
    size = connection.execute(
        "SELECT length(vector) FROM embeddings GROUP BY length(vector) ORDER BY count(*) DESC LIMIT 1"
    ).fetchone()
    rows = connection.execute("SELECT key, vector FROM embeddings ORDER BY key")
    while part := rows.fetchmany(_AT_ONCE):
        bad = unsound([vector for _, vector in part], size[0])
        keys += [key for (key, _), wrong in zip(part, bad, strict=True) if wrong]
    return keys


def wrong_shingles(connection: sqlite3.Connection) -> list[int]:
    """Keys of the documents whose rows of shingles are not those of their sketch."""
    held: dict[int, set[int]] = {}
    for document, value in connection.execute("SELECT document, hash FROM shingles"):
        held.setdefault(document, set()).add(value)
    wrong = []
    for key, sketch in connection.execute("SELECT key, CAST(sketch AS BLOB) FROM documents"):
        try:
            wanted = set(Sketch.from_bytes(sketch).lookup())
        except (ValueError, TypeError):
            wanted = {-1}  # half a sketch
        if held.pop(key, set()) != wanted:
            wrong.append(key)
    return [*wrong, *held]


_CHECKS = (
    (
        "chunks are not the span of their document that they say",
        """SELECT 1 FROM chunks JOIN documents ON documents.id = chunks.document
        WHERE substr(documents.text, chunks.start + 1, chunks.end - chunks.start) != chunks.text""",
    ),
    (
        "documents have not the number of chunks that they say",
        "SELECT 1 FROM documents WHERE chunk_count != (SELECT count(*) FROM chunks WHERE chunks.document = documents.id)",
    ),
    (
        "vectors differ in size from the others",
        """SELECT 1 FROM embeddings WHERE length(vector) !=
        (SELECT length(vector) FROM embeddings GROUP BY length(vector) ORDER BY count(*) DESC LIMIT 1)""",
    ),
    (
        "documents have an origin that is not there",
        "SELECT 1 FROM documents WHERE origin NOT IN (SELECT id FROM documents)",
    ),
    ("documents come from nowhere", "SELECT 1 FROM documents WHERE id NOT IN (SELECT document FROM sources)"),
)
