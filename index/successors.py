"""A changed copy beside an old one: offered as its successor, and marked by hand as what is in force in its place."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from pathlib import PurePosixPath

from index.duplicates import Sketch, near_duplicates, shared_part
from index.errors import UnknownDocument
from index.values import Successor

KEY = "superseded_by"
"""Of metadata: a source or the id of the document that stands in this one's place."""
MOST_OFFERED = 200
SHARED_BY_NAME = 0.3
"""Of the shorter text, where the names say already that one is a version of the other; without that the copies of one report count."""
_FAMILY = 50
_MOST_MARKS = 4
_EFFECTIVE = (
    "effective",
    "effective date",
    "effective from",
    "effective_date",
    "valid from",
    "valid_from",
    "in force from",
)
_MARK = re.compile(
    r"(?i)(?P<stem>.*?)(?:[\s._-]*\((?P<copy>\d{1,3})\)|[\s._-]+v(?:er(?:sion)?)?[\s._-]?(?P<version>\d{1,3}(?:\.\d{1,3})?)"
    r"|[\s._-]+rev(?:ision)?[\s._-]?(?P<revision>\d{1,3}(?:\.\d{1,3})?)|[\s._-]+(?P<word>draft|final|new|updated|revised|old|previous|superseded))"
)
_WORDS = {"old": -1.0, "previous": -1.0, "superseded": -1.0, "draft": -0.5, "final": 500.0, "new": 0.5, "updated": 0.5, "revised": 0.5}  # fmt: skip
_DATED = re.compile(r"[\s._-]*(?:19|20)\d{2}(?:[._-]?(?:0[1-9]|1[0-2])(?:[._-]?(?:0[1-9]|[12]\d|3[01]))?)?[\s._-]*")


@dataclass(frozen=True, slots=True)
class _Copy:
    """What tells which of two copies is the newer one."""

    id: str
    names: frozenset[tuple[str, str]]
    marks: tuple[float, ...]
    publisher: str | None
    published: str
    effective: str
    sketch: Sketch


def version_of(source: str) -> tuple[str, str, tuple[float, ...]]:
    """Folder and bare name of a source, and the marks of a version that its name bears.

    >>> version_of("/p/Travel policy v2.docx"), version_of("/p/Travel policy.pdf"), version_of("/p/travel-policy (1).pdf")
    (('/p', 'travel policy', (2.0,)), ('/p', 'travel policy', ()), ('/p', 'travel policy', (1.0,)))
    """
    path = PurePosixPath(source)
    stem = path.stem[:300]
    marks: list[float] = []
    while len(marks) < _MOST_MARKS and (match := _MARK.fullmatch(stem)):
        number = match["version"] or match["revision"] or match["copy"]
        marks.append(float(number) if number else _WORDS[match["word"].lower()])
        stem = match["stem"]
    stem = _DATED.sub(" ", stem)
    return str(path.parent), " ".join(re.sub(r"[\W_]+", " ", stem).lower().split()), tuple(reversed(marks))


def offer(connection: sqlite3.Connection, came: Iterable[str]) -> list[Successor]:
    """For documents that just came in: which document stands in whose place, as far as names and dates agree on it.

    Two are looked at when they are near-duplicates of one another, or bear one name but for the marks of a version. Of several newer
    ones the next is offered; what is marked already, or comes from two outlets, is not.
    """
    found: dict[str, tuple[tuple[str, tuple[float, ...], str], Successor]] = {}
    by_name = _by_name(connection)
    for document_id in list(dict.fromkeys(came))[:MOST_OFFERED]:
        family = _family(connection, document_id, by_name)
        for one, other in combinations(family, 2):
            if document_id not in (one.id, other.id):
                continue
            if (offered := _newer(one, other)) is None:
                continue
            old, new, why = offered
            rank = (new.effective, new.marks, new.published)
            if old.id not in found or rank < found[old.id][0]:
                found[old.id] = (rank, Successor(old.id, new.id, why))
    return [offered for _, offered in found.values()]


def check_successor(connection: sqlite3.Connection, document_id: str, named: str) -> str:
    """The source of the document that is named, by its id or a source, to stand in another's place.

    Raises:
        UnknownDocument: There is no such document.
        ValueError: It is the document itself, or stands behind it already.
    """
    row = connection.execute(
        "SELECT document, source FROM sources WHERE source = ?1 OR document = ?1 ORDER BY source = ?1 DESC, source",
        (named,),
    ).fetchone()
    if row is None:
        raise UnknownDocument(f"No document '{named[:200]}' in this collection. Run: dossier documents")
    later: str | None = row[0]
    seen: set[str] = set()
    while later is not None and later not in seen:
        if later == document_id:
            raise ValueError(f"{KEY} must be another document, which this one does not supersede itself")
        seen.add(later)
        later = superseding(connection, later)
    return str(row[1])


