"""Which documents pass a filter, in SQL: exact, whatever the search indexes hold."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace

from index.metadata import TAGS, folded
from index.values import Condition, Filters

_DAY = "[0-9][0-9][0-9][0-9]*"


def passing(connection: sqlite3.Connection, filters: Filters) -> list[str]:
    """Ids of the documents that pass, in the order they came in. A date known to the month passes when some day of it would."""
    clauses, values = _clauses(connection, filters)
    rows = connection.execute(f"SELECT id FROM documents WHERE {clauses} ORDER BY key", values)  # noqa: S608 - no value is in it
    return [row[0] for row in rows]


def undated(connection: sqlite3.Connection, filters: Filters) -> int:
    """How many documents would pass but for a date, having none; 0 where no date is asked for."""
    if not filters.dated:
        return 0
    clauses, values = _clauses(connection, replace(filters, since=None, until=None))
    counted = f"SELECT count(*) FROM documents WHERE {clauses} AND published IS NULL"  # noqa: S608 - no value is in it
    return int(connection.execute(counted, values).fetchone()[0])


def _clauses(connection: sqlite3.Connection, filters: Filters) -> tuple[str, list[str | int | float]]:
    clauses: list[str] = []
    values: list[str | int | float] = []
    if filters.publisher:
        clauses.append("publisher IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(_same_names(connection, filters.publisher)))
    for bound, sign in ((filters.since, ">="), (filters.until, "<=")):
        if bound:
            clauses.append(f"substr(published, 1, length(?)) {sign} substr(?, 1, length(published))")
            values += [bound, bound]
    if filters.sources:
        clauses.append(
            """id IN (SELECT document FROM sources JOIN json_each(?) AS place ON source = place.value
            OR substr(source, 1, length(place.value) + 1) = place.value || '/')"""
        )
        values.append(json.dumps([place.rstrip("/") for place in filters.sources]))
    if filters.documents:
        clauses.append("id IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(filters.documents))
    tags = (Condition(TAGS, any_of=(tag,)) for tag in filters.tags)
    for condition in (*tags, *filters.metadata):
        clause, more = _holds(condition)
        clauses.append(f"id IN (SELECT document FROM document_metadata WHERE key = ? AND {clause})")  # noqa: S608 - as above
        values += [condition.key, *more]
    return " AND ".join(clauses) or "1", values


def _same_names(connection: sqlite3.Connection, publisher: str) -> list[str]:
    wanted = publisher.strip().casefold()
    rows = connection.execute("SELECT DISTINCT publisher FROM documents WHERE publisher IS NOT NULL")
    return [name for (name,) in rows if name.strip().casefold() == wanted]


def _holds(condition: Condition) -> tuple[str, list[str | int | float]]:
    """What a row of metadata must be; a range holds of one value that lies in it, not of two of a list."""
    clauses: list[str] = []
    values: list[str | int | float] = []
    if condition.any_of:
        clauses.append("folded IN (SELECT value FROM json_each(?))")
        values.append(json.dumps([folded(one) for one in condition.any_of]))
    for bound, sign in ((condition.least, ">="), (condition.most, "<=")):
        if isinstance(bound, str):
            clauses.append(f"value GLOB '{_DAY}' AND substr(value, 1, length(?)) {sign} substr(?, 1, length(value))")
            values += [bound, bound]
        elif bound is not None:
            clauses.append(f"typeof(value) IN ('integer', 'real') AND value {sign} ?")
            values.append(bound)
    if condition.contains is not None:
        clauses.append("instr(folded, ?)")
        values.append(folded(condition.contains))
    return " AND ".join(f"({one})" for one in clauses) or "1", values
