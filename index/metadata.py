"""Free metadata: any key; text, a number, an ISO date or a list of text. A file says it, an upload gives it, a person sets it."""

from __future__ import annotations

import json
import math
import re
import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime

from index.values import Metadata, MetadataValue

FILE, GIVEN, EDITED = range(3)
"""Who says it; what comes later lies over what comes before, key by key."""
TAGS = "tags"
MOST_KEYS = 50
LONGEST_KEY = 64
LONGEST_TEXT = 1000
MOST_ITEMS = 100
_LARGEST = 10**15
_DEEPEST = 3
_KEY = re.compile(r"[^\W\d_][\w .:/-]*")
_NOT_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")

KNOWN = "document_metadata"
"""The view of what holds: the uppermost layer of each key of each source."""


def checked_key(key: str) -> str:
    """A key as it is kept: lower case, single spaces. Raises ValueError."""
    plain = " ".join(unicodedata.normalize("NFKC", key).split()).lower()
    if len(plain) > LONGEST_KEY or not _KEY.fullmatch(plain):
        raise ValueError(
            f"metadata key must begin with a letter and be at most {LONGEST_KEY} letters, digits, spaces and . : / - _, got {key!r:.80}"
        )
    return plain


def checked(fields: Mapping[str, object]) -> dict[str, MetadataValue]:
    """Metadata as a person gives it. Raises ValueError that names the key and the bound."""
    if len(fields) > MOST_KEYS:
        raise ValueError(f"metadata may have {MOST_KEYS} keys, got {len(fields)}")
    found: dict[str, MetadataValue] = {}
    for key, value in fields.items():
        name = checked_key(key)
        if name in found:
            raise ValueError(f"metadata key {name!r} is given twice")
        found[name] = checked_value(name, value)
    return found


def checked_value(key: str, value: object) -> MetadataValue:
    """One value; tags are a list whatever they are given as. Raises ValueError."""
    if isinstance(value, list | tuple) or key == TAGS:
        items = list(value) if isinstance(value, list | tuple) else [value]
        if not 0 < len(items) <= MOST_ITEMS:
            raise ValueError(f"metadata {key!r} may list 1 to {MOST_ITEMS} texts, got {len(items)}")
        return tuple(dict.fromkeys(_checked_text(key, str(item) if _is_number(item) else item) for item in items))
    if _is_number(value):
        assert isinstance(value, int | float)
        if not math.isfinite(value) or abs(value) >= _LARGEST:
            raise ValueError(f"metadata {key!r} must be a finite number below {_LARGEST:.0e}")
        return value
    return _checked_text(key, value)


def readable(fields: Mapping[str, object]) -> tuple[dict[str, MetadataValue], list[str]]:
    """What of a file's own fields can be kept, and a note where something is left out or cut; nothing is refused for them."""
    found: dict[str, MetadataValue] = {}
    left_out = cut = 0
    for key, value in _flat(fields, "", _DEEPEST):
        try:
            name, said = checked_key(key), _shortened(value)
            if said is None:
                continue
            cut += said != _plain(value)
            kept = checked_value(name, said)
        except ValueError:
            left_out += 1
            continue
        if name not in found and len(found) < MOST_KEYS:
            found[name] = kept
        else:
            left_out += 1
    counts = ((left_out, "left out"), (cut, "cut"))
    return found, [f"{what} {n} metadata field{'' if n == 1 else 's'}" for n, what in counts if n]


