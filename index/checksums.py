"""A checksum beside every row: what a disk, or a hand, changed behind the program's back is found, and one flipped bit put back.

Whoever writes watches its own connection: triggers that live with it keep the checksum of each row that it adds, changes or removes.
The file holds none of them, so that a row which is changed in any other way no longer agrees with its checksum. A checksum is a CRC-32,
whose syndrome names a flipped bit, and a BLAKE2b, which says that the row is then what was written.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SQL = """
CREATE TABLE checksums (
    place TEXT NOT NULL,
    row BLOB NOT NULL,
    sum BLOB NOT NULL,
    PRIMARY KEY (place, row)
) WITHOUT ROWID;
"""
TABLE = "checksums"
DERIVED = frozenset({"shingles"})
"""Tables that say what another says too; `index.faults` compares them."""
SEQUENCES = "sqlite_sequence"
FUNCTION = "dossier_sum"
_POLYNOMIAL = 0xEDB88320
_MASK = 0xFFFFFFFF
_INTEGER_BITS = (8, 16, 24, 32, 48)

Value = int | bytes | None


@dataclass(frozen=True, slots=True)
class Changed:
    """A row that is not as it was written.

    Attributes:
        columns, values: What it holds now; text as its bytes.
        keys: Its primary key, by name.
        sum: The checksum that was kept for it; None where none is found for its key.
    """

    table: str
    columns: tuple[str, ...]
    values: tuple[Value, ...]
    keys: tuple[str, ...]
    sum: bytes | None

    @property
    def key(self) -> tuple[Value, ...]:
        return tuple(self.values[self.columns.index(name)] for name in self.keys)


def register(connection: sqlite3.Connection) -> None:
    """Teach a connection to compute checksums."""
    connection.create_function(FUNCTION, -1, lambda *values: row_sum(values), deterministic=True)


def watch(connection: sqlite3.Connection) -> None:
    """From now on the rows that this connection writes get their checksums."""
    for table in watched(connection):
        new, old = _Names(connection, table, "NEW."), _Names(connection, table, "OLD.")
        forget = f"DELETE FROM {TABLE} WHERE place = '{table}' AND row = "  # noqa: S608
        keep = f"INSERT INTO {TABLE} VALUES ('{table}', {new.key}, {new.sum})"  # noqa: S608
        for event, does in (
            ("INSERT", f"{forget}{new.key}; {keep}"),
            ("UPDATE", f"{forget}{old.key}; {forget}{new.key}; {keep}"),
            ("DELETE", f"{forget}{old.key}"),
        ):
            connection.execute(
                f"CREATE TEMP TRIGGER sum_{table}_{event.lower()} AFTER {event} ON main.{table} BEGIN {does}; END"
            )


def watched(connection: sqlite3.Connection) -> list[str]:
    """The tables whose rows have checksums."""
    rows = connection.execute(
        "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    )
    return sorted({row[0] for row in rows} - {TABLE} - DERIVED)


def fill(connection: sqlite3.Connection, tables: Sequence[str]) -> None:
    """Take the rows of these tables as they are."""
    for table in tables:
        names = _Names(connection, table)
        connection.execute(f"DELETE FROM {TABLE} WHERE place = ?", (table,))  # noqa: S608
        connection.execute(f"INSERT INTO {TABLE} SELECT '{table}', {names.key}, {names.sum} FROM {table}")  # noqa: S608
    seal(connection)


def seal(connection: sqlite3.Connection) -> None:
    """Keep the checksum of the numbers that are never given twice; no trigger can watch them."""
    if sequences_changed(connection):
        now = _sequences(connection)
        connection.execute(f"INSERT OR REPLACE INTO {TABLE} VALUES ('{SEQUENCES}', 0, ?)", (now,))  # noqa: S608


def changed_rows(connection: sqlite3.Connection) -> Iterator[Changed]:
    """Every row that is not as it was written, or has no checksum."""
    for table in watched(connection):
        names = _Names(connection, table)
        found = connection.execute(
            f"SELECT {', '.join(names.values)}, {TABLE}.sum FROM {table} LEFT JOIN {TABLE} ON {TABLE}.place = '{table}' AND {TABLE}.row = {names.key} "  # noqa: S608
            f"WHERE {TABLE}.sum IS NOT {names.sum}"
        )
        for *values, kept in found:
            yield Changed(table, names.columns, tuple(values), names.keys, kept)


def agrees(connection: sqlite3.Connection, table: str) -> str:
    """The condition that a row of the table is as it was written."""
    names = _Names(connection, table)
    return f"(SELECT sum FROM {TABLE} WHERE place = '{table}' AND row = {names.key}) IS {names.sum}"  # noqa: S608


def lost_rows(connection: sqlite3.Connection) -> list[tuple[str, Value, bytes]]:
    """Place, row and checksum of what is no longer there."""
    lost: list[tuple[str, Value, bytes]] = []
    tables = watched(connection)
    for table in tables:
        key = _Names(connection, table).key
        lost += connection.execute(
            f"SELECT place, row, sum FROM {TABLE} WHERE place = ? AND row NOT IN (SELECT {key} FROM {table})",  # noqa: S608
            (table,),
        ).fetchall()
    marks = ", ".join("?" * len(tables))
    lost += connection.execute(
        f"SELECT place, row, sum FROM {TABLE} WHERE place NOT IN ({marks}) AND NOT (place = ? AND row = 0)",  # noqa: S608
        (*tables, SEQUENCES),
    ).fetchall()
    return lost


def forget_lost(connection: sqlite3.Connection, tables: Sequence[str]) -> None:
    """Drop the checksums of rows that are gone from these tables, whose rows can be made anew, and from tables that never were."""
    known = set(watched(connection)) - set(tables)
    gone = ((place, row) for place, row, _ in lost_rows(connection) if place not in known)
    connection.executemany(f"DELETE FROM {TABLE} WHERE place = ? AND row = ?", list(gone))  # noqa: S608


def sequences_changed(connection: sqlite3.Connection) -> bool:
    row = connection.execute(f"SELECT sum FROM {TABLE} WHERE place = ? AND row = 0", (SEQUENCES,)).fetchone()  # noqa: S608
    return row is None or row[0] != _sequences(connection)


def put_back(connection: sqlite3.Connection, changed: Changed, lost: Sequence[tuple[str, Value, bytes]] = ()) -> bool:
    """Make a row what was written, where one bit of it, or of its checksum, was flipped; False where that is not what happened.

    Args:
        connection: One that does not watch: what it writes agrees with the checksum that is there.
        lost: Checksums whose rows are not found: one of them may be that of this row under its right key.
    """
    now = row_sum(changed.values)
    if changed.sum is not None:
        if (int.from_bytes(now, "big") ^ int.from_bytes(changed.sum, "big")).bit_count() == 1:
            return _accept(connection, changed, now)
        return _restore(connection, changed, changed.sum)
    candidates = [(place, row, kept) for place, row, kept in lost if kept == now]
    for place, row, _ in candidates:
        connection.execute(f"DELETE FROM {TABLE} WHERE place = ? AND row = ?", (place, row))  # noqa: S608
    if candidates:
        return _accept(connection, changed, now)
    return any(_restore(connection, changed, kept) for place, _, kept in lost if place == changed.table)


def _accept(connection: sqlite3.Connection, changed: Changed, now: bytes) -> bool:
    """The row is right and its checksum was not."""
    names = _Names(connection, changed.table)
    connection.execute(
        f"INSERT OR REPLACE INTO {TABLE} SELECT '{changed.table}', {names.key}, ? FROM {changed.table} WHERE {names.is_key}",  # noqa: S608
        (now, *changed.key),
    )
    return True


def _restore(connection: sqlite3.Connection, changed: Changed, kept: bytes) -> bool:
    values = _as_written(changed.values, kept)
    if values is None:
        return False
    names = _Names(connection, changed.table)
    connection.execute(
        f"UPDATE {changed.table} SET {names.set_all} WHERE {names.is_key}",  # noqa: S608
        (*values, *changed.key),
    )
    return True


class _Names:
    """A table's columns, and what of them stands in statements."""

    def __init__(self, connection: sqlite3.Connection, table: str, before: str = "") -> None:
        columns = connection.execute(f"PRAGMA main.table_info({table})").fetchall()
        keys = sorted((row for row in columns if row[5]), key=lambda row: row[5])
        self.columns = tuple(row[1] for row in columns)
        self.keys = tuple(row[1] for row in keys)
        self.set_all = ", ".join(_set(name, number) for number, name in enumerate(self.columns, 1))
        self.is_key = " AND ".join(f"{_bytes_of(name)} IS ?" for name in self.keys)
        self.values = [_bytes_of(f"{before or table + '.'}{name}") for name in self.columns]
        self.sum = f"{FUNCTION}({', '.join(self.values)})"
        if len(keys) == 1 and keys[0][2] == "INTEGER":
            self.key = f"{before or table + '.'}{self.keys[0]}"
        else:
            parts = ", ".join(_bytes_of(f"{before or table + '.'}{name}") for name in self.keys)
            self.key = f"{FUNCTION}({parts})"


