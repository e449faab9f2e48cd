"""What of a damaged catalogue can be known again, put back: flipped bits by their checksums, the rest from what other rows say."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from index.catalogue import Catalogue
from index.checksums import Changed, changed_rows, forget_lost, lost_rows, put_back, seal, sequences_changed
from index.duplicates import Sketch
from index.errors import ModelChanged
from index.faults import unsound_vectors, wrong_shingles
from index.generation import forget_generation
from index.heading import heading, passage_text
from index.ingest import MODEL
from index.protocols import Embedder
from index.schema import SCHEMA_VERSION, connect, storage_errors
from index.stored import chunk_id_of
from index.vectors import check_vectors, passage_hash, vector_bytes

_CACHES = ("generations", "log")
_AT_ONCE = 512


def mend_catalogue(path: Path, embedder: Embedder, fingerprint: str) -> None:
    """Put back what can be; what cannot is as it was, and the doctor still names it.

    Args:
        path: A catalogue that nobody has open.
        embedder: Encodes again the passages whose vectors are lost.
        fingerprint: The name of its vectors; those of another model are not encoded.

    Raises:
        StorageFailed: It cannot be read or written at all.
    """
    with storage_errors(path), closing(connect(path)) as connection:
        if connection.execute("PRAGMA user_version").fetchone()[0] != SCHEMA_VERSION:
            return  # nothing of it was written with checksums
        connection.execute("PRAGMA foreign_keys = OFF")
        with _transaction(connection):
            if connection.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
                connection.execute("REINDEX")
        with _transaction(connection):
            _put_back(connection)
    with closing(Catalogue(path)) as catalogue:
        with catalogue.writing() as connection:
            _mend_passages(connection)
            _mend_shingles(connection)
            _mend_counters(connection)
            stale = _mend_caches(connection)
        stale |= bool(_embed_again(catalogue, embedder, fingerprint))
        with catalogue.writing() as connection:
            forget_lost(connection, (*_CACHES, "embeddings"))
        if stale:
            forget_generation(catalogue)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _put_back(connection: sqlite3.Connection) -> None:
    for changed in list(changed_rows(connection)):
        put_back(connection, changed, lost_rows(connection) if changed.sum is None else ())


def _of(changed: Changed, name: str) -> int | bytes | None:
    return changed.values[changed.columns.index(name)]


def _mend_passages(connection: sqlite3.Connection) -> None:
    """A passage is a span of its document, and its id says which: either is known from the other."""
    for changed in [one for one in changed_rows(connection) if one.table == "chunks"]:
        document, start, end = (_of(changed, name) for name in ("document", "start", "end"))
        if not isinstance(document, bytes) or not isinstance(start, int) or not isinstance(end, int):
            continue
        name = document.decode("utf-8", "replace")
        row = connection.execute(
            "SELECT substr(text, ? + 1, ? - ?) FROM documents WHERE id = ?", (start, end, start, name)
        )
        text, own = row.fetchone(), chunk_id_of(name, start, end)
        same_text, same_id = (
            text and text[0] and text[0].encode() == _of(changed, "text"),
            own.encode() == _of(changed, "id"),
        )
        if text and text[0] and (same_text or same_id):
            change = "UPDATE OR IGNORE chunks SET text = ?, id = ? WHERE key = ?"
            connection.execute(change, (text[0], own, _of(changed, "key")))


def _mend_shingles(connection: sqlite3.Connection) -> None:
    for key in wrong_shingles(connection):
        connection.execute("DELETE FROM shingles WHERE document = ?", (key,))
        row = connection.execute("SELECT CAST(sketch AS BLOB) FROM documents WHERE key = ?", (key,)).fetchone()
        if row is not None and row[0] and len(row[0]) % 8 == 0:
            lookup = Sketch.from_bytes(row[0]).lookup()
            connection.executemany("INSERT INTO shingles VALUES (?, ?)", ((value, key) for value in lookup))


def _mend_counters(connection: sqlite3.Connection) -> None:
    """A counter stands at least at what was counted with it."""
    if not sequences_changed(connection):
        return
    seen = """SELECT max(coalesce((SELECT max(sequence) FROM documents), 0), coalesce((SELECT max(sequence) FROM log), 0),
        coalesce((SELECT max(applied) FROM generations), 0), coalesce((SELECT max(sequence) FROM answers), 0))"""
    connection.execute(f"UPDATE sqlite_sequence SET seq = ({seen}) WHERE name = 'log'")  # noqa: S608
    for table in ("documents", "answers", "feedback"):
        most = f"SELECT coalesce(max(key), 0) FROM {table}"  # noqa: S608
        connection.execute(f"UPDATE sqlite_sequence SET seq = ({most}) WHERE name = ?", (table,))  # noqa: S608
    seal(connection)


def _mend_caches(connection: sqlite3.Connection) -> bool:
    """Rows that only speak of the search indexes go: an index is built anew. True when there were any."""
    bad = [one for one in changed_rows(connection) if one.table in _CACHES]
    for one in bad:
        connection.execute(f"DELETE FROM {one.table} WHERE {one.keys[0]} = ?", (one.key[0],))  # noqa: S608
    return bool(bad)


def _embed_again(catalogue: Catalogue, embedder: Embedder, fingerprint: str) -> int:
    """Give every passage whose vector is not what was written a new one of the same text; returns how many."""
    with catalogue.reading() as connection:
        bad = {_of(one, "key") for one in changed_rows(connection) if one.table == "embeddings"}
        bad |= set(unsound_vectors(connection))
        bad |= {
            row[0]
            for row in connection.execute(
                "SELECT embedding FROM chunks WHERE embedding NOT IN (SELECT key FROM embeddings)"
            )
        }
    if not bad:
        return 0
    stored = catalogue.meta(MODEL)
    if stored != fingerprint:
        raise ModelChanged(
            f"{len(bad)} vectors are damaged and of {stored}; the settings say {fingerprint}. Run: dossier rebuild --reembed"
        )
    with catalogue.reading() as connection:
        rows = connection.execute(
            """SELECT chunks.key, chunks.embedding, documents.title, documents.publisher, documents.published, chunks.text
            FROM chunks JOIN documents ON documents.id = chunks.document ORDER BY chunks.key"""
        ).fetchall()
    passages = {
        key: passage_text(heading(title, outlet, date), text)
        for key, embedding, title, outlet, date, text in rows
        if embedding in bad
    }
    chosen = list(passages.items())
    for start in range(0, len(chosen), _AT_ONCE):
        part = chosen[start : start + _AT_ONCE]
        vectors = embedder.embed_passages([passage for _, passage in part])
        check_vectors(vectors, len(part))
        with catalogue.writing() as connection:
            for (chunk, passage), vector in zip(part, vectors, strict=True):
                _replace_vector(connection, chunk, passage_hash(fingerprint, passage), vector_bytes(vector), bad)
    with catalogue.writing() as connection:
        connection.execute("DELETE FROM embeddings WHERE key NOT IN (SELECT embedding FROM chunks)")
    return len(bad)


def _replace_vector(
    connection: sqlite3.Connection, chunk: int, name: bytes, vector: bytes, bad: set[int | bytes | None]
) -> None:
    """The passage's own vector, in a row that is good: another passage may have the same one."""
    row = connection.execute("SELECT key FROM embeddings WHERE hash = ?", (name,)).fetchone()
    if row is None:
        key = connection.execute("INSERT INTO embeddings (hash, vector) VALUES (?, ?)", (name, vector)).lastrowid
    else:
        key = row[0]
        if key in bad:
            connection.execute("UPDATE embeddings SET vector = ? WHERE key = ?", (vector, key))
    connection.execute("UPDATE chunks SET embedding = ? WHERE key = ?", (key, chunk))
