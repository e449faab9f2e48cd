"""What an exported answer says, in the order in which it is read, before any file format has a say in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.redaction import ERASED
from rag.replay import KeptAnswer
from rag.values import Citation, EvidenceView, Position, Statement
from ui.words import DOUBTS, VERDICTS, count, date_with_source, listed, searched, written

NEAREST = 3


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A text, and the numbers of the notes that prove it."""

    text: str
    notes: tuple[int, ...] = ()
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under a head; the last column of each row takes its notes."""

    head: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class Section:
    heading: str
    blocks: tuple[Paragraph | Table, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A source: who says it, in what words, and where exactly they stand. `quote` is None when it was erased."""

    number: int
    byline: str
    quote: str | None
    place: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole answer; the first section has no heading of its own."""

    title: str
    sections: tuple[Section, ...]
    notes: tuple[Note, ...]


def sheet_of(kept: KeptAnswer) -> Sheet:
    """The answer as it is written out."""
    answer = kept.answer
    sections = [
        Section("", tuple(_said(kept))),
        *(Section(f"They disagree: {one.about}", (_positions(one.positions),)) for one in answer.conflicts),
        Section("Over time", (_positions(answer.timeline),) if answer.timeline else ()),
        Section("Nearest passages", _nearest(kept)),
        Section("What was searched", tuple(_searched(kept))),
        Section("Of this answer", tuple(_facts(kept))),
    ]
    notes = tuple(_note(one, kept) for one in answer.citations)
    return Sheet(answer.question, tuple(one for one in sections if one.blocks), notes)


def _said(kept: KeptAnswer) -> Iterator[Paragraph]:
    answer = kept.answer
    yield Paragraph(VERDICTS[answer.verdict], strong=True)
    if answer.short:
        yield Paragraph(answer.short, strong=True)
    if answer.statements:
        yield from (Paragraph(_sentence(one), one.citations) for one in answer.statements)
    else:
        yield Paragraph(answer.text)
    if answer.missing:
        yield Paragraph(f"Not found: {listed(answer.missing, '; ')}")
    if answer.degraded:
        reason = answer.degraded_reason
        why = reason.message if reason else "The language model did not answer."
        yield Paragraph(f"{why} This is the answer without it.")


def _sentence(statement: Statement) -> str:
    said = statement.text
    if statement.attribution and statement.attribution not in said:
        said = f"{statement.attribution}: {said}"
    return listed([said, f"({DOUBTS[statement.status]})" if DOUBTS[statement.status] else None], " ")


def _positions(positions: Sequence[Position]) -> Table:
    return Table(
        ("Value", "Outlet", "Published", "Standing", "Sources"),
        tuple((_position(one), one.citations) for one in positions),
    )


def _position(position: Position) -> tuple[str, ...]:
    if position.value == ERASED:
        return (ERASED, "", "", "", "")
    sources = f"{count(position.documents, 'document')} of {count(position.origins, 'independent report')}"
    return (
        position.value,
        position.publisher or "not stated",
        written(position.published),
        listed([position.standing, "outvoted" if position.outvoted else None], ", "),
        sources,
    )


def _nearest(kept: KeptAnswer) -> tuple[Paragraph, ...]:
    if kept.answer.verdict != "not_stated":
        return ()
    return tuple(Paragraph(_passage(one)) for one in kept.answer.evidence[:NEAREST])


def _passage(near: EvidenceView) -> str:
    if near.text == ERASED:
        return ERASED
    return f"{listed([near.publisher, near.title, written(near.published)])}: “{near.text}”"


def _searched(kept: KeptAnswer) -> Iterator[Paragraph]:
    answer = kept.answer
    if answer.query != answer.question:
        by = {"rule": ", rewritten by rule", "llm": ", rewritten by the language model", None: ""}[answer.rewritten_by]
        yield Paragraph(f"Searched as{by}: {answer.query}")
    scope = listed([searched(answer.filters), "as the question asks" if answer.filters.detected else None], ", ")
    read = count(len({one.document_id for one in answer.evidence}), "document")
    yield Paragraph(f"{count(len(answer.evidence), 'passage')} read, of {read}; searched: {scope or 'every document'}.")


def _facts(kept: KeptAnswer) -> Iterator[Paragraph]:
    answer = kept.answer
    yield Paragraph(f"Asked: {kept.asked_at} (UTC)")
    yield Paragraph(f"Answered by: {answer.answered_by}, confidence {answer.confidence:.2f}")
    yield Paragraph(f"Settings: {answer.settings_hash}; index generation: {answer.generation}; answer: {answer.id}")
    if kept.removed:
        yield Paragraph(f"Removed from the collection since: {listed(kept.removed, ', ')}")
    if kept.erased:
        yield Paragraph(f"Erased since, so that their words are gone from this answer: {listed(kept.erased, ', ')}")


def _note(citation: Citation, kept: KeptAnswer) -> Note:
    removed = "removed from the collection since" if citation.document_id in kept.removed else None
    page = f"page {citation.page}" if citation.page else None
    span = f"characters {citation.start} to {citation.end} of {citation.document_id}"
    later = f"superseded by {citation.superseded_by}" if citation.superseded_by else None
    place = listed([page, span, f"from {citation.uri}" if citation.uri else None, later, removed], ", ")
    if citation.quote == ERASED:
        return Note(citation.number, "The document was erased; its quote is gone", None, place)
    published = date_with_source(citation.published, citation.published_precision, citation.published_source)
    byline = listed(
        [citation.publisher or "outlet not stated", citation.author, citation.title, citation.kind, published], ", "
    )
    return Note(citation.number, byline, citation.quote, place)
