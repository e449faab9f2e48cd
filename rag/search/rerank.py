"""Read the passages once, and order them by all that is known: both searches, the reader, what the question names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.protocols import Reader
from rag.question.analyse import Query
from rag.reading.headline import heading_above
from rag.reading.odds import probability
from rag.search.signals import bonus, signals_of
from rag.values import Evidence

SPANS = 3
TIMED_SPANS = 12
"""Where a question asks for one of several times, a list of them holds its answer among many."""
READER_WEIGHT = 0.4
TEMPERATURE = 2.0
"""Of the reader's log-odds: its word on a passage of another kind than it was trained on is taken with a grain of salt."""
SIGNAL_WEIGHT = 0.4
"""Weights beside a fused score of about 0 to 1.4 (ADR 0006)."""


@dataclass(frozen=True, slots=True)
class Reranker:
    """Reads passages, which finds the answers in them too: one pass of the encoder serves both.

    Attributes:
        reader: Finds spans, and says how likely a passage answers.
        scorer: Says how likely a passage answers in the reader's place; None: the reader's own word.
        by_reader, by_signals: Whether they may change the order.
    """

    reader: Reader
    scorer: Reader | None = None
    by_reader: bool = True
    by_signals: bool = True

    def rerank(self, query: Query, evidence: Sequence[Evidence]) -> list[Evidence]:
        """The same evidence with its readings and signals, best first and numbered so."""
        passages = [item.hit.chunk.text for item in evidence]
        titles = [heading_above(item.document, item.hit.chunk) for item in evidence]
        spans = TIMED_SPANS if query.period else SPANS
        readings = self.reader.read(query.asked, passages, titles=titles, spans=spans)
        judged = readings if self.scorer is None else self.scorer.read(query.asked, passages, titles=titles)
        found = signals_of(query, [(item.document, item.hit.chunk.text) for item in evidence])
        read = [
            replace(
                item,
                hit=replace(
                    item.hit,
                    score=item.hit.score + self._gain(answers, bonus(signals)),
                    rerank_score=answers,
                    signals=signals,
                ),
                reading=reading,
            )
            for item, reading, answers, signals in zip(
                evidence, readings, [reading.answers for reading in judged], found, strict=True
            )
        ]
        if self.by_reader or self.by_signals:
            read.sort(key=lambda item: (-item.hit.score, item.number))
        return [
            replace(item, number=number, hit=replace(item.hit, rank=number))
            for number, item in enumerate(read, start=1)
        ]

    def _gain(self, answers: float, signal: float) -> float:
        by_reader = READER_WEIGHT * probability(answers / TEMPERATURE) if self.by_reader else 0.0
        return by_reader + (SIGNAL_WEIGHT * signal if self.by_signals else 0.0)
