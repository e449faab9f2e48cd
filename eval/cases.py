"""Gold cases in frozen values: a question, what may be answered, and where the proof stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from index.values import Filters, Span

Kind = Literal[
    "fact",
    "yesno",
    "multi",
    "list",
    "count",
    "compare",
    "table",
    "definition",
    "howto",
    "why",
    "summary",
    "about",
    "time",
    "conflict",
    "unanswerable",
    "near_unanswerable",
]
NOT_STATED: frozenset[Kind] = frozenset({"unanswerable", "near_unanswerable"})
"""Kinds that are answered right by saying that the documents do not say."""


@dataclass(frozen=True, slots=True)
class GoldEvidence:
    """Where an answer stands. Without a quote, passage measures are reported on documents only."""

    document: str
    quote: str | None = None


@dataclass(frozen=True, slots=True)
class Filtering:
    """What a caller asks for beside the question."""

    filters: Filters | None = None
    as_of: str | None = None


@dataclass(frozen=True, slots=True)
class GoldCase:
    """One question.

    Attributes:
        answers: Accepted forms of the one answer.
        not_in_headline: Forms that the headline may not hold: the value of the neighbour, of another year, of another unit.
        items: Things that must be shown: one tuple of accepted forms for each.
        min_items: So many of `items` are enough; 0 for all.
        positions: For a conflict: one tuple of accepted forms for each position; all must be shown.
        line: Line in the gold file, from 1.
        digest: Hash of the line's content: a case that was edited is another case.
    """

    id: str
    kind: Kind
    question: str
    answers: tuple[str, ...] = ()
    not_in_headline: tuple[str, ...] = ()
    items: tuple[tuple[str, ...], ...] = ()
    min_items: int = 0
    positions: tuple[tuple[str, ...], ...] = ()
    evidence: tuple[GoldEvidence, ...] = ()
    filtering: Filtering = Filtering()
    line: int = 0
    digest: str = ""

    @property
    def answerable(self) -> bool:
        return self.kind not in NOT_STATED


@dataclass(frozen=True, slots=True)
class GoldProblem:
    """What is wrong with one line; prints as "line 3 (g003): unknown kind 'facts'"."""

    line: int
    case_id: str | None
    reason: str

    def __str__(self) -> str:
        where = f"line {self.line}" if self.line else "the file"
        return f"{where}{f' ({self.case_id})' if self.case_id else ''}: {self.reason}"


@dataclass(frozen=True, slots=True)
class LocatedEvidence:
    """Gold evidence as it stands in a collection: every place of its quote, or none when it has no quote."""

    document_id: str
    quote: str | None
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class LocatedCase:
    case: GoldCase
    evidence: tuple[LocatedEvidence, ...]

    @property
    def document_ids(self) -> frozenset[str]:
        return frozenset(item.document_id for item in self.evidence)

    @property
    def quotes(self) -> tuple[LocatedEvidence, ...]:
        """The evidence that has a span to be found."""
        return tuple(item for item in self.evidence if item.spans)
