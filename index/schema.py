"""The catalogue's tables, how a connection to them is opened, and what a failing disk is called."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

from index import checksums
from index.errors import StorageFailed

BUSY_S = 30.0
PAGE_BYTES = 8192

_DOCUMENTS = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE documents (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL,
    media_type TEXT NOT NULL,
    title TEXT, publisher TEXT, author TEXT, kind TEXT,
    published TEXT, published_precision TEXT, published_source TEXT,
    page_starts TEXT NOT NULL,
    notes TEXT NOT NULL,
    origin TEXT NOT NULL,
    chunk_count INTEGER NOT NULL,
    added_at TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    sketch BLOB NOT NULL
);
CREATE INDEX documents_by_origin ON documents (origin);
CREATE INDEX documents_by_sequence ON documents (sequence);

CREATE TABLE sources (
    source TEXT PRIMARY KEY,
    document TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    size_bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    recipe TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX sources_by_document ON sources (document);

CREATE TABLE embeddings (
    key INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    vector BLOB NOT NULL
);

CREATE TABLE chunks (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    document TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    text TEXT NOT NULL,
    embedding INTEGER NOT NULL REFERENCES embeddings (key)
);
CREATE INDEX chunks_by_document ON chunks (document, ordinal);
CREATE INDEX chunks_by_embedding ON chunks (embedding);

CREATE TABLE shingles (
    hash INTEGER NOT NULL,
    document INTEGER NOT NULL REFERENCES documents (key) ON DELETE CASCADE,
    PRIMARY KEY (hash, document)
) WITHOUT ROWID;
CREATE INDEX shingles_by_document ON shingles (document);

CREATE TABLE log (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    action TEXT NOT NULL CHECK (action IN ('add', 'remove')),
    document TEXT NOT NULL,
    chunks TEXT NOT NULL DEFAULT '[]'
);

CREATE TABLE generations (
    id TEXT PRIMARY KEY,
    applied INTEGER NOT NULL,
    embedder TEXT,
    clean INTEGER NOT NULL DEFAULT 0,
    manifest TEXT NOT NULL DEFAULT '{}',
    created_at TEXT NOT NULL
) WITHOUT ROWID;
"""
_ANSWERS = """
CREATE TABLE answers (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    thread TEXT,
    turn INTEGER,
    asked_at TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    asked TEXT NOT NULL,
    content TEXT NOT NULL,
    UNIQUE (thread, turn)
);
CREATE INDEX answers_by_sequence ON answers (sequence);

CREATE TABLE answer_documents (
    answer INTEGER NOT NULL REFERENCES answers (key) ON DELETE CASCADE,
    document TEXT NOT NULL,
    erased INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (answer, document)
) WITHOUT ROWID;
CREATE INDEX answer_documents_by_document ON answer_documents (document);
"""
_BY_HAND = """
CREATE TABLE edits (
    source TEXT PRIMARY KEY REFERENCES sources (source) ON DELETE CASCADE,
    title TEXT, publisher TEXT, author TEXT, published TEXT,
    said TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE feedback (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    answer TEXT NOT NULL,
    rating TEXT NOT NULL CHECK (rating IN ('good', 'bad')),
    reasons TEXT NOT NULL,
    comment TEXT NOT NULL,
    gold TEXT,
    given_at TEXT NOT NULL,
    caller TEXT NOT NULL
);
CREATE INDEX feedback_by_answer ON feedback (answer);
"""
_LANGUAGES = """
ALTER TABLE documents ADD COLUMN language TEXT;
"""
_THREADS = """
CREATE TABLE threads (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    title TEXT,
    pinned INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX threads_by_owner ON threads (owner);
INSERT INTO threads (id, owner) SELECT DISTINCT thread, 'local' FROM answers WHERE thread IS NOT NULL;

ALTER TABLE answers ADD COLUMN question TEXT AS (json_extract(content, '$.question')) VIRTUAL;
CREATE INDEX answers_by_question ON answers (thread, question);
CREATE TRIGGER threads_end AFTER DELETE ON answers
WHEN old.thread IS NOT NULL AND NOT EXISTS (SELECT 1 FROM answers WHERE thread = old.thread)
BEGIN DELETE FROM threads WHERE id = old.thread; END;
"""
_METADATA = """
CREATE TABLE metadata (
    source TEXT NOT NULL REFERENCES sources (source) ON DELETE CASCADE,
    key TEXT NOT NULL,
    layer INTEGER NOT NULL,
    place INTEGER NOT NULL,
    value,
    folded TEXT,
    PRIMARY KEY (source, key, layer, place)
) WITHOUT ROWID;
CREATE INDEX metadata_by_value ON metadata (key, folded);

CREATE TABLE described (
    source TEXT PRIMARY KEY REFERENCES sources (source) ON DELETE CASCADE,
    metadata TEXT NOT NULL
) WITHOUT ROWID;

CREATE VIEW document_metadata AS
    SELECT sources.document, metadata.source, key, place, value, folded
    FROM metadata JOIN sources ON sources.source = metadata.source
    WHERE value IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM metadata AS above
        WHERE above.source = metadata.source AND above.key = metadata.key AND above.layer > metadata.layer
    );
"""
_ERASURES = """
CREATE TABLE erasures (
    document TEXT PRIMARY KEY,
    pieces BLOB NOT NULL,
    begun_at TEXT NOT NULL
) WITHOUT ROWID;
"""
_WHOLE = _ERASURES + checksums.SQL
_ORIGINALS = """
CREATE TABLE originals (
    sha256 TEXT PRIMARY KEY,
    size_bytes INTEGER NOT NULL,
    media_type TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX sources_by_sha256 ON sources (sha256);
"""
_RECOGNISED = """
ALTER TABLE documents ADD COLUMN recognised TEXT NOT NULL DEFAULT '[]';
"""
STEPS = (
    _DOCUMENTS,
    _ANSWERS,
    _BY_HAND,
    _LANGUAGES,
    _METADATA,
    _WHOLE,
    _THREADS,
    _ORIGINALS,
    _RECOGNISED,
)  # the tables that each version of the schema adds
SCHEMA_VERSION = len(STEPS)

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite and the operating system say about a bad disk into one StorageFailed."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            raise
        raise StorageFailed(_advice(path, str(error))) from error
    except UnicodeDecodeError as error:  # what SQLite says of a damaged table holds its damaged name
        raise StorageFailed(_advice(path, "malformed")) from error
    except OSError as error:
        raise StorageFailed(_advice(path, error.strerror or str(error), full=error.errno in _FULL)) from error


