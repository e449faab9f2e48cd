"""The pools that the encoder is trained on, as questions and claims; what touches an exam is left out.

DATA is a folder of public sets, each a folder of JSON Lines (gzip). `QUESTION_POOLS` and `CLAIM_POOLS` name the files that may be
trained on; every other `dev` part, and the questions in `test_ids.txt`, is an exam (`rag.training.exams`).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import bm25s

from rag.training.exams import Exams

Line = dict[str, Any]
Relation = Literal["support", "refute", "neither", "unsupported"]
"""What a passage says of a claim; "unsupported" where the source does not tell "refute" from "neither"."""

PASSAGES = "train_reranker/passages.jsonl.gz"
GROUPS = "train_reranker/train/groups.jsonl.gz"
QUESTION_POOLS = (
    "train_reader/train/examples.jsonl.gz",
    "train_reader_2/squad_train_parts/train.jsonl.gz",
    "train_reader_2/adversarialqa_train/train.jsonl.gz",
    "train_reader_2/qamr/train.jsonl.gz",
    "train_reader_2/tweetqa/train.jsonl.gz",
    "train_reader_2/quoref_contrast/train.jsonl.gz",
    "qa_fairytale/train.jsonl.gz",
    "qa_conditionalqa/train.jsonl.gz",
    "unans_condaqa/train.jsonl.gz",
    "unans_sharc_dev/train.jsonl.gz",
)
CLAIM_POOLS = (
    "train_nli/train/pairs.jsonl.gz",
    "train_nli_2/fever_eraser/train.jsonl.gz",
    "train_nli_2/mnli_dev/train.jsonl.gz",
    "train_nli_2/snli_dev/train.jsonl.gz",
    "train_nli_2/summedits/train.jsonl.gz",
    "train_nli_2/factcheck_bench/train.jsonl.gz",
    "train_nli_2/scitail_test/train.jsonl.gz",
)
OFFICE = "office"
OFFICE_FOLDER = Path(__file__).parent / "office"
"""Documents of offices with questions and claims, invented for this project: what people ask of files, in their words."""
HELD_OUT = 7
"""Every so many passages of a file are never trained on, and are what is measured."""
FILES = (*QUESTION_POOLS, *CLAIM_POOLS, PASSAGES, GROUPS)

NEAR, LOOKED_AT = 4, 12
"""Near passages kept of a question, and looked at for that."""
MOST_OF_A_PREMISE = 12
"""Claims on one document: summedits has 162 documents for 4,648 claims."""
SHARE = {"snli": 0.4, "qamr": 0.25, "tweetqa": 0.35}
"""Of sets that are easy, or far from documents."""
_SUPPORTED, _REFUTED = {"support"}, {"refute"}
_TWO_WAY = {"summedits", "scitail", "wice", "begin"}
"""Sets whose "not_support" may be either."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question on a passage.

    Attributes:
        spans: Where the answers stand; none where it is answered by yes or no, or not answered.
        yes: The answer of a question of yes or no, else None.
        answerable: Whether the passage answers.
        human: Whether a person wrote the question for this passage; else the passage was chosen by a search.
    """

    id: str
    source: str
    licence: str
    text: str
    passage: str
    title: str
    spans: tuple[tuple[int, int], ...]
    yes: bool | None
    answerable: bool
    human: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim, and a passage that says something or nothing of it."""

    source: str
    licence: str
    text: str
    passage: str
    relation: Relation


@dataclass(frozen=True, slots=True)
class Pools:
    """Everything that is trained on.

    Attributes:
        near: Passages near a question that do not answer it, by the question's text.
        left_out: How many lines of a source touched an exam.
    """

    questions: tuple[Question, ...]
    claims: tuple[Claim, ...]
    near: Mapping[str, tuple[str, ...]]
    left_out: Mapping[str, int]


def read_pools(data: Path, exams: Exams, *, seed: int, others: float = 1.0) -> Pools:
    """The pools under DATA, without what touches an exam; `seed` draws the shares of `SHARE`.

    Args:
        others: Share that is drawn of everything but the invented passages, which are few.
    """
    rng = random.Random(seed)
    passages = {line["_id"]: line for line in lines_of(data / PASSAGES)}
    titles = {line["text"]: line.get("title") or "" for line in passages.values()}
    left_out: dict[str, int] = {}
    questions = [
        q
        for name in QUESTION_POOLS
        for line in lines_of(data / name)
        if (q := _question(line, name.split("/")[0], titles))
    ]
    claims = [c for name in CLAIM_POOLS for c in _claims(lines_of(data / name))]
    invented = read_office(held_out=False)
    questions += [question for one in invented for question in office_questions(one)]
    claims += [claim for one in invented for claim in office_claims(one)]
    told = {
        group["question"]: tuple(passages[one]["text"] for one in group["negatives"][:NEAR])
        for group in lines_of(data / GROUPS)
    }
    kept_questions = tuple(
        q for q in _drawn(questions, rng, others) if not _touches(q.source, (q.text,), q.passage, exams, left_out)
    )
    kept_claims = tuple(
        c for c in _drawn(claims, rng, others) if not _touches(c.source, (c.text,), c.passage, exams, left_out)
    )
    near = {**near_passages([q for q in kept_questions if q.text not in told]), **told}
    return Pools(kept_questions, kept_claims, near, dict(sorted(left_out.items())))


