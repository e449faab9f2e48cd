"""A judgement of an answer, and the gold case that is made of it: the question, what is right, and where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from index.sentences import iter_sentences
from index.values import Document
from rag.filters import filters_as_json, filters_of
from rag.replay import KeptAnswer
from rag.values import Answer, Citation


class NoGoldCase(ValueError):
    """No gold case can be made of a judgement; says why."""


def gold_case(
    kept: KeptAnswer, names: Mapping[str, str], *, expected: str | None = None, unanswerable: bool = False
) -> dict[str, Any]:
    """A line of a gold file (`eval.gold`), made of a kept answer.

    Args:
        kept: What was asked and answered.
        names: Name of each document that the answer read, by id.
        expected: The right answer, where it is not the one that was given.
        unanswerable: The documents do not answer the question, whatever was answered.

    Raises:
        NoGoldCase: The case would prove nothing: no passage that was read holds the expected answer, or words of it are gone.
    """
    answer = kept.answer
    case = {"id": f"gold_{answer.id.removeprefix('ans_')}", "question": answer.query, "filters": _filters(kept)}
    if unanswerable or (answer.verdict == "not_stated" and expected is None):
        return {**case, "kind": "unanswerable"}
    if expected is not None:
        return {**case, "kind": "fact", "answers": [expected], "evidence": [_where(expected, answer, names)]}
    evidence = [_evidence(names, one.document_id, one.quote) for one in _proof(kept, names)]
    if answer.verdict == "conflicting":
        positions = [[one.value] for one in answer.conflicts[0].positions]
        return {**case, "kind": "conflict", "positions": positions, "evidence": evidence}
    if not answer.short:
        raise NoGoldCase("the answer has no short form; say with 'expected' what is right")
    kind = "multi" if answer.verdict == "partial" else "fact"
    return {**case, "kind": kind, "answers": [answer.short], "evidence": evidence}


def names_of(documents: Iterable[Document]) -> dict[str, str]:
    """The shortest end of a source that names each document and no other; its id where there is none."""
    tails = {one.id: [tail for source in one.sources for tail in _tails(source)] for one in documents}
    bearers: dict[str, set[str]] = {}
    for document_id, own in tails.items():
        for tail in own:
            bearers.setdefault(tail, set()).add(document_id)
    return {
        document_id: min((tail for tail in own if len(bearers[tail]) == 1), key=len, default=document_id)
        for document_id, own in tails.items()
    }


def _tails(source: str) -> list[str]:
    parts = PurePath(source).parts
    return [tail for start in range(len(parts)) if (tail := "/".join(parts[start:])).strip()]


def _filters(kept: KeptAnswer) -> dict[str, Any]:
    asked = kept.asked
    given = filters_as_json(filters_of(asked.model_dump()))
    return given | ({"as_of": asked.as_of} if asked.as_of is not None else {})


def _proof(kept: KeptAnswer, names: Mapping[str, str]) -> Sequence[Citation]:
    """What the answer cites; of a conflict, what its first disagreement cites."""
    answer = kept.answer
    if kept.erased or any(one.document_id not in names for one in answer.citations):
        raise NoGoldCase("documents that the answer cites are gone")
    if answer.verdict != "conflicting":
        return answer.citations
    numbers = {number for position in answer.conflicts[0].positions for number in position.citations}
    return [one for one in answer.citations if one.number in numbers]


def _where(expected: str, answer: Answer, names: Mapping[str, str]) -> dict[str, str]:
    """The first sentence that holds the expected answer, in what is cited and then in what was read."""
    pattern = re.compile(r"\s+".join(map(re.escape, expected.split())), re.IGNORECASE)
    cited = [(one.document_id, one.quote) for one in answer.citations]
    for document_id, text in (*cited, *((one.document_id, one.text) for one in answer.evidence)):
        if document_id not in names or not (found := pattern.search(text)):
            continue
        quote = next((s for s in iter_sentences(text) if s.start <= found.start() and found.end() <= s.end), None)
        return _evidence(names, document_id, text[quote.start : quote.end] if quote else found[0])
    raise NoGoldCase("no passage that was read holds the expected answer in these words")


def _evidence(names: Mapping[str, str], document_id: str, quote: str) -> dict[str, str]:
    return {"document": names[document_id], "quote": quote}
