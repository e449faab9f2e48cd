"""Fit the classifier of kinds of question: python -m rag.training.kinds DATA writes rag/models/kinds.json.

DATA holds `question_kinds` (train and dev); its kind follows the style of its source, so case and question marks are dropped at random.
Rows whose licence is not stated are left out. What the public sets lack is written in `rag.training.phrasings`.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.embed import open_embedder
from index.protocols import Embedder
from rag.query.kind import SURE, WEIGHTS_FILE, inputs
from rag.training.phrasings import HELD_OUT, phrasings
from rag.training.sources import lines_of

QUESTIONS = Path(__file__).parent / "questions.txt"
COPIES = 3
SEED, L2, ROUNDS, RATE = 7, 1e-4, 400, 0.5
POOL = "question_kinds/{part}.jsonl.gz"
FACTS, MOST_FACTS = "train_reader_2/squad_train_parts/train.jsonl.gz", 2_500
OTHER_KINDS = (
    "why",
    "how",
    "is ",
    "are ",
    "was ",
    "were ",
    "do ",
    "does ",
    "did ",
    "can ",
    "what is ",
    "what are ",
    "what were ",
)
UNLICENSED = "trec_qc"
MOST = {"chitchat": 700, "out_of_scope": 0, "opinion": 500, "explain": 700}
"""Rows taken of a kind. Requests for another assistant are left out: many of them are plain facts."""
LABELS = {
    "factoid": "fact", "yesno": "yesno", "list": "list", "count": "count", "comparison": "compare", "definition": "definition",
    "howto": "howto", "why": "why", "explain": "fact", "opinion": "fact", "experience": "fact", "summary": "summary",
    "not_a_question": "fact", "chitchat": "chat", "assistant_meta": "chat", "reply": "chat",
}  # fmt: skip
Lines = list[tuple[str, str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=WEIGHTS_FILE)
    options = parser.parse_args()
    embedder = open_embedder()
    trained = [
        *read_kinds(options.data, "train"),
        *read_facts(options.data),
        *phrasings(held_out=False),
        *written(held_out=False),
    ]
    labels, weights = fit(embedder, trained)
    stored = {"embedder": embedder.fingerprint, "labels": labels, "weights": np.round(weights, 2).tolist()}
    report = {
        "public": accuracy(embedder, labels, weights, read_kinds(options.data, "dev")),
        "own": accuracy(embedder, labels, weights, [*phrasings(held_out=True), *written(held_out=True)]),
        "trained_on": dict(sorted(Counter(label for _, label in trained).items())),
    }
    options.out.write_text(json.dumps({**stored, "report": report}) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


def read_kinds(data: Path, part: str) -> Lines:
    """Questions of the public sets with our label, as people type them: half without capitals, half without the mark."""
    rng = random.Random(SEED)
    by_kind: dict[str, list[str]] = defaultdict(list)
    for line in lines_of(data / POOL.format(part=part)):
        if line["source"] != UNLICENSED and line["kind"] in LABELS:
            by_kind[line["kind"]].append(line["text"])
    found: Lines = []
    for kind, texts in sorted(by_kind.items()):
        drawn = rng.sample(texts, min(len(texts), MOST.get(kind, len(texts))))
        found += [(restyled(text, rng), LABELS[kind]) for text in drawn]
    return found


def read_facts(data: Path) -> Lines:
    """Questions that were written for a span of a passage: facts, but for those that begin as another kind does."""
    rng = random.Random(SEED)
    asked = sorted({line["question"].strip() for line in lines_of(data / FACTS)})
    bare = [text for text in asked if not text.lower().startswith(OTHER_KINDS) and "how many" not in text.lower()]
    return [(restyled(text, rng), "fact") for text in rng.sample(bare, min(MOST_FACTS, len(bare)))]


def written(*, held_out: bool) -> Lines:
    """The questions of `questions.txt`, every fifth of a label held out; those that are trained on count as often as COPIES, restyled."""
    by_label: dict[str, list[str]] = defaultdict(list)
    for line in QUESTIONS.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            label, _, text = line.partition("\t")
            by_label[label].append(text)
    rng = random.Random(SEED)
    found: Lines = []
    for label, texts in by_label.items():
        for number, text in enumerate(texts):
            if (number % HELD_OUT == HELD_OUT - 1) != held_out:
                continue
            found += [(text, label)] if held_out else [(restyled(text, rng), label) for _ in range(COPIES)]
    return found


def restyled(text: str, rng: random.Random) -> str:
    """In lower case, without the question mark, or as it is."""
    text = text.lower() if rng.random() < 0.5 else text
    return text.rstrip("?. ") if rng.random() < 0.5 else text


def fit(embedder: Embedder, lines: Lines) -> tuple[list[str], NDArray[np.float32]]:
    """Labels, and a row of weights with its bias last for each: multinomial logistic regression, every kind weighing the same in its root."""
    labels = sorted({label for _, label in lines})
    read = inputs([text for text, _ in lines], embedder)
    wanted = np.zeros((len(lines), len(labels)), dtype=np.float32)
    for row, (_, label) in enumerate(lines):
        wanted[row, labels.index(label)] = 1.0
    counts = wanted.sum(axis=0)
    weight = (wanted @ (1.0 / np.sqrt(counts)))[:, None]
    weight /= weight.mean()
    weights = np.zeros((len(labels), read.shape[1]), dtype=np.float32)
    moment = np.zeros_like(weights)
    for _ in range(ROUNDS):
        slope = ((shares(read @ weights.T) - wanted) * weight).T @ read / len(lines) + L2 * weights
        moment = 0.9 * moment + slope
        weights -= RATE * 4 * moment
    return labels, weights


def shares(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each row as probabilities."""
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True), dtype=np.float32)


def accuracy(embedder: Embedder, labels: Sequence[str], weights: NDArray[np.float32], lines: Lines) -> dict[str, Any]:
    """By kind: how many there are, the share told right, and the share told right or taken for a fact."""
    found = shares(inputs([text for text, _ in lines], embedder) @ weights.T)
    rows: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for row, (_, label) in zip(found, lines, strict=True):
        by_kind: dict[str, float] = defaultdict(float)
        for name, share in zip(labels, row, strict=True):
            by_kind[name.partition(":")[0]] += float(share)
        best = max(by_kind, key=lambda kind: by_kind[kind])
        said = best if by_kind[best] >= SURE else "fact"
        kind = label.partition(":")[0]
        rows[kind].append((said == kind, said in (kind, "fact")))
    table = {
        kind: {"n": len(one), "right": _mean([a for a, _ in one]), "harmless": _mean([b for _, b in one])}
        for kind, one in sorted(rows.items())
    }
    every = [one for found in rows.values() for one in found]
    return {"right": _mean([a for a, _ in every]), "harmless": _mean([b for _, b in every]), "kinds": table}


def _mean(values: Sequence[bool]) -> float:
    return round(sum(values) / len(values), 3)


if __name__ == "__main__":
    main()
