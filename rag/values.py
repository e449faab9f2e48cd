"""Question to answer in frozen values. Answer and what it holds are the contract that other programs read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from index.values import Chunk, Document, Span

Verdict = Literal["answered", "partial", "conflicting", "not_stated"]
Status = Literal["verified", "weak", "unsupported"]
Standing = Literal["reported", "expected", "superseded"]
ConflictKind = Literal["quantity", "date", "time", "name", "outcome"]
Nearness = Literal["nothing", "something else"]
Kind = Literal[
    "fact", "yesno", "list", "count", "compare", "table", "definition", "howto", "why", "summary", "about", "chat"
]
RewrittenBy = Literal["rule", "llm"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk with its rank and why. Ranks count from 1; None means that this retriever did not find it.

    Attributes:
        rerank_score: Log-odds that the passage answers, by the reranker; None when it did not look.
        signals: What else spoke for or against it, by name, each 0 to 1.
    """

    chunk: Chunk
    rank: int
    score: float
    dense_rank: int | None = None
    lexical_rank: int | None = None
    dense_score: float | None = None
    lexical_score: float | None = None
    rerank_score: float | None = None
    signals: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SpanAnswer:
    """One answer span in a passage.

    Attributes:
        start, end: Offsets in the passage, code points, half-open.
        score: Best span logit sum minus null logit sum; above 0 the reader prefers the span to "no answer".
    """

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Relation:
    """What a passage says of a statement, as probabilities that add up to 1."""

    support: float
    refute: float
    neither: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader found in one passage.

    Attributes:
        answers: Log-odds that the passage answers the question; compares between passages.
        spans: Where, best first.
    """

    answers: float
    spans: tuple[SpanAnswer, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """A hit that was judged worth reading, with its number in this answer and the document that it is a span of.

    Attributes:
        reading: What the reader found in it; None before it was read.
    """

    number: int
    hit: Hit
    document: Document
    reading: Reading | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """A span of one piece of evidence: `evidence.document.text[start:end]` is what is quoted."""

    evidence: int
    start: int
    end: int
    support: float = 0.0


@dataclass(frozen=True, slots=True)
class DraftStatement:
    """One sentence of an unchecked answer, what it cites, and where its bare answer stands in the first cited document."""

    text: str
    quotes: tuple[Quote, ...]
    answer: Span | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """An answerer's proposal. Nothing of it reaches a person before `rag.gate.verify` has passed it.

    Attributes:
        short: The bare answer ("October 18"), or "" when there is none.
        confidence: Calibrated probability, 0 to 1, that the question is answered by the evidence.
        degraded_reason: A code of `rag.llm.failure.REASONS`; None unless it is degraded.
    """

    statements: tuple[DraftStatement, ...]
    short: str
    confidence: float
    answered_by: str
    degraded: bool = False
    degraded_reason: str | None = None
    usage: Mapping[str, int] | None = None


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Citation(Frozen):
    """Where a statement comes from. `quote` is verbatim `document.text[start:end]`, offsets in code points.

    Attributes:
        read_by: "ocr" where text recognition read some of the quote off a picture.
        read_confidence: How sure the recognition is then of itself, 0 to 1.
        superseded_by: Id of the document that is marked as standing in this one's place; this one is then not what is in force.
    """

    number: int
    document_id: str
    chunk_id: str
    title: str | None = None
    publisher: str | None = None
    author: str | None = None
    kind: str | None = None
    published: str | None = None
    published_precision: str | None = None
    published_source: str | None = None
    uri: str | None = None
    quote: str
    start: int
    end: int
    page: int | None = None
    read_by: Literal["ocr"] | None = None
    read_confidence: float | None = None
    support: float = 0.0
    superseded_by: str | None = None


class Statement(Frozen):
    """One checked sentence. `attribution` says who says it, in words: outlet, date, kind of text, and whom it quotes (`speaker`)."""

    text: str
    attribution: str = ""
    speaker: str | None = None
    citations: tuple[int, ...]
    status: Status
    checks: dict[str, Any] = Field(default_factory=dict)


class Position(Frozen):
    """One of several values that sources give for the same thing.

    Attributes:
        standing: "expected" when the source speaks of it as still to come; "superseded" when its document, or a later one that names it, says
            that it no longer holds.
        documents, origins: How many documents hold it, and of how many origins: copies of one report are one origin.
        outvoted: Another position has more origins, and this one has a single one. It is marked, never left out.
    """

    value: str
    normalized: dict[str, Any] = Field(default_factory=dict)
    citations: tuple[int, ...]
    publisher: str | None = None
    published: str | None = None
    standing: Standing = "reported"
    documents: int = 1
    origins: int = 1
    outvoted: bool = False


class Conflict(Frozen):
    about: str
    kind: ConflictKind = "quantity"
    positions: tuple[Position, ...]


class EvidenceView(Frozen):
    """Why a passage was read: its ranks, scores and signals, and the passage itself."""

    chunk_id: str
    document_id: str
    number: int
    rank: int
    score: float
    dense_rank: int | None = None
    lexical_rank: int | None = None
    rerank_score: float | None = None
    signals: dict[str, Any] = Field(default_factory=dict)
    title: str | None = None
    publisher: str | None = None
    published: str | None = None
    start: int
    end: int
    text: str


class FiltersView(Frozen):
    """Which documents were searched. `detected` is true when the question, not the caller, set some of it.

    Attributes:
        undated_left_out: Documents that a date left out for having none.
    """

    publisher: str | None = None
    since: str | None = None
    until: str | None = None
    as_of: str | None = None
    tags: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    metadata: dict[str, Any] = Field(default_factory=dict)
    detected: bool = False
    undated_left_out: int = 0


class DegradedReason(Frozen):
    """Why a language model was of no use. `code` is stable; `message` says what happened and what mends it."""

    code: str
    message: str


class Answer(Frozen):
    """One question, answered with proof or not at all. Every quote is verbatim at its offsets; no citation, no claim.

    Attributes:
        query: The question as it was searched: a follow-up is rewritten so that it stands alone.
        kind: What kind of question it was taken for (`rag.query.kind`).
        items: What a list or a count lists, one by one; each stands in a statement.
        rewritten_by: Who rewrote it; None when the question was searched as it was asked.
        missing: `partial`: the parts of the question that the documents do not answer. `not_stated`: what it names and no
            passage that was read holds.
        nearness: `not_stated` only: whether the passages speak of nothing of the kind, or of something close but different.
        timeline: What was said of one thing over time, newest first: a figure at each date, or an expectation and its outcome.
        thread: The conversation that the question belongs to.
        cost: What a language model's answer cost, in the currency of the prices in the settings; None without prices.
    """

    id: str
    question: str
    query: str
    kind: str = "fact"
    verdict: Verdict
    text: str
    short: str
    confidence: float
    items: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = ()
    citations: tuple[Citation, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    timeline: tuple[Position, ...] = ()
    missing: tuple[str, ...] = ()
    nearness: Nearness | None = None
    evidence: tuple[EvidenceView, ...] = ()
    filters: FiltersView = FiltersView()
    answered_by: str
    degraded: bool = False
    degraded_reason: DegradedReason | None = None
    settings_hash: str
    generation: str
    thread: str | None = None
    rewritten_by: RewrittenBy | None = None
    usage: dict[str, int] = Field(default_factory=dict)
    cost: float | None = None
    timings_ms: dict[str, float] = Field(default_factory=dict)
