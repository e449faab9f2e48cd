"""One measured number: what it is of, how many cases, and its 95 % interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from eval.intervals import Interval, bootstrap_ratio, bootstrap_statistic
from eval.measures import auroc

SAMPLES = 300
"""Resamples where a statistic is computed anew for each."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number between 0 and 1. None when nothing could be measured."""

    value: float | None
    n: int
    interval: Interval | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def mean_figure(values: Sequence[float]) -> Figure:
    """The mean, with its bootstrap interval."""
    if not values:
        return Figure(None, 0)
    return Figure(math.fsum(values) / len(values), len(values), bootstrap_ratio(values, [1.0] * len(values)))


def ratio_figure(parts: Sequence[tuple[int, int]]) -> Figure:
    """Sum of the first parts over sum of the second, which is `n`; the interval resamples the pairs.

    >>> ratio_figure([(1, 2), (2, 2)]).value
    0.75
    """
    above, below = ([float(part) for part in side] for side in zip(*parts, strict=True)) if parts else ([], [])
    if not sum(below):
        return Figure(None, 0)
    return Figure(math.fsum(above) / math.fsum(below), int(sum(below)), bootstrap_ratio(above, below))


def auroc_figure(scores: Sequence[float], labels: Sequence[bool], *, per_case: int = 1) -> Figure:
    """The area under the ROC curve, with its bootstrap interval; no value when all labels are alike.

    Args:
        per_case: Consecutive scores that belong to one case, and are resampled together.
    """

    def of(cases: Sequence[int]) -> float | None:
        drawn = [case * per_case + offset for case in cases for offset in range(per_case)]
        return auroc([scores[n] for n in drawn], [labels[n] for n in drawn])

    count, rest = divmod(len(scores), per_case)
    if rest:
        raise ValueError(f"per_case must divide the {len(scores)} scores, got {per_case}")
    value = auroc(scores, labels)
    return Figure(value, count, None if value is None else bootstrap_statistic(count, of, samples=SAMPLES))


def balanced_accuracy(said: Sequence[bool], labels: Sequence[bool]) -> float | None:
    """Mean of the share of true cases that were said to be true and of false ones said to be false; 0.5 is chance.

    >>> balanced_accuracy([True, True, False, True], [True, True, False, False])
    0.75
    """
    positive, negative = sum(labels), len(labels) - sum(labels)
    if not positive or not negative:
        return None
    hits = sum(s and label for s, label in zip(said, labels, strict=True))
    rejected = sum(not s and not label for s, label in zip(said, labels, strict=True))
    return (hits / positive + rejected / negative) / 2


def balanced_accuracy_figure(said: Sequence[bool], labels: Sequence[bool]) -> Figure:
    """Balanced accuracy with its bootstrap interval."""

    def of(cases: Sequence[int]) -> float | None:
        return balanced_accuracy([said[case] for case in cases], [labels[case] for case in cases])

    value = balanced_accuracy(said, labels)
    return Figure(value, len(said), None if value is None else bootstrap_statistic(len(said), of, samples=SAMPLES))
