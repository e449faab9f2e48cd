"""How well the support checker tells statements that a passage supports from statements that it does not.

Two tests. `train_nli/test` by source: "support" against every other label, at one threshold chosen on `train_nli/train`. And
quotes of which one thing was changed, by changes made here: other words and other templates than the checker was trained on.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from eval.intervals import Interval
from eval.measures import auroc
from eval.numbers.altered import ALTERATIONS, reword
from eval.numbers.figure import Figure, auroc_figure, balanced_accuracy, balanced_accuracy_figure
from eval.numbers.questions import SEED, sample
from eval.progress import Progress
from eval.sets.lines import read_lines
from index.sentences import sentence_spans
from rag.protocols import SupportChecker

PAIRS = "train_nli"
SUPPORT = "support"
TRAIN_LIMIT = 600
"""Pairs that the threshold is chosen on."""
TEST_LIMIT = 1200
QUOTE_LIMIT = 80
"""Altered quotes of each kind."""
RESAMPLES = 300
QUOTE_CHARS = (60, 300)


@dataclass(frozen=True, slots=True)
class Pair:
    """A statement with a passage; `group` is its source or the kind of its alteration."""

    group: str
    statement: str
    passage: str
    supported: bool


def read_pairs(path: Path) -> list[Pair]:
    """Raises NoSet, and SetInvalid with every line that is wrong."""
    fields = {"source": str, "premise": str, "hypothesis": str, "label": str}
    return [
        Pair(line["source"], line["hypothesis"], line["premise"], line["label"] == SUPPORT)
        for line in read_lines(path, fields)
    ]


def score(checker: SupportChecker, pairs: Sequence[Pair], progress: Progress | None = None) -> list[float]:
    """The checker's probability for each pair; the passages of one statement go through it together."""
    by_statement: dict[str, list[int]] = {}
    for number, pair in enumerate(pairs):
        by_statement.setdefault(pair.statement, []).append(number)
    scores = [0.0] * len(pairs)
    done = 0
    for statement, numbers in by_statement.items():
        relations = checker.relations(statement, [pairs[n].passage for n in numbers])
        for number, relation in zip(numbers, relations, strict=True):
            scores[number] = relation.support
        done += len(numbers)
        if progress:
            progress(done, len(pairs))
    return scores


def best_threshold(scores: Sequence[float], pairs: Sequence[Pair]) -> float:
    """The threshold with the highest balanced accuracy, averaged over groups that hold both labels; the lowest of equals.

    >>> best_threshold([0.1, 0.4, 0.6], [Pair("a", "", "", False), Pair("a", "", "", False), Pair("a", "", "", True)])
    0.5
    """
    groups = sorted({pair.group for pair in pairs})
    members = [[n for n, pair in enumerate(pairs) if pair.group == group] for group in groups]

    def worth(threshold: float) -> float:
        found = [
            balanced_accuracy([scores[n] >= threshold for n in numbers], [pairs[n].supported for n in numbers])
            for numbers in members
        ]
        both = [value for value in found if value is not None]
        return sum(both) / len(both) if both else 0.0

    values = sorted(set(scores))
    between = [round((a + b) / 2, 6) for a, b in pairwise(values)]
    if len(between) > 200:
        between = [between[round(n * (len(between) - 1) / 199)] for n in range(200)]
    return max([*between, 0.5], key=lambda threshold: (worth(threshold), -threshold)) if values else 0.5


