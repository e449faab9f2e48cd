"""What the trained models say of two claims: is the rival's span the answer to the same question, and do the two bear on each other?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.protocols import SupportChecker
from rag.reading.extract import HEADLINE, Candidate, ExtractiveAnswerer
from rag.values import Relation

RIGHT = 0.4
"""Least probability of the headline check that a rival's span is the answer to the question."""
BEST = 0.6
"""The same of the span that rivals are held against: what is no headline itself has none."""
TOGETHER = 1.2
"""Least sum of that probability and of the probability that the two sentences bear on each other, whichever is the claim: one alone is
easily taken in, by a figure next door or by a sentence of the same things. Chosen on pairs of eight kinds of documents that are not measured."""

PASSAGE = 0.6
"""Of the best passage's probability that it answers: what stands in for the relation."""


@dataclass(frozen=True, slots=True)
class Judges:
    """Reads candidates again.

    Attributes:
        extractive: Has the headline check.
        relations: Says whether a sentence supports or refutes another, or neither.
    """

    extractive: ExtractiveAnswerer
    relations: SupportChecker

    def checked(self, question: str, found: Sequence[Candidate]) -> list[Candidate]:
        """The candidates, each with the headline check's word."""
        unread = iter(self.extractive.checked(question, [item for item in found if item.right is None]))
        return [item if item.right is not None else next(unread) for item in found]

    def related(self, best: Candidate, found: Sequence[Candidate]) -> list[float]:
        """Of each candidate: the probability that its sentence supports or refutes the best one's, or the other way round."""
        if not found:
            return []
        said = [item.sentence_text for item in found]
        forth = self.relations.relations(best.sentence_text, said)
        back = [self.relations.relations(text, [best.sentence_text])[0] for text in said]
        return [max(_bears(one), _bears(other)) for one, other in zip(forth, back, strict=True)]


def answers_too(candidate: Candidate, best: Candidate, related: float) -> bool:
    """Whether a candidate answers the very question that the best one answers.

    The headline check has to say so, and one more: the relation of the two sentences, or, of long texts in which each source puts it in its own
    way, how likely the passage is to answer.
    """
    right = candidate.right or 0.0
    if right < RIGHT:
        return False
    answers = candidate.support >= PASSAGE * best.support and candidate.covers(best)
    return right + related >= TOGETHER or (right >= HEADLINE and answers)


def _bears(relation: Relation) -> float:
    return relation.support + relation.refute
