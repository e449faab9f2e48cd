"""Checked statements to the Answer that is shown: verdict, text, numbered citations."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.conflict import Figure, find_conflict
from rag.values import (
    Answer,
    Citation,
    Conflict,
    Draft,
    Evidence,
    EvidenceView,
    FiltersView,
    Position,
    Quote,
    Statement,
    Verdict,
)
from rag.verify import VerifiedStatement

NEAREST = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """What every answer repeats of its question and of the system that answered."""

    question: str
    query: str
    filters: FiltersView
    collection: str
    chunk_count: int
    settings_hash: str
    generation: str


def compose_answer(
    asked: Asked,
    draft: Draft,
    statements: Sequence[VerifiedStatement],
    evidence: Sequence[Evidence],
    *,
    threshold: float,
    timings_ms: Mapping[str, float],
) -> Answer:
    """An answer from what passed verification; below `threshold`, or when nothing passed, "the documents don't say".

    Citations are numbered in the order in which the text uses them, and evidence takes the same numbers, so that [n]
    means one passage everywhere in the answer.
    """
    stated = bool(statements) and draft.confidence >= threshold
    shown = list(statements) if stated else []
    numbers = _numbers(shown, evidence)
    conflict = find_conflict(shown, evidence)
    verdict: Verdict = "conflicting" if conflict else "answered" if stated else "not_stated"
    return Answer(
        id=f"ans_{uuid.uuid4().hex}",
        question=asked.question,
        query=asked.query,
        verdict=verdict,
        text=_text(shown, numbers) if stated else _not_stated(asked, evidence),
        short=_short(draft, conflict) if stated else "",
        confidence=draft.confidence,
        statements=tuple(
            Statement(text=item.text, citations=_cited(item, numbers), status=item.status, checks=dict(item.checks))
            for item in shown
        ),
        citations=_citations(shown, evidence, numbers),
        conflicts=_conflicts(asked, conflict, numbers),
        evidence=tuple(sorted((_view(item, numbers) for item in evidence), key=lambda view: view.rank)),
        filters=asked.filters,
        answered_by=draft.answered_by,
        degraded=draft.degraded,
        settings_hash=asked.settings_hash,
        generation=asked.generation,
        usage=dict(draft.usage or {}),
        timings_ms={name: round(value, 2) for name, value in timings_ms.items()},
    )


def _numbers(statements: Sequence[VerifiedStatement], evidence: Sequence[Evidence]) -> dict[int, int]:
    """New number of each piece of evidence: the cited first, in the order of use, then the rest by rank."""
    order = [quote.evidence for statement in statements for quote in statement.quotes]
    order += [item.number for item in evidence]
    return {old: new for new, old in enumerate(dict.fromkeys(order), start=1)}


def _cited(statement: VerifiedStatement, numbers: Mapping[int, int]) -> tuple[int, ...]:
    return tuple(sorted({numbers[quote.evidence] for quote in statement.quotes}))


def _text(statements: Sequence[VerifiedStatement], numbers: Mapping[int, int]) -> str:
    return " ".join(
        f"{' '.join(item.text.split())} {''.join(f'[{number}]' for number in _cited(item, numbers))}"
        for item in statements
    )


def _short(draft: Draft, conflict: Sequence[Sequence[Figure]]) -> str:
    """The bare answer; of values that disagree, all of them."""
    return " / ".join(group[0].text for group in conflict) or draft.short


def _conflicts(asked: Asked, conflict: Sequence[Sequence[Figure]], numbers: Mapping[int, int]) -> tuple[Conflict, ...]:
    if not conflict:
        return ()
    return (Conflict(about=asked.query.rstrip(" ?"), positions=tuple(_position(group, numbers) for group in conflict)),)


def _position(group: Sequence[Figure], numbers: Mapping[int, int]) -> Position:
    first = group[0]
    provenance, quantity = first.evidence.document.provenance, first.quantity
    number = int(quantity.number) if quantity.number == int(quantity.number) else float(quantity.number)
    return Position(
        value=first.text,
        normalized={"number": number, "unit": quantity.unit or None, "bound": quantity.bound or None},
        citations=tuple(sorted({numbers[figure.evidence.number] for figure in group})),
        publisher=provenance.publisher,
        published=provenance.published.date if provenance.published else None,
    )


def _not_stated(asked: Asked, evidence: Sequence[Evidence]) -> str:
    """What was searched, and what came nearest."""
    if not evidence:
        scope = "No passage was found" if asked.chunk_count else "There is nothing to search yet"
        return f"The documents don't say. {scope} in collection '{asked.collection}' ({asked.chunk_count} passages)."
    documents = len({item.document.id for item in evidence})
    titles = list(
        dict.fromkeys(item.document.provenance.title or item.document.sources[0] for item in evidence[:NEAREST])
    )
    return (
        f"The documents don't say. Searched {asked.chunk_count} passages of collection '{asked.collection}' and read the nearest "
        f"{len(evidence)}, from {documents} {'document' if documents == 1 else 'documents'}; nearest: {'; '.join(titles)}."
    )


def _citations(
    statements: Sequence[VerifiedStatement], evidence: Sequence[Evidence], numbers: Mapping[int, int]
) -> tuple[Citation, ...]:
    """One citation per cited passage; several quotes of one passage become the stretch that holds them all."""
    found = {item.number: item for item in evidence}
    quotes: dict[int, list[Quote]] = {}
    for statement in statements:
        for quote in statement.quotes:
            quotes.setdefault(quote.evidence, []).append(quote)
    return tuple(_citation(found[old], quotes[old], number) for old, number in numbers.items() if old in quotes)


def _citation(item: Evidence, quotes: Sequence[Quote], number: int) -> Citation:
    start, end = min(quote.start for quote in quotes), max(quote.end for quote in quotes)
    document, provenance = item.document, item.document.provenance
    published = provenance.published
    return Citation(
        number=number,
        document_id=document.id,
        chunk_id=item.hit.chunk.id,
        title=provenance.title,
        publisher=provenance.publisher,
        author=provenance.author,
        kind=provenance.kind,
        published=published.date if published else None,
        published_precision=published.precision if published else None,
        published_source=published.source if published else None,
        uri=document.sources[0] if document.sources else None,
        quote=document.text[start:end],
        start=start,
        end=end,
        page=document.page_of(start),
        support=max(quote.support for quote in quotes),
    )


def _view(item: Evidence, numbers: Mapping[int, int]) -> EvidenceView:
    hit, provenance = item.hit, item.document.provenance
    signals = {"dense_score": hit.dense_score, "lexical_score": hit.lexical_score, **hit.signals}
    return EvidenceView(
        chunk_id=hit.chunk.id,
        document_id=item.document.id,
        number=numbers[item.number],
        rank=hit.rank,
        score=hit.score,
        dense_rank=hit.dense_rank,
        lexical_rank=hit.lexical_rank,
        rerank_score=hit.rerank_score,
        signals={name: value for name, value in signals.items() if value is not None},
        title=provenance.title,
        publisher=provenance.publisher,
        published=provenance.published.date if provenance.published else None,
        start=hit.chunk.start,
        end=hit.chunk.end,
        text=hit.chunk.text,
    )