def _set(column: str, number: int) -> str:
    """Bytes become what the column holds now: a flipped bit makes no text of bytes, nor bytes of a text."""
    return f"{column} = CASE WHEN typeof(?{number}) = 'blob' AND typeof({column}) = 'text' THEN CAST(?{number} AS TEXT) ELSE ?{number} END"


def _bytes_of(column: str) -> str:
    """A number as it is, anything else as its bytes: what was text may no longer be."""
    return f"CASE typeof({column}) WHEN 'integer' THEN {column} ELSE CAST({column} AS BLOB) END"


def _sequences(connection: sqlite3.Connection) -> bytes:
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (SEQUENCES,)).fetchone():
        return row_sum(())
    rows = connection.execute(f"SELECT CAST(name AS BLOB), seq FROM {SEQUENCES} ORDER BY name").fetchall()  # noqa: S608
    return row_sum([value for row in rows for value in row])


def row_sum(values: Sequence[Value]) -> bytes:
    """The checksum of a row. NULL is left out, so that a column which is added later changes no checksum until it says something."""
    parts: list[bytes] = []
    for number, value in enumerate(values):
        if isinstance(value, bytes):
            parts += (b"%db%d:" % (number, len(value)), value)
        elif value is not None:
            parts += (b"%dn8:" % number, value.to_bytes(8, "little", signed=True))
    return _sum_of(b"".join(parts))


