"""Fit the judge: python -m rag.training.judge DATA writes rag/models/judge.json.

DATA holds the files of `rag.training.pool.FILES`. Beside the weights stands the risk-coverage curve of the fit: how many of the
answers that a threshold lets through are wrong, each question judged by weights that were fitted without it.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import json
import re
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.extract import Candidate, ExtractiveAnswerer
from rag.judge import FEATURES, WEIGHTS_FILE, Judge, Logistic, judge_from
from rag.training.pool import FILES, Asked, ask_pools

RIGHT_F1, L2, SEED, FOLDS = 0.5, 1.0, 7, 5
REMEMBERED = 0.6
"""Share of the reader's distance between answerable and unanswerable questions that is memory, on questions that it was trained on: it
tells them apart with an AUROC of 0.91, and new ones of their kind with 0.70. Weights fitted to its memory would trust it blindly."""
READER = [FEATURES.index("answers"), FEATURES.index("reader")]
STEPS = 20
UNFITTED = Logistic((0.0,) * len(FEATURES), 0.0)
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """The candidates of one question: their features, which of them are right, and which of their sentences hold an accepted answer.

    Attributes:
        answerable: Something answers it among what was searched.
        seen: The reader was trained on it.
    """

    features: Matrix
    right: NDArray[np.bool_]
    holds: NDArray[np.bool_]
    answerable: bool
    seen: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--questions", type=int, default=1000, help="questions used, half from each pool")
    parser.add_argument("--out", type=Path, default=WEIGHTS_FILE)
    options = parser.parse_args()
    stored = fit_all(examples_of(ask_pools(options.data, options.questions)))
    stored["data_sha256"] = _digest(options.data)
    options.out.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(stored["cross_validation"], indent=1))


def examples_of(asked: Iterable[Asked]) -> list[Example]:
    """What the judge would see of each question; one of which no span was found, or whose passage the search missed, teaches nothing."""
    answerer = ExtractiveAnswerer(Judge(UNFITTED, UNFITTED))
    examples = []
    for item in asked:
        question = item.question
        candidates = answerer.candidates(question.text, item.evidence)
        answerable = bool(question.accepted) and not question.away
        if not candidates or (answerable and not item.found):
            continue
        accepted = question.accepted if answerable else ()
        own = [candidate.evidence.document.id == question.passage for candidate in candidates]
        right = [o and _best_f1(c.text, accepted) >= RIGHT_F1 for o, c in zip(own, candidates, strict=True)]
        holds = [_holds(candidate, accepted) for candidate in candidates]
        features = np.array([candidate.signals for candidate in candidates])
        examples.append(Example(features, np.array(right), np.array(holds), answerable, question.seen))
    return examples


def fit_all(examples: Sequence[Example]) -> dict[str, Any]:
    """The weights, how well such weights do on questions that they were not fitted to, and the curve of their confidence."""
    examples = forget(examples)
    report, curve = cross_validate(examples)
    return {**fit(examples), "risk_coverage": curve, "cross_validation": report, "questions": len(examples)}


def forget(examples: Sequence[Example]) -> list[Example]:
    """The examples, with the reader's scores of questions that it has seen moved to where it would be as unsure as of new ones."""
    seen = [example for example in examples if example.seen]
    if len({example.answerable for example in seen}) < 2:
        return list(examples)
    below, above = (
        np.mean([e.features[0, READER] for e in seen if e.answerable == kind], axis=0) for kind in (False, True)
    )
    nearer = REMEMBERED / 2 * (above - below)
    return [_moved(e, -nearer if e.answerable else nearer) if e.seen else e for e in examples]


def _moved(example: Example, by: Matrix) -> Example:
    features = example.features.copy()
    features[:, READER] += by
    return replace(example, features=features)


def fit(examples: Sequence[Example]) -> dict[str, Any]:
    """Weights of a span being right, then of the question being answerable, seen from its best span.

    What the reader's word is worth is learned where it has not seen the question; the seen ones, most of them written to be
    near misses, then say what the other signals are worth beside it.
    """
    new = [example for example in examples if not example.seen]
    right = _logistic(np.concatenate([e.features for e in new]), np.concatenate([e.right for e in new]))
    best, best_of_new = _best(examples, right), _best(new, right)
    weights = _logistic(best_of_new, np.array([e.answerable for e in new]))
    others = [place for place in range(len(FEATURES)) if place not in READER]
    given = best[:, READER] @ weights[READER]
    fitted = _logistic(best[:, others], np.array([e.answerable for e in examples]), given)
    weights[[*others, -1]] = fitted
    return {"features": list(FEATURES), "right": _stored(right), "answerable": _stored(weights)}


