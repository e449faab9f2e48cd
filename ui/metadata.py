"""Free metadata as a caller sends it: what is set of a document, and what a filter asks of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictFloat, StrictInt, StrictStr, WithJsonSchema

from index.metadata import LONGEST_TEXT, MOST_ITEMS, MOST_KEYS, TAGS, checked
from index.values import MetadataValue
from rag.filters import conditions_of
from ui.problems import Problem

MOST_NAMED = 100
_KEY = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,63}$"}
_TEXT = {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT, "pattern": r"^[!-~]([ -~]*[!-~])?$"}
_NUMBER = {"type": "number", "minimum": -1e12, "maximum": 1e12}
_VALUE: dict[str, Any] = {
    "anyOf": [_TEXT, _NUMBER, {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": MOST_ITEMS}]
}
_ISO = {"type": "string", "pattern": "^(19|20)[0-9]{2}(-(0[1-9]|1[0-2])(-(0[1-9]|1[0-9]|2[0-8]))?)?$"}


def _object(values: Any, example: Any) -> dict[str, Any]:
    keys = {"type": "object", "maxProperties": MOST_KEYS, "propertyNames": _KEY}
    return {**keys, "additionalProperties": values, "examples": [example]}


def _range(bound: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {"min": bound, "max": bound},
    }


def _settable(fields: dict[str, Any]) -> dict[str, Any]:
    checked({key: value for key, value in fields.items() if value is not None and value != ""})
    return fields


def _askable(fields: dict[str, Any]) -> dict[str, Any]:
    conditions_of(fields)
    return fields


_SET = {"anyOf": [*_VALUE["anyOf"], {"const": ""}, {"type": "null"}]}
_CONTAINS = {
    "type": "object",
    "required": ["contains"],
    "additionalProperties": False,
    "properties": {"contains": _TEXT},
}
_ASKED = {"anyOf": [*_VALUE["anyOf"], _range(_NUMBER), _range(_ISO), _CONTAINS]}
_One = StrictStr | StrictInt | StrictFloat
MetadataFields = Annotated[
    dict[str, _One | list[StrictStr] | None],
    AfterValidator(_settable),
    WithJsonSchema(_object(_SET, {"project": "Harbour", "tags": ["board", "minutes"], "pages": 12})),
]
"""Keys to set; "" says that it is not known, null takes an earlier correction back."""
MetadataFilter = Annotated[
    dict[str, _One | list[_One] | dict[str, _One]],
    AfterValidator(_askable),
    WithJsonSchema(_object(_ASKED, {"project": "Harbour", "date": {"min": "2025-01", "max": "2025-03"}})),
]
"""Key to a value, a list of which one must be there, or an object with min, max or contains."""
Named = Annotated[
    list[Annotated[StrictStr, Field(min_length=1, max_length=LONGEST_TEXT)]], Field(max_length=MOST_NAMED)
]


def metadata_sent(sent: str | None, tags: Sequence[str], files: int) -> list[dict[str, MetadataValue] | None]:
    """For each file what an upload says of it: one JSON object for all, or a list with one for each. Raises Problem."""
    from ui.requests import parse_json

    if sent is None and not tags:
        return [None] * files
    try:
        given: Any = {} if sent is None else parse_json(sent.encode("utf-8", "surrogatepass"))
    except Problem as problem:
        raise Problem("invalid-request", f"metadata: {str(problem.detail).replace('The body', 'it')}") from None
    each = given if isinstance(given, list) else [given] * files
    if len(each) != files or not all(isinstance(one, dict) for one in each):
        raise Problem("invalid-request", f"metadata: must be a JSON object, or a list of {files} of them")
    try:
        return [checked({**one, TAGS: _with_tags(one.get(TAGS), tags)} if tags else one) for one in each]
    except ValueError as error:
        raise Problem("invalid-request", f"metadata: {error}") from None


def metadata_options(pairs: Sequence[str], tags: Sequence[str]) -> dict[str, MetadataValue | None]:
    """KEY=VALUE as a command takes it: a key given several times is a list, a plain number is one, nothing after "=" is "".

    Raises:
        ValueError: It names what is wrong.

    >>> metadata_options(["project=Harbour", "pages=12", "status="], ["board"])
    {'project': 'Harbour', 'pages': 12, 'status': '', 'tags': ('board',)}
    """
    found: dict[str, list[str]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(f"--set must be KEY=VALUE, got {pair!r:.80}")
        found.setdefault(key.strip(), []).append(value.strip())
    if tags:
        found[TAGS] = [*found.get(TAGS, ()), *tags]
    said: dict[str, Any] = {key: values if len(values) > 1 else _typed(values[0]) for key, values in found.items()}
    empty = {key: "" for key, value in said.items() if value == ""}
    kept = checked({key: value for key, value in said.items() if value != ""})
    return {key: empty.get(key, kept.get(" ".join(key.split()).lower())) for key in said}


def conditions_options(where: Sequence[str]) -> dict[str, Any]:
    """KEY=VALUE, KEY>=VALUE, KEY<=VALUE or KEY~TEXT as a command takes it, as a filter. Raises ValueError.

    >>> conditions_options(["project=Harbour", "project=Quay", "date>=2025-01", "date<=2025-03", "from~brandt"])
    {'project': ['Harbour', 'Quay'], 'date': {'min': '2025-01', 'max': '2025-03'}, 'from': {'contains': 'brandt'}}
    """
    found: dict[str, Any] = {}
    for one in where:
        places = [(one.find(sign), -len(sign), sign) for sign in (">=", "<=", "~", "=") if sign in one]
        if not places or min(places)[0] < 1:
            raise ValueError(f"--where must be KEY=VALUE, KEY>=VALUE, KEY<=VALUE or KEY~TEXT, got {one!r:.80}")
        at, _, sign = min(places)
        key, value = one[:at].strip(), one[at + len(sign) :].strip()
        before = found.get(key)
        if sign == "=" and not isinstance(before, dict):
            found[key] = value if before is None else [*(before if isinstance(before, list) else [before]), value]
        elif sign != "=" and (before is None or isinstance(before, dict)):
            name = {">=": "min", "<=": "max", "~": "contains"}[sign]
            found[key] = {**(before or {}), name: value if sign == "~" else _bound(value)}
        else:
            raise ValueError(f"--where asks for {key} in two ways that cannot be one filter")
    conditions_of(found)
    return found


def _with_tags(before: object, tags: Sequence[str]) -> list[object]:
    return [*(before if isinstance(before, list) else [] if before is None else [before]), *tags]


def _typed(value: str) -> str | int | float:
    """A number where the text is written as one would write it."""
    try:
        number = json.loads(value)
    except ValueError:
        return value
    plain = isinstance(number, int | float) and not isinstance(number, bool) and json.dumps(number) == value
    return number if plain else value


def _bound(value: str) -> str | int | float:
    """A year is a date as well as a number; four digits are taken for a year."""
    return value if len(value) == 4 and value.isdigit() else _typed(value)
