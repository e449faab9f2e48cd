"""Claims that teach what a passage says of a statement: supports it, contradicts it, or neither.

The pools' own claims; sentences of passages, as they stand and with one thing changed; questions joined with an answer.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.sentences import sentence_spans
from rag.training.alter import CHANGES, names_in
from rag.training.pairs import ELSEWHERE, Group, Pair, cropped
from rag.training.sources import Pools, Question, Relation

CHANGED_SHARE, JOINED_SHARE, ELSEWHERE_SHARE = 0.10, 0.08, 0.15
"""Of the answered questions: those whose passage gives a changed sentence, and those joined with an answer. Of the claims: those that
are also read beside another passage of their source, which says neither."""
SHORTEST, LONGEST = 30, 240


@dataclass(frozen=True, slots=True)
class Claims:
    """Groups that teach the relation of a claim to a passage."""

    pools: Pools
    names: Sequence[str]

    def __call__(self, rng: random.Random) -> Iterator[Group]:
        by_source: dict[str, list[str]] = {}
        for claim in self.pools.claims:
            by_source.setdefault(claim.source, []).append(claim.passage)
            passage, _ = cropped(claim.passage, None, rng) if claim.relation != "support" else (claim.passage, None)
            yield (Pair(claim.text, passage, relation=claim.relation),)
        for claim in self.pools.claims:
            if rng.random() < ELSEWHERE_SHARE:
                other = _sharing_a_name(
                    claim.text, rng.sample(by_source[claim.source], min(60, len(by_source[claim.source])))
                )
                if other and other != claim.passage:
                    yield (Pair(claim.text, cropped(other, None, rng)[0], relation="neither"),)
        for question in self.pools.questions:
            if question.yes is not None:
                yield from _yes_or_no(question, rng)
            elif question.spans and rng.random() < CHANGED_SHARE:
                yield from self._changed_sentence(question, rng)
            elif question.spans and rng.random() < JOINED_SHARE:
                yield from self._joined(question, rng)

    def _changed_sentence(self, question: Question, rng: random.Random) -> Iterator[Group]:
        """A sentence of the passage, and the same sentence with one thing changed."""
        passage, _ = cropped(question.passage, None, rng)
        spans = [s for s in sentence_spans(passage, 0, len(passage)) if SHORTEST <= s.end - s.start <= LONGEST]
        if not spans:
            return
        chosen = rng.choice(spans)
        sentence = passage[chosen.start : chosen.end]
        if rng.random() < 0.5:  # the product checks a statement against the sentences that it cites
            passage = sentence
        ways = list(CHANGES.items())
        rng.shuffle(ways)
        others = rng.sample(self.names, min(ELSEWHERE, len(self.names)))
        for way, relation in ways:
            changed = way(sentence, passage, rng, others=others)
            if changed:
                yield (
                    Pair(sentence, passage, relation="support"),
                    Pair(changed, passage, relation=relation),
                )
                return

    def _joined(self, question: Question, rng: random.Random) -> Iterator[Group]:
        """The question with its answer, with another of the passage in its place, and beside a passage that does not answer."""
        span = rng.choice(question.spans)
        answer = question.passage[span[0] : span[1]]
        passage, _ = cropped(question.passage, span, rng)
        accepted = [question.passage[a:b].lower() for a, b in question.spans]
        group = [Pair(f"{question.text} {answer}", passage, relation="support")]
        others = sorted(
            name
            for name in set(names_in(passage))
            if name[0].isdigit() == answer[0].isdigit()
            and not any(name.lower() in text or text in name.lower() for text in accepted)
        )
        if others:
            group.append(Pair(f"{question.text} {rng.choice(others)}", passage, relation="unsupported"))
        near = self.pools.near.get(question.text)
        if near:
            group.append(Pair(f"{question.text} {answer}", cropped(rng.choice(near), None, rng)[0], relation="neither"))
        yield tuple(group)


def _yes_or_no(question: Question, rng: random.Random) -> Iterator[Group]:
    passage, _ = cropped(question.passage, None, rng) if len(question.passage) > 1200 else (question.passage, None)
    word = rng.choice(("Yes", "No"))
    relation: Relation = "support" if (word == "Yes") == question.yes else "refute"
    yield (Pair(f"{question.text} {word}", passage, relation=relation),)


def _sharing_a_name(text: str, passages: Sequence[str]) -> str | None:
    names = [name for name in names_in(f". {text}") if not name[0].isdigit()]
    return next((one for one in passages if any(name in one for name in names)), passages[0] if passages else None)
