"""What the gate lets through: true statements that people wrote, and the same with one thing changed.

A changed statement is caught when it is not shown as verified: it is cut, or it is marked as weak. A true one is lost when it
is cut. The five changes of the target replace a figure, a date, a name, a speaker or the sense by something that the source does
not hold; the others only turn or move what it holds, which no look at single facts can see.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.intervals import bootstrap_ratio
from eval.numbers.altered import (
    ALTERATIONS,
    Alteration,
    change_direction,
    exchange_names,
    move_figure,
    move_name,
    move_speech,
)
from eval.numbers.figure import Figure
from eval.numbers.questions import SEED
from eval.numbers.statements import Case, Part, read_cases
from eval.progress import Progress
from index.values import Chunk, Document, Provenance, Published
from rag.facts.names import names
from rag.facts.quantities import quantities
from rag.facts.wording import FUNCTION_WORDS
from rag.gate.support import check_support
from rag.gate.verify import VerifiedStatement, verify
from rag.protocols import SupportChecker
from rag.values import Draft, DraftStatement, Evidence, Hit, Quote

TRUE = "true"
MOVED = (
    "direction",
    "names exchanged",
    "speaker to another of the source",
    "name to another of the source",
    "figure to another of the source",
)


@dataclass(frozen=True, slots=True)
class Judged:
    """One statement after the gate; `kind` is TRUE or what was changed in it."""

    case: Case
    kind: str
    result: VerifiedStatement

    @property
    def cut(self) -> bool:
        return self.result.status == "unsupported"

    @property
    def weak(self) -> bool:
        return self.result.status == "weak"


def measure_gate(
    data: Path,
    checker: SupportChecker | None,
    *,
    part: Part = "measured",
    limit: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Shares of changed statements that are caught, by kind of change, and of true ones that are lost, by source."""
    judged = judge_cases(read_cases(data, part, limit=limit), checker, progress)
    true = [item for item in judged if item.kind == TRUE]
    changed = {kind: [item for item in judged if item.kind == kind] for kind in (*ALTERATIONS, *MOVED)}
    return {
        "answers": len({(item.case.source, item.case.key) for item in true}),
        "true": _shares(true),
        "true_by_source": {
            source: _shares(_of(true, source)) for source in sorted({item.case.source for item in true})
        },
        "true_reworded": _shares([item for item in true if not item.result.checks.get("verbatim")]),
        "changed": _shares([item for kind in ALTERATIONS for item in changed[kind]]),
        "changed_by_kind": {kind: _shares(items) for kind, items in changed.items()},
    }


def judge_cases(
    cases: Sequence[Case], checker: SupportChecker | None, progress: Progress | None = None
) -> list[Judged]:
    """Every statement of the cases, and every change of it that can be made."""
    chance = random.Random(SEED)  # noqa: S311
    found: list[Judged] = []
    for done, case in enumerate(cases, start=1):
        drafted = [pair for statement in case.statements for pair in variants(statement, case, chance)]
        evidence, quotes = evidence_of(case)
        draft = Draft(tuple(DraftStatement(text, quotes) for _, text in drafted), "", 1.0, "people")
        results: Iterable[VerifiedStatement] = verify(draft, [evidence])
        if checker is not None:
            results = check_support(results, [evidence], checker)
        found += [Judged(case, kind, result) for (kind, _), result in zip(drafted, results, strict=True)]
        if progress:
            progress(done, len(cases))
    return found


def variants(statement: str, case: Case, chance: random.Random) -> Iterator[tuple[str, str]]:
    """The statement, and each change that is one: nowhere in the source as it stands."""
    yield TRUE, statement
    source = " ".join(case.quotes)
    people = [name.text for name in names(source) if len(name.words) > 1 and name.words[0] not in FUNCTION_WORDS]
    figures = [source[item.span.start : item.span.end] for item in quantities(source) if item.unit in ("", "person")]
    moved = (change_direction, exchange_names, move_speech(people), move_name(people), move_figure(figures))
    ways: Mapping[str, Alteration] = ALTERATIONS | dict(zip(MOVED, moved, strict=True))
    for kind, alter in ways.items():
        altered = alter(statement, chance)
        if altered is not None and altered != statement and not any(altered in quote for quote in case.quotes):
            yield kind, altered


def evidence_of(case: Case) -> tuple[Evidence, tuple[Quote, ...]]:
    """A document of the sentences that a case rests on, and a quote of each."""
    text = "\n".join(case.quotes)
    quotes: list[Quote] = []
    start = 0
    for quoted in case.quotes:
        quotes.append(Quote(1, start, start + len(quoted)))
        start += len(quoted) + 1
    published = Published(case.published, "day", "meta") if case.published else None
    provenance = Provenance(title=case.title or None, publisher=case.publisher, author=case.author, published=published)
    document = Document(case.key, text, "text/plain", provenance, (), (case.key,), case.key, 1, "")
    chunk = Chunk(case.key, case.key, 0, 0, len(text), text)
    return Evidence(1, Hit(chunk, 1, 1.0), document), tuple(quotes)


def _of(judged: Iterable[Judged], source: str) -> list[Judged]:
    return [item for item in judged if item.case.source == source]


def _shares(judged: Sequence[Judged]) -> dict[str, Any]:
    """Shares with intervals; the statements of one answer are resampled together."""
    return {
        "caught": _share(judged, [item.cut or item.weak for item in judged]),
        "cut": _share(judged, [item.cut for item in judged]),
        "weak": _share(judged, [item.weak for item in judged]),
    }


def _share(judged: Sequence[Judged], holds: Sequence[bool]) -> dict[str, Any]:
    if not judged:
        return Figure(None, 0).to_json()
    counts: dict[tuple[str, str], list[float]] = {}
    for item, held in zip(judged, holds, strict=True):
        count = counts.setdefault((item.case.source, item.case.key), [0.0, 0.0])
        count[0] += held
        count[1] += 1
    interval = bootstrap_ratio([held for held, _ in counts.values()], [of for _, of in counts.values()])
    return Figure(sum(holds) / len(judged), len(judged), interval).to_json()
