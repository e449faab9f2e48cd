"""From observations to figures: each case's share in every figure, and every figure with its n and interval."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from eval.cases import LocatedCase
from eval.classes import CLASSES, classify
from eval.intervals import Interval, bootstrap_ratio, bootstrap_statistic, wilson
from eval.measures import (
    DOCUMENT_MEASURES,
    PASSAGE_MEASURES,
    auroc,
    contains_any,
    exact_match,
    expected_calibration_error,
    judge_documents,
    judge_passages,
    positions_shown,
    token_f1,
    value_match,
)
from eval.normalise import values
from eval.observe import Observation, Passage
from index.values import Span

Share = tuple[float, float]
"""What one case adds to a figure: (numerator, denominator). A figure is the ratio of the sums."""

GATED = {
    "passages/fused/Recall@10": None,
    "passages/fused/nDCG@10": None,
    "passages/reranked/Recall@10": None,
    "passages/reranked/nDCG@10": None,
    "answers/fact/in short": 0.8,
    "answers/fact/in short or a quote": 0.9,
    "answers/all/in short or a quote": None,
    "conflicts/positions shown": None,
    "refusal/precision": 0.8,
    "refusal/recall": 0.8,
    "citations/valid": 1.0,
}
"""Figures that may not fall under a baseline, and what they shall reach at least (None: not set)."""
EXACT = frozenset({"citations/valid"})
"""Gated figures where any fall counts: there is no noise in whether a quote is verbatim."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the report.

    Attributes:
        key: "passages/fused/nDCG@10": table, row, measure.
        n: Cases that count in it; for citations, the number of citations.
        reach: What it shall reach at least, where that is set.
    """

    key: str
    value: float
    interval: Interval
    n: int
    reach: float | None = None
    gated: bool = False


def case_shares(located: LocatedCase, observation: Observation) -> dict[str, Share]:
    """What one case adds to every figure that it counts in."""
    shares: dict[str, Share] = {}
    for row, ranking in observation.rankings.items():
        shares |= _retrieval_shares(located, row, ranking)
    return (
        shares
        | _class_shares(located, observation)
        | _answer_shares(located, observation)
        | _refusal_shares(located, observation)
        | _citation_shares(located, observation)
    )


def is_right(located: LocatedCase, observation: Observation) -> bool:
    """An answerable question whose accepted answer is shown in `short` or a cited quote; for a conflict, every position."""
    case, answer = located.case, observation.answer
    if not case.answerable or answer.verdict == "not_stated":
        return False
    if case.kind == "conflict":
        return positions_shown(answer, case.positions) == len(case.positions)
    if not case.answers:
        return classify(case, answer) == "good"
    return any(
        contains_any(text, case.answers) for text in (answer.short, *(citation.quote for citation in answer.citations))
    )


def figures(shares: Sequence[Mapping[str, Share]]) -> list[Figure]:
    """Every figure over all cases, in the order in which the cases name them."""
    keys = dict.fromkeys(key for case in shares for key in case)
    return [figure for key in keys if (figure := _figure(key, [case[key] for case in shares if key in case]))]


def confidence_figures(cases: Sequence[tuple[LocatedCase, Observation]]) -> list[Figure]:
    """How far the confidence can be trusted: does it order, and does it mean what it says."""
    confidences = [observation.answer.confidence for _, observation in cases]
    answerable = [located.case.answerable for located, _ in cases]
    right = [is_right(located, observation) for located, observation in cases]
    statistics: dict[str, Callable[[Sequence[int]], float | None]] = {
        "AUROC answerable": lambda drawn: auroc([confidences[i] for i in drawn], [answerable[i] for i in drawn]),
        "AUROC right": lambda drawn: auroc([confidences[i] for i in drawn], [right[i] for i in drawn]),
        "ECE": lambda drawn: expected_calibration_error([confidences[i] for i in drawn], [right[i] for i in drawn]),
    }
    found = []
    for name, statistic in statistics.items():
        value = statistic(range(len(cases)))
        if value is not None:
            found.append(Figure(f"confidence/{name}", value, bootstrap_statistic(len(cases), statistic), len(cases)))
    return found


def _figure(key: str, shares: Iterable[Share]) -> Figure | None:
    pairs = list(shares)
    above, below = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
    if not below:
        return None
    counted = all(pair[0] == int(pair[0]) and pair[1] == int(pair[1]) for pair in pairs) and key != "refusal/F1"
    whole = all(pair[1] in (0, 1) for pair in pairs)
    n = int(below) if counted else sum(bool(pair[1]) for pair in pairs)
    if counted and (whole or key in EXACT):
        interval = wilson(above, n)
    else:
        interval = bootstrap_ratio([pair[0] for pair in pairs], [pair[1] for pair in pairs])
    return Figure(key, above / below, interval, n, GATED.get(key), key in GATED)


def _retrieval_shares(located: LocatedCase, row: str, ranking: Sequence[Passage]) -> dict[str, Share]:
    shares: dict[str, Share] = {}
    if located.quotes:
        judged = judge_passages(((hit.document_id, hit.start, hit.end) for hit in ranking), located.quotes)
        shares |= {f"passages/{row}/{measure}": (measure(judged), 1.0) for measure in PASSAGE_MEASURES}
    if located.document_ids:
        judged = judge_documents((hit.document_id for hit in ranking), located.document_ids)
        shares |= {f"documents/{row}/{measure}": (measure(judged), 1.0) for measure in DOCUMENT_MEASURES}
    return shares


def _class_shares(located: LocatedCase, observation: Observation) -> dict[str, Share]:
    found = classify(located.case, observation.answer)
    return {
        f"classes/{kind}/{one}": (float(found == one), 1.0) for kind in (located.case.kind, "all") for one in CLASSES
    }


def _answer_shares(located: LocatedCase, observation: Observation) -> dict[str, Share]:
    case, answer = located.case, observation.answer
    if not case.answerable or (case.kind != "conflict" and not case.answers):
        return {}
    if case.kind == "conflict":
        shown = positions_shown(answer, case.positions)
        return {
            "conflicts/positions shown": (float(shown), float(len(case.positions))),
            "conflicts/all positions shown": (float(shown == len(case.positions)), 1.0),
            "conflicts/verdict conflicting": (float(answer.verdict == "conflicting"), 1.0),
        }
    scores: dict[str, float] = {
        "exact match": exact_match(answer.short, case.answers),
        "token F1": token_f1(answer.short, case.answers),
        "in short": contains_any(answer.short, case.answers),
        "in short or a quote": is_right(located, observation),
    }
    if any(values(form) for form in case.answers):
        scores["same number or date"] = value_match(answer.short, case.answers)
    return {
        f"answers/{kind}/{name}": (float(score), 1.0) for kind in (case.kind, "all") for name, score in scores.items()
    }


def _refusal_shares(located: LocatedCase, observation: Observation) -> dict[str, Share]:
    refused, should = observation.answer.verdict == "not_stated", not located.case.answerable
    both = float(refused and should)
    shares = {
        "refusal/precision": (both, float(refused)),
        "refusal/recall": (both, float(should)),
        "refusal/F1": (2 * both, float(refused) + float(should)),
    }
    if located.case.answerable:
        shares["refusal/answerable but refused"] = (float(refused), 1.0)
    return shares


def _citation_shares(located: LocatedCase, observation: Observation) -> dict[str, Share]:
    citations, faults = observation.answer.citations, observation.citation_faults
    shares = {
        "citations/valid": (float(max(len(citations) - len(faults), 0)), float(max(len(citations), len(faults)))),
        "citations/answers without a fault": (float(not faults), 1.0),
    }
    if located.quotes and citations:
        cited = [(citation.document_id, citation.start, citation.end) for citation in citations]
        judged = judge_passages(cited, located.quotes)
        touching = sum(
            any(_touches(span, quote.document_id, quote.spans) for quote in located.quotes) for span in cited
        )
        shares["citations/of gold evidence (precision)"] = (float(touching), float(len(cited)))
        shares["citations/gold evidence cited (recall)"] = (float(sum(judged.gains)), float(judged.wanted))
    elif located.quotes:
        shares["citations/gold evidence cited (recall)"] = (0.0, float(len(located.quotes)))
    return shares


def _touches(cited: tuple[str, int, int], document_id: str, spans: Iterable[Span]) -> bool:
    return cited[0] == document_id and any(min(cited[2], span.end) > max(cited[1], span.start) for span in spans)
