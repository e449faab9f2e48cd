"""Measures, in the field's definitions: of a ranking, of an answer, of its citations, and of its confidence.

Cheap to import: standard library only. A measure is a value that prints as "nDCG@10"; a query without hits scores 0.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from eval.cases import LocatedEvidence
from eval.normalise import contains, same_values, squad_normalise

if TYPE_CHECKING:
    from rag.values import Answer

MIN_QUOTE_COVERED = 0.5
"""A hit is relevant to a gold quote when it covers at least this share of the quote's characters."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A ranking after judgement.

    Attributes:
        gains: For each rank, from the best: how many wanted items the hit brings that no hit above it brought.
        missed: Wanted items that no hit brings.
    """

    gains: tuple[int, ...]
    missed: int

    @property
    def wanted(self) -> int:
        return sum(self.gains) + self.missed


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of a ranking at a cutoff, between 0 and 1.

    >>> print(nDCG @ 10, (MRR @ 10)(Judged((0, 1), missed=0)), (MRR @ 1)(Judged((0, 1), missed=0)))
    nDCG@10 0.5 0.0
    """

    name: str
    formula: Callable[[Judged, int], float]
    cutoff: int = 10

    def __matmul__(self, cutoff: int) -> Measure:
        if cutoff < 1:
            raise ValueError(f"cutoff must be 1 or more, got {cutoff}")
        return Measure(self.name, self.formula, cutoff)

    def __call__(self, judged: Judged) -> float:
        """Raises ValueError when nothing is wanted: such a query has no score, and must be left out by name."""
        if judged.wanted < 1:
            raise ValueError("judged must hold 1 or more wanted items, got 0")
        return self.formula(judged, self.cutoff)

    def __str__(self) -> str:
        return f"{self.name}@{self.cutoff}"


def _success(judged: Judged, cutoff: int) -> float:
    return float(any(judged.gains[:cutoff]))


def _recall(judged: Judged, cutoff: int) -> float:
    return sum(judged.gains[:cutoff]) / judged.wanted


def _reciprocal_rank(judged: Judged, cutoff: int) -> float:
    return next((1 / rank for rank, gain in enumerate(judged.gains[:cutoff], start=1) if gain), 0.0)


def _average_precision(judged: Judged, cutoff: int) -> float:
    found, total = 0, 0.0
    for rank, gain in enumerate(judged.gains[:cutoff], start=1):
        found += bool(gain)
        total += found / rank if gain else 0.0
    return total / judged.wanted


def _ndcg(judged: Judged, cutoff: int) -> float:
    ideal = sorted((*judged.gains, *(1,) * judged.missed), reverse=True)
    return _dcg(judged.gains[:cutoff]) / _dcg(ideal[:cutoff])


def _dcg(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))


Success = Measure("Success", _success)
"""1 when any wanted item is among the first k (Hit@k)."""
Recall = Measure("Recall", _recall)
"""Share of the wanted items among the first k."""
MRR = Measure("MRR", _reciprocal_rank)
"""Reciprocal rank of the first wanted item, 0 beyond k; its mean is MRR@k."""
MAP = Measure("MAP", _average_precision)
"""Average precision to rank k over all wanted items; its mean is MAP@k. For documents: a passage may bring two items at once."""
Hits = Measure("Hits", _success)
"""Hits@k as MultiHop-RAG counts it: the share of questions, null ones left out, with any of their evidence among the first k.

So does `retrieval_evaluate.py` of yixuantt/MultiHop-RAG, which made the published tables. The paper (Tang & Yang 2024,
arXiv 2401.15391, section 4.1) words it as the fraction of evidence found; that is Recall@k, which stands beside it.
"""
nDCG = Measure("nDCG", _ndcg)
"""Discounted gain over the best possible order (Järvelin & Kekäläinen 2002; linear gains, as trec_eval)."""

PASSAGE_MEASURES = (Success @ 1, Success @ 5, Recall @ 5, Recall @ 10, MRR @ 10, nDCG @ 10)
DOCUMENT_MEASURES = (*PASSAGE_MEASURES, MAP @ 10)


