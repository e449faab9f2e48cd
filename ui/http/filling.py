"""An answer as the JSON that a client wants: each property is filled with the fact of the answer that its name asks for.

Nothing is made up: what no fact fills is left out where it may be, is null where it may be, and otherwise the answer is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rag.values import Answer, Citation
from ui.http.schema import Schema, WantedSchema, refused

_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_NUMBER = re.compile(r"[-−]?\d+(?:,\d{3})*(?:\.\d+)?")
_YES_NO = re.compile(r"\s*(yes|no)\b", re.IGNORECASE)
_NAMES: dict[str, str] = {
    "answer": "answer short value result response final_answer short_answer output reply",
    "text": "text full_answer long_answer content summary explanation reasoning rationale sentence statement claim fact",
    "verdict": "verdict status outcome",
    "answered": "answered found is_answered answerable has_answer supported is_supported",
    "confidence": "confidence score certainty probability",
    "question": "question query",
    "quotes": "quotes quote citations citation sources source evidence references reference excerpts passages supporting_quotes",
    "statements": "statements sentences claims facts items points steps key_points bullets list results answers values",
    "missing": "missing not_stated unanswered",
    "quote": "quote excerpt passage snippet verbatim text content",
    "title": "title name document source_title",
    "publisher": "publisher outlet source site",
    "author": "author writer by",
    "published": "published date published_at publication_date",
    "url": "url uri link href source_url",
    "document_id": "document_id doc_id id",
    "number": "number index citation_number n",
    "page": "page page_number",
    "start": "start start_index offset",
    "end": "end end_index",
}
_BY_NAME: dict[str, tuple[str, ...]] = {}
for _fact, _names in _NAMES.items():
    for _name in _names.split():
        _BY_NAME[_name] = (*_BY_NAME.get(_name, ()), _fact)


class Unfilled(Exception):
    """No fact fills a part of the schema, which `args[0]` names."""


class _Any:
    """Stands for a fact of any value, to see whether a schema can be filled at all."""


ANY = _Any()


class Facts(dict[str, Any]):
    """Facts by name. Attributes: `bare`, what stands for all of them where there is room for one value."""

    def __init__(self, bare: str, facts: Mapping[str, Any]) -> None:
        super().__init__(facts)
        self.bare = bare

    def named(self, name: str) -> str | None:
        """The fact that a property asks for; None for a name that asks for none of these."""
        words = "_".join(_WORDS.findall(name)).lower()
        return next((fact for fact in _BY_NAME.get(words, ()) if fact in self), None)


def plain(answer: Answer, url_of: Callable[[Citation], str]) -> dict[str, Any]:
    """The object that an answer is where the client wants JSON of no certain shape."""
    return {
        "answer": answer.short or (answer.text if answer.statements else None),
        "verdict": answer.verdict,
        "text": answer.text,
        "quotes": [dict(_quote_facts(one, url_of)) for one in answer.citations],
    }


def check_fillable(schema: WantedSchema) -> None:
    """Raises Problem (400) for a schema that no answer could fill."""
    try:
        _Filling(schema).root(_sample())
    except Unfilled as gap:
        raise refused(
            f"no fact of an answer fills '{gap.args[0]}'. Known names: answer, verdict, quotes, text"
        ) from None


def filled(schema: WantedSchema, answer: Answer, url_of: Callable[[Citation], str]) -> str | None:
    """The JSON text; None where the answer lacks a fact that the schema demands."""
    try:
        found = _Filling(schema).root(_facts_of(answer, url_of))
    except Unfilled:
        return None
    return json.dumps(found, ensure_ascii=False) if schema.fits(found) else None


def _facts_of(answer: Answer, url_of: Callable[[Citation], str]) -> Facts:
    stated = bool(answer.statements)
    cited = {one.number: _quote_facts(one, url_of) for one in answer.citations}
    statements = [
        Facts(
            "text",
            {"text": one.text, "verdict": one.status, "quotes": [cited[n] for n in one.citations if n in cited]},
        )
        for one in answer.statements
    ]
    return Facts(
        "answer",
        {
            "answer": (answer.short or answer.text) if stated else None,
            "text": answer.text,
            "verdict": answer.verdict,
            "answered": stated,
            "confidence": answer.confidence,
            "question": answer.question,
            "quotes": list(cited.values()),
            "statements": [Facts("text", {"text": one}) for one in answer.items] or statements,
            "missing": list(answer.missing),
        },
    )


def _quote_facts(one: Citation, url_of: Callable[[Citation], str]) -> Facts:
    said = one.model_dump(
        include={"quote", "title", "publisher", "author", "published", "number", "page", "document_id"}
    )
    return Facts("quote", {**said, "url": url_of(one), "start": one.start, "end": one.end})


def _sample() -> Facts:
    quote = Facts(
        "quote",
        dict.fromkeys("quote title publisher author published number page document_id url start end".split(), ANY),
    )
    statement = Facts("text", {"text": ANY, "verdict": ANY, "quotes": [quote]})
    same = dict.fromkeys("answer text verdict answered confidence question".split(), ANY)
    return Facts("answer", {**same, "quotes": [quote], "statements": [statement], "missing": [ANY]})


class _Filling:
    def __init__(self, schema: WantedSchema) -> None:
        self._schema = schema

    def root(self, facts: Facts) -> Any:
        return self._value(self._schema.root, facts, "")

    def _value(self, node: Schema | bool, value: Any, path: str) -> Any:
        if isinstance(node, bool):
            return self._value({}, value, path)
        node = self._schema.resolved(node)
        if "anyOf" in node:
            return self._either(node["anyOf"], value, path)
        kinds = node.get("type")
        if isinstance(kinds, list):
            return self._either([{**node, "type": kind} for kind in kinds], value, path)
        if "const" in node or "enum" in node:
            return _chosen([node["const"]] if "const" in node else node["enum"], _bare(value), path)
        if kinds == "object":
            return self._object(node, value, path)
        if kinds == "array":
            return self._array(node, value, path)
        if kinds == "integer" and isinstance(value, Facts) and "number" in value:
            value = value["number"]  # what is cited, as the number that it has in the text
        return _scalar(kinds, _bare(value), path)

    def _either(self, nodes: Sequence[Schema], value: Any, path: str) -> Any:
        for node in sorted(nodes, key=lambda one: isinstance(one, dict) and one.get("type") == "null"):
            try:
                return self._value(node, value, path)
            except Unfilled:
                continue
        raise Unfilled(path)

    def _object(self, node: Schema, value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, Facts):
            raise Unfilled(path)
        properties: Mapping[str, Schema] = node.get("properties", {})
        named = {name: value.named(name) for name in properties}
        nameless = [name for name, fact in named.items() if fact is None]
        if len(nameless) == 1 and value.bare not in named.values():
            named[nameless[0]] = value.bare  # {"capital": ...}: the one name that is not ours is what was asked
        required = node.get("required", ())
        found = {}
        for name, part in properties.items():
            fact, where = named[name], f"{path}.{name}".lstrip(".")
            try:
                found[name] = self._value(part, value[fact] if fact else None, where)
            except Unfilled:
                if name in required:
                    raise
        return found

    def _array(self, node: Schema, value: Any, path: str) -> list[Any]:
        if value is None:
            raise Unfilled(path)
        held = value if isinstance(value, list) else [value]
        return [self._value(node.get("items", {}), one, path) for one in held[: node.get("maxItems", len(held))]]


def _bare(value: Any) -> Any:
    """One value for several."""
    if isinstance(value, list):
        value = value[0] if value else None
    return _bare(value[value.bare]) if isinstance(value, Facts) else value


def _scalar(kind: str | None, value: Any, path: str) -> Any:
    if kind == "null":
        return None
    if value is None:
        raise Unfilled(path)
    if value is ANY:
        return {"string": "", "boolean": True}.get(str(kind), 0)
    if kind in ("number", "integer"):
        return _number(kind, value, path)
    if kind == "boolean":
        said = _YES_NO.match(str(value))
        if isinstance(value, bool) or said is None:
            return value if isinstance(value, bool) else _none(path)
        return said[1].lower() == "yes"
    return value if kind is None else str(value)


def _number(kind: str, value: Any, path: str) -> Any:
    if not isinstance(value, int | float) or isinstance(value, bool):
        found = _NUMBER.findall(str(value))
        if len(found) != 1:
            raise Unfilled(path)
        value = float(found[0].replace(",", "").replace("−", "-"))
    if kind == "integer" or float(value).is_integer():
        return int(value) if float(value).is_integer() else _none(path)
    return value


def _chosen(options: Sequence[Any], value: Any, path: str) -> Any:
    """The option that the value is, or the only one that it names."""
    if value is ANY:
        return options[0] if options else _none(path)
    said = str(value).casefold()
    same = [one for one in options if one == value or str(one).casefold() == said]
    held = [
        one for one in options if isinstance(one, str) and re.search(rf"(?<!\w){re.escape(one.casefold())}(?!\w)", said)
    ]
    found = same or (held if value is not None else [])
    return found[0] if len(found) == 1 else _none(path)


def _none(path: str) -> Any:
    raise Unfilled(path)
