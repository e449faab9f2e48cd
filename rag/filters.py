"""Filters in JSON and back: as a caller sends them, as an answer shows them and as a kept answer remembers them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from index.metadata import LONGEST_TEXT, MOST_ITEMS, MOST_KEYS, checked_key
from index.values import Condition, Filters

_BOUND = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?")
_PARTS = ("min", "max", "contains")


def filters_of(fields: Mapping[str, Any]) -> Filters:
    """Filters of JSON values; keys that are none of theirs are left alone. Raises ValueError."""
    return Filters(
        publisher=fields.get("publisher"),
        since=fields.get("since"),
        until=fields.get("until"),
        tags=tuple(fields.get("tags") or ()),
        sources=tuple(fields.get("sources") or ()),
        documents=tuple(fields.get("documents") or ()),
        metadata=conditions_of(fields.get("metadata") or {}),
    )


def filters_as_json(filters: Filters) -> dict[str, Any]:
    """What `filters_of` reads; without what is not set."""
    fields: dict[str, Any] = {
        "publisher": filters.publisher,
        "since": filters.since,
        "until": filters.until,
        "tags": [*filters.tags],
        "sources": [*filters.sources],
        "documents": [*filters.documents],
        "metadata": {one.key: _as_json(one) for one in filters.metadata},
    }
    return {name: value for name, value in fields.items() if value}


def conditions_of(fields: Mapping[str, Any]) -> tuple[Condition, ...]:
    """One condition for each key: a value, a list of which one must be there, or an object with "min", "max" or "contains".

    Raises:
        ValueError: It names the key and what may stand there.
    """
    if len(fields) > MOST_KEYS:
        raise ValueError(f"metadata may name {MOST_KEYS} keys, got {len(fields)}")
    found = {one.key: one for one in (_condition(checked_key(key), value) for key, value in fields.items())}
    if len(found) != len(fields):
        raise ValueError("metadata names a key twice")
    return tuple(found[key] for key in sorted(found))


def _condition(key: str, value: Any) -> Condition:
    if not isinstance(value, Mapping):
        values = value if isinstance(value, list | tuple) else [value]
        if not 0 < len(values) <= MOST_ITEMS:
            raise ValueError(f"metadata {key!r} may list 1 to {MOST_ITEMS} values, got {len(values)}")
        return Condition(key, any_of=tuple(_value(key, one) for one in values))
    if not value or set(value) - {*_PARTS}:
        raise ValueError(f"metadata {key!r} must be a value, a list of values, or have some of {', '.join(_PARTS)}")
    least, most = (_bound(key, value.get(name)) for name in ("min", "max"))
    if least is not None and most is not None and isinstance(least, str) != isinstance(most, str):
        raise ValueError(f"metadata {key!r}: min and max must both be numbers or both be dates")
    contains = value.get("contains")
    if "contains" in value:
        contains = _value(key, contains)
        if not isinstance(contains, str):
            raise ValueError(f"metadata {key!r}: contains must be text")
    return Condition(key, least=least, most=most, contains=contains)


def _value(key: str, value: Any) -> str | int | float:
    if isinstance(value, str) and value.strip() and len(value) <= LONGEST_TEXT:
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    raise ValueError(f"metadata {key!r} must be text of 1 to {LONGEST_TEXT} characters or a number")


def _bound(key: str, value: Any) -> str | int | float | None:
    if value is None or (isinstance(value, str) and _BOUND.fullmatch(value)):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    raise ValueError(f"metadata {key!r}: min and max must be numbers, or dates such as 2025, 2025-11 or 2025-11-16")


def _as_json(condition: Condition) -> Any:
    if condition.any_of:
        return list(condition.any_of) if len(condition.any_of) > 1 else condition.any_of[0]
    parts = {"min": condition.least, "max": condition.most, "contains": condition.contains}
    return {name: value for name, value in parts.items() if value is not None}