def judge_documents(document_ids: Iterable[str], wanted: frozenset[str]) -> Judged:
    """Judge the documents of a ranking of passages; a document ranks where its first passage ranks."""
    ranking = tuple(dict.fromkeys(document_ids))
    gains = tuple(int(document_id in wanted) for document_id in ranking)
    return Judged(gains, len(wanted) - sum(gains))


def judge_passages(passages: Iterable[tuple[str, int, int]], quotes: Sequence[LocatedEvidence]) -> Judged:
    """Judge passages (document id, start, end) by the gold quotes they cover, so that chunks may change and gold stays.

    A passage covers a quote when it holds at least half of the quote's characters, at any place where the quote stands.
    A quote is gained once, by the first passage that covers it.
    """
    open_quotes = list(quotes)
    gains = []
    for document_id, start, end in passages:
        gained = [quote for quote in open_quotes if _covers(document_id, start, end, quote)]
        open_quotes = [quote for quote in open_quotes if quote not in gained]
        gains.append(len(gained))
    return Judged(tuple(gains), len(open_quotes))


class Covered(NamedTuple):
    """Characters of passages against characters wanted.

    Attributes:
        found: Wanted characters that a passage holds.
        wanted: Wanted characters.
        held: Characters that the passages hold, each once.
        retrieved: The same, a character once for each passage that holds it.
    """

    found: int
    wanted: int
    held: int
    retrieved: int


def covered_characters(passages: Iterable[tuple[str, int, int]], wanted: Iterable[tuple[str, int, int]]) -> Covered:
    """Compare passages with what is wanted, both as (document id, start, end); either may overlap itself.

    From these come the recall, precision and intersection over union of Chroma's chunking evaluation (Smith & Troynikov
    2024), in characters for tokens. A character that two passages hold counts twice as retrieved there.

    >>> covered_characters([("d", 0, 10), ("d", 5, 15)], [("d", 8, 28)])
    Covered(found=7, wanted=20, held=15, retrieved=20)
    """
    retrieved = list(passages)
    held, open_parts = _merged(retrieved), _merged(wanted)
    found = sum(
        min(end, high) - max(start, low)
        for document_id, start, end in held
        for other, low, high in open_parts
        if other == document_id and min(end, high) > max(start, low)
    )
    return Covered(found, *(sum(end - start for _, start, end in spans) for spans in (open_parts, held, retrieved)))


