"""What a person says of a document against what its file says: kept by source, laid over every revision of the file."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from index.dates import published
from index.values import Provenance, Published

FIELDS = ("title", "publisher", "author", "published")
MAX_CHARS = 300

_ISO = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_NOT_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # control characters, halves of a pair


@dataclass(frozen=True, slots=True)
class Edit:
    """Corrections by hand. None leaves a field to the file; "" says that it is not known, whatever the file says.

    Attributes:
        published: ISO 8601; its length says how much of the date is known.
    """

    title: str | None = None
    publisher: str | None = None
    author: str | None = None
    published: str | None = None

    def __bool__(self) -> bool:
        return self != Edit()

    def changed(self, fields: Mapping[str, str | None]) -> Edit:
        """This correction with some fields set anew; None takes the correction of a field back. Raises ValueError."""
        unknown = sorted(set(fields) - set(FIELDS))
        if unknown:
            raise ValueError(f"fields must be among {', '.join(FIELDS)}, got {', '.join(unknown)}")
        return replace(self, **{name: value and _checked(name, value) for name, value in fields.items()})

    def over(self, said: Provenance) -> Provenance:
        """What is known of a document when its file says `said`."""
        when = said.published
        if self.published is not None:
            when = published(self.published, "edited") if self.published else None
        return Provenance(
            title=_laid_over(self.title, said.title),
            publisher=_laid_over(self.publisher, said.publisher),
            author=_laid_over(self.author, said.author),
            published=when,
            kind=said.kind,
        )


@dataclass(frozen=True, slots=True)
class EditedSource:
    """A source's correction, and what its file says itself."""

    edit: Edit
    said: Provenance


def edit_of(connection: sqlite3.Connection, source: str) -> EditedSource | None:
    """The correction of a source, or None."""
    row = connection.execute(
        "SELECT title, publisher, author, published, said FROM edits WHERE source = ?", (source,)
    ).fetchone()
    return EditedSource(Edit(*row[:4]), _provenance(json.loads(row[4]))) if row else None


def store_edit(connection: sqlite3.Connection, source: str, edited: EditedSource) -> None:
    """Keep the correction of a stored source; one without a correction loses its row."""
    if not edited.edit:
        connection.execute("DELETE FROM edits WHERE source = ?", (source,))
        return
    connection.execute(
        """INSERT INTO edits (source, title, publisher, author, published, said) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET title = excluded.title, publisher = excluded.publisher, author = excluded.author,
        published = excluded.published, said = excluded.said""",
        (source, *asdict(edited.edit).values(), json.dumps(asdict(edited.said), ensure_ascii=False)),
    )


def _laid_over(by_hand: str | None, said: str | None) -> str | None:
    return said if by_hand is None else by_hand or None


def _checked(name: str, value: str) -> str:
    """A field's value as it is kept. Raises ValueError."""
    value = " ".join(value.split())
    if name == "published" and value and not (_ISO.fullmatch(value) and published(value, "edited")):
        raise ValueError(
            f"published must be a day, month or year such as 2025-11-16, 2025-11 or 2025, from 1800 to today, got {value!r:.40}"
        )
    if len(value) > MAX_CHARS or _NOT_TEXT.search(value):
        raise ValueError(f"{name} must be text of at most {MAX_CHARS} characters without control characters")
    return value


def _provenance(kept: Mapping[str, object]) -> Provenance:
    values = dict(kept)
    when = values.pop("published")
    return Provenance(**values, published=Published(**when) if isinstance(when, dict) else None)  # type: ignore[arg-type]
