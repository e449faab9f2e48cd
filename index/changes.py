"""What one transaction on the catalogue may do: store, replace, remove, and note each change in the log."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime

from index.duplicates import Sketch, elect, join_group
from index.stored import StoredSource, chunk_id_of
from index.values import ParsedFile, Span


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A parsed document ready to be stored. `hashes` names the vector of each chunk; one per span."""

    id: str
    parsed: ParsedFile
    spans: tuple[Span, ...]
    hashes: tuple[bytes, ...]
    sketch: Sketch


def has_document(connection: sqlite3.Connection, document_id: str) -> bool:
    return connection.execute("SELECT 1 FROM documents WHERE id = ?", (document_id,)).fetchone() is not None


def add_document(connection: sqlite3.Connection, new: NewDocument, keys: dict[bytes, int]) -> None:
    """Store a document with its chunks, log it and join it to its near-duplicates."""
    sequence = _log(connection, "add", new.id)
    parsed, provenance = new.parsed, new.parsed.provenance
    published = provenance.published
    cursor = connection.execute(
        """INSERT INTO documents (id, text, media_type, title, publisher, author, kind, published, published_precision,
        published_source, page_starts, notes, origin, chunk_count, added_at, sequence, sketch, language, recognised)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            new.id, parsed.text, parsed.media_type,
            provenance.title, provenance.publisher, provenance.author, provenance.kind,
            published and published.date, published and published.precision, published and published.source,
            json.dumps(parsed.page_starts), json.dumps(parsed.notes), new.id, len(new.spans),
            datetime.now(UTC).isoformat(timespec="seconds"), sequence, new.sketch.to_bytes(),
            parsed.language or "", json.dumps([(one.start, one.end, one.confidence) for one in parsed.recognised]),
        ),
    )  # fmt: skip
    _add_chunks(connection, new, keys)
    lookup = new.sketch.lookup()
    connection.executemany("INSERT INTO shingles VALUES (?, ?)", ((value, cursor.lastrowid) for value in lookup))
    if lookup:
        join_group(connection, new.id, new.sketch)


def split_again(connection: sqlite3.Connection, new: NewDocument, keys: dict[bytes, int]) -> bool:
    """Give a stored document the chunks of `new`; False when it has them already."""
    rows = connection.execute(
        "SELECT start, end, embedding FROM chunks WHERE document = ? ORDER BY ordinal", (new.id,)
    ).fetchall()
    if rows == [(span.start, span.end, keys[name]) for span, name in zip(new.spans, new.hashes, strict=True)]:
        return False
    _log_removal(connection, new.id)
    sequence = _log(connection, "add", new.id)
    connection.execute("DELETE FROM chunks WHERE document = ?", (new.id,))
    connection.execute(
        "UPDATE documents SET chunk_count = ?, sequence = ? WHERE id = ?", (len(new.spans), sequence, new.id)
    )
    _add_chunks(connection, new, keys)
    return True


def _add_chunks(connection: sqlite3.Connection, new: NewDocument, keys: dict[bytes, int]) -> None:
    text = new.parsed.text
    connection.executemany(
        "INSERT INTO chunks (id, document, ordinal, start, end, text, embedding) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (
                chunk_id_of(new.id, span.start, span.end),
                new.id,
                ordinal,
                span.start,
                span.end,
                text[span.start : span.end],
                keys[name],
            )
            for ordinal, (span, name) in enumerate(zip(new.spans, new.hashes, strict=True))
        ),
    )


def link_source(connection: sqlite3.Connection, source: str, stored: StoredSource) -> str | None:
    """Say which document a source holds now; returns the id of the document it held before, if that was another and is gone."""
    row = connection.execute("SELECT document FROM sources WHERE source = ?", (source,)).fetchone()
    connection.execute(
        """INSERT INTO sources VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET document = excluded.document,
        size_bytes = excluded.size_bytes, sha256 = excluded.sha256, recipe = excluded.recipe""",
        (source, stored.document_id, stored.size_bytes, stored.sha256, stored.recipe),
    )
    if row is None or row[0] == stored.document_id:
        return None
    return row[0] if _remove_if_unsourced(connection, row[0]) else None


def unlink_source(connection: sqlite3.Connection, source: str) -> str | None:
    """Forget a source; returns the id of its document when that was the last one and the document is gone."""
    row = connection.execute("SELECT document FROM sources WHERE source = ?", (source,)).fetchone()
    if row is None:
        return None
    connection.execute("DELETE FROM sources WHERE source = ?", (source,))
    return row[0] if _remove_if_unsourced(connection, row[0]) else None


def remove_document(connection: sqlite3.Connection, document_id: str) -> bool:
    """Remove a document with its sources and chunks; its near-duplicates elect another origin. False when it is not there."""
    if not has_document(connection, document_id):
        return False
    _log_removal(connection, document_id)
    connection.execute("DELETE FROM documents WHERE id = ?", (document_id,))
    elect(connection, {document_id})
    return True


def _remove_if_unsourced(connection: sqlite3.Connection, document_id: str) -> bool:
    if connection.execute("SELECT 1 FROM sources WHERE document = ? LIMIT 1", (document_id,)).fetchone():
        return False
    return remove_document(connection, document_id)


def _log_removal(connection: sqlite3.Connection, document_id: str) -> None:
    """Note which chunks go, so that a search index that was not open can drop them later."""
    rows = connection.execute("SELECT id FROM chunks WHERE document = ? ORDER BY key", (document_id,)).fetchall()
    _log(connection, "remove", document_id, json.dumps([row[0] for row in rows]))


def _log(connection: sqlite3.Connection, action: str, document_id: str, chunk_ids: str = "[]") -> int:
    cursor = connection.execute(
        "INSERT INTO log (action, document, chunks) VALUES (?, ?, ?)", (action, document_id, chunk_ids)
    )
    sequence = cursor.lastrowid
    assert sequence is not None
    return sequence