def _merged(spans: Iterable[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    merged: list[tuple[str, int, int]] = []
    for document_id, start, end in sorted(spans):
        if merged and merged[-1][0] == document_id and start <= merged[-1][2]:
            merged[-1] = (document_id, merged[-1][1], max(merged[-1][2], end))
        else:
            merged.append((document_id, start, end))
    return merged


def _covers(document_id: str, start: int, end: int, quote: LocatedEvidence) -> bool:
    return document_id == quote.document_id and any(
        min(end, span.end) - max(start, span.start) >= MIN_QUOTE_COVERED * (span.end - span.start)
        for span in quote.spans
    )


def exact_match(text: str, accepted: Sequence[str]) -> bool:
    """Equal to an accepted answer after SQuAD's normalisation."""
    return any(squad_normalise(text) == squad_normalise(form) for form in accepted)


def token_f1(text: str, accepted: Sequence[str]) -> float:
    """SQuAD's token F1: the best over the accepted answers."""
    return max((_f1(squad_normalise(text).split(), squad_normalise(form).split()) for form in accepted), default=0.0)


def _f1(found: Sequence[str], wanted: Sequence[str]) -> float:
    if not found or not wanted:
        return float(found == wanted)
    shared = sum((Counter(found) & Counter(wanted)).values())
    return 2 * shared / (len(found) + len(wanted))


def contains_any(text: str, accepted: Sequence[str]) -> bool:
    """An accepted answer occurs in the text, word for word, with numbers and dates compared by value."""
    return any(contains(text, form) for form in accepted)


def value_match(text: str, accepted: Sequence[str]) -> bool:
    """The text gives the same numbers and dates as an accepted answer, and no others."""
    return any(same_values(text, form) for form in accepted)


def shown_text(answer: Answer) -> tuple[str, ...]:
    """Everything a person reads as the answer: its text, the positions laid side by side, and the quotes it cites."""
    positions = tuple(position.value for conflict in answer.conflicts for position in conflict.positions)
    return (answer.short, answer.text, *positions, *(citation.quote for citation in answer.citations))


def positions_shown(answer: Answer, positions: Sequence[Sequence[str]]) -> int:
    """How many of the gold positions are shown."""
    shown = shown_text(answer)
    return sum(any(contains_any(text, forms) for text in shown) for forms in positions)


def citation_faults(answer: Answer, read_text: Callable[[str], str | None]) -> list[str]:
    """What is wrong with an answer's citations, judged by the stored documents and not by the answer.

    Args:
        answer: The answer to check.
        read_text: The stored text of a document, or None when the collection has no such document.

    Returns:
        One line per faulty citation or claim: an unknown document, a quote that is not at its offsets, a number
        that points nowhere, a statement or a verdict without a citation. Empty when all is well.
    """
    faults = []
    for citation in answer.citations:
        text = read_text(citation.document_id)
        if text is None:
            faults.append(f"[{citation.number}] cites document {citation.document_id}, which is not in the collection")
        elif not citation.quote.strip() or text[max(citation.start, 0) : max(citation.end, 0)] != citation.quote:
            faults.append(
                f"[{citation.number}] quotes {citation.quote!r:.80}, which is not at {citation.start}-{citation.end}"
            )
    numbers = Counter(citation.number for citation in answer.citations)
    faults += [f"[{number}] is the number of {count} citations" for number, count in numbers.items() if count > 1]
    for statement in answer.statements:
        faults += [
            f"{statement.text!r:.80} cites [{n}], which does not exist" for n in statement.citations if n not in numbers
        ]
        if not statement.citations:
            faults.append(f"{statement.text!r:.80} cites nothing")
    if answer.verdict != "not_stated" and not answer.citations:
        faults.append(f"the verdict is {answer.verdict} and nothing is cited")
    if answer.verdict == "not_stated" and answer.citations:
        faults.append("the verdict is not_stated and something is cited")
    return faults


def auroc(scores: Sequence[float], labels: Sequence[bool]) -> float | None:
    """Chance that a true case scores above a false one, ties counted half; None when all labels are alike."""
    positive, negative = sum(labels), len(labels) - sum(labels)
    if not positive or not negative:
        return None
    order = sorted(range(len(scores)), key=lambda index: scores[index])
    ranks = [0.0] * len(scores)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and scores[order[end]] == scores[order[start]]:
            end += 1
        for index in order[start:end]:
            ranks[index] = (start + end + 1) / 2
        start = end
    above = sum(rank for rank, label in zip(ranks, labels, strict=True) if label)
    return (above - positive * (positive + 1) / 2) / (positive * negative)


def risk_coverage(confidences: Sequence[float], right: Sequence[bool]) -> list[tuple[float, float]]:
    """(share of cases answered, share of those that are wrong), one point per distinct confidence, highest first."""
    ranked = sorted(zip(confidences, right, strict=True), key=lambda pair: -pair[0])
    points, wrong = [], 0
    for count, (confidence, is_right) in enumerate(ranked, start=1):
        wrong += not is_right
        if count == len(ranked) or ranked[count][0] != confidence:
            points.append((count / len(ranked), wrong / count))
    return points


def calibration(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> list[tuple[float, float, int]]:
    """(mean confidence, share right, cases) of each bin of equal width that holds a case."""
    filled: dict[int, list[tuple[float, bool]]] = {}
    for confidence, is_right in zip(confidences, right, strict=True):
        filled.setdefault(min(int(confidence * bins), bins - 1), []).append((confidence, is_right))
    rows = [filled[number] for number in sorted(filled)]
    return [(sum(c for c, _ in row) / len(row), sum(r for _, r in row) / len(row), len(row)) for row in rows]


def expected_calibration_error(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> float | None:
    """Mean distance of confidence and share right over bins of equal width (Guo et al. 2017); None without cases."""
    rows = calibration(confidences, right, bins)
    return sum(abs(confidence - share) * count for confidence, share, count in rows) / len(right) if rows else None
