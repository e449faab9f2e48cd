"""Why an answer came out as it did, how sure it is, and how old what it rests on is: in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from rag.values import Answer, Citation, EvidenceView
from ui.words import count, listed, written

OLD = timedelta(days=365)
_SURE, _FAIRLY_SURE = 0.8, 0.5
_SIGNALS = {
    "outlet_named": "its outlet is named in the question",
    "author_named": "its author is named in the question",
    "date_match": "it was published at the time asked for",
    "published_by": "it was out by the date asked for",
    "period_match": "it speaks of the time asked for",
    "recency": "it is among the latest",
    "quoted_in_text": "it holds the words quoted in the question",
    "date_in_text": "it names the date asked for",
    "number_in_text": "it holds the number asked for",
    "name_in_text": "it holds the names asked for",
}
_TELLING = 0.5
"""From here on a signal is worth a word."""


def reason_of(answer: Answer) -> str:
    """Why the verdict is what it is; "" where the text of the answer says it."""
    outlets = list(dict.fromkeys(one.publisher for one in answer.citations if one.publisher))
    documents = len({one.document_id for one in answer.citations})
    if answer.verdict == "not_stated":
        return "" if answer.nearness else "No passage that was read answers this surely enough."
    if answer.verdict == "conflicting":
        positions = sum(len(one.positions) for one in answer.conflicts)
        return f"{count(positions, 'different answer')}, side by side with who gives them; none of them was preferred."
    told = _told_by(outlets, documents)
    if answer.verdict == "partial":
        return f"{told} The rest of the question is not in the documents."
    return told


def confidence_of(answer: Answer) -> str:
    """How sure it is that this answers the question; "" where nothing is answered."""
    if answer.verdict == "not_stated":
        return ""
    if answer.confidence >= _SURE:
        return "High confidence."
    return "Fair confidence." if answer.confidence >= _FAIRLY_SURE else "Low confidence: read the quotes."


def dates_of_sources(citations: Sequence[Citation], today: date) -> str:
    """From when the sources are, and whether the newest of them is old; "" when none is dated."""
    known = sorted({one.published for one in citations if one.published})
    if not known:
        return ""
    undated = len({one.document_id for one in citations if not one.published})
    span = written(known[0]) if len(known) == 1 else f"{written(known[0])} to {written(known[-1])}"
    old = known[-1] < (today - OLD).isoformat()[: len(known[-1])]
    return listed(
        [
            f"Sources of {span}" if len(known) > 1 else f"Source of {span}",
            count(undated, "source") + " without a date" if undated else None,
            f"{'it' if len(known) == 1 else 'the newest'} is more than a year old" if old else None,
        ],
        "; ",
    )


def why_read(passage: EvidenceView) -> str:
    """Why a passage was read, from its ranks and signals."""
    by = {(True, True): "its meaning and its words", (True, False): "its meaning", (False, True): "its words"}
    found = by.get((passage.dense_rank is not None, passage.lexical_rank is not None))
    holds = passage.rerank_score is not None and passage.rerank_score > 0
    said = [f"Found by {found}" if found else "Read beside what was found", _reader(passage.rerank_score, holds=holds)]
    return listed([*said, *_signals(passage.signals)], "; ") + "."


def _reader(score: float | None, *, holds: bool) -> str | None:
    if score is None:
        return None
    return "the reader sees an answer in it" if holds else "the reader sees no sure answer in it"


def _signals(signals: Mapping[str, Any]) -> list[str]:
    return [
        words
        for name, words in _SIGNALS.items()
        if isinstance(value := signals.get(name), int | float) and value >= _TELLING
    ]


def _told_by(outlets: Sequence[str], documents: int) -> str:
    if len(outlets) == 1 and documents == 1:
        return f"One source says so: {outlets[0]}."
    if len(outlets) == 1:
        return f"{count(documents, 'document')} of {outlets[0]} say so."
    if outlets:
        return f"{count(len(outlets), 'outlet')} say so, in {count(documents, 'document')}."
    return f"{count(documents, 'document')} {'says' if documents == 1 else 'say'} so." if documents else ""
