"""The questions that the judge is fitted on, searched and read as in the product: a question, and what came of it.

Two pools. The developing part of squadshifts, which the reader was not trained on: from every second question the passage that
answers it is taken away, so that the rest, the nearest passages that do not answer, teach when to refuse. And the questions on
encyclopaedia text of the reader's own training set, beside those that people wrote to have no answer there.
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

import bm25s
import numpy as np

from index.embed import SentenceEmbedder
from index.values import Chunk, Document, Provenance
from rag.analyse import analyse
from rag.fuse import fuse_scores
from rag.reader import EncoderReader
from rag.rerank import Reranker
from rag.retrieve import LEXICAL_WEIGHT
from rag.values import Evidence, Hit

Line = dict[str, Any]
SHIFTS = ("squadshifts/dev/corpus.jsonl.gz", "squadshifts/dev/queries.jsonl.gz")
WRITTEN = "train_reader/train/examples.jsonl.gz"
FILES = (*SHIFTS, WRITTEN)
DEPTH, RERANKED, READ, SEED = 40, 12, 10, 7
LONGEST = 2000
"""Characters of a passage; longer ones are no passages but whole papers."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a pool.

    Attributes:
        domain: The passages that it is asked of.
        passage: The passage that it was written on.
        accepted: Accepted answers; none when a person wrote it to have none.
        away: Its passage is taken away before it is asked.
        seen: The reader was trained on it.
    """

    text: str
    domain: str
    passage: str
    accepted: tuple[str, ...]
    away: bool
    seen: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the passages that were read, best first.

    Attributes:
        found: The passage that it was written on was among those searched.
    """

    question: Question
    evidence: tuple[Evidence, ...]
    found: bool


def ask_pools(data: Path, questions: int) -> Iterator[Asked]:
    """Search and read `questions` questions, half from each pool."""
    embedder, reranker = SentenceEmbedder(), Reranker(EncoderReader())
    for corpora, asked in (_shifts(data), _written(data)):
        chosen = asked[: questions // 2]
        for domain, passages in corpora.items():
            pool = _Pool(embedder, passages)
            for question in (item for item in chosen if item.domain == domain):
                evidence = pool.search(question.text, without=question.passage if question.away else None)
                read = reranker.rerank(analyse(question.text, publishers=()), evidence)[:READ]
                found = any(item.document.id == question.passage for item in evidence)
                yield Asked(question, tuple(read), found)


def _shifts(data: Path) -> tuple[dict[str, list[Line]], list[Question]]:
    corpora: dict[str, list[Line]] = collections.defaultdict(list)
    for line in lines(data / SHIFTS[0]):
        corpora[line["domain"]].append(line)
    asked = [line for line in lines(data / SHIFTS[1]) if line["answers"]]
    random.Random(SEED).shuffle(asked)
    return corpora, [
        Question(
            line["text"], line["domain"], line["doc_id"], tuple(line["answers"]), away=bool(number % 2), seen=False
        )
        for number, line in enumerate(asked)
    ]


def _written(data: Path) -> tuple[dict[str, list[Line]], list[Question]]:
    examples = [
        line
        for line in lines(data / WRITTEN)
        if line["source"] != "squadshifts" and not line["synthetic"] and len(line["context"]) <= LONGEST
    ]
    ids = {text: f"w{number}" for number, text in enumerate(dict.fromkeys(line["context"] for line in examples))}
    random.Random(SEED).shuffle(examples)
    return {"": [{"_id": key, "text": text} for text, key in ids.items()]}, [
        Question(
            line["question"],
            "",
            ids[line["context"]],
            tuple(answer["text"] for answer in line["answers"]),
            away=False,
            seen=True,
        )
        for line in examples
    ]


class _Pool:
    """Passages of one domain, searched as the product searches: dense + lexical, fused by score."""

    def __init__(self, embedder: SentenceEmbedder, passages: Sequence[Line]) -> None:
        self._embedder, self._passages = embedder, passages
        self._vectors = embedder.embed_passages(
            [f"{line.get('title') or ''}\n{line['text']}".strip() for line in passages]
        )
        self._lexical = bm25s.BM25()
        tokens = bm25s.tokenize([line["text"] for line in passages], stopwords="en", show_progress=False)
        self._lexical.index(tokens, show_progress=False)

    def search(self, question: str, *, without: str | None) -> list[Evidence]:
        cosines = self._vectors @ self._embedder.embed_query(question)
        dense = [(str(n), float(cosines[n])) for n in np.argsort(-cosines)[:DEPTH]]
        tokens = bm25s.tokenize([question], stopwords="en", show_progress=False)
        found, scores = self._lexical.retrieve(tokens, k=min(DEPTH, len(self._passages)), show_progress=False)
        lexical = [(str(n), float(score)) for n, score in zip(found[0], scores[0], strict=True) if score > 0]
        fused = fuse_scores(dense, lexical, lexical_weight=LEXICAL_WEIGHT)
        kept = [(int(n), score) for n, score in fused if self._passages[int(n)]["_id"] != without][:RERANKED]
        return [self._evidence(n, rank, score, float(cosines[n])) for rank, (n, score) in enumerate(kept, start=1)]

    def _evidence(self, number: int, rank: int, score: float, cosine: float) -> Evidence:
        line = self._passages[number]
        text = line["text"]
        provenance = Provenance(title=line.get("title") or None)
        document = Document(line["_id"], text, "text/plain", provenance, (), (), line["_id"], 1, "")
        chunk = Chunk(line["_id"], line["_id"], 0, 0, len(text), text)
        return Evidence(rank, Hit(chunk, rank, score, dense_score=cosine), document)


def lines(file: Path) -> Iterator[Line]:
    """The records of a gzipped file of JSON Lines."""
    with gzip.open(file, "rt", encoding="utf-8") as stream:
        yield from map(json.loads, stream)
