"""The seams of answering: who proposes an answer, and who finds a span."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from rag.values import Draft, DraftStatement, Evidence, Reading, Relation


class Reader(Protocol):
    """Finds whether and where passages answer a question."""

    def read(
        self, question: str, passages: Sequence[str], *, titles: Sequence[str | None] = (), spans: int = 1
    ) -> list[Reading]:
        """One reading for each passage, with up to `spans` answers; `titles`, when given, one for each passage."""


class SupportChecker(Protocol):
    """Says whether passages support or contradict a statement."""

    def relations(self, statement: str, passages: Sequence[str]) -> list[Relation]:
        """What each passage says of the statement."""


class HeadlineChecker(Protocol):
    """Says whether spans answer a question."""

    def right(self, question: str, spans: Sequence[tuple[str, int, int]]) -> list[float]:
        """Log-odds for each span, given as (text around it, start, end in that text)."""


class Answerer(Protocol):
    """Proposes an answer from evidence; `rag.gate.verify` decides what of it may be shown."""

    @property
    def name(self) -> str:
        """What it is called where it is said who writes."""

    def draft(
        self,
        question: str,
        evidence: Sequence[Evidence],
        *,
        hear: Callable[[DraftStatement], None],
        stopped: Callable[[], bool],
    ) -> Draft:
        """The proposal in whole.

        Args:
            hear: May be called with each of its statements, in order, before the rest is known.
            stopped: Whether nobody waits for it any more.

        Raises:
            LanguageModelFailed: A model it needs does not answer in time.
        """
