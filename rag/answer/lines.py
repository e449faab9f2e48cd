"""A question as the lines along which it is answered: itself, or its parts; each with the candidates that may answer it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.values import Span
from rag.facts.outcomes import outcomes
from rag.facts.periods import Period, period_asked
from rag.protocols import Reader
from rag.question.analyse import Query
from rag.question.planned import PlannedEvent
from rag.reading.extract import NAME, Candidate, ExtractiveAnswerer
from rag.reading.headline import heading_above
from rag.search.rerank import SPANS
from rag.values import Draft, Evidence

READ_PER_PART = 6
STATEMENTS_PER_PART = 2


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is asked.

    Attributes:
        candidates: What may answer it, most likely first.
        told: Of a planned event: the candidates that tell what came of it. They come first.
        planned: It asks what came of something planned.
    """

    question: str
    candidates: tuple[Candidate, ...]
    told: tuple[Candidate, ...] = ()
    planned: bool = False

    def answered(self, threshold: float) -> bool:
        """Whether its best candidate is likely enough to answer."""
        return bool(self.candidates) and self.candidates[0].support >= threshold


def lines_of(
    query: Query,
    evidence: Sequence[Evidence],
    extractive: ExtractiveAnswerer,
    reader: Reader,
    *,
    threshold: float,
    split: bool,
) -> tuple[Line, ...]:
    """The lines of a question over passages that were read with it.

    A question of several parts is read again part by part, over the best passages; it is one line when no part is answered better
    than the whole, so that splitting never hides an answer.
    """
    if query.planned:
        return (_line_of_outcome(query, query.planned, evidence, extractive),)
    whole = Line(query.text, tuple(extractive.candidates(query.text, evidence, period=query.period)))
    if not split or not query.parts:
        return (whole,)
    parts = tuple(
        Line(
            part,
            tuple(
                extractive.candidates(
                    part, _read(part, evidence[:READ_PER_PART], reader), period=_period_of(part, query)
                )
            ),
        )
        for part in query.parts
    )
    return parts if any(part.answered(threshold) for part in parts) else (whole,)


def draft_of(lines: Sequence[Line], extractive: ExtractiveAnswerer, *, threshold: float) -> Draft:
    """The extractive answer along every line that has one; a single line always gives its best, however unlikely.

    Confidence is that of the surest line: what the others lack is said as missing.
    """
    if len(lines) == 1:
        return extractive.draft_of(lines[0].told or lines[0].candidates)
    drafts = [extractive.draft_of(line.candidates) for line in lines if line.answered(threshold)]
    statements = dict.fromkeys(statement for draft in drafts for statement in draft.statements[:STATEMENTS_PER_PART])
    shorts = dict.fromkeys(draft.short for draft in drafts)
    confidence = max((draft.confidence for draft in drafts), default=0.0)
    return Draft(tuple(statements), "; ".join(shorts), confidence, NAME)


def _period_of(part: str, query: Query) -> Period | None:
    """The time that a part asks for: its own, else that of the whole question."""
    return (period_asked(part) or query.period) if query.period else None


def _read(part: str, evidence: Sequence[Evidence], reader: Reader) -> list[Evidence]:
    passages = [item.hit.chunk.text for item in evidence]
    titles = [heading_above(item.document, item.hit.chunk) for item in evidence]
    readings = reader.read(part, passages, titles=titles, spans=SPANS)
    return [replace(item, reading=reading) for item, reading in zip(evidence, readings, strict=True)]


def _line_of_outcome(
    query: Query, planned: PlannedEvent, evidence: Sequence[Evidence], extractive: ExtractiveAnswerer
) -> Line:
    """What tells the outcome, before what still expects it. Sources known to be of afterwards outweigh the undated."""
    found = extractive.candidates(planned.subject, evidence)
    unique = {(item.evidence.number, item.span): item for item in (*found, *_outcomes(planned, evidence, extractive))}
    telling = [item for item in unique.values() if _tells(planned, item)]
    known = [item for item in telling if planned.known_after(_published(item))]
    told = tuple(sorted((_as_sure_as_document(item, found) for item in known or telling), key=lambda item: -item.logit))
    rest = [item for item in found if item not in telling]
    return Line(query.text, (*told, *rest), told, planned=True)


def _as_sure_as_document(item: Candidate, found: Sequence[Candidate]) -> Candidate:
    """A document speaks of the event as surely as its surest passage: the sentence that tells the end need not name it."""
    same = [other.support for other in found if other.evidence.document.id == item.evidence.document.id]
    return replace(item, support=max(same, default=item.support))


def _tells(planned: PlannedEvent, item: Candidate) -> bool:
    return planned.told_in(item.evidence.document.text, item.sentence, _published(item))


def _outcomes(planned: PlannedEvent, evidence: Sequence[Evidence], extractive: ExtractiveAnswerer) -> list[Candidate]:
    """Where the passages tell an outcome in so many words: a reader easily takes the hope for the result."""
    found: list[Candidate] = []
    for item in evidence:
        start = item.hit.chunk.start
        spans = [Span(start + span.start, start + span.end) for span in outcomes(item.hit.chunk.text)]
        found += extractive.candidates_at(planned.subject, item, spans)
    return found


def _published(item: Candidate) -> str | None:
    stamp = item.evidence.document.provenance.published
    return stamp.date if stamp else None