def _advice(path: Path, said: str, *, full: bool = False) -> str:
    """What was found at `path` and the command that mends it."""
    low = said.lower()
    if full or "full" in low or "disk i/o" in low or "too large" in low:
        return f"Cannot write {path}: {said}. Nothing acknowledged is lost. Free space ('df -h {path.parent}'), then run the command again."
    if "readonly" in low or "read-only" in low or "unable to open" in low or "permission" in low:
        return f"Cannot write {path}: {said}. Make it writable ('chmod -R u+rwX {path.parent}'), or set DOSSIER_DATA to another directory."
    if "malformed" in low or "not a database" in low:
        return f"The catalogue {path} is damaged: {said}. Run: dossier doctor; it says what can be saved, otherwise restore a backup."
    return f"The catalogue {path} failed: {said}. Run: dossier doctor"


def connect(path: Path, *, readonly: bool = False) -> sqlite3.Connection:
    """Open a connection that may move between threads but is used by one at a time."""
    mode = "rwc" if not readonly else "ro" if can_write(path.parent) or _has_log(path) else "ro&immutable=1"
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.text_factory = _text  # a damaged letter is shown as one, and locks nobody out
        checksums.register(connection)
        if not readonly:
            connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # five vectors of 384 numbers to a page
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def can_write(directory: Path) -> bool:
    """Whether files can be made in a directory, or the directory itself; False on a disk that is mounted to be read only."""
    while not directory.exists() and directory != directory.parent:
        directory = directory.parent
    return os.access(directory, os.W_OK)


def _has_log(path: Path) -> bool:
    """Whether what was written last lies in a log beside the file, which then cannot be read as if it were whole."""
    log = path.with_name(f"{path.name}-wal")
    return log.is_file() and log.stat().st_size > 0


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


@cache
def schema_rows() -> frozenset[tuple[str, str, str, str | None]]:
    """Kind, name, table and statement of everything that a catalogue of this schema consists of."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript("".join(STEPS))
        return frozenset(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall())


def schema_names() -> set[tuple[str, str]]:
    """Kind and name of everything that a catalogue of this schema consists of."""
    return {(kind, name) for kind, name, _, _ in schema_rows()}


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Bring a new file, or one of an older Dossier, to this schema in one transaction; refuse a newer one. Raises StorageFailed."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version == SCHEMA_VERSION:
        return
    if version > SCHEMA_VERSION:
        raise StorageFailed(
            f"The catalogue {path} has schema {version}; this Dossier reads up to {SCHEMA_VERSION}. Run: pip install --upgrade dossier"
        )
    if not version and connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise StorageFailed(
            f"{path} is not a Dossier catalogue. Move it away, or set DOSSIER_DATA to another directory."
        )
    steps = "".join(STEPS[version:])
    before = _columns(connection)
    connection.executescript(f"BEGIN IMMEDIATE; {steps} PRAGMA user_version = {SCHEMA_VERSION};")
    first = checksums.TABLE not in before
    after = _columns(connection)
    checksums.fill(
        connection,
        [table for table in checksums.watched(connection) if first or before.get(table) != after[table]],
    )
    connection.execute("COMMIT")


def _columns(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """The columns of every table."""
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")] for table in tables}