def superseding(connection: sqlite3.Connection, document_id: str) -> str | None:
    """The document that stands in another's place, if one is marked and is there."""
    row = connection.execute(f"SELECT {SUPERSEDED_BY} FROM documents WHERE id = ?", (document_id,)).fetchone()  # noqa: S608 - a constant
    return row[0] if row else None


SUPERSEDED_BY = f"""(SELECT coalesce((SELECT document FROM sources WHERE source = marked.value),
        (SELECT other.id FROM documents AS other WHERE other.id = marked.value)) AS later
    FROM document_metadata AS marked WHERE marked.document = documents.id AND key = '{KEY}' AND later IS NOT NULL AND later != documents.id
    ORDER BY source, place LIMIT 1)"""  # noqa: S608 - a constant
"""SQL for a row of `documents`: the id of the document that is marked as standing in its place, or NULL."""


def _by_name(connection: sqlite3.Connection) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for source, document_id in connection.execute("SELECT source, document FROM sources ORDER BY source"):
        folder, name, _ = version_of(source)
        if name and document_id not in found[folder, name]:
            found[folder, name].append(document_id)
    return found


def _family(connection: sqlite3.Connection, document_id: str, by_name: dict[tuple[str, str], list[str]]) -> list[_Copy]:
    """A document with its near-duplicates and what bears its name, those that have no successor yet."""
    own = connection.execute("SELECT source FROM sources WHERE document = ?", (document_id,)).fetchall()
    named = [other for (source,) in own for other in by_name.get(version_of(source)[:2], ())]
    rows = connection.execute(
        """SELECT id FROM documents WHERE origin = (SELECT origin FROM documents WHERE id = ?) ORDER BY key LIMIT ?""",
        (document_id, _FAMILY),
    ).fetchall()
    ids = list(dict.fromkeys([document_id, *named, *(row[0] for row in rows)]))[:_FAMILY]
    effective = ", ".join("?" * len(_EFFECTIVE))
    found = connection.execute(
        f"""SELECT id, publisher, coalesce(published, ''), sketch,
            (SELECT json_group_array(source) FROM sources WHERE document = documents.id),
            coalesce((SELECT max(value) FROM document_metadata WHERE document = documents.id AND key IN ({effective})
                AND value GLOB '[0-9][0-9][0-9][0-9]*'), '')
        FROM documents WHERE id IN (SELECT value FROM json_each(?)) AND {SUPERSEDED_BY} IS NULL ORDER BY key""",  # noqa: S608
        (*_EFFECTIVE, json.dumps(ids)),
    ).fetchall()
    return [_copy(*row) for row in found]


def _copy(
    document_id: str, publisher: str | None, published: str, sketch: bytes, sources: str, effective: str
) -> _Copy:
    versions = [version_of(source) for source in json.loads(sources)]
    names = frozenset((folder, name) for folder, name, _ in versions if name)
    marks = max((_padded(marks) for *_, marks in versions), default=_padded(()))
    return _Copy(document_id, names, marks, publisher, published, effective, Sketch.from_bytes(sketch))


def _padded(marks: tuple[float, ...]) -> tuple[float, ...]:
    """Marks that compare with those of a name that bears fewer: none is the first version, and comes after a draft."""
    return (*marks[:_MOST_MARKS], *[0.0] * (_MOST_MARKS - len(marks)))


def _newer(one: _Copy, other: _Copy) -> tuple[_Copy, _Copy, str] | None:
    """(old, new, why) where whatever tells which is newer says the same."""
    if one.publisher and other.publisher and one.publisher.casefold() != other.publisher.casefold():
        return None
    same_name = bool(one.names & other.names)
    if not _alike(one, other, same_name=same_name):
        return None
    told: list[tuple[int, str]] = []
    for before, after, words in (
        (one.effective, other.effective, "in force from {new} after {old}"),
        (one.published, other.published, "dated {new} after {old}"),
    ):
        if order := _later(before, after):
            old, new = (before, after) if order > 0 else (after, before)
            told.append((order, words.format(new=new, old=old)))
    if same_name and one.marks != other.marks:
        told.append((1 if other.marks > one.marks else -1, "its name says that it is the newer version"))
    if not told or len({order for order, _ in told}) > 1:
        return None
    old_one, new_one = (one, other) if told[0][0] > 0 else (other, one)
    return old_one, new_one, "; ".join(why for _, why in told)


def _alike(one: _Copy, other: _Copy, *, same_name: bool) -> bool:
    if near_duplicates(one.sketch, other.sketch):
        return True
    return same_name and shared_part(one.sketch, other.sketch) >= SHARED_BY_NAME


def _later(before: str, after: str) -> int:
    """1 when the second date is the later one, -1 when the first is, 0 where that is not known."""
    length = min(len(before), len(after))
    first, second = before[:length], after[:length]
    return (second > first) - (second < first) if length else 0
