"""What an erased document leaves in an answer: numbers, offsets and ids, and a note in place of every word.

Whatever is not known to be free of its text goes, so that a field which answers gain later is blank here and no leak.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

ERASED = "[The document was erased.]"

_WORDS = frozenset({"text", "quote", "value"})
_STAYS = frozenset({"document_id", "chunk_id", "status", "standing", "citations"})
_PARTS = ("statements", "citations", "timeline", "evidence")
_ASKERS_OWN = (
    "id", "kind", "verdict", "confidence", "answered_by", "degraded", "degraded_reason", "settings_hash", "generation", "thread", "rewritten_by",
    "usage", "cost", "timings_ms",
)  # fmt: skip
_OF_THE_WHOLE = (*_ASKERS_OWN, "question", "query", "text", "short", "items", "filters", "missing", "nearness")


def without_document(content: Mapping[str, Any], document_id: str) -> dict[str, Any]:
    """An answer in JSON values without the words of one document that it read."""
    numbers = {one["number"] for one in content["citations"] if one["document_id"] == document_id}

    def of_it(one: Mapping[str, Any]) -> bool:
        return one.get("document_id") == document_id or not numbers.isdisjoint(one.get("citations", ()))

    def blanked(found: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        return [_blank(one) if of_it(one) else one for one in found]

    def settled(conflict: Mapping[str, Any]) -> Mapping[str, Any]:
        if not any(map(of_it, conflict["positions"])):
            return conflict
        return {**conflict, "about": content["question"], "positions": blanked(conflict["positions"])}

    kept: dict[str, Any] = {name: blanked(content.get(name, ())) for name in _PARTS}
    kept["conflicts"] = [settled(conflict) for conflict in content.get("conflicts", ())]
    if numbers:
        kept |= {"text": ERASED, "short": "", "items": []}
    elif content["verdict"] in ("not_stated", "partial"):  # their text names what came nearest
        kept["text"] = ERASED
    return {name: content[name] for name in _OF_THE_WHOLE if name in content} | kept


def stripped(content: Mapping[str, Any], *, question: str) -> dict[str, Any]:
    """An answer of which only the question stays, and how it went."""
    own = {name: content[name] for name in _ASKERS_OWN if name in content}
    return own | {"question": question, "query": question, "text": ERASED, "short": "", "citations": [], "evidence": []}


def _blank(one: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers, ids and words of the contract stay; required words become the note, others fall back to their default."""
    return {
        name: ERASED if name in _WORDS else value
        for name, value in one.items()
        if name in _WORDS or name in _STAYS or isinstance(value, int | float)
    }