def _sum_of(content: bytes | bytearray) -> bytes:
    return zlib.crc32(content).to_bytes(4, "big") + hashlib.blake2b(content, digest_size=8).digest()


def _written(values: Sequence[Value]) -> tuple[bytearray, list[tuple[int, int, int]]]:
    """A row as bytes, and where in them each value that is not NULL stands: its number, start and end."""
    content = bytearray()
    spans: list[tuple[int, int, int]] = []
    for number, value in enumerate(values):
        if value is None:
            continue
        raw = value if isinstance(value, bytes) else value.to_bytes(8, "little", signed=True)
        content += b"%d%s%d:" % (number, b"b" if isinstance(value, bytes) else b"n", len(raw))
        spans.append((number, len(content), len(content) + len(raw)))
        content += raw
    return content, spans


def _as_written(values: Sequence[Value], kept: bytes) -> tuple[Value, ...] | None:
    """The row with that checksum which differs from this one in one bit; None when there is none."""
    content, spans = _written(values)
    syndrome = zlib.crc32(content) ^ int.from_bytes(kept[:4], "big")
    for place, bit in _flipped(syndrome, len(content)):
        content[place] ^= bit
        if _sum_of(content) == kept:
            found = list(values)
            for number, start, end in spans:
                raw = bytes(content[start:end])
                found[number] = raw if isinstance(values[number], bytes) else int.from_bytes(raw, "little", signed=True)
            return tuple(found)
        content[place] ^= bit
    for number, value in enumerate(values):  # the sign of a short integer stands in all bits above it
        for bits in _INTEGER_BITS if isinstance(value, int) else ():
            low = (int(value or 0) ^ (1 << (bits - 1))) & ((1 << bits) - 1)
            signed = low - (1 << bits) if low >> (bits - 1) else low
            tried = (*values[:number], signed, *values[number + 1 :])
            if row_sum(tried) == kept:
                return tried
    return None


def _table() -> list[int]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)
        table.append(byte)
    return table


_TABLE = _table()
_BY_TOP = {value >> 24: index for index, value in enumerate(_TABLE)}
_IN_LAST_BYTE = {_TABLE[1 << bit]: 1 << bit for bit in range(8)}


def _flipped(syndrome: int, length: int) -> Iterator[tuple[int, int]]:
    """Byte and bit of each single flip in so many bytes that changes their CRC-32 by `syndrome`: the register run backwards."""
    for place in range(length - 1, -1, -1):
        if syndrome in _IN_LAST_BYTE:
            yield place, _IN_LAST_BYTE[syndrome]
        index = _BY_TOP[syndrome >> 24]
        syndrome = ((syndrome ^ _TABLE[index]) << 8 | index) & _MASK
