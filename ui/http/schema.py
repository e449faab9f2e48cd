"""A JSON schema that a client wants its answer in: how much of JSON Schema is read, and bounds on what one may cost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from ui.http.parameters import unsupported
from ui.problems import Problem

WHERE = "response_format.json_schema.schema"
MOST_CHARS = 32 * 1024
MOST_NODES = 500
DEEPEST = 12
_KEYWORDS = frozenset(
    (
        "$schema $id $defs definitions $ref title description default examples type properties required additionalProperties "
        "items anyOf enum const minItems maxItems minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum format"
    ).split()
)

Schema = Mapping[str, Any]


class WantedSchema:
    """A schema that was found fit to be filled. Raises Problem (400) for one that is too large, recursive or not understood."""

    def __init__(self, root: Any) -> None:
        if not isinstance(root, dict):
            raise refused("must be an object")
        if len(json.dumps(root)) > MOST_CHARS:
            raise refused(f"may have {MOST_CHARS} characters")
        self.root: Schema = root
        self._nodes = 0
        self._walk(root, (), 0)
        try:
            Draft202012Validator.check_schema(root)
        except (SchemaError, RecursionError):
            raise refused("is no JSON Schema") from None
        if self.resolved(root).get("type") != "object":
            raise refused("must be of type 'object' at its root")

    def resolved(self, node: Schema) -> Schema:
        """The node that a reference leads to."""
        while "$ref" in node:
            node = self._target(node["$ref"])
        return node

    def fits(self, value: Any) -> bool:
        return bool(Draft202012Validator(dict(self.root)).is_valid(value))

    def _target(self, reference: Any) -> Schema:
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise refused("may refer to its own parts only")
        found: Any = self.root
        for part in reference[1:].split("/")[1:]:
            found = found.get(part) if isinstance(found, dict) else None
        if not isinstance(found, dict):
            raise refused("refers to a part that is not there")
        return found

    def _walk(self, node: Any, references: tuple[str, ...], depth: int) -> None:
        """Look at every node, through references, each as often as it is meant."""
        if isinstance(node, bool):
            return
        if not isinstance(node, dict):
            raise refused("is no JSON Schema")
        self._nodes += 1
        if self._nodes > MOST_NODES or depth > DEEPEST:
            raise refused(f"may have {MOST_NODES} parts, nested {DEEPEST} deep")
        for keyword in node:
            if keyword not in _KEYWORDS:
                raise refused(
                    f"the keyword '{keyword}' is not supported" if keyword.isidentifier() else "is not supported"
                )
        if "$ref" in node:
            reference = str(node["$ref"])
            if reference in references:
                raise refused("must not refer to itself")
            self._walk(self._target(node["$ref"]), (*references, reference), depth + 1)
        for part in _parts(node):
            self._walk(part, references, depth + 1)


def refused(why: str) -> Problem:
    return unsupported(WHERE, why)


def _parts(node: Schema) -> Iterator[Any]:
    for name in ("properties", "anyOf"):
        held = node.get(name)
        yield from held.values() if isinstance(held, dict) else held if isinstance(held, list) else ()
    for name in ("items", "additionalProperties"):
        if name in node:
            yield node[name]
