"""Answers that were given, kept beside the documents: what was asked, what was read, and the turns of each conversation."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from index.catalogue import Catalogue
from index.errors import UnknownAnswer
from index.redaction import stripped, without_document
from index.threads import LOCAL_OWNER, Threads

MOST_TURNS = 1_000
logger = logging.getLogger(__name__)

_STORED = """SELECT answers.id, thread, turn, asked_at, sequence, asked, content,
    (SELECT json_group_array(document) FROM answer_documents AS read WHERE read.answer = answers.key AND NOT erased
        AND document NOT IN (SELECT id FROM documents)),
    (SELECT json_group_array(document) FROM answer_documents AS read WHERE read.answer = answers.key AND erased)
    FROM answers"""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """One answer as it was kept.

    Attributes:
        turn: Its place in its thread, from 1; None outside of one.
        sequence: The last change of the collection that the answer could know of.
        asked: What was asked beside the question: filters and date, by name.
        content: The whole answer in JSON values, the passages that were read included.
        removed: Documents that it read and that are no longer in the collection.
        erased: Documents that it read and of whose text nothing is left in `content`.
    """

    id: str
    thread: str | None
    turn: int | None
    asked_at: str
    sequence: int
    asked: Mapping[str, Any]
    content: Mapping[str, Any]
    removed: tuple[str, ...] = ()
    erased: tuple[str, ...] = ()


class Answers:
    """The answers of one collection, oldest to newest as they were kept. A thread is its turns; it goes with the last of them.

    Args:
        owner: Whose threads these are: another's do not exist here.
    """

    def __init__(self, catalogue: Catalogue, owner: str = LOCAL_OWNER) -> None:
        self._catalogue = catalogue
        self._owner = owner
        self.threads = Threads(catalogue, owner)

    def owned_by(self, owner: str) -> Answers:
        """The same answers, with the threads of somebody else."""
        return Answers(self._catalogue, owner)

    def keep(
        self, content: Mapping[str, Any], asked: Mapping[str, Any], *, thread: str | None, sequence: int, most: int
    ) -> None:
        """Keep an answer in one transaction, with the `most` - 1 before it and the MOST_TURNS - 1 turns before it; older ones go.

        Args:
            content: The answer in JSON values; `id`, `citations` and `evidence` name it and what it read.
            asked: Filters and date of the question.
            thread: The conversation; one that has no turn yet begins with this one.
            sequence: `seen()` from before the question was answered.
            most: How many answers the collection keeps, 1 or more.
        """
        with self._catalogue.writing() as connection:
            gone = _gone_since(connection, sequence)
            if gone and content.get("rewritten_by"):  # it may hold words of turns that read them
                content = stripped(content, question=content["question"])
            if thread is not None:
                connection.execute("INSERT OR IGNORE INTO threads (id, owner) VALUES (?, ?)", (thread, self._owner))
            read = documents_of(content)
            for document_id in gone.intersection(read):
                content = without_document(content, document_id)
            cursor = connection.execute(
                """INSERT INTO answers (id, thread, turn, asked_at, sequence, asked, content) VALUES (?1, ?2,
                CASE WHEN ?2 IS NULL THEN NULL ELSE (SELECT coalesce(max(turn), 0) + 1 FROM answers WHERE thread = ?2) END,
                ?3, ?4, ?5, ?6)""",
                (content["id"], thread, now(), sequence, json_of(asked), json_of(content)),
            )
            connection.executemany(
                "INSERT INTO answer_documents VALUES (?, ?, ?)",
                ((cursor.lastrowid, document_id, document_id in gone) for document_id in read),
            )
            connection.execute(
                "DELETE FROM answers WHERE thread = ?1 AND turn <= (SELECT max(turn) FROM answers WHERE thread = ?1) - ?2",
                (thread, MOST_TURNS),
            )
            connection.execute("DELETE FROM answers WHERE key <= (SELECT max(key) FROM answers) - ?", (most,))

    def answer(self, answer_id: str) -> StoredAnswer:
        """One answer. Raises UnknownAnswer."""
        found = self._select("WHERE answers.id = ?", (answer_id,))
        if not found:
            raise UnknownAnswer("There is no such answer. Run: dossier answers")
        return found[0]

    def newest(self, *, limit: int, offset: int = 0, before: int | None = None) -> list[StoredAnswer]:
        """The newest first.

        Args:
            before: Only answers that do not know of this change of the collection.
        """
        return self._select(
            "WHERE ?1 IS NULL OR sequence < ?1 ORDER BY key DESC LIMIT ?2 OFFSET ?3", (before, limit, offset)
        )

    def thread(self, thread_id: str, *, newest: int = MOST_TURNS, before: int | None = None) -> list[StoredAnswer]:
        """The `newest` turns of a conversation, in their order; with `before`, of those before that turn. Raises UnknownThread."""
        self.threads.check(thread_id)
        turns = self._select(
            "WHERE thread = ?1 AND (?2 IS NULL OR turn < ?2) ORDER BY turn DESC LIMIT ?3", (thread_id, before, newest)
        )
        return turns[::-1]

    def count(self, *, before: int | None = None) -> int:
        """How many are kept; `before` as for `newest`."""
        with self._catalogue.reading() as connection:
            counted = connection.execute("SELECT count(*) FROM answers WHERE ?1 IS NULL OR sequence < ?1", (before,))
            return int(counted.fetchone()[0])

    def forget(self, answer_id: str) -> None:
        """Delete one answer and what was said of it; a gold case stays. Raises UnknownAnswer."""
        with self._catalogue.writing() as connection:
            if not connection.execute("DELETE FROM answers WHERE id = ?", (answer_id,)).rowcount:
                raise UnknownAnswer("There is no such answer. Run: dossier answers")
            connection.execute("DELETE FROM feedback WHERE answer = ? AND gold IS NULL", (answer_id,))

    def seen(self) -> int:
        """The last change of the collection that a search sees now."""
        with self._catalogue.reading() as connection:
            return int(connection.execute("SELECT coalesce(max(applied), 0) FROM generations").fetchone()[0])

    def came_since(self, sequence: int, document_ids: Sequence[str]) -> list[str]:
        """Those of the documents that came in after a change."""
        with self._catalogue.reading() as connection:
            rows = connection.execute(
                "SELECT id FROM documents WHERE sequence > ? AND id IN (SELECT value FROM json_each(?)) ORDER BY key",
                (sequence, json.dumps(document_ids)),
            )
            return [row[0] for row in rows]

    def _select(self, which: str, values: Sequence[Any]) -> list[StoredAnswer]:
        with self._catalogue.reading() as connection:
            rows = connection.execute(f"{_STORED} {which}", values).fetchall()
        return [found for row in rows if (found := self._stored_or_none(row))]

    def _stored_or_none(self, row: tuple[Any, ...]) -> StoredAnswer | None:
        """One that was damaged so that nothing of it can be shown keeps nobody from the others; the doctor counts it."""
        try:
            return _stored(row)
        except (ValueError, TypeError, AttributeError) as error:
            logger.warning("kept answer %s in %s is damaged: %s", row[0], self._catalogue.path, error)
            return None


def json_of(values: Mapping[str, Any]) -> str:
    """JSON as it is kept: text in it is found again byte by byte, but for what JSON escapes."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _stored(row: tuple[Any, ...]) -> StoredAnswer:
    answer_id, thread, turn, asked_at, sequence = row[:5]
    asked, content, removed, erased = map(json.loads, row[5:])
    return StoredAnswer(
        answer_id, thread, turn, asked_at, sequence, asked, content, removed=tuple(removed), erased=tuple(erased)
    )


def documents_of(content: Mapping[str, Any]) -> list[str]:
    """The documents that an answer read or cites, each once."""
    return list(dict.fromkeys(one["document_id"] for one in (*content["citations"], *content["evidence"])))


def _gone_since(connection: sqlite3.Connection, sequence: int) -> set[str]:
    """Documents that left after a change: an answer that was on its way must not bring back what was erased meanwhile."""
    rows = connection.execute(
        """SELECT document FROM log WHERE action = 'remove' AND sequence > ?
        AND document NOT IN (SELECT id FROM documents)""",
        (sequence,),
    )
    return {row[0] for row in rows}


def now() -> str:
    """This second, ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")
