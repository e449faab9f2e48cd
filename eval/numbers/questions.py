"""The questions that the numbers are measured on: read with the passage that each was written on, and drawn."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from eval.sets.cases import EvaluationSet, SetDocument, SetProblem, SetQuery
from eval.sets.lines import SetInvalid
from eval.sets.read import read_set

SEED = 20251116

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a set with the passage that it was written on."""

    query: SetQuery
    passage: SetDocument

    @property
    def answerable(self) -> bool:
        """It has an answer, and the set says which answers are accepted."""
        return self.query.answerable and bool(self.query.answers)


def read_questions(folder: Path) -> list[Question]:
    """The questions of a set's folder; see `questions_of`."""
    return questions_of(read_set(folder), folder)


def questions_of(evaluation_set: EvaluationSet, folder: Path) -> list[Question]:
    """The questions that are in no training pool (`test_ids.txt`; all of them where a set has none).

    Raises:
        SetInvalid: A question names no passage.
    """
    passages = evaluation_set.documents_by_id
    listed = [query for query in evaluation_set.queries if query.test] or evaluation_set.queries
    lost = [SetProblem("dev/queries", 0, f"question {q.id!r:.80} names no document") for q in listed if not q.doc_id]
    if lost:
        raise SetInvalid(folder, lost)
    return [Question(query, passages[query.doc_id]) for query in listed if query.doc_id]


def sample(items: Sequence[Item], limit: int | None, *, seed: int = SEED) -> list[Item]:
    """`limit` of the items, the same ones for the same seed, in their own order; all of them without a limit.

    >>> sample("abcdefgh", 3) == sample("abcdefgh", 3), sample([1, 2], 5)
    (True, [1, 2])
    """
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be 1 or more, got {limit}")
    if limit is None or len(items) <= limit:
        return list(items)
    chosen = sorted(random.Random(seed).sample(range(len(items)), limit))  # noqa: S311
    return [items[index] for index in chosen]
