"""Questions with a marked span, right or wrong: what the headline check is trained on.

Wrong ones are a reader's own faults (`rag.training.candidates`), the answers to other questions on the same passage, and right
spans under a question that was changed in a name, a number or a qualifier.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.values import Span
from rag.reading.headline import stretch
from rag.training.alter import alter_question
from rag.training.candidates import Candidate
from rag.training.pairs import ELSEWHERE, TITLED, Group, Pair
from rag.training.sources import Pools, Question

GOLD, OTHER, ALTERED = 0.16, 0.10, 0.10
"""Shares of the answered questions that give a right span, another question's span, and a changed question."""
FOUND_RIGHT, FOUND_WRONG = 1.0, 0.5


@dataclass(frozen=True, slots=True)
class MarkedSpans:
    """Groups that teach whether a span answers a question."""

    pools: Pools
    candidates: Sequence[Candidate]
    names: Sequence[str]

    def __call__(self, rng: random.Random) -> Iterator[Group]:
        for found in self.candidates:
            if rng.random() < (FOUND_RIGHT if found.right else FOUND_WRONG):
                yield (marked(found.question, found.passage, found.title, (found.start, found.end), found.right, rng),)
        together: dict[str, list[Question]] = {}
        for question in self.pools.questions:
            if question.spans:
                together.setdefault(question.passage, []).append(question)
        for questions in together.values():
            for question in questions:
                yield from self._of(question, questions, rng)

    def _of(self, question: Question, beside: Sequence[Question], rng: random.Random) -> Iterator[Group]:
        span, passage = question.spans[0], question.passage
        if rng.random() < GOLD:
            yield (marked(question.text, passage, question.title, span, True, rng),)
        if rng.random() < OTHER:
            fitting = [q.spans[0] for q in beside if all(_apart(a, b) for a in q.spans for b in question.spans)]
            fitting = [s for s in fitting if not _same(passage, s, question.spans)]
            if fitting:
                yield (marked(question.text, passage, question.title, rng.choice(fitting), False, rng),)
        if rng.random() < ALTERED:
            others = rng.sample(self.names, min(ELSEWHERE, len(self.names)))
            changed = alter_question(question.text, passage, passage[span[0] : span[1]], others, rng)
            if changed:
                yield (marked(changed, passage, question.title, span, False, rng),)


def marked(question: str, passage: str, title: str, span: tuple[int, int], right: bool, rng: random.Random) -> Pair:
    """A pair with what the check reads: the stretch around the span, mostly under its title."""
    piece = stretch(passage, Span(*span), Span(0, len(passage)))
    lead = f"{title}\n" if title and rng.random() < TITLED else ""
    shift = len(lead) - piece.start
    text = lead + passage[piece.start : piece.end]
    return Pair(question, text, marked=(span[0] + shift, span[1] + shift), right=right)


def _apart(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[1] <= other[0] or one[0] >= other[1]


def _same(passage: str, span: tuple[int, int], others: Sequence[tuple[int, int]]) -> bool:
    text = passage[span[0] : span[1]].lower()
    return any(text in (answer := passage[a:b].lower()) or answer in text for a, b in others)
