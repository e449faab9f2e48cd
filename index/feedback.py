"""Judgements of answers: what people thought of them, and the gold cases that were made of them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from index.answers import json_of
from index.catalogue import Catalogue
from index.errors import FeedbackFull, UnknownAnswer, UnknownFeedback

Rating = Literal["good", "bad"]

MOST_JUDGEMENTS = 10_000
MAX_COMMENT_CHARS = 2_000
MAX_REASONS = 10
MAX_REASON_CHARS = 64
MAX_GOLD_CHARS = 100_000

_COLUMNS = "id, answer, rating, reasons, comment, gold, given_at, caller"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one caller said of one answer.

    Attributes:
        reasons: Short words of the caller's choice, such as "wrong date".
        gold: The case that was made of it, as a line of a gold file holds it (`eval/gold`); None for none.
        caller: The name of the key that it came with, or the caller of this machine.
    """

    id: str
    answer_id: str
    rating: Rating
    reasons: tuple[str, ...]
    comment: str
    gold: Mapping[str, Any] | None
    given_at: str
    caller: str


class Feedback:
    """The judgements of one collection, in the order they were given.

    One goes when its answer is forgotten, unless a gold case was made of it: that stands for itself. An erased document takes
    its words out of both.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def add(
        self,
        answer_id: str,
        rating: Rating,
        *,
        caller: str,
        reasons: Sequence[str] = (),
        comment: str = "",
        gold: Mapping[str, Any] | None = None,
    ) -> Judgement:
        """Keep a judgement of a kept answer.

        Raises:
            UnknownAnswer: The answer is not kept.
            FeedbackFull: MOST_JUDGEMENTS are kept already.
            ValueError: Something is not as it must be, or too long.
        """
        kept_gold = _checked(rating, reasons, comment, gold)
        given_at = datetime.now(UTC).isoformat(timespec="seconds")
        new = Judgement(
            f"fb_{secrets.token_hex(16)}", answer_id, rating, tuple(reasons), comment, gold, given_at, caller
        )
        with self._catalogue.writing() as connection:
            if not connection.execute("SELECT 1 FROM answers WHERE id = ?", (answer_id,)).fetchone():
                raise UnknownAnswer("There is no such answer. Run: dossier answers")
            if connection.execute("SELECT count(*) FROM feedback").fetchone()[0] >= MOST_JUDGEMENTS:
                raise FeedbackFull(
                    f"This collection keeps {MOST_JUDGEMENTS:,} judgements. Take them out and delete some: dossier feedback"
                )
            connection.execute(
                f"INSERT INTO feedback ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                (
                    new.id,
                    answer_id,
                    rating,
                    json.dumps(reasons, ensure_ascii=False),
                    comment,
                    kept_gold,
                    given_at,
                    caller,
                ),
            )
        return new

    def judgement(self, feedback_id: str) -> Judgement:
        """One judgement. Raises UnknownFeedback."""
        found = self._select("WHERE id = ?", (feedback_id,))
        if not found:
            raise _unknown()
        return found[0]

    def newest(self, *, limit: int, offset: int = 0, answer_id: str | None = None) -> list[Judgement]:
        """The newest first; those of one answer when it is named."""
        return self._select(
            "WHERE ?1 IS NULL OR answer = ?1 ORDER BY key DESC LIMIT ?2 OFFSET ?3", (answer_id, limit, offset)
        )

    def gold_cases(self) -> list[Mapping[str, Any]]:
        """Every gold case, in the order they were made: a gold file, line by line."""
        return [one.gold for one in self._select("WHERE gold IS NOT NULL ORDER BY key", ()) if one.gold is not None]

    def count(self, *, answer_id: str | None = None) -> int:
        """How many are kept; those of one answer when it is named."""
        with self._catalogue.reading() as connection:
            row = connection.execute("SELECT count(*) FROM feedback WHERE ?1 IS NULL OR answer = ?1", (answer_id,))
            return int(row.fetchone()[0])

    def delete(self, feedback_id: str) -> None:
        """Delete one judgement with its gold case. Raises UnknownFeedback."""
        with self._catalogue.writing() as connection:
            if not connection.execute("DELETE FROM feedback WHERE id = ?", (feedback_id,)).rowcount:
                raise _unknown()

    def _select(self, which: str, values: Sequence[Any]) -> list[Judgement]:
        with self._catalogue.reading() as connection:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM feedback {which}", values).fetchall()  # noqa: S608
        return [_judgement(row) for row in rows]


def _judgement(row: Sequence[Any]) -> Judgement:
    feedback_id, answer_id, rating, reasons, comment, gold, given_at, caller = row
    case = json.loads(gold) if gold is not None else None
    return Judgement(feedback_id, answer_id, rating, tuple(json.loads(reasons)), comment, case, given_at, caller)


def _unknown() -> UnknownFeedback:
    return UnknownFeedback("There is no such feedback. Run: dossier feedback")


def _checked(rating: str, reasons: Sequence[str], comment: str, gold: Mapping[str, Any] | None) -> str | None:
    """The gold case as it is kept. Raises ValueError."""
    if rating not in get_args(Rating):
        raise ValueError(f"rating must be good or bad, got {rating!r:.20}")
    if len(reasons) > MAX_REASONS or any(not one.strip() or len(one) > MAX_REASON_CHARS for one in reasons):
        raise ValueError(
            f"reasons must be at most {MAX_REASONS} texts of 1 to {MAX_REASON_CHARS} characters that are not blank"
        )
    if len(comment) > MAX_COMMENT_CHARS:
        raise ValueError(f"comment must have at most {MAX_COMMENT_CHARS:,} characters, got {len(comment):,}")
    kept = None if gold is None else json_of(gold)
    if kept is not None and len(kept) > MAX_GOLD_CHARS:
        raise ValueError(f"gold must have at most {MAX_GOLD_CHARS:,} characters, got {len(kept):,}")
    for text in (*reasons, comment, kept or ""):
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValueError("feedback must be text without halves of character pairs") from None
    return kept
