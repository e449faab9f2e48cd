"""The seams of answering: who proposes an answer, and who finds a span."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rag.values import Draft, Evidence


@dataclass(frozen=True, slots=True)
class SpanAnswer:
    """The best answer span in one passage.

    Attributes:
        start, end: Offsets in the passage, code points, half-open; (0, 0) when the passage has none.
        score: Best span logit sum minus null logit sum; above 0 the reader prefers the span to "no answer".
    """

    start: int
    end: int
    score: float


class Reader(Protocol):
    """Finds where a passage answers a question."""

    def read(self, question: str, passages: Sequence[str], *, spans: int = 1) -> list[list[SpanAnswer]]:
        """Up to `spans` answers for each passage, best first."""


class Answerer(Protocol):
    """Proposes an answer from evidence; `rag.verify` decides what of it may be shown."""

    def draft(self, question: str, evidence: Sequence[Evidence]) -> Draft:
        """Raises LanguageModelFailed when a model it needs does not answer in time."""
