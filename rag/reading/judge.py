"""Which span answers, and is there an answer at all? Two logistic models over the reader's scores and plain signals.

The reader is easily taken in by a passage on a neighbouring subject, and a span's score against "no answer" within one passage
does not compare with another passage's. The signals here ask what the reader does not: how near
is the passage, and are the question's words, names and numbers in it at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from rag.reading.odds import probability

WEIGHTS_FILE = Path(__file__).parent.parent / "models" / "judge.json"
FEATURES = (
    "answers",
    "reader",
    "dense",
    "coverage",
    "sentence_coverage",
    "hard_coverage",
    "rank",
    "headline",
    "novelty",
)

_WORD = re.compile(r"[^\W_]+(?:[.,'’][^\W_]+)*")
_QUESTION_WORDS = frozenset(
    "a about after against all an and any are as at be been before by can could did do does during for from had has have how if in into is it "
    "its itself many may more most much of on or over s should some such than that the their them then there these they this those to under "
    "was were what when where which while who whom whose why will with would according says say said tell me please give list name between "
    "i my we us our you your am get got".split()
)


@dataclass(frozen=True, slots=True)
class Logistic:
    """A logistic model; `weights` are in the order of the features."""

    weights: tuple[float, ...]
    bias: float

    def logit(self, features: Sequence[float]) -> float:
        """Log-odds."""
        return self.bias + sum(weight * value for weight, value in zip(self.weights, features, strict=True))

    def probability(self, features: Sequence[float]) -> float:
        return probability(self.logit(features))


@dataclass(frozen=True, slots=True)
class Judge:
    """Two logistic models over the features of a span.

    Attributes:
        right: A span is right. Chooses between spans; leans on the span's own score.
        answerable: The passages hold an answer, seen from the best span. Leans on the passage.
    """

    right: Logistic
    answerable: Logistic


@lru_cache(maxsize=1)
def packaged_judge() -> Judge:
    """The weights that ship with the package; `rag.training.judge` fits them."""
    stored = json.loads(WEIGHTS_FILE.read_text(encoding="utf-8"))
    if tuple(stored["features"]) != FEATURES:
        raise ValueError(f"weights in {WEIGHTS_FILE.name} are for {stored['features']}, expected {list(FEATURES)}")
    return judge_from(stored)


def threshold_for(target_error: float) -> float:
    """The confidence from which on at most this share of shown answers was wrong, on the pool that the judge was fitted on.

    Read off its risk-coverage curve; the highest threshold of the curve where no share of answers was that good.
    """
    points = _curve()
    good = [point for point in points if point["risk"] <= target_error]
    chosen = max(good, key=lambda point: point["coverage"]) if good else points[0]
    return float(chosen["threshold"])


def shown_at(threshold: float) -> tuple[float, float]:
    """Share of the pool's questions that were answered, and share of those answers that were wrong, nearest to a threshold."""
    point = min(_curve(), key=lambda one: abs(one["threshold"] - threshold))
    return point["coverage"], point["risk"]


def _curve() -> list[dict[str, float]]:
    points: list[dict[str, float]] = json.loads(WEIGHTS_FILE.read_text(encoding="utf-8"))["risk_coverage"]
    return points


def judge_from(stored: Mapping[str, Any]) -> Judge:
    """A judge from what `rag.training.judge.fit` returns."""
    right, answerable = (
        Logistic(tuple(stored[name]["weights"]), stored[name]["bias"]) for name in ("right", "answerable")
    )
    return Judge(right, answerable)


@dataclass(frozen=True, slots=True)
class AskedFor:
    """What a question asks for, worked out once for all its passages.

    Attributes:
        words: Stems of the question's content words.
        hard: Stems of its names and numbers: what a passage on another subject lacks.
    """

    words: frozenset[str]
    hard: frozenset[str]

    @classmethod
    def of(cls, question: str) -> AskedFor:
        content = content_words(question)
        hard = [m[0] for m in content if m[0][0].isdigit() or (m[0][0].isupper() and m.start() > 0)]
        return cls(frozenset(stem(m[0]) for m in content), frozenset(stem(word) for word in hard))


def content_words(question: str) -> list[re.Match[str]]:
    """The words of a question that say what it is about, where they stand."""
    return [match for match in _WORD.finditer(question) if not _asks(match[0])]


def _asks(word: str) -> bool:
    """Whether a word only asks; in capitals it is a name: "US"."""
    return word.lower() in _QUESTION_WORDS and not (len(word) > 1 and word.isupper())


def features(
    asked: AskedFor,
    *,
    answers: float,
    score: float,
    dense: float,
    rank: int,
    sentence: str,
    passage: str,
    context: str,
    headline: float = 0.0,
    span: str = "",
) -> tuple[float, ...]:
    """The signals of one span, in the order of FEATURES.

    Args:
        answers: The reader's log-odds that the passage answers.
        score: The reader's span score against "no answer".
        dense: Cosine of question and passage, 0 when unknown.
        rank: The passage's rank after fusion, from 1.
        context: What else is known of the passage: its document's title and outlet.
        headline: Log-odds of the headline check; 0 where it was not asked.
        span: The words of the span: what the question says itself is seldom its answer.
    """
    here, around = stems(sentence), stems(passage) | stems(context)
    return (
        max(-2.0, min(2.0, answers / 3.0)),
        max(-2.0, min(2.5, score / 5.0)),
        dense,
        share(asked.words, around),
        share(asked.words, here),
        share(asked.hard, around),
        1.0 / rank,
        headline_feature(headline),
        novelty(asked, span),
    )


def novelty(asked: AskedFor, span: str) -> float:
    """Share of a span's content words that the question does not say; 0 for a span without any."""
    words = frozenset(stem(match[0]) for match in content_words(span))
    return len(words - asked.words) / len(words) if words else 0.0


def headline_feature(log_odds: float) -> float:
    """The headline check's log-odds on the scale of the other features."""
    return max(-2.0, min(2.0, log_odds / 3.0))


def stem(word: str) -> str:
    """A crude stem, the first five letters in lower case: enough to match 'refugee' with 'refugees'."""
    plain = word.lower().replace("’", "'").removesuffix("'s").replace(",", "")
    return plain[:5] if plain.isalpha() else plain


@lru_cache(maxsize=512)  # the spans of one passage ask for the same texts
def stems(text: str) -> frozenset[str]:
    """Stems of every word of a text."""
    return frozenset(stem(match[0]) for match in _WORD.finditer(text))


def share(wanted: frozenset[str], found: frozenset[str]) -> float:
    """Share of `wanted` that is in `found`; 1 when nothing is wanted."""
    return len(wanted & found) / len(wanted) if wanted else 1.0
