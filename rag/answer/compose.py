"""Checked statements to the Answer that is shown: verdict, text, numbered citations."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rag.answer.findings import Disagreement, Findings
from rag.answer.prose import GREETING, NEAREST_SAY, Source, nothing_found, sources_of, text_of
from rag.contradictions.positions import ClaimGroup
from rag.contradictions.values import Value
from rag.gate.verify import VerifiedStatement
from rag.llm.failure import reason_in_words
from rag.values import (
    Answer,
    Citation,
    Conflict,
    DegradedReason,
    Draft,
    Evidence,
    EvidenceView,
    FiltersView,
    Position,
    Quote,
    Statement,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What every answer repeats of its question and of the system that answered."""

    question: str
    query: str
    kind: str
    filters: FiltersView
    chunk_count: int
    settings_hash: str
    generation: str


def compose_answer(
    asked: Asked,
    draft: Draft,
    findings: Findings,
    evidence: Sequence[Evidence],
    *,
    order: Sequence[int] = (),
    items: tuple[str, ...] = (),
    cost: float | None = None,
    timings_ms: Mapping[str, float],
) -> Answer:
    """An answer from what passed verification and was found beside it; without statements, "the documents don't say".

    Citations are numbered in the order in which the text uses them, and evidence takes the same numbers, so that [n]
    means one passage everywhere in the answer.

    Args:
        order: Evidence that has its numbers already, because it was told of.
        items: What the answer lists.
    """
    shown = findings.statements
    numbers = _numbers(shown, evidence, order)
    sources = sources_of(findings, evidence)
    statements = _statements(shown, sources, numbers)
    return Answer(
        id=f"ans_{uuid.uuid4().hex}",
        question=asked.question,
        query=asked.query,
        kind=asked.kind,
        verdict=_verdict(findings),
        text=_text(asked, findings, statements, sources, evidence),
        items=items if shown else (),
        short=_short(draft, findings) if shown else "",
        confidence=draft.confidence,
        statements=statements,
        citations=_citations(shown, evidence, numbers),
        conflicts=tuple(_conflict(one, numbers) for one in findings.disagreements),
        timeline=tuple(_position(point, (), numbers) for point in findings.timeline),
        missing=findings.missing,
        nearness=findings.nearness,
        evidence=tuple(sorted((_view(item, numbers) for item in evidence), key=lambda view: view.rank)),
        filters=asked.filters,
        answered_by=draft.answered_by,
        degraded=draft.degraded,
        degraded_reason=DegradedReason(code=draft.degraded_reason, message=reason_in_words(draft.degraded_reason))
        if draft.degraded_reason
        else None,
        settings_hash=asked.settings_hash,
        generation=asked.generation,
        usage=dict(draft.usage or {}),
        cost=cost,
        timings_ms={name: round(value, 2) for name, value in timings_ms.items()},
    )


def compose_statements(
    findings: Findings, evidence: Sequence[Evidence], order: Sequence[int] = ()
) -> tuple[tuple[Statement, ...], tuple[Citation, ...]]:
    """The statements as they are shown, and what they cite; `order` as in `compose_answer`."""
    shown = findings.statements
    numbers = _numbers(shown, evidence, order)
    sources = sources_of(findings, evidence)
    return _statements(shown, sources, numbers), _citations(shown, evidence, numbers)


def _statements(
    shown: Sequence[VerifiedStatement], sources: Sequence[Source], numbers: Mapping[int, int]
) -> tuple[Statement, ...]:
    return tuple(
        Statement(
            text=item.text,
            attribution=source.lead,
            speaker=source.speaker,
            citations=_cited(item, numbers),
            status=item.status,
            checks=dict(item.checks),
        )
        for item, source in zip(shown, sources, strict=True)
    )


def _numbers(
    statements: Sequence[VerifiedStatement], evidence: Sequence[Evidence], order: Sequence[int]
) -> dict[int, int]:
    """New number of each piece of evidence: those that have one, the other cited ones in the order of use, the rest by rank."""
    order = [*order, *(quote.evidence for statement in statements for quote in statement.quotes)]
    order += [item.number for item in evidence]
    return {old: new for new, old in enumerate(dict.fromkeys(order), start=1)}


def _cited(statement: VerifiedStatement, numbers: Mapping[int, int]) -> tuple[int, ...]:
    return tuple(sorted({numbers[quote.evidence] for quote in statement.quotes}))


def _text(
    asked: Asked,
    findings: Findings,
    statements: Sequence[Statement],
    sources: Sequence[Source],
    evidence: Sequence[Evidence],
) -> str:
    if statements:
        told = text_of(statements, sources, findings.missing)
        return f"{NEAREST_SAY} {told}" if findings.nearest else told
    if asked.kind == "chat":
        return GREETING
    return nothing_found(findings, evidence, chunk_count=asked.chunk_count)


def _verdict(findings: Findings) -> Verdict:
    if not findings.statements:
        return "not_stated"
    if findings.disagreements:
        return "conflicting"
    return "partial" if findings.missing else "answered"


def _short(draft: Draft, findings: Findings) -> str:
    """The bare answer; of values that disagree, all of them."""
    shorts = [" / ".join(held.first.value.text for held in one.positions.groups) for one in findings.disagreements]
    return "" if findings.nearest else "; ".join(shorts) or draft.short


def _conflict(one: Disagreement, numbers: Mapping[int, int]) -> Conflict:
    held = one.positions.groups
    return Conflict(
        about=one.about,
        kind=one.positions.kind,
        positions=tuple(_position(position, held, numbers) for position in held),
    )


def _position(position: ClaimGroup, others: Sequence[ClaimGroup], numbers: Mapping[int, int]) -> Position:
    first = position.first
    document = first.candidate.evidence.document
    most = max((other.origins for other in others), default=1)
    return Position(
        value=first.value.text,
        normalized=_normalized(first.value),
        citations=tuple(sorted({numbers[claim.candidate.evidence.number] for claim in position.claims})),
        publisher=document.provenance.publisher,
        published=first.published or None,
        standing=first.standing,
        documents=len(position.claims),
        origins=position.origins,
        outvoted=position.origins == 1 < most,
    )


def _normalized(value: Value) -> dict[str, Any]:
    """A value as other programs compare it."""
    if value.quantity is not None:
        quantity = value.quantity
        return {
            "number": _plain(quantity.number),
            "upper": None if quantity.upper is None else _plain(quantity.upper),
            "unit": quantity.unit or None,
            "per": quantity.per or None,
            "bound": quantity.bound or None,
        }
    if value.date is not None:
        return {"year": value.date.year, "month": value.date.month, "day": value.date.day}
    if value.clock is not None:
        return {"time": f"{value.clock // 60:02d}:{value.clock % 60:02d}"}
    return {"name": sorted(value.name)} if value.kind == "name" else {"upholds": value.upholds}


def _plain(number: Decimal) -> int | float:
    return int(number) if number == int(number) else float(number)


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
    sure = document.recognised_at(start, end)
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
        read_by=None if sure is None else "ocr",
        read_confidence=None if sure is None else round(sure, 3),
        support=max(quote.support for quote in quotes),
        superseded_by=document.superseded_by,
    )


def views(evidence: Sequence[Evidence]) -> tuple[EvidenceView, ...]:
    """Evidence as it is shown before anything cites it."""
    return tuple(_view(item, {item.number: item.number}) for item in evidence)


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