def _best(examples: Sequence[Example], right: Matrix) -> Matrix:
    """The features of each question's best span."""
    return np.array([example.features[np.argmax(example.features @ right[:-1])] for example in examples])


def _stored(weights: Matrix) -> dict[str, Any]:
    rounded = [round(float(value), 4) for value in weights]
    return {"weights": rounded[:-1], "bias": rounded[-1]}


def cross_validate(examples: Sequence[Example]) -> tuple[dict[str, float], list[list[float]]]:
    """Figures over held-out questions, and their risk-coverage curve as [threshold, coverage, risk].

    The curve is made from as many questions with an answer as without. Shown wrongly is what has no answer, and a sentence that holds none.
    """
    confidence, good = np.zeros(len(examples)), np.zeros(len(examples), dtype=bool)
    span_right, reader = [], np.array([example.features[:, 1].max() for example in examples])
    fold_of = np.arange(len(examples)) % FOLDS
    for fold in range(FOLDS):
        judge = judge_from(fit([e for e, f in zip(examples, fold_of, strict=True) if f != fold]))
        weights = np.array(judge.right.weights)
        for place in np.flatnonzero(fold_of == fold).tolist():
            example = examples[place]
            best = int(np.argmax(example.features @ weights))
            confidence[place] = judge.answerable.probability(example.features[best])
            good[place] = example.holds[best]
            if example.answerable and not example.seen:
                span_right.append(bool(example.right[best]))
    answerable = np.array([example.answerable for example in examples])
    seen = np.array([example.seen for example in examples])
    report = {
        "span_right": float(np.mean(span_right)),
        "answerable_auroc": _auroc(confidence, answerable),
        "answerable_auroc_reader_alone": _auroc(reader, answerable),
        "answerable_auroc_passage_away": _auroc(confidence[~seen], answerable[~seen]),
        "answerable_auroc_written_to_have_none": _auroc(confidence[seen], answerable[seen]),
    }
    return {name: round(value, 4) for name, value in report.items()}, _curve(confidence, answerable, good)


def _curve(confidence: Matrix, answerable: NDArray[np.bool_], good: NDArray[np.bool_]) -> list[list[float]]:
    weight = np.where(answerable, 0.5 / answerable.sum(), 0.5 / (~answerable).sum())
    points = []
    for threshold in np.arange(1, STEPS) / STEPS:
        shown = confidence >= threshold
        coverage = float(weight[shown].sum())
        if coverage:
            risk = float(weight[shown & ~good].sum()) / coverage
            points.append([round(float(threshold), 2), round(coverage, 4), round(risk, 4)])
    return points


def _logistic(inputs: Matrix, labels: NDArray[np.bool_], given: Matrix | float = 0.0) -> Matrix:
    """Ridge logistic regression by Newton's method, beside log-odds that are given; the bias is last and not penalised."""
    design = np.column_stack([inputs, np.ones(len(inputs))])
    penalty = np.eye(design.shape[1]) * L2
    penalty[-1, -1] = 1e-6
    weights = np.zeros(design.shape[1])
    for _ in range(100):
        probability = 1.0 / (1.0 + np.exp(-np.clip(given + design @ weights, -30, 30)))
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


def _holds(candidate: Candidate, accepted: Sequence[str]) -> bool:
    """An accepted answer stands in the sentence that would be quoted, word for word."""
    sentence = f" {' '.join(_words(candidate.sentence_text))} "
    return any(words in sentence for answer in accepted if (words := f" {' '.join(_words(answer))} ").strip())


def _best_f1(answer: str, accepted: Sequence[str]) -> float:
    return max((_f1(_words(answer), _words(other)) for other in accepted), default=0.0)


def _f1(left: list[str], right: list[str]) -> float:
    shared = sum((collections.Counter(left) & collections.Counter(right)).values())
    return 2 * shared / (len(left) + len(right)) if shared else 0.0


def _words(text: str) -> list[str]:
    bare = "".join(character for character in text.lower() if character not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", bare).split()


def _digest(data: Path) -> str:
    digest = hashlib.sha256()
    for name in FILES:
        digest.update((data / name).read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    main()