def as_json(metadata: Metadata) -> dict[str, str | int | float | list[str]]:
    """Metadata in JSON values."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in metadata.items()}


def folded(value: str | int | float) -> str:
    """What two values have in common that count as the same: case, width, spaces and the type of a number do not matter.

    >>> folded("  Straße "), folded(12.0), folded("12")
    ('strasse', '12', '12')
    """
    if not isinstance(value, str):
        value = str(int(value)) if float(value).is_integer() else repr(float(value))
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())


def store_metadata(connection: sqlite3.Connection, source: str, layer: int, metadata: Metadata) -> None:
    """Put what one layer says of a stored source in the place of what it said before."""
    connection.execute("DELETE FROM metadata WHERE source = ? AND layer = ?", (source, layer))
    rows = (
        (source, key, layer, place, one, None if one is None else folded(one))
        for key, value in metadata.items()
        for place, one in _places(value)
    )
    connection.executemany(
        "INSERT INTO metadata (source, key, layer, place, value, folded) VALUES (?, ?, ?, ?, ?, ?)", rows
    )
    held = connection.execute(
        "SELECT key, place, value FROM document_metadata WHERE source = ? ORDER BY key, place", (source,)
    ).fetchall()
    connection.execute("DELETE FROM described WHERE source = ?", (source,))
    if held:
        said = json.dumps(as_json(_of_rows(held)), ensure_ascii=False)
        connection.execute("INSERT INTO described (source, metadata) VALUES (?, ?)", (source, said))
    connection.execute(
        "INSERT INTO meta VALUES ('described', '1') ON CONFLICT DO UPDATE SET value = CAST(value AS INTEGER) + 1"
    )


def edit_metadata(
    connection: sqlite3.Connection, sources: Iterable[str], fields: Mapping[str, MetadataValue | None] | None
) -> None:
    """Set some keys of stored sources by hand. "" says that it is not known; None takes back a key's correction, or all of them.

    Raises:
        ValueError: More keys than a source may have.
    """
    for source in sources:
        rows = connection.execute(
            "SELECT key, place, coalesce(value, '') FROM metadata WHERE source = ? AND layer = ? ORDER BY key, place",
            (source, EDITED),
        ).fetchall()
        before = _of_rows(rows)
        after = {
            key: value
            for key, value in {**before, **(fields or {})}.items()
            if value is not None and fields is not None
        }
        if len(after) > MOST_KEYS:
            raise ValueError(f"metadata may have {MOST_KEYS} keys set by hand, got {len(after)}")
        if after != before:
            store_metadata(connection, source, EDITED, after)


def together(said: Iterable[Mapping[str, str | int | float | list[str]]]) -> dict[str, MetadataValue]:
    """What several sources say, in JSON values, as one: of a key the first that has it, and lists of all of them."""
    found: dict[str, MetadataValue] = {}
    for one in said:
        for key, value in one.items():
            before = found.get(key)
            if before is None:
                found[key] = tuple(value) if isinstance(value, list) else value
            elif isinstance(before, tuple) and isinstance(value, list):
                found[key] = tuple(dict.fromkeys((*before, *value)))
    return found


def _of_rows(rows: Iterable[tuple[str, int, str | int | float]]) -> dict[str, MetadataValue]:
    """(key, place, value) of one source, in order."""
    found: dict[str, MetadataValue] = {}
    for key, place, value in rows:
        before = found.get(key, ())
        assert isinstance(before, tuple)
        found[key] = (*before, str(value)) if place else value
    return found


def _places(value: MetadataValue) -> Iterator[tuple[int, str | int | float | None]]:
    """Items of a list count from 1, a single value stands at 0; nothing at 0 says that it is not known."""
    if isinstance(value, tuple):
        yield from enumerate(value, start=1)
    else:
        yield 0, None if value == "" else value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _checked_text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"metadata {key!r} must be text, a number or a list of text, got {type(value).__name__}")
    plain = " ".join(value.split())
    if not plain or len(plain) > LONGEST_TEXT or _NOT_TEXT.search(plain):
        raise ValueError(f"metadata {key!r} must be 1 to {LONGEST_TEXT} characters without control characters")
    return plain


def _flat(fields: Mapping[str, object], before: str, depth: int) -> Iterator[tuple[str, object]]:
    """Fields inside of fields under names with dots; what is deeper is handed on and is no value."""
    for key, value in fields.items():
        if isinstance(value, Mapping) and depth > 1:
            yield from _flat({str(name): one for name, one in value.items()}, f"{before}{key}.", depth - 1)
        else:
            yield f"{before}{key}", value


def _plain(value: object) -> object:
    """A value of a file as text, number or list of text; dates are ISO days, None where nothing is said."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return " ".join(_NOT_TEXT.sub(" ", value).split()) or None
    if isinstance(value, list | tuple):
        items = [_plain(item) for item in value]
        return [item for item in items if item is not None] or None
    return value


def _shortened(value: object) -> object:
    value = _plain(value)
    if isinstance(value, str):
        return value[:LONGEST_TEXT].rstrip()
    if isinstance(value, list):
        return [item[:LONGEST_TEXT].rstrip() if isinstance(item, str) else item for item in value[:MOST_ITEMS]]
    return value
