"""What a reader finds in the training passages, right and wrong: python -m rag.training.candidates DATA OUT.

The headline check learns from a reader's own faults (Kamath et al., ACL 2020): on passages that answer, spans without a word of an
accepted answer are wrong; on near passages that do not answer, all are. Read with an earlier encoder, best one that has not seen
these questions. OUT is a file of JSON Lines (gzip); a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import collections
import gzip
import json
import random
import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rag.reading.reader import PACKAGED, EncoderReader
from rag.training.exams import Exams
from rag.training.sources import OFFICE, Pools, Question, lines_of, read_pools

SEED, SPANS, CHARS = 7, 3, 700
SHARES = {
    "squad_train": 0.4,
    "adversarialqa": 0.2,
    "qa_fairytale": 0.4,
    "squadshifts": 0.1,
    "tweetqa": 0.2,
    "quoref_contrast": 1.0,
    OFFICE: 1.0,
}
NEAR_SHARE = 0.3
RIGHT, WRONG = 0.8, 0.0
"""F1 from which on a span is right, and up to which it is wrong; what lies between teaches nothing."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A span that a reader found in a passage, and whether it answers the question."""

    question: str
    passage: str
    title: str
    start: int
    end: int
    right: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--reader", default=PACKAGED)
    parser.add_argument("--pairs", type=int, default=12_000, help="questions with a passage that are read")
    options = parser.parse_args()
    pools = read_pools(options.data, Exams.read(options.data), seed=SEED)
    count = write(options.out, chosen(pools)[: options.pairs], EncoderReader(options.reader))
    print(count, "candidates in", options.out)


def chosen(pools: Pools) -> list[tuple[Question, str]]:
    """Questions with the passage to read: their own, and of some a near one that does not answer."""
    rng = random.Random(SEED)
    found: list[tuple[Question, str]] = []
    for question in pools.questions:
        if not (question.spans or question.source == OFFICE) or rng.random() >= SHARES.get(question.source, 0.0):
            continue
        found.append((question, question.passage))
        near = pools.near.get(question.text)
        if near and rng.random() < NEAR_SHARE:
            found.append((question, rng.choice(near)))
    rng.shuffle(found)
    return found


def write(out: Path, asked: Sequence[tuple[Question, str]], reader: EncoderReader) -> int:
    """Read every pair and add its candidates to OUT, passing over as many pairs as it already holds."""
    part = out.with_name(f"{out.name}.part")
    done = part.read_text(encoding="utf-8").splitlines() if part.exists() else []
    with part.open("a", encoding="utf-8") as stream:
        for question, passage in asked[len(done) :]:
            found = [asdict(one) for one in candidates_of(question, passage, reader)]
            stream.write(json.dumps(found) + "\n")
    lines = [one for line in part.read_text(encoding="utf-8").splitlines() for one in json.loads(line)]
    with gzip.open(out, "wt", encoding="utf-8") as packed:
        packed.writelines(json.dumps(one) + "\n" for one in lines)
    part.unlink()
    return len(lines)


def candidates_of(question: Question, passage: str, reader: EncoderReader) -> Iterator[Candidate]:
    """The reader's best spans that are clearly right or clearly wrong, in a stretch of about CHARS characters."""
    gold = passage == question.passage and question.answerable
    first = _first(passage, question.spans[0] if gold else None)
    text = passage[first : first + CHARS]
    accepted = [question.passage[a:b] for a, b in question.spans]
    for span in reader.read(question.text, [text], titles=[question.title or None], spans=SPANS)[0].spans:
        score = max(token_f1(text[span.start : span.end], answer) for answer in accepted) if gold else WRONG
        if score >= RIGHT or score <= WRONG:
            yield Candidate(question.text, text, question.title, span.start, span.end, score >= RIGHT)


def read_candidates(file: Path) -> list[Candidate]:
    """What `write` wrote."""
    return [Candidate(**line) for line in lines_of(file)]


def token_f1(text: str, answer: str) -> float:
    """F1 over words as SQuAD scores it: case, punctuation and articles do not count."""
    left, right = _words(text), _words(answer)
    shared = sum((collections.Counter(left) & collections.Counter(right)).values())
    return 2 * shared / (len(left) + len(right)) if shared else 0.0


def _words(text: str) -> list[str]:
    bare = "".join(character for character in text.lower() if character not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", bare).split()


def _first(passage: str, span: tuple[int, int] | None) -> int:
    """Where a stretch begins that holds the span, at a word's begin."""
    if len(passage) <= CHARS or span is None or span[1] <= CHARS:
        return 0
    first = min(span[0], max(0, span[1] - CHARS // 2 - (span[1] - span[0])))
    return passage.rfind(" ", 0, first) + 1


if __name__ == "__main__":
    main()
