"""The Answer's text: each statement led by who says it, what is missing, or what was searched in vain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from index.values import Document, Span
from rag.answer.findings import Findings
from rag.gate.verify import VerifiedStatement
from rag.speech.attribution import attribution_of, speaker_of
from rag.values import Evidence, Statement

NEAREST = 3
NEAREST_SAY = "The passages that come nearest say:"
GREETING = (
    "Ask me about your documents: who said what and when, a summary of one of them, or which documents there are. "
    "Every sentence of an answer comes with the words that it rests on."
)


@dataclass(frozen=True, slots=True)
class Source:
    """Who says a statement.

    Attributes:
        lead: How its sentence begins: "The Harbour Post (4 March 2025), quoting the mayor".
    """

    document_id: str
    lead: str
    speaker: str | None


def sources_of(findings: Findings, evidence: Sequence[Evidence]) -> list[Source]:
    """The source of each statement; two documents that would be led alike are told apart by their titles."""
    documents = {item.number: item.document for item in evidence}
    sources = [_source_of(statement, findings, documents) for statement in findings.statements]
    bearers: dict[str, set[str]] = {}
    for source in sources:
        bearers.setdefault(source.lead, set()).add(source.document_id)
    titles = {document.id: document.provenance.title for document in documents.values()}
    return [
        replace(source, lead=f"{source.lead}, “{title}”")
        if len(bearers[source.lead]) > 1 and (title := titles[source.document_id])
        else source
        for source in sources
    ]


def _source_of(statement: VerifiedStatement, findings: Findings, documents: Mapping[int, Document]) -> Source:
    """The source of what a statement quotes first; a hope that has had its outcome is said to be one."""
    quote = statement.quotes[0]
    document = documents[quote.evidence]
    speaker = speaker_of(document.text, Span(quote.start, quote.end), statement.answer)
    lead = attribution_of(document, speaker)
    if _outlived(quote.evidence, quote.start, findings):
        lead = f"{lead}, of what was expected"
    return Source(document.id, lead, speaker.name if speaker else None)


def _outlived(number: int, start: int, findings: Findings) -> bool:
    """Whether a quote is of an expectation whose outcome is told too."""
    claims = [claim for position in findings.timeline for claim in position.claims]
    told = any(claim.standing == "reported" for claim in claims)
    return told and any(
        claim.standing == "expected" and (claim.quote.evidence, claim.quote.start) == (number, start)
        for claim in claims
    )


def text_of(statements: Sequence[Statement], sources: Sequence[Source], missing: Sequence[str]) -> str:
    """The statements as prose, each led by who says it; a source that goes on is not named again."""
    pieces: list[str] = []
    for place, (item, source) in enumerate(zip(statements, sources, strict=True)):
        lead = "" if place and source == sources[place - 1] else f"{source.lead}: "
        pieces.append(f"{lead}{' '.join(item.text.split())} {''.join(f'[{number}]' for number in item.citations)}")
    if missing:
        pieces.append(f"The documents don't say: {'; '.join(missing)}")
    return " ".join(pieces)


def nothing_found(findings: Findings, evidence: Sequence[Evidence], *, chunk_count: int) -> str:
    """What was searched, and whether what came nearest speaks of nothing of the kind or of something else."""
    if not evidence:
        scope = "No passage was found" if chunk_count else "There is nothing to search yet"
        return f"The documents don't say. {scope} ({chunk_count} passages)."
    documents = len({item.document.id for item in evidence})
    titles = list(
        dict.fromkeys(item.document.provenance.title or item.document.sources[0] for item in evidence[:NEAREST])
    )
    named = ", ".join(f"“{word}”" for word in findings.missing)
    near = (
        "They speak of something close, but not of what is asked"
        if findings.nearness == "something else"
        else "They say nothing of the kind"
    )
    return (
        f"The documents don't say. {near}{f'; no passage that was read holds {named}' if named else ''}. "
        f"Searched {chunk_count} passages and read the nearest "
        f"{len(evidence)}, from {documents} {'document' if documents == 1 else 'documents'}; nearest: {'; '.join(titles)}."
    )
