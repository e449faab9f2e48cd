"""Fit the judge: python -m rag.training.judge FOLDER writes rag/models/judge.json.

FOLDER holds `corpus.jsonl.gz` ({"_id", "title", "text"}) and `queries.jsonl.gz` ({"text", "doc_id", "answers"}), with "domain" on
both where the corpus has several. Each question is searched and read as in the product. From every second question the
passage that answers it is taken away, so that the rest, the nearest passages that do not answer, teach when to refuse. The invented
passages that the encoder was not trained on are asked too: their questions without an answer look as if the passage had one.
"""

from __future__ import annotations

import argparse
import collections
import gzip
import hashlib
import json
import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
from numpy.typing import NDArray

from index.embed import open_embedder
from index.outline import outline_of
from index.protocols import Embedder
from index.sentences import sentence_spans
from index.values import Chunk, Document, Provenance
from rag.question.analyse import Query
from rag.reading.extract import ExtractiveAnswerer
from rag.reading.judge import FEATURES, WEIGHTS_FILE, Judge, Logistic, judge_from
from rag.reading.reader import EncoderReader
from rag.search.fuse import fuse_scores
from rag.search.rerank import Reranker
from rag.search.retrieve import LEXICAL_WEIGHT
from rag.training.sources import OFFICE, office_questions, read_office
from rag.values import Evidence, Hit

