"""What the encoder is trained on: groups of (text, passage) pairs with labels, made from the pooled training sets.

Four kinds of pair. A question with the passage that answers it. A question with a near passage that does not. A question about another
name, number or direction than the passage answers. A statement with a passage that supports it or does not.
Pairs of one question stay together in a group, so that their scores can be normalised over the group's passages
(shared normalisation: Clark and Gardner, ACL 2018).
"""

from __future__ import annotations

import collections
import gzip
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.sentences import sentence_spans
from rag.training.alter import alter_question, alter_statement, names_in

PASSAGE_CHARS = 620
FILES = (
    "train_reader/train/examples.jsonl.gz",
    "train_reranker/train/groups.jsonl.gz",
    "train_reranker/passages.jsonl.gz",
    "train_nli/train/pairs.jsonl.gz",
)
NEAR, ALTERED, TITLED = 0.5, 0.4, 0.7
HUMAN_REPEATS = 2
TWICE = frozenset(
    {"squad2_dev", "xquad_en", "qed"}
)  # questions on encyclopaedia text, few beside the reviews and forum posts
ELSEWHERE = 40
SUPPORT_SHARE = 0.17  # of the answerable questions, each for changed sentences and for question-answer statements
Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pair:
    """A question or statement with a passage.

    Attributes:
        span: Characters of the answer in the passage, None where it does not answer.
        answers: Does the passage answer the question? None for a statement.
        supports: Does the passage support the statement? None for a question.
    """

    text: str
    passage: str
    span: tuple[int, int] | None = None
    answers: bool | None = None
    supports: bool | None = None


Group = tuple[Pair, ...]


def make_groups(data: Path, pairs: int, seed: int) -> list[Group]:
    """Groups with `pairs` pairs in all, shuffled within each pass over the data."""
    rng = random.Random(seed)
    source = _Source.read(data)
    groups: list[Group] = []
    count = 0
    while count < pairs:
        epoch = list(source.epoch(rng))
        rng.shuffle(epoch)
        for group in epoch:
            if count >= pairs:
                break
            groups.append(group)
            count += len(group)
    return groups


@dataclass(frozen=True, slots=True)
class _Source:
    examples: list[Line]
    near: dict[str, list[str]]
    passages: dict[str, Line]
    titles: dict[str, str]
    nli: list[Line]
    names: list[str]

    @classmethod
    def read(cls, data: Path) -> _Source:
        examples, groups, passages, nli = (list(_lines(data / name)) for name in FILES)
        return cls(
            examples,
            {group["question"]: group["negatives"] for group in groups},
            {line["_id"]: line for line in passages},
            {line["text"]: line.get("title") or "" for line in passages},
            nli,
            sorted({name for line in examples[::20] for name in names_in(line["context"])}),
        )

    def epoch(self, rng: random.Random) -> Iterator[Group]:
        answerable = [line for line in self.examples if line["answerable"]]
        for line in answerable:
            for _ in range(2 if line["source"] in TWICE else 1):
                yield self._answerable(line, rng)
        for line in self.examples:
            if not line["answerable"]:
                for _ in range(1 if line["synthetic"] else HUMAN_REPEATS):
                    yield (self._pair(line["question"], line["context"], None, rng),)
        for line in self.nli:
            yield (Pair(line["hypothesis"], line["premise"], supports=line["label"] == "support"),)
        sample = rng.sample(answerable, int(len(answerable) * SUPPORT_SHARE))
        for line in sample:
            yield from self._changed_sentence(line, rng)
        for line in rng.sample(answerable, len(sample)):
            yield from self._answer_as_statement(line, rng)

    def _answerable(self, line: Line, rng: random.Random) -> Group:
        question, context = line["question"], line["context"]
        answer = rng.choice(line["answers"])
        span = (answer["start"], answer["start"] + len(answer["text"]))
        group = [self._pair(question, context, span, rng)]
        near = self.near.get(question)
        if near and rng.random() < NEAR:
            group.append(self._pair(question, self.passages[rng.choice(near[:4])]["text"], None, rng))
        if rng.random() < ALTERED:
            altered = alter_question(question, context, answer["text"], self._elsewhere(rng), rng)
            if altered:
                pair = group[0]
                group.append(Pair(altered, pair.passage, None, answers=False))
        return tuple(group)

    def _pair(self, question: str, context: str, span: tuple[int, int] | None, rng: random.Random) -> Pair:
        title = self.titles.get(context, "")
        passage, span = cropped(context, span, rng)
        if title and rng.random() < TITLED:
            lead = f"{title}\n"
            passage = lead + passage
            span = (span[0] + len(lead), span[1] + len(lead)) if span else None
        return Pair(question, passage, span, answers=span is not None)

    def _elsewhere(self, rng: random.Random) -> list[str]:
        """Some names and numbers of other passages."""
        return rng.sample(self.names, min(ELSEWHERE, len(self.names)))

    def _changed_sentence(self, line: Line, rng: random.Random) -> Iterator[Group]:
        """A sentence of the passage, and the same sentence with one thing changed."""
        passage, _ = cropped(line["context"], None, rng)
        spans = [s for s in sentence_spans(passage, 0, len(passage)) if 30 <= s.end - s.start <= 220]
        if not spans:
            return
        chosen = rng.choice(spans)
        sentence = passage[chosen.start : chosen.end]
        changed = alter_statement(sentence, passage, self._elsewhere(rng), rng)
        if changed:
            yield Pair(sentence, passage, supports=True), Pair(changed, passage, supports=False)

    def _answer_as_statement(self, line: Line, rng: random.Random) -> Iterator[Group]:
        """The question with its answer, and with another name or number of the passage in the answer's place."""
        answer = rng.choice(line["answers"])
        passage, _ = cropped(line["context"], (answer["start"], answer["start"] + len(answer["text"])), rng)
        accepted = [item["text"].lower() for item in line["answers"]]
        numeric = answer["text"][0].isdigit()
        others = sorted(
            name
            for name in set(names_in(passage))
            if name[0].isdigit() == numeric
            and not any(name.lower() in text or text in name.lower() for text in accepted)
        )
        if others:
            yield (
                Pair(f"{line['question']} {answer['text']}", passage, supports=True),
                Pair(f"{line['question']} {rng.choice(others)}", passage, supports=False),
            )


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
    kinds = collections.Counter(
        ("answer" if pair.answers else "no answer")
        if pair.supports is None
        else ("supported" if pair.supports else "not supported")
        for group in groups
        for pair in group
    )
    return dict(sorted(kinds.items()))


def _lines(file: Path) -> Iterator[Line]:
    with gzip.open(file, "rt", encoding="utf-8") as stream:
        yield from map(json.loads, stream)
