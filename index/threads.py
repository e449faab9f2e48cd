"""Conversations as a list: whose each is, what it is called, which stand first. Their turns are `index.answers`."""

from __future__ import annotations

from dataclasses import dataclass

from index.catalogue import Catalogue
from index.errors import UnknownThread

LOCAL_OWNER = "local"
"""Whoever uses this machine without a key."""
_UNKNOWN = "There is no such thread. Run: dossier ask --thread new QUESTION"

_MINE = """FROM threads JOIN answers ON answers.thread = threads.id WHERE owner = ?1 AND (?2 = '' OR title LIKE ?2 ESCAPE '!'
    OR EXISTS (SELECT 1 FROM answers AS asked WHERE asked.thread = threads.id AND asked.question LIKE ?2 ESCAPE '!'))"""
_PAGE = f"""SELECT id, title, pinned, turns, (SELECT question FROM answers WHERE thread = mine.id AND turn = first),
    (SELECT asked_at FROM answers WHERE thread = mine.id AND turn = last)
    FROM (SELECT threads.id, title, pinned, count(*) AS turns, min(turn) AS first, max(turn) AS last, max(answers.key) AS newest
    {_MINE} GROUP BY threads.id ORDER BY pinned DESC, newest DESC LIMIT ?3 OFFSET ?4) AS mine"""  # noqa: S608 - no value of a caller


@dataclass(frozen=True, slots=True)
class Thread:
    """One conversation.

    Attributes:
        title: As its owner called it; None for one that is known by its first question.
        question: Of the first turn that is kept.
        asked_at: When its newest turn was asked.
    """

    id: str
    title: str | None
    pinned: bool
    turns: int
    question: str
    asked_at: str


class Threads:
    """The conversations of one owner in one collection."""

    def __init__(self, catalogue: Catalogue, owner: str) -> None:
        self._catalogue = catalogue
        self._owner = owner

    def listed(self, *, limit: int, offset: int = 0, find: str = "") -> list[Thread]:
        """Those that are pinned, then the others; each the one with the newest turn first.

        Args:
            find: Only those whose title or one of whose questions holds these words, whatever the case of A to Z.
        """
        with self._catalogue.reading() as connection:
            rows = connection.execute(_PAGE, (self._owner, _pattern(find), limit, offset)).fetchall()
        return [Thread(row[0], row[1], bool(row[2]), row[3], row[4] or "", row[5]) for row in rows]

    def count(self, *, find: str = "") -> int:
        """How many there are; `find` as for `listed`."""
        with self._catalogue.reading() as connection:
            counted = connection.execute(
                f"SELECT count(DISTINCT threads.id) {_MINE}",
                (self._owner, _pattern(find)),
            )
            return int(counted.fetchone()[0])

    def check(self, thread_id: str) -> None:
        """Raises UnknownThread for one that is not there, or another's."""
        with self._catalogue.reading() as connection:
            mine = "SELECT 1 FROM threads WHERE id = ? AND owner = ?"
            if connection.execute(mine, (thread_id, self._owner)).fetchone() is None:
                raise UnknownThread(_UNKNOWN)

    def rename(self, thread_id: str, title: str | None) -> None:
        """Call it something else; None calls it by its first question again. Raises UnknownThread."""
        self._change("UPDATE threads SET title = ?3 WHERE id = ?1 AND owner = ?2", thread_id, title)

    def pin(self, thread_id: str, pinned: bool) -> None:
        """Have it stand before the others, or no longer. Raises UnknownThread."""
        self._change("UPDATE threads SET pinned = ?3 WHERE id = ?1 AND owner = ?2", thread_id, int(pinned))

    def forget(self, thread_id: str) -> None:
        """Delete all its turns and what was said of them; a gold case stays. Raises UnknownThread."""
        self.check(thread_id)
        with self._catalogue.writing() as connection:
            connection.execute(
                "DELETE FROM feedback WHERE gold IS NULL AND answer IN (SELECT id FROM answers WHERE thread = ?)",
                (thread_id,),
            )
            connection.execute("DELETE FROM answers WHERE thread = ?", (thread_id,))

    def _change(self, statement: str, thread_id: str, value: str | int | None) -> None:
        with self._catalogue.writing() as connection:
            if not connection.execute(statement, (thread_id, self._owner, value)).rowcount:
                raise UnknownThread(_UNKNOWN)


def _pattern(find: str) -> str:
    """What LIKE looks for; "" for everything."""
    words = " ".join(find.split())
    for sign in "!%_":
        words = words.replace(sign, f"!{sign}")
    return f"%{words}%" if words else ""