DEPTH, RERANKED, READ, RIGHT_F1, L2, SEED, FOLDS = 40, 20, 10, 0.5, 1.0, 7, 5
PIECE = 450
"""Characters from which on a piece of an invented passage ends with its sentence."""
TAKEN_FROM = {OFFICE: 4}
"""Of every so many questions one loses its passage; else of every second."""
REFUSED_RIGHT = 0.05  # share of right answers that the threshold may refuse
UNFITTED = Logistic((0.0,) * len(FEATURES), 0.0)
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """The candidates of one question: features and whether each is right; `answerable` when the gold passage was among them."""

    features: Matrix
    right: NDArray[np.bool_]
    answerable: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--questions", type=int, default=1000, help="questions used, over all domains")
    parser.add_argument("--out", type=Path, default=WEIGHTS_FILE)
    options = parser.parse_args()
    examples = list(read_examples(options.folder, options.questions))
    held_out = hold_out(examples)
    stored = {**fit(examples), "risk_coverage": risk_coverage(held_out)}
    report = {
        "cross_validation": cross_validate(held_out),
        "questions": len(examples),
        "data_sha256": _digest(options.folder),
    }
    options.out.write_text(json.dumps({**stored, **report}, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


def read_examples(folder: Path, questions: int) -> Iterator[Example]:
    """Search and read every question within its domain's corpus."""
    corpora: dict[str, list[dict[str, Any]]] = collections.defaultdict(list)
    for line in _lines(folder / "corpus.jsonl.gz"):
        corpora[line.get("domain", "")].append(line)
    public = [line for line in _lines(folder / "queries.jsonl.gz") if line["answers"]]
    asked = [public[index] for index in np.random.default_rng(SEED).permutation(len(public))[:questions]]
    corpora[OFFICE] = list(_office_passages())
    asked += _office_questions()
    reader = EncoderReader()
    embedder, reranker = open_embedder(), Reranker(reader)
    answerer = ExtractiveAnswerer(Judge(UNFITTED, UNFITTED), reader)
    for domain, passages in corpora.items():
        pool = _Pool(embedder, passages)
        for number, question in enumerate(line for line in asked if line.get("domain", "") == domain):
            taken = question["answers"] and number % TAKEN_FROM.get(domain, 2) == 1
            evidence = pool.search(question["text"], without=question["doc_id"] if taken else None)
            read = reranker.rerank(Query(question["text"]), evidence)[:READ]
            candidates = answerer.candidates(question["text"], read)
            if candidates:
                right = [
                    item.evidence.document.id == question["doc_id"]
                    and _best_f1(item.text, question["answers"]) >= RIGHT_F1
                    for item in candidates
                ]
                found = bool(question["answers"]) and any(item.document.id == question["doc_id"] for item in evidence)
                yield Example(np.array([item.signals for item in candidates]), np.array(right), found)


def _office_passages() -> Iterator[dict[str, Any]]:
    """Every invented passage in pieces of the length that the product reads, under its title and headings."""
    for line in (*read_office(held_out=False), *read_office(held_out=True)):
        text, outline = line["text"], outline_of(line["text"])
        begin = 0
        spans = sentence_spans(text)
        for place, span in enumerate(spans):
            if span.end - begin < PIECE and place + 1 < len(spans):
                continue
            head = " - ".join((line["title"], *outline.path_at(begin)))
            yield {"_id": line["id"], "title": head, "text": text[begin : span.end]}
            begin = spans[place + 1].start if place + 1 < len(spans) else span.end


def _office_questions() -> list[dict[str, Any]]:
    return [
        {
            "domain": OFFICE,
            "text": question.text,
            "doc_id": line["id"],
            "answers": [line["text"][start:end] for start, end in question.spans],
        }
        for line in read_office(held_out=True)
        for question in office_questions(line)
    ]


class _Pool:
    """Paragraphs of one domain, searched as the product searches: dense + lexical, fused by rank."""

    def __init__(self, embedder: Embedder, passages: Sequence[dict[str, Any]]) -> None:
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


def fit(examples: Sequence[Example]) -> dict[str, Any]:
    """Weights of a span being right, then of the question being answerable, seen from its best span."""
    right = _logistic(np.concatenate([e.features for e in examples]), np.concatenate([e.right for e in examples]))
    best = np.array([e.features[np.argmax(e.features @ right[:-1])] for e in examples])
    answerable = _logistic(best, np.array([e.answerable for e in examples]))
    return {"features": list(FEATURES), "right": _stored(right), "answerable": _stored(answerable)}


def _stored(weights: Matrix) -> dict[str, Any]:
    rounded = [round(float(value), 4) for value in weights]
    return {"weights": rounded[:-1], "bias": rounded[-1]}


@dataclass(frozen=True, slots=True)
class Held:
    """What judges that had not seen them say of examples: of each the best span's confidence, and whether it is right."""

    confidence: NDArray[np.float64]
    right: NDArray[np.bool_]
    answerable: NDArray[np.bool_]


def hold_out(examples: Sequence[Example], folds: int = FOLDS) -> list[Held]:
    """Each fold judged by weights that were fitted without it."""
    held_out = []
    for fold in range(folds):
        held = [e for n, e in enumerate(examples) if n % folds == fold]
        judge = judge_from(fit([e for n, e in enumerate(examples) if n % folds != fold]))
        best = [int(np.argmax(e.features @ np.array(judge.right.weights))) for e in held]
        held_out.append(
            Held(
                np.array([judge.answerable.probability(e.features[b]) for e, b in zip(held, best, strict=True)]),
                np.array([e.answerable and bool(e.right[b]) for e, b in zip(held, best, strict=True)]),
                np.array([e.answerable for e in held]),
            )
        )
    return held_out


def cross_validate(held_out: Sequence[Held]) -> dict[str, float]:
    """Means over folds: best span right where the gold passage was read, answerability AUROC, the confidence under which one in
    twenty right answers would be refused, and the share of unanswerable questions refused there.
    """
    rows = []
    for held in held_out:
        threshold = float(np.quantile(held.confidence[held.right], REFUSED_RIGHT))
        rows.append(
            {
                "span_right": float(np.mean(held.right[held.answerable])),
                "answerable_auroc": _auroc(held.confidence, held.answerable),
                "threshold": threshold,
                "refused_at_threshold": float(np.mean(held.confidence[~held.answerable] < threshold)),
            }
        )
    return {name: round(float(np.mean([row[name] for row in rows])), 4) for name in rows[0]}


def risk_coverage(held_out: Sequence[Held]) -> list[dict[str, float]]:
    """At twenty shares of questions answered, the surest first: the least confidence among them, and the share of them that is wrong.

    Half of these questions have no answer, and one counts as wrong whatever is shown of it.
    """
    confidence = np.concatenate([held.confidence for held in held_out])
    wrong = ~np.concatenate([held.right for held in held_out])
    order = np.argsort(-confidence, kind="stable")
    points = []
    for share in np.linspace(0.05, 1.0, 20):
        shown = order[: max(1, round(share * len(order)))]
        point = {"coverage": share, "threshold": confidence[shown[-1]], "risk": np.mean(wrong[shown])}
        points.append({name: round(float(value), 4) for name, value in point.items()})
    return points


def _logistic(inputs: Matrix, labels: NDArray[np.bool_]) -> Matrix:
    """Ridge logistic regression by Newton's method; the bias is last and not penalised."""
    design = np.column_stack([inputs, np.ones(len(inputs))])
    penalty = np.eye(design.shape[1]) * L2
    penalty[-1, -1] = 1e-6
    weights = np.zeros(design.shape[1])
    for _ in range(100):
        probability = 1.0 / (1.0 + np.exp(-np.clip(design @ weights, -30, 30)))
        slope = design.T @ (probability - labels) + penalty @ weights
        curve = design.T @ (design * (probability * (1 - probability) + 1e-9)[:, None]) + penalty
        step = np.linalg.solve(curve, slope)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def _auroc(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    higher = (scores[labels][:, None] > scores[~labels][None]).mean()
    return float(higher + 0.5 * (scores[labels][:, None] == scores[~labels][None]).mean())


def _best_f1(answer: str, accepted: Sequence[str]) -> float:
    return max((_f1(_words(answer), _words(other)) for other in accepted), default=0.0)


def _f1(left: list[str], right: list[str]) -> float:
    shared = sum((collections.Counter(left) & collections.Counter(right)).values())
    return 2 * shared / (len(left) + len(right)) if shared else 0.0


def _words(text: str) -> list[str]:
    bare = "".join(character for character in text.lower() if character not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", bare).split()


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in ("corpus.jsonl.gz", "queries.jsonl.gz"):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    main()