def measure_supporting(
    data: Path, checker: SupportChecker, *, limit: int | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """AUROC and balanced accuracy by source with their means, and of altered quotes by kind, at one threshold."""
    train = sample(read_pairs(data / PAIRS / "train" / "pairs.jsonl.gz"), min(limit or TRAIN_LIMIT, TRAIN_LIMIT))
    threshold = best_threshold(score(checker, train, progress), train)
    test = sample(read_pairs(data / PAIRS / "test" / "pairs.jsonl.gz"), min(limit or TEST_LIMIT, TEST_LIMIT))
    on_test = score(checker, test, progress)
    quotes = altered_quotes(read_passages(data), min(limit or QUOTE_LIMIT, QUOTE_LIMIT))
    on_quotes = score(checker, quotes, progress)
    return {
        "threshold": threshold,
        "chosen_on": len(train),
        "sources": by_group(test, on_test, threshold),
        "mean": means(test, on_test, threshold),
        "altered_quotes": by_group(quotes, on_quotes, threshold),
        "altered_mean": means(quotes, on_quotes, threshold),
    }


def by_group(pairs: Sequence[Pair], scores: Sequence[float], threshold: float) -> dict[str, dict[str, Any]]:
    """Figures of each group."""
    found = {}
    for group in sorted({pair.group for pair in pairs}):
        numbers = [n for n, pair in enumerate(pairs) if pair.group == group]
        labels = [pairs[n].supported for n in numbers]
        found[group] = {
            "n": len(numbers),
            "supported": sum(labels),
            "auroc": auroc_figure([scores[n] for n in numbers], labels).to_json(),
            "balanced_accuracy": balanced_accuracy_figure([scores[n] >= threshold for n in numbers], labels).to_json(),
        }
    return found


def means(pairs: Sequence[Pair], scores: Sequence[float], threshold: float) -> dict[str, dict[str, Any]]:
    """The plain mean over groups that hold both labels; the interval resamples the pairs of each group."""
    groups: dict[str, list[int]] = {}
    for number, pair in enumerate(pairs):
        groups.setdefault(pair.group, []).append(number)
    mixed = [numbers for numbers in groups.values() if len({pairs[n].supported for n in numbers}) == 2]

    def mean(measure: Callable[[Sequence[int]], float | None], drawn: Sequence[Sequence[int]]) -> float | None:
        values = [value for numbers in drawn if (value := measure(numbers)) is not None]
        return sum(values) / len(values) if values else None

    def figure(measure: Callable[[Sequence[int]], float | None]) -> dict[str, Any]:
        value = mean(measure, mixed)
        if value is None:
            return Figure(None, len(pairs)).to_json()
        chance = np.random.default_rng(SEED)
        draws = [
            mean(measure, [[numbers[i] for i in chance.integers(0, len(numbers), len(numbers))] for numbers in mixed])
            for _ in range(RESAMPLES)
        ]
        low, high = np.percentile([draw for draw in draws if draw is not None], [2.5, 97.5])
        return Figure(value, len(pairs), Interval(float(low), float(high))).to_json()

    return {
        "auroc": figure(lambda numbers: auroc([scores[n] for n in numbers], [pairs[n].supported for n in numbers])),
        "balanced_accuracy": figure(
            lambda numbers: balanced_accuracy(
                [scores[n] >= threshold for n in numbers], [pairs[n].supported for n in numbers]
            )
        ),
    }


def read_passages(data: Path) -> list[str]:
    """Texts that no checker was trained on: encyclopaedia paragraphs of squadshifts/dev, and dated news facts."""
    fields = {"_id": str, "text": str}
    shifts = read_lines(data / "squadshifts" / "dev" / "corpus.jsonl.gz", fields)
    wiki = [line["text"] for line in shifts if line.get("domain") == "new_wiki"]
    news = [line["text"] for line in read_lines(data / "multihop_rag_500" / "corpus.jsonl.gz", fields)]
    return wiki + news


def altered_quotes(passages: Sequence[str], limit: int, *, seed: int = SEED) -> list[Pair]:
    """For each kind up to `limit` sentences twice: reworded without a change of meaning (or as they are), and altered.

    Every second faithful sentence is reworded where it can be, so that "the words differ" is not the answer.
    """
    chance = random.Random(seed)  # noqa: S311
    sentences = [
        (text[span.start : span.end], text)
        for text in passages
        for span in sentence_spans(text)
        if QUOTE_CHARS[0] <= span.end - span.start <= QUOTE_CHARS[1]
    ]
    chance.shuffle(sentences)
    pairs = []
    for kind, alter in ALTERATIONS.items():
        made = 0
        for sentence, passage in sentences:
            altered = alter(sentence, chance)
            if altered is None or altered in passage:
                continue
            faithful = reword(sentence, chance) if made % 2 else None
            pairs += [Pair(kind, faithful or sentence, passage, True), Pair(kind, altered, passage, False)]
            made += 1
            if made == limit:
                break
    return pairs
