"""API keys: shown once, kept as hashes in a file of their own, looked up by every request."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from index import checksums
from index.errors import DossierError
from index.schema import can_write, connect, storage_errors
from ui.access.caller import Caller
from ui.requests import check_collection

FILE_NAME = "keys.sqlite3"
PREFIX = "dsk_"
USED_EVERY_S = 60
LONGEST_NAME = 100
_NOBODY = bytes(32)
_WAIT = "PRAGMA busy_timeout = 1000"
_TABLE = """
CREATE TABLE IF NOT EXISTS keys (
    id TEXT PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    collections TEXT NOT NULL,
    may_write INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    revoked_at TEXT,
    used_at TEXT
) WITHOUT ROWID
"""
_COLUMNS = "hash, id, name, collections, may_write, created_at, expires_at, revoked_at, used_at"


class UnknownKey(DossierError):
    code = "unknown-key"


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key; the key itself is known to its owner only. Times are UTC, ISO 8601."""

    id: str
    name: str
    collections: tuple[str, ...] | None
    may_write: bool
    created_at: str
    expires_at: str | None = None
    revoked_at: str | None = None
    used_at: str | None = None

    def state(self, now: datetime) -> str:
        """ "usable", "expired" or "revoked"."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= _stamp(now) else "usable"

    def caller(self) -> Caller:
        return Caller(self.id, None if self.collections is None else frozenset(self.collections), self.may_write)


class Keys:
    """The keys of one data directory. Any process may change them; safe for threads.

    Args:
        data: The data directory; made, with the file, when the first key is.
        clock: What time it is.
    """

    def __init__(self, data: Path, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.path = data / FILE_NAME
        self._clock = clock
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None

    def create(
        self,
        name: str,
        *,
        collections: Collection[str] | None = None,
        may_write: bool = True,
        lasts: timedelta | None = None,
    ) -> tuple[Key, str]:
        """A new key, and the text that is it: nobody can be told it again.

        Raises:
            ValueError: The name is empty, too long or not printable, or it would be over already.
            UnknownCollection: No collection can have one of the names.
            StorageFailed: The file cannot be written.
        """
        if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
            raise ValueError(f"name must be 1 to {LONGEST_NAME} printable characters")
        if collections is not None and not collections:
            raise ValueError("collections must name one or more, or be left out for all")
        if lasts is not None and lasts <= timedelta():
            raise ValueError("expires must be in the future")
        for one in collections or ():
            check_collection(one)
        now = self._clock()
        limited = None if collections is None else tuple(sorted(set(collections)))
        ends = None if lasts is None else _stamp(now + lasts)
        key = Key(f"key_{secrets.token_hex(6)}", name, limited, may_write, _stamp(now), ends)
        text = PREFIX + secrets.token_urlsafe(32)
        row = (_hash(text), key.id, name, json.dumps(limited), may_write, key.created_at, ends, None, None)
        self._make_file()
        with self._open() as connection:
            assert connection is not None
            connection.execute(f"INSERT INTO keys ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608
        return key, text

    def every(self) -> list[Key]:
        """All that were ever made, oldest first."""
        return sorted((key for _, key in self._select("1")), key=lambda key: (key.created_at, key.id))

    def revoke(self, key_id: str) -> Key:
        """End a key now, for every process. Raises UnknownKey."""
        with self._open() as connection:
            if connection is not None:
                change = "UPDATE keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?"
                connection.execute(change, (_stamp(self._clock()), key_id))
        found = self._select("id = ?", key_id)
        if not found:
            raise UnknownKey(f"There is no key {key_id!r}. Run: dossier keys list")
        return found[0][1]

    def any_usable(self) -> bool:
        return any(key.state(self._clock()) == "usable" for key in self.every())

    def presented(self, text: str) -> Key | None:
        """The usable key that `text` is, if it is one. Whatever is wrong with it, the same is done."""
        digest = _hash(text)
        found = self._select("hash = ?", digest, as_written=True)
        stored, key = found[0] if found else (_NOBODY, None)
        same = hmac.compare_digest(stored, digest)
        return self._used(key) if key is not None and same else None

    def living(self, key_id: str) -> Key | None:
        """The key of that id, while it can be used."""
        found = self._select("id = ?", key_id, as_written=True)
        return self._used(found[0][1]) if found else None

    def damaged(self) -> list[str]:
        """Ids of the keys that are not as they were written: nobody is let in by one."""
        with self._open() as connection:
            if connection is None:
                return []
            ids = [one.values[one.columns.index("id")] for one in checksums.changed_rows(connection)]
            lost = len(checksums.lost_rows(connection))
        return [str(one, "utf-8", "replace") if isinstance(one, bytes) else str(one) for one in ids] + ["?"] * lost

    def close(self) -> None:
        with self._lock:
            self._forget()

    def _used(self, key: Key) -> Key | None:
        """The key if it can be used; that it was is written now and then."""
        now = self._clock()
        if key.state(now) != "usable":
            return None
        if key.used_at is None or abs((now - datetime.fromisoformat(key.used_at)).total_seconds()) >= USED_EVERY_S:
            self._note_use(key, now)
        return key

    def _note_use(self, key: Key, now: datetime) -> None:
        """Not worth waiting for another writer; and a full disk keeps nobody out."""
        with suppress(DossierError), self._open() as connection:
            if connection is not None:
                connection.execute("PRAGMA busy_timeout = 0")
                try:
                    connection.execute("UPDATE keys SET used_at = ? WHERE id = ?", (_stamp(now), key.id))
                finally:
                    connection.execute(_WAIT)

    def _select(self, where: str, *given: object, as_written: bool = False) -> list[tuple[bytes, Key]]:
        """Keys with their hashes; only those that agree with their checksums, if so asked."""
        with self._open() as connection:
            if connection is None:
                return []
            if as_written and _has_checksums(connection):
                where = f"{where} AND {checksums.agrees(connection, 'keys')}"
            rows = connection.execute(f"SELECT {_COLUMNS} FROM keys WHERE {where}", given).fetchall()  # noqa: S608
        return [(row[0], _key(row)) for row in rows]

    def _make_file(self) -> None:
        with storage_errors(self.path):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection | None]:
        """The connection to the file that lies there now; None while there is none. Raises StorageFailed."""
        with self._lock, storage_errors(self.path):
            try:
                status = self.path.stat()
            except FileNotFoundError:
                self._forget()
            else:
                if (status.st_dev, status.st_ino) != self._opened:  # it was removed or put back: so are its keys
                    self._forget()
                    readonly = not can_write(self.path.parent)
                    self._connection = connect(self.path, readonly=readonly)
                    self._connection.execute(_WAIT)
                    if not readonly:
                        self._connection.execute(_TABLE)
                        _keep_checksums(self._connection)
                    self._opened = (status.st_dev, status.st_ino)
            yield self._connection

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._opened = None


def _keep_checksums(connection: sqlite3.Connection) -> None:
    """From here on each row has one; rows of an older Dossier are taken as they are."""
    there = "SELECT 1 FROM sqlite_master WHERE name = ?"
    if not connection.execute(there, (checksums.TABLE,)).fetchone():
        connection.execute("BEGIN IMMEDIATE")
        if not connection.execute(
            there, (checksums.TABLE,)
        ).fetchone():  # another process did not do the same meanwhile
            connection.execute(checksums.SQL)
            checksums.fill(connection, ["keys"])
        connection.execute("COMMIT")
    checksums.watch(connection)


def _has_checksums(connection: sqlite3.Connection) -> bool:
    """False in the file of an older Dossier that cannot be written."""
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (checksums.TABLE,)).fetchone() is not None


def _key(row: tuple[Any, ...]) -> Key:
    _, key_id, name, collections, may_write, *times = row
    limited = json.loads(collections)
    return Key(key_id, name, None if limited is None else tuple(limited), bool(may_write), *times)


def _hash(text: str) -> bytes:
    """No slow hash: there is nothing to guess in 256 random bits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