def read_office(*, held_out: bool) -> list[Line]:
    """The invented passages, those that are trained on or those that are not."""
    return [
        json.loads(line)
        for file in sorted(OFFICE_FOLDER.glob("*.jsonl"))
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines())
        if (number % HELD_OUT == HELD_OUT - 1) == held_out
    ]


def office_questions(line: Line) -> Iterator[Question]:
    """The questions of one invented passage; half of them have no answer in it though they look as if they had."""
    text = line["text"]
    for number, asked in enumerate(line["questions"]):
        span = _place(text, asked["a"], asked.get("at")) if asked["a"] else None
        yield Question(
            f"{line['id']}-{number}", OFFICE, "invented for this project", asked["q"], text, line["title"],
            (span,) if span else (), None, span is not None, True,
        )  # fmt: skip


def office_claims(line: Line) -> Iterator[Claim]:
    """The claims on one invented passage."""
    for claim in line["claims"]:
        yield Claim(OFFICE, "invented for this project", claim["s"], line["text"], claim["r"])


def _place(text: str, answer: str, around: str | None) -> tuple[int, int]:
    start = text.index(around) + around.index(answer) if around else text.index(answer)
    return start, start + len(answer)


def near_passages(questions: Sequence[Question]) -> dict[str, tuple[str, ...]]:
    """Of each answerable question the passages of its own source nearest to it by BM25 that do not hold an answer's words."""
    found: dict[str, tuple[str, ...]] = {}
    for source in sorted({question.source for question in questions}):
        asked = [q for q in questions if q.source == source and q.spans]
        passages = sorted({q.passage for q in questions if q.source == source})
        if not asked or len(passages) < LOOKED_AT:
            continue
        index = bm25s.BM25()
        index.index(bm25s.tokenize(passages, stopwords="en", show_progress=False), show_progress=False)
        tokens = bm25s.tokenize([q.text for q in asked], stopwords="en", show_progress=False)
        ranked, _ = index.retrieve(tokens, k=LOOKED_AT, show_progress=False)
        for question, row in zip(asked, ranked, strict=True):
            answers = [question.passage[a:b].lower() for a, b in question.spans]
            fitting = [passages[n] for n in row if not any(answer in passages[n].lower() for answer in answers)]
            found[question.text] = tuple(fitting[:NEAR])
    return found


def lines_of(file: Path) -> Iterator[Line]:
    """Objects of a gzipped file of JSON Lines."""
    with gzip.open(file, "rt", encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def digests(data: Path) -> dict[str, str]:
    """sha256 of every file that is read."""
    return {name: hashlib.sha256((data / name).read_bytes()).hexdigest() for name in FILES}


def _drawn(items: Iterable[Any], rng: random.Random, others: float) -> Iterator[Any]:
    for item in items:
        if rng.random() < SHARE.get(item.source, 1.0) * (1.0 if item.source == OFFICE else others):
            yield item


def _touches(source: str, texts: tuple[str, ...], passage: str, exams: Exams, left_out: dict[str, int]) -> bool:
    if not (exams.asks(texts) or exams.holds(passage)):
        return False
    left_out[source] = left_out.get(source, 0) + 1
    return True


def _question(line: Line, folder: str, titles: Mapping[str, str]) -> Question | None:
    """One line of any question pool; None for what cannot be trained on (an answer in words that are not in the text)."""
    kind = line.get("answer_kind") or line.get("label")
    source = line.get("source") or folder
    passage = line["context"]
    spans = _spans(line)
    yes = {"yes": True, "no": False}.get(str(kind))
    if kind == "yesno":
        words = {answer["text"].lower().strip(". ") for answer in line["answers"]}
        if words not in ({"yes"}, {"no"}) or line.get("conditional"):
            return None
        yes = words == {"yes"}
    answerable = bool(line.get("answerable", kind not in ("unanswerable", "needs_more_information")))
    if answerable and yes is None and not spans:
        return None
    if line.get("scenario") or not passage:
        return None  # the question means nothing without its situation, or has no text
    return Question(
        line["id"], source, str(line.get("licence", "see the set's README")), line["question"].strip(), passage,
        line.get("title") or titles.get(passage, ""), spans if answerable else (), yes, answerable, not line.get("synthetic"),
    )  # fmt: skip


def _spans(line: Line) -> tuple[tuple[int, int], ...]:
    found = line.get("spans") or [a for a in line.get("answers", ()) if isinstance(a, dict)]
    places = [(one["start"], one["start"] + len(one["text"])) for one in found if one.get("start") is not None]
    return tuple(dict.fromkeys(place for place in places if place[0] < place[1]))


def _claims(lines: Iterable[Line]) -> Iterator[Claim]:
    seen: dict[str, int] = {}
    for line in lines:
        premise, source = line["premise"], line["source"]
        seen[premise] = seen.get(premise, 0) + 1
        if seen[premise] > MOST_OF_A_PREMISE:
            continue
        yield Claim(
            source,
            str(line.get("licence", "see the set's README")),
            line["hypothesis"],
            premise,
            _relation(line["label"], source),
        )


def _relation(label: str, source: str) -> Relation:
    if label == "support":
        return "support"
    if label == "refute":
        return "refute"
    return "unsupported" if source in _TWO_WAY or label in ("partial", "generic") else "neither"
