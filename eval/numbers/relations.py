"""How well the checker tells what a passage says of a claim: supports it, contradicts it, neither.

Public sets with three labels, and pairs of seven domains that were written for this (`eval/gold/contradictions.jsonl`). A label is the
relation with the highest probability; sets of contracts are read passage by passage, and the passage that says most decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.intervals import bootstrap_statistic
from eval.numbers.figure import SAMPLES, Figure
from eval.numbers.questions import sample
from eval.numbers.reading import chunked
from eval.progress import Progress
from eval.sets.lines import read_lines
from rag.protocols import SupportChecker
from rag.values import Relation

SETS = ("nli_breaking", "nli_negation", "claims_contractnli")
LIMIT = 1000
CONTRACTS = 25
CONTRADICTIONS = Path(__file__).parent.parent / "gold" / "contradictions.jsonl"
LABELS = {"support": "support", "refute": "refute", "not_support": "neither", "neither": "neither"}
TWO_WAY = "RTE"
"""Pairs of this part of nli_negation only tell support from the rest."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim's label and what was said: "support", "refute" or "neither"; a label of two ways has "refute" and "neither" as one."""

    label: str
    said: str


def measure_relations(
    data: Path, checker: SupportChecker, *, limit: int | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Balanced accuracy by set, and precision, recall and F1 of contradictions on the invented pairs."""
    most = min(limit or LIMIT, LIMIT)
    sets: dict[str, Any] = {}
    for name in SETS[:2]:
        fields = {"premise": str, "hypothesis": str, "label": str}
        lines = sample(list(read_lines(data / name / "dev.jsonl.gz", fields)), most)
        found = [
            _judged(checker, line["hypothesis"], line["premise"], line["label"]) for line in _told(lines, progress)
        ]
        three = [one for one, line in zip(found, lines, strict=True) if line.get("set") != TWO_WAY]
        sets[name] = {"balanced_accuracy": balanced(three).to_json(), "n_two_way_left_out": len(found) - len(three)}
    contracts = sample(
        list(read_lines(data / SETS[2] / "dev.jsonl.gz", {"text": str, "claims": list})),
        min(limit or CONTRACTS, CONTRACTS),
    )
    judged = [one for contract in _told(contracts, progress) for one in _contract(checker, contract)]
    sets[SETS[2]] = {"balanced_accuracy": balanced(judged).to_json()}
    pairs = list(read_lines(CONTRADICTIONS, {"quote": str, "statement": str, "label": str, "domain": str}))
    invented = [_judged(checker, pair["statement"], pair["quote"], pair["label"]) for pair in pairs]
    by_domain = {
        domain: balanced([one for one, pair in zip(invented, pairs, strict=True) if pair["domain"] == domain]).value
        for domain in sorted({pair["domain"] for pair in pairs})
    }
    return {
        "sets": sets,
        "contradictions": {"f1": contradiction_f1(invented).to_json(), "balanced_accuracy": balanced(invented).to_json(), "by_domain": by_domain},
    }  # fmt: skip


def strongest(relation: Relation) -> str:
    """The relation with the highest probability.

    >>> strongest(Relation(0.2, 0.5, 0.3))
    'refute'
    """
    return max(("support", "refute", "neither"), key=lambda name: float(getattr(relation, name)))


def balanced(judged: Sequence[Judged]) -> Figure:
    """The mean over labels of the share of its claims that were told right.

    >>> balanced([Judged("support", "support"), Judged("refute", "neither"), Judged("refute", "refute")]).value
    0.75
    """

    def of(cases: Sequence[int]) -> float | None:
        drawn = [judged[case] for case in cases]
        labels = sorted({one.label for one in drawn})
        shares = [
            sum(o.said == label for o in drawn if o.label == label) / sum(o.label == label for o in drawn)
            for label in labels
        ]
        return sum(shares) / len(shares) if shares else None

    return _figure(len(judged), of)


def contradiction_f1(judged: Sequence[Judged]) -> Figure:
    """F1 of "refute" among all that was said."""

    def of(cases: Sequence[int]) -> float | None:
        drawn = [judged[case] for case in cases]
        right = sum(one.label == one.said == "refute" for one in drawn)
        both = sum(one.label == "refute" for one in drawn) + sum(one.said == "refute" for one in drawn)
        return 2 * right / both if both else None

    return _figure(len(judged), of)


def _figure(count: int, of: Any) -> Figure:
    value = of(range(count))
    return Figure(value, count, None if value is None else bootstrap_statistic(count, of, samples=SAMPLES))


def _judged(checker: SupportChecker, claim: str, passage: str, label: str) -> Judged:
    return Judged(LABELS[label], strongest(checker.relations(claim, [passage])[0]))


def _contract(checker: SupportChecker, contract: dict[str, Any]) -> list[Judged]:
    """Every claim against every passage of the contract: the one that is surest to say something decides."""
    text = contract["text"]
    passages = [text[span.start : span.end] for span in chunked(text)]
    return [
        Judged(
            LABELS[claim["label"]],
            strongest(min(checker.relations(claim["claim"], passages), key=lambda one: one.neither)),
        )
        for claim in contract["claims"]
    ]


def _told(items: Sequence[Any], progress: Progress | None) -> Any:
    for done, item in enumerate(items, start=1):
        yield item
        if progress:
            progress(done, len(items))
