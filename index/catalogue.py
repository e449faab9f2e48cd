"""SQLite, the only truth: documents, their sources, chunks, vectors and the log of what changed."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from index import checksums
from index.errors import StorageFailed, UnknownDocument
from index.filtering import passing, undated
from index.heading import heading
from index.metadata import together
from index.protocols import Vectors
from index.schema import connect, prepare, storage_errors
from index.stored import Change, Counts, IndexedChunks, StoredSource
from index.successors import SUPERSEDED_BY
from index.values import Chunk, Document, Filters, Provenance, Published, Recognised
from index.vectors import known_vectors, stack_vectors, unsound

FILE_NAME = "dossier.sqlite3"

_DOCUMENT = f"""SELECT id, text, media_type, title, publisher, author, kind, published, published_precision, published_source,
    page_starts, notes, origin, chunk_count, added_at, language, recognised,
    (SELECT originals.size_bytes FROM sources JOIN originals USING (sha256) WHERE document = documents.id ORDER BY source LIMIT 1),
    (SELECT json_group_array(source) FROM (SELECT source FROM sources WHERE sources.document = documents.id ORDER BY source)),
    (SELECT json_group_array(json(metadata)) FROM (SELECT metadata FROM sources JOIN described ON described.source = sources.source
        WHERE sources.document = documents.id ORDER BY sources.source)),
    {SUPERSEDED_BY}
    FROM documents"""  # noqa: S608 - constants
_CHUNKS = """SELECT chunks.id, document, ordinal, start, end, text FROM json_each(?) AS wanted
    CROSS JOIN chunks ON chunks.id = wanted.value"""


def count_rows(path: Path) -> Counts:
    """How much a catalogue holds, whether it is open or not. Raises StorageFailed."""
    with storage_errors(path), closing(connect(path, readonly=True)) as connection:
        documents, chunks = connection.execute(
            "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM chunks)"
        ).fetchone()
        kept = 0
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'originals'").fetchone():  # else an older one
            kept = connection.execute("SELECT coalesce(sum(size_bytes), 0) FROM originals").fetchone()[0]
        return Counts(int(documents), int(chunks), int(kept))


class Catalogue:
    """One collection's SQLite file.

    Readers take a connection from a pool, so any number of threads may read while one writes; writers queue on a lock.

    Args:
        path: The SQLite file; created with its tables when missing, unless `readonly`.
    """

    def __init__(self, path: Path, *, readonly: bool = False) -> None:
        self.path = path
        self._readonly = readonly
        self._idle: deque[sqlite3.Connection] = deque()
        self._write_lock = threading.RLock()
        self._depth = 0
        self._closed = False
        with storage_errors(path):
            self._writer = connect(path, readonly=readonly)
            try:
                if not readonly:
                    prepare(self._writer, path)
                    checksums.watch(self._writer)
                self._sequence = self._last_sequence()
                self._described = self._last_described()
            except BaseException:
                self._writer.close()
                raise

    def close(self) -> None:
        """Close every connection; the write-ahead log is folded into the file."""
        with self._write_lock, storage_errors(self.path):
            self._closed = True
            while self._idle:
                self._idle.pop().close()
            self._writer.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for reads, used by one thread at a time."""
        with storage_errors(self.path):
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = connect(self.path, readonly=True)
            try:
                yield connection
            finally:
                if self._closed:
                    connection.close()
                else:
                    self._idle.append(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction; nested use joins the outer one. What it wrote is durable when the block ends."""
        with self._write_lock, storage_errors(self.path):
            if self._closed:
                raise StorageFailed(f"The catalogue {self.path} is closed. Run the command again.")
            if self._depth:
                yield self._writer
                return
            self._writer.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield self._writer
                checksums.seal(self._writer)
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1
                self._sequence = self._last_sequence()
                self._described = self._last_described()

    def _last_sequence(self) -> int:
        row = self._writer.execute("SELECT seq FROM sqlite_sequence WHERE name = 'log'").fetchone()
        return int(row[0]) if row else 0

    def _last_described(self) -> int:
        row = self._writer.execute("SELECT value FROM meta WHERE name = 'described'").fetchone()
        return int(row[0]) if row else 0

    @property
    def version(self) -> tuple[int, int]:
        """Unlike any before once a change of documents, or of what is known of them, was committed."""
        return self._sequence, self._described

    @property
    def sequence(self) -> int:
        """Number of the last change that was committed; 0 for a new collection."""
        return self._sequence

    def scrub(self) -> None:
        """Rewrite the file without what was deleted, and empty the write-ahead log."""
        with self._write_lock, storage_errors(self.path):
            self._writer.execute("VACUUM")
            busy = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise StorageFailed(
                f"The write-ahead log of {self.path} is in use and could not be emptied. Run the command again."
            )

    # Values

    def meta(self, name: str) -> str | None:
        """A named value of the collection, or None."""
        with self.reading() as connection:
            row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def set_meta(self, name: str, value: str) -> None:
        with self.writing() as connection:
            connection.execute(
                "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", (name, value)
            )

    def chunk_count(self) -> int:
        with self.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM chunks").fetchone()[0])

    def document(self, document_id: str) -> Document:
        """One document with its text. Raises UnknownDocument."""
        with self.reading() as connection:
            row = connection.execute(f"{_DOCUMENT} WHERE id = ?", (document_id,)).fetchone()
        if row is None:
            raise UnknownDocument(f"No document '{document_id}' in this collection. Run: dossier documents")
        return _document(row)

    def documents(self) -> list[Document]:
        """Every document, newest published first, then the undated in the order they came in."""
        with self.reading() as connection:
            rows = connection.execute(f"{_DOCUMENT} ORDER BY published IS NULL, published DESC, key").fetchall()
        return [_document(row) for row in rows]

    def publishers(self) -> list[str]:
        """Every outlet named by a document, sorted."""
        with self.reading() as connection:
            rows = connection.execute("SELECT DISTINCT publisher FROM documents WHERE publisher IS NOT NULL").fetchall()
        return sorted(row[0] for row in rows)

    def languages(self) -> list[str]:
        """Every language that a document is in, sorted."""
        with self.reading() as connection:
            rows = connection.execute("SELECT DISTINCT language FROM documents WHERE language > ''").fetchall()
        return sorted(row[0] for row in rows)

    def chunks(self, ids: Sequence[str]) -> dict[str, Chunk]:
        """The chunks of `ids` that exist, in the order of `ids`."""
        with self.reading() as connection:
            rows = connection.execute(_CHUNKS, (json.dumps(ids),)).fetchall()
        found = {row[0]: Chunk(*row) for row in rows}
        return {chunk_id: found[chunk_id] for chunk_id in ids if chunk_id in found}

    def chunk_counts(self, document_ids: Sequence[str] | None = None) -> dict[str, int]:
        """How many chunks each document has, in the order they came in; all documents when none are named."""
        chosen = "" if document_ids is None else "WHERE id IN (SELECT value FROM json_each(?))"
        values = () if document_ids is None else (json.dumps(document_ids),)
        with self.reading() as connection:
            return dict(connection.execute(f"SELECT id, chunk_count FROM documents {chosen} ORDER BY key", values))  # noqa: S608

    def chunk_ids(self, document_ids: Sequence[str]) -> list[str]:
        """Ids of every chunk of the documents, in order."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT id FROM chunks WHERE document IN (SELECT value FROM json_each(?)) ORDER BY key",
                (json.dumps(document_ids),),
            )
            return [row[0] for row in rows]

    def indexed_chunks(self, document_ids: Sequence[str]) -> IndexedChunks:
        """Chunks of the documents with their vectors, for the search indexes."""
        with self.reading() as connection:
            rows = connection.execute(
                """SELECT chunks.id, chunks.document, documents.title, documents.publisher, documents.published, chunks.text,
                embeddings.vector, documents.language FROM chunks JOIN documents ON documents.id = chunks.document JOIN embeddings ON embeddings.key = chunks.embedding
                WHERE chunks.document IN (SELECT value FROM json_each(?)) ORDER BY chunks.key""",
                (json.dumps(document_ids),),
            ).fetchall()
        heads = [heading(title, publisher, published) for _, _, title, publisher, published, *_ in rows]
        texts, languages = [row[5] for row in rows], [row[7] or None for row in rows]
        sound = _sound([row[6] for row in rows])
        vectors = stack_vectors([rows[place][6] for place in sound])
        return IndexedChunks(
            [row[0] for row in rows], [row[1] for row in rows], heads, texts, languages, sound, vectors
        )

    def vectors(self, document_ids: Sequence[str]) -> tuple[list[str], Vectors]:
        """Chunk ids and vectors of the documents, row by row, but for vectors that cannot be searched."""
        with self.reading() as connection:
            rows = connection.execute(
                """SELECT chunks.id, embeddings.vector FROM chunks JOIN embeddings ON embeddings.key = chunks.embedding
                WHERE chunks.document IN (SELECT value FROM json_each(?)) ORDER BY chunks.key""",
                (json.dumps(document_ids),),
            ).fetchall()
        sound = _sound([row[1] for row in rows])
        return [rows[place][0] for place in sound], stack_vectors([rows[place][1] for place in sound])

    def matching(self, filters: Filters) -> list[str]:
        """Ids of the documents that pass, in the order they came in."""
        with self.reading() as connection:
            return passing(connection, filters)

    def undated(self, filters: Filters) -> int:
        """How many documents a filter by date leaves out for having none."""
        with self.reading() as connection:
            return undated(connection, filters)

    def source(self, key: str) -> StoredSource | None:
        """What a source held when it was read; None for one that is not known."""
        with self.reading() as connection:
            row = connection.execute(
                "SELECT document, size_bytes, sha256, recipe FROM sources WHERE source = ?", (key,)
            ).fetchone()
        return StoredSource(*row) if row else None

    def sources(self) -> dict[str, StoredSource]:
        """Every source and what it held when it was read."""
        with self.reading() as connection:
            rows = connection.execute("SELECT source, document, size_bytes, sha256, recipe FROM sources")
            return {row[0]: StoredSource(*row[1:]) for row in rows}

    def known_vectors(self, hashes: Sequence[bytes]) -> dict[bytes, int]:
        """Keys of the vectors that are already stored, by the hash of what was embedded."""
        with self.reading() as connection:
            return known_vectors(connection, hashes)

    def changes_after(self, sequence: int) -> list[Change]:
        """The log from `sequence` on, exclusive, in order."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT sequence, action, document, chunks FROM log WHERE sequence > ? ORDER BY sequence", (sequence,)
            )
            return [Change(row[0], row[1], row[2], tuple(json.loads(row[3]))) for row in rows]


def _sound(vectors: Sequence[bytes]) -> list[int]:
    """Places of the vectors that can be searched."""
    return [place for place, bad in enumerate(unsound(vectors)) if not bad]


def holds(connection: sqlite3.Connection, piece: bytes) -> bool:
    """True when a document's text, title or metadata, as UTF-8, or a stored vector holds these bytes."""
    row = connection.execute(
        """SELECT 1 FROM documents WHERE instr(CAST(text AS BLOB), ?1) OR instr(CAST(title AS BLOB), ?1)
        UNION ALL SELECT 1 FROM metadata WHERE instr(CAST(value AS BLOB), ?1) OR instr(CAST(folded AS BLOB), ?1)
        UNION ALL SELECT 1 FROM embeddings WHERE instr(vector, ?1) LIMIT 1""",
        (piece,),
    ).fetchone()
    return row is not None


def _document(row: tuple[Any, ...]) -> Document:
    (document_id, text, media_type, title, publisher, author, kind, date, precision, said_by) = row[:10]
    page_starts, notes, origin, chunk_count, added_at, language, recognised, original_bytes, sources = row[10:19]
    metadata, superseded_by = row[19:]
    published = Published(date, precision, said_by) if date is not None else None
    return Document(
        id=document_id,
        text=text,
        media_type=media_type,
        provenance=Provenance(title, publisher, author, published, kind),
        page_starts=tuple(_listed(page_starts)),
        sources=tuple(json.loads(sources)),
        origin=origin,
        chunk_count=chunk_count,
        added_at=added_at,
        notes=tuple(_listed(notes)),
        language=language or None,
        original_bytes=original_bytes,
        recognised=tuple(Recognised(*one) for one in _listed(recognised)),
        metadata=together(json.loads(metadata)),
        superseded_by=superseded_by,
    )


def _listed(kept: str) -> list[Any]:
    """A list in JSON; empty where it was damaged, which the doctor names: that keeps nobody from the document."""
    try:
        found = json.loads(kept)
    except ValueError:
        return []
    return found if isinstance(found, list) else []
