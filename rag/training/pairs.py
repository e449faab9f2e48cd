"""What the encoder is trained on: groups of (text, passage) pairs with labels, mixed from the pools.

Questions with a passage that answers them, with a near one that does not, and changed in one name, number or qualifier. Claims with
what a passage says of them. Questions with a marked span that is their answer, or is not. Pairs of one question stay together in a
group, so that their scores can be normalised over its passages (shared normalisation: Clark and Gardner, ACL 2018).
"""

from __future__ import annotations

import collections
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from index.outline import outline_of
from rag.training.alter import alter_question
from rag.training.sources import OFFICE, Pools, Question, Relation

PASSAGE_CHARS = 620
NEAR, ALTERED, TITLED = 0.4, 0.35, 0.7
"""Shares of the answered questions that get a near passage and a changed question, and of the titles that are read."""
HUMAN_REPEATS = 3
REPEATS = {"squad2_dev": 2, "xquad_en": 2, "qed": 2, OFFICE: 3}
"""Questions of people who searched, or on encyclopaedia text, are few beside reviews and forum posts."""
SHARES = {"adversarialqa": 0.8, "squadshifts": 0.7}
SYNTHETIC = 0.5
ELSEWHERE = 40


@dataclass(frozen=True, slots=True)
class Pair:
    """A question or claim with a passage, and what is known of the two.

    Attributes:
        span: Characters of the answer in the passage, None where it has none.
        answers: Does the passage answer the question? None where that is not asked.
        relation: What the passage says of the claim; None for a question.
        marked: Characters of a span whose being the answer is asked; `right` says whether it is.
    """

    text: str
    passage: str
    span: tuple[int, int] | None = None
    answers: bool | None = None
    relation: Relation | None = None
    marked: tuple[int, int] | None = None
    right: bool | None = None


Group = tuple[Pair, ...]
Kind = Callable[[random.Random], Iterator[Group]]


def make_groups(kinds: Sequence[Kind], pairs: int, seed: int) -> list[Group]:
    """Groups of every kind with `pairs` pairs in all, shuffled within each pass over the pools."""
    rng = random.Random(seed)
    groups: list[Group] = []
    count = 0
    while count < pairs:
        epoch = [group for kind in kinds for group in kind(rng)]
        if not epoch:
            raise ValueError("the pools hold nothing to train on")
        rng.shuffle(epoch)
        for group in epoch:
            if count >= pairs:
                break
            groups.append(group)
            count += len(group)
    return groups


@dataclass(frozen=True, slots=True)
class Reading:
    """Groups that teach where the answer stands, and whether there is one.

    Attributes:
        names: Names and numbers of all passages, for changed questions.
    """

    pools: Pools
    names: Sequence[str]

    def __call__(self, rng: random.Random) -> Iterator[Group]:
        for question in self.pools.questions:
            if not question.answerable:
                if question.human or rng.random() < SYNTHETIC:
                    for _ in range(HUMAN_REPEATS if question.human else 1):
                        yield (_pair(question, question.passage, None, rng),)
            elif rng.random() < SHARES.get(question.source, 1.0):
                for _ in range(REPEATS.get(question.source, 1)):
                    yield self._answered(question, rng)

    def _answered(self, question: Question, rng: random.Random) -> Group:
        span = rng.choice(question.spans) if question.spans else None
        first = _pair(question, question.passage, span, rng)
        group = [first]
        near = self.pools.near.get(question.text)
        if near and rng.random() < NEAR:
            group.append(_pair(question, rng.choice(near), None, rng, answers=False))
        if span and rng.random() < ALTERED:
            answer = question.passage[span[0] : span[1]]
            others = rng.sample(self.names, min(ELSEWHERE, len(self.names)))
            altered = alter_question(question.text, question.passage, answer, others, rng)
            if altered:
                group.append(Pair(altered, first.passage, answers=False))
        return tuple(group)


def _pair(
    question: Question, context: str, span: tuple[int, int] | None, rng: random.Random, *, answers: bool | None = None
) -> Pair:
    title = question.title if context == question.passage else ""
    passage, span, above = cropped_under(context, span, rng)
    title = " - ".join(name for name in (title, *above) if name)
    if title and rng.random() < TITLED:
        lead = f"{title}\n"
        passage, span = lead + passage, (span[0] + len(lead), span[1] + len(lead)) if span else None
    return Pair(question.text, passage, span, answers=question.answerable if answers is None else answers)


def cropped_under(
    passage: str, span: tuple[int, int] | None, rng: random.Random
) -> tuple[str, tuple[int, int] | None, tuple[str, ...]]:
    """`cropped`, and the headings that stand above the stretch, as the product reads them above a passage."""
    piece, placed = cropped(passage, span, rng)
    first = passage.find(piece)
    return piece, placed, outline_of(passage).path_at(first) if first > 0 else ()


def cropped(passage: str, span: tuple[int, int] | None, rng: random.Random) -> tuple[str, tuple[int, int] | None]:
    """A stretch of about the length that the product reads, from a word's begin, with the span in it."""
    if len(passage) <= PASSAGE_CHARS:
        return passage, span
    latest = len(passage) - PASSAGE_CHARS
    low, high = (0, latest) if span is None else (max(0, span[1] - PASSAGE_CHARS), min(span[0], latest))
    first = rng.randint(min(low, high), max(low, high))
    limit = len(passage) if span is None else span[0]
    while 0 < first < limit and not passage[first - 1].isspace():
        first += 1
    piece = passage[first : first + PASSAGE_CHARS]
    return piece, (span[0] - first, span[1] - first) if span else None


def sources(groups: Sequence[Group]) -> dict[str, int]:
    """How many pairs of each kind."""
    kinds = collections.Counter(_kind(pair) for group in groups for pair in group)
    return dict(sorted(kinds.items()))


def _kind(pair: Pair) -> str:
    if pair.relation:
        return f"claim: {pair.relation}"
    if pair.marked:
        return "span: right" if pair.right else "span: wrong"
    return "question: answered" if pair.answers else "question: not answered"
