"""The records of a public set: a JSON object into a document, a question or a judgement; what is wrong is named, nothing is repaired."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from eval.sets.cases import SetDocument, SetQuery
from eval.sets.lines import Wrong
from index.values import Span

_DATE = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?(?!\d)")


def add_once(found: dict[str, Any], item: SetDocument | SetQuery) -> None:
    if item.id in found:
        raise Wrong(f"the id {item.id!r:.80} is already used")
    found[item.id] = item


def read_document(raw: Mapping[str, Any]) -> SetDocument:
    day = _DATE.match(_optional(raw, "published_at", "published") or "")
    return SetDocument(
        id=_name(raw, "_id"),
        title=_text(raw.get("title", ""), "title"),
        text=_text(_present(raw, "text"), "text"),
        publisher=_optional(raw, "source", "publisher"),
        author=_optional(raw, "author"),
        published=day.group(0) if day else None,
    )


def read_query(raw: Mapping[str, Any], documents: Mapping[str, SetDocument]) -> SetQuery:
    answers = raw.get("answers", [raw["answer"]] if raw.get("answer") is not None else [])
    if not isinstance(answers, list):
        raise Wrong("field 'answers' must be a list")
    answerable = raw.get("answerable", True)
    if not isinstance(answerable, bool):
        raise Wrong("field 'answerable' must be true or false")
    doc_id = _optional(raw, "doc_id")
    if doc_id is not None and doc_id not in documents:
        raise Wrong(f"there is no document {doc_id!r:.80}")
    document = documents[doc_id] if doc_id is not None else None
    return SetQuery(
        id=_name(raw, "_id"),
        text=_name(raw, "text"),
        answers=tuple(_text(answer, "answers") for answer in answers),
        spans=_spans(raw, "spans", document),
        references=_spans(raw, "references", document),
        answerable=answerable,
        kind=_optional(raw, "type"),
        doc_id=doc_id,
    )


def _spans(raw: Mapping[str, Any], field: str, document: SetDocument | None) -> tuple[Span, ...]:
    """Spans with their text, which must stand in the document where they say."""
    given = raw.get(field, [])
    if not isinstance(given, list):
        raise Wrong(f"field {field!r} must be a list")
    found: dict[Span, None] = {}
    for item in given:
        start = item.get("start") if isinstance(item, dict) else None
        if not isinstance(start, int) or isinstance(start, bool) or start < 0:
            raise Wrong(f"an item of {field!r} needs 'text' and a 'start' of 0 or more")
        text = _text(item.get("text"), f"{field}.text")
        span = Span(start, start + len(text))
        if not text or item.get("end", span.end) != span.end:
            raise Wrong(f"an item of {field!r} ends at {item.get('end')!r:.20}, its text of {len(text)} does not")
        if document is None or document.text[span.start : span.end] != text:
            raise Wrong(f"{text!r:.60} does not stand at {span.start} of its document")
        found[span] = None
    return tuple(found)


def read_judgement(
    raw: Mapping[str, Any],
    queries: Mapping[str, SetQuery],
    documents: Mapping[str, SetDocument],
    relevant: dict[str, set[str]],
) -> None:
    query_id, doc_id, score = _name(raw, "query_id"), _name(raw, "doc_id"), raw.get("score", 1)
    if not isinstance(score, (int, float)) or isinstance(score, bool):
        raise Wrong("field 'score' must be a number")
    if query_id not in queries:
        raise Wrong(f"there is no question {query_id!r:.80}")
    if doc_id not in documents:
        raise Wrong(f"there is no document {doc_id!r:.80}")
    if score >= 1:
        relevant.setdefault(query_id, set()).add(doc_id)


def _present(raw: Mapping[str, Any], field: str) -> object:
    if field not in raw:
        raise Wrong(f"field {field!r} is missing")
    return raw[field]


def _text(value: object, field: str) -> str:
    if not isinstance(value, str):
        raise Wrong(f"field {field!r} must be a string, got {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Wrong(f"field {field!r} holds half of a character pair (a lone surrogate)") from None
    return value


def _name(raw: Mapping[str, Any], field: str) -> str:
    text = _text(_present(raw, field), field)
    if not text.strip():
        raise Wrong(f"field {field!r} is blank")
    return text


def _optional(raw: Mapping[str, Any], *fields: str) -> str | None:
    """The first of the fields that says something."""
    for field in fields:
        value = raw.get(field)
        if value is not None and (text := _text(value, field)).strip():
            return text
    return None
